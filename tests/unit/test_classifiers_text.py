"""What the model reads of a post."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text import MAX_CHARS, masked, prepare, says_something, unescaped, worded


@pytest.mark.parametrize(
    ("posted", "read"),
    [
        ("@acme @mia_k where is my parcel?", "@user where is my parcel?"),
        ("thanks @acme!", "thanks @user!"),
        ("mail me: mia@example.org", "mail me: mia@example.org"),
        ("@mia@social.example your app", "@user your app"),
        ("see https://acme.example/x?y=1 and www.acme.example", "see http and http"),
        ("look pic.twitter.com/abc", "look http"),
        ("it&#39;s 5 &lt; 6 &amp;amp; more", "it's 5 < 6 & more"),
        (r"it\u2019s late", "it’s late"),
        ("two\nlines\t here ", "two lines here"),
        ("#AcmeFail #never_again #WORSTever #ok", "#Acme Fail #never again #WORS Tever #ok"),
        ("waaaaaay too late!!!!!!", "waaay too late!!!"),
        ("great 👍🏽", "great thumbs up sign"),
        ("👩\u200d💻 down", "woman personal computer down"),
        ("nul\x00 and \x1b[31mred", "nul and [31mred"),
        ("zero\u200bwidth \u202egnihsif", "zerowidth gnihsif"),
        ("cafe\u0301", "café"),
        ("broken \ud800 half", "broken half"),
        ("", ""),
        (" \u3000\n", ""),
    ],
)
def test_a_post_is_read_as(posted: str, read: str) -> None:
    assert prepare(posted) == read


def test_a_post_in_chinese_is_left_alone() -> None:
    assert prepare("航班延误了,没有人回答") == "航班延误了,没有人回答"


def test_masking_keeps_emoji_and_hashtags() -> None:
    assert masked("@acme #AcmeFail 😡 http://t.co/1") == "@user #AcmeFail 😡 http"


def test_preparing_is_masking_then_wording() -> None:
    posted = "@acme @mia 😡😡 #AcmeFail &amp; so"
    assert prepare(posted) == worded(masked(posted))


@given(st.text(max_size=200))
def test_preparing_twice_is_preparing_once(posted: str) -> None:
    once = prepare(posted)
    assert prepare(once) == once


@given(st.text(alphabet=st.sampled_from("@#&;a mpAlt.u/0\\http:😡\u200d\x00\ud800é"), max_size=80))
def test_nothing_that_separates_lines_or_controls_is_left(posted: str) -> None:
    assert not any(char < " " or "\ud800" <= char <= "\udfff" for char in prepare(posted))


@pytest.mark.parametrize("posted", ["", "@acme", "😡😡", "http://t.co/x @acme", "12:30 !!!", "🇬🇧 👍🏽"])
def test_masks_digits_and_emoji_say_nothing_in_words(posted: str) -> None:
    assert not says_something(masked(posted))


@pytest.mark.parametrize("posted", ["why?", "@acme why", "#fail", "不"])
def test_one_word_says_something(posted: str) -> None:
    assert says_something(masked(posted))


@pytest.mark.parametrize(
    "unit", ["@a", "@a@", "&amp;", r"\u0041", "#aB", "http://", "a", "aaaa ", "😡", "<", "@user, ", "_", "\u200d"]
)
def test_a_megabyte_of_hostile_text_is_read_in_a_moment(unit: str) -> None:
    started = time.process_time()
    prepared = prepare(unit * (1_000_000 // len(unit)))
    assert time.process_time() - started < 1.0
    assert len(prepared) <= 8 * MAX_CHARS + 200 * MAX_CHARS * (unit == "😡")


def test_deeply_nested_escapes_stay_as_they_are() -> None:
    assert unescaped("&amp;amp;amp;amp;lt;") == "&amp;lt;"


@pytest.mark.parametrize(
    ("post", "own"),
    [
        ("> the food was awful\n\nI loved it", "I loved it"),
        ("&gt; worst shop ever\nnot true at all", "not true at all"),
        (">> she said so\n> he agreed\nme too\n> they did not", "me too"),
        ("> only what others said", "> only what others said"),
        ("5 > 4 and\n>:( still cross", "5 > 4 and >:( still cross"),
    ],
)
def test_quoted_lines_are_not_the_authors_words(post: str, own: str) -> None:
    assert prepare(post) == own
