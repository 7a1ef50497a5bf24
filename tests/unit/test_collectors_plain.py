from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.plain import clean, language_tag, links_in, strip_html, unfit, web_link


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("a<p>b<br/>c</p>d", "a\nb\nc\nd"),
        ("1 &lt; 2 &amp; 3 > 2", "1 < 2 & 3 > 2"),
        ("a < b", "a < b"),
        ("&lt;b&gt;", "<b>"),
        ("<!-- SC_OFF --><div class='x'>a</div>", "a"),
        ("a\x00\x07\ud800b", "ab"),
        ("a \t\u00a0 b\r\n\r\n\r\n\r\nc", "a b\n\nc"),
    ],
)
def test_html_becomes_plain_text(markup: str, text: str) -> None:
    assert strip_html(markup) == text


@given(st.text())
def test_cleaned_text_can_be_stored_and_stays_as_it_is(text: str) -> None:
    once = clean(text)
    assert not unfit(once)
    assert once.encode("utf-8")[:0] == b""
    assert clean(once) == once


@pytest.mark.parametrize("unit", ["<", "<a", "<!--", "<a href=", "&", "<a href='http:", "</", " \n"])
def test_hostile_markup_of_any_length_takes_no_time(unit: str) -> None:
    begun = time.perf_counter()
    strip_html(unit * 200_000)
    links_in(unit * 200_000)
    assert time.perf_counter() - begun < 5  # quadratic rules take minutes


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "javascript:alert(1)",
        "https://",
        "https://a b",
        "http://u@a.example",
        "http://[",
        None,
        7,
        "http://a\x00.example",
    ],
)
def test_what_is_no_web_link_is_none(url: object) -> None:
    assert web_link(url) is None


def test_a_web_link_stays_as_it_is() -> None:
    assert web_link(" https://a.example/x?y#z ") == "https://a.example/x?y#z"


def test_links_are_found_once_and_not_without_end() -> None:
    markup = '<a class=x href="https://a.example/?a=1&amp;b=2">1</a><A HREF=\'https://a.example/?a=1&b=2\'>2</A><a href="/x">3</a>'
    assert links_in(markup) == ("https://a.example/?a=1&b=2",)
    assert len(links_in("".join(f'<a href="https://a.example/{n}">' for n in range(500)))) == 50


@pytest.mark.parametrize(
    ("tag", "language"), [("en", "en"), ("EN-us", "en"), ("de_AT", "de"), ("eng", None), ("", None), (None, None)]
)
def test_a_language_tag_is_cut_to_two_letters(tag: object, language: str | None) -> None:
    assert language_tag(tag) == language
