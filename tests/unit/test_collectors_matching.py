from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collectors.base import MAX_TEXT, Heard, Match, Post
from collectors.folding import fold, folded
from collectors.matching import Matcher, is_ours, match
from config.brands import Account, Alias, AliasKind, Brand
from config.vocabulary import Platform

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def a_post(text: str, **more: object) -> Post:
    return Post(platform=Platform.X, native_id="1", text=text, published_at=NOON, **more)  # type: ignore[arg-type]


def a_brand(*aliases: Alias, **more: object) -> Brand:
    return Brand(name="Acme", aliases=aliases, **more)  # type: ignore[arg-type]


def heard_in(text: str, alias: str, kind: AliasKind = AliasKind.WORD, *, case_sensitive: bool = False) -> list[str]:
    """The pieces of the text in which the alias is heard."""
    brand = a_brand(Alias(text=alias, kind=kind, case_sensitive=case_sensitive))
    return [text[found.start : found.end] for found in match(a_post(text), [brand])]


WORDS = [
    ("Acme is late", ["Acme"]),
    ("ACME!", ["ACME"]),
    ("Acme's staff", ["Acme"]),
    ("Acme’s staff", ["Acme"]),
    ("l'Acme", ["Acme"]),
    ("Acmes and Acmeland", []),
    ("pacme", []),
    ("acme2", []),
    ("_Acme_ and **Acme**", ["Acme"]),
    ("acme_fail", []),
    ("❤️Acme❤️", ["Acme"]),
    ("👩‍👩‍👧Acme👍🏽", ["Acme"]),
    ("ＡＣＭＥ", ["ＡＣＭＥ"]),
    ("Acmeは最悪", ["Acme"]),
    ("최악의Acme는", ["Acme"]),
    ("Acme\u0301", []),  # another letter: an e with an accent
    ("read https://news.example/acme-late now", []),
    ("read https://news.example/acme-late, Acme!", ["Acme"]),
    ("@acme", ["acme"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "pieces"), WORDS)
def test_a_word_is_heard_as_a_whole_word(text: str, pieces: list[str]) -> None:
    assert heard_in(text, "Acme") == pieces


@pytest.mark.parametrize(
    ("alias", "text", "pieces"),
    [
        ("アクメ", "ひどいアクメ航空だ", ["アクメ"]),
        ("애크미", "애크미는 늦다", ["애크미"]),
        ("Straße", "die STRASSE hier", ["STRASSE"]),
        ("Zürich", "Zu\u0308rich hilft", ["Zu\u0308rich"]),
        ("Yahoo!", "ask Yahoo! now", ["Yahoo!"]),
        ("C++", "C++ is it", ["C++"]),
        ("fine", "ﬁne", ["ﬁne"]),
        ("ine", "ﬁ ne f ine", ["ine"]),
        ("i", "a ﬁ b", []),
    ],
)
def test_words_of_every_script_are_heard(alias: str, text: str, pieces: list[str]) -> None:
    assert heard_in(text, alias) == pieces


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("acme air", ["acme air"]),
        ("Acme\u00a0\n Air!", ["Acme\u00a0\n Air"]),
        ("Acme Airlines", []),
        ("Acme, Air", []),
    ],
)
def test_a_phrase_is_heard_over_any_blanks(text: str, pieces: list[str]) -> None:
    assert heard_in(text, "Acme Air", AliasKind.PHRASE) == pieces


@pytest.mark.parametrize("alias", ["acme", "@Acme"])
@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("@acme hello", ["@acme"]),
        ("hello @ACME.", ["@ACME"]),
        ("＠acme", ["＠acme"]),
        ("(@acme)", ["@acme"]),
        ("@acme's", ["@acme"]),
        ("@acmeは", ["@acme"]),
        ("@acmecorp", []),
        ("@acme_help", []),
        ("@acme.bsky.social", []),
        ("info@acme", []),
        ("first.last@acme", []),
        (".@acme where is my bag?", ["@acme"]),  # as people begin a reply that all shall see
        ("so late.@acme", ["@acme"]),
        ("acme", []),
    ],
)
def test_a_handle_is_heard_alone(alias: str, text: str, pieces: list[str]) -> None:
    assert heard_in(text, alias, AliasKind.HANDLE) == pieces


@pytest.mark.parametrize("alias", ["acme", "#Acme"])
@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("#acme", ["acme"]),
        ("#AcmeFail", ["Acme"]),
        ("#WhyAcmeWhy", ["Acme"]),
        ("#ACMEFail", ["ACME"]),
        ("#why_acme", ["acme"]),
        ("#acme2026", ["acme"]),
        ("#acmefail", ["acme"]),
        ("#BOYCOTTACME", ["ACME"]),
        ("#アクメacme", ["acme"]),
        ("#acmeist", []),
        ("#Acmeist", []),
        ("#pacmen", []),
        ("#failacmefail", []),
        ("a#acme", []),
        ("&#acme;", []),
        ("https://x.example/#acme", []),
        ("acme", []),
    ],
)
def test_a_hashtag_is_heard_whole_or_as_a_segment(alias: str, text: str, pieces: list[str]) -> None:
    assert heard_in(text, alias, AliasKind.HASHTAG) == pieces


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("see acme.com.", ["acme.com"]),
        ("see Shop.ACME.com/sale", ["Shop.ACME.com"]),
        ("(https://acme.com/x?y=1)", ["https://acme.com/x?y=1)"]),
        ("https://shop.acme.com:8443", ["https://shop.acme.com:8443"]),
        ("www.acme.com", ["www.acme.com"]),
        ("notacme.com", []),
        ("acme.com.evil.example", []),
        ("https://acme.com.evil.example", []),
        ("https://acme.com@evil.example", []),
        ("acme.com:pw@evil.example", []),
        ("https://evil.example\\@acme.com", []),
        ("https://evil.example/acme.com", []),
        ("https://evil.example/?u=acme.com", []),
        ("help@acme.com", []),
        ("https://[::1", []),
    ],
)
def test_a_domain_is_heard_where_a_link_leads_to_it(text: str, pieces: list[str]) -> None:
    assert heard_in(text, "acme.com", AliasKind.DOMAIN) == pieces


def test_a_domain_is_heard_in_the_links_of_a_post() -> None:
    brand = a_brand(Alias(text="acme.com", kind=AliasKind.DOMAIN))
    led = a_post("look", links=("https://evil.example/acme.com", "https://Shop.acme.com/x"))
    misled = a_post("look", links=("https://notacme.com", "https://acme.com.evil.example", "http://[bad"))
    assert match(led, [brand]) == (Match("Acme", "acme.com", "link"),)
    assert match(misled, [brand]) == ()


def test_an_international_domain_is_heard_in_both_spellings() -> None:
    assert heard_in("https://xn--mnchen-3ya.example", "münchen.example", AliasKind.DOMAIN)
    assert heard_in("https://münchen.example", "münchen.example", AliasKind.DOMAIN)


@pytest.mark.parametrize(
    ("kind", "text", "pieces"),
    [
        (AliasKind.WORD, "mind the gap, Gap", ["Gap"]),
        (AliasKind.WORD, "mind the gap", []),
        (AliasKind.HANDLE, "@gap @Gap", ["@Gap"]),
        (AliasKind.HASHTAG, "#gap #GapFail", ["Gap"]),
    ],
)
def test_a_case_sensitive_alias_wants_its_capitals(kind: AliasKind, text: str, pieces: list[str]) -> None:
    assert heard_in(text, "Gap", kind, case_sensitive=True) == pieces


def test_a_match_names_brand_alias_and_place() -> None:
    brands = [
        a_brand(Alias(text="Acme"), Alias(text="acme", kind=AliasKind.HANDLE)),
        Brand(name="Bolt", aliases=(Alias(text="Bolt"),)),
    ]
    post = a_post("so @acme, why?", title="Acme and Bolt")
    assert match(post, brands) == (
        Match("Acme", "Acme", "text", 4, 8),
        Match("Acme", "Acme", "title", 0, 4),
        Match("Acme", "acme", "text", 3, 8),
        Match("Bolt", "Bolt", "title", 9, 13),
    )


def test_a_word_counts_only_beside_a_context_word() -> None:
    brand = a_brand(Alias(text="Delta"), Alias(text="delta", kind=AliasKind.HANDLE), context_words=("flight", "gate"))
    assert match(a_post("Delta variant"), [brand]) == ()
    assert match(a_post("Delta inflight"), [brand]) == ()
    assert match(a_post("my Delta flight"), [brand]) == (Match("Acme", "Delta", "text", 3, 8),)
    assert match(a_post("my Delta", title="at the gate"), [brand]) == (Match("Acme", "Delta", "text", 3, 8),)


def test_a_handle_needs_no_context() -> None:
    brand = a_brand(Alias(text="delta", kind=AliasKind.HANDLE), context_words=("flight",))
    assert match(a_post("@delta hi"), [brand]) == (Match("Acme", "delta", "text", 0, 6),)


def test_an_exclusion_word_silences_the_brand_alone() -> None:
    delta = Brand(name="Delta", aliases=(Alias(text="Delta"),), exclusion_words=("Delta Force", "variant"))
    acme = a_brand(Alias(text="Acme"))
    assert match(a_post("Acme plays delta force"), [delta, acme]) == (Match("Acme", "Acme", "text", 0, 4),)
    assert match(a_post("Delta", title="The variant"), [delta]) == ()
    assert match(a_post("Delta invariant"), [delta]) == (Match("Delta", "Delta", "text", 0, 5),)


def test_every_post_of_a_declared_source_is_about_its_brand() -> None:
    brands = [a_brand(Alias(text="Acme"), exclusion_words=("bad",)), Brand(name="Bolt", aliases=(Alias(text="Bolt"),))]
    found = match(a_post("bad Acme, bad Bolt"), brands, declared="Acme")
    assert found == (Match("Acme", "*", "source"), Match("Bolt", "Bolt", "text", 14, 18))


def test_our_own_posts_are_known_by_platform_and_handle_or_id() -> None:
    own = (Account(platform=Platform.X, handle="@AcmeHelp"), Account(platform=Platform.REDDIT, handle="acme"))
    brand = a_brand(Alias(text="Acme"), own_accounts=own)
    assert is_ours(a_post("hi", author_handle="acmehelp"), [brand])
    assert is_ours(a_post("hi", author_id="AcmeHelp"), [brand])
    assert not is_ours(a_post("hi", author_handle="acme"), [brand])
    assert not is_ours(a_post("hi"), [brand])


def test_our_own_reply_is_kept_though_it_names_nobody() -> None:
    brand = a_brand(Alias(text="Acme"), own_accounts=(Account(platform=Platform.X, handle="acmehelp"),))
    reply = a_post("We are sorry, please write to us", author_handle="AcmeHelp")
    assert Matcher([brand]).heard(reply) == Heard(reply, (), ours=True)


def test_a_post_about_no_brand_is_not_heard() -> None:
    assert Matcher([a_brand(Alias(text="Acme"))]).heard(a_post("cats")) is None


@pytest.mark.parametrize("kind", [AliasKind.HANDLE, AliasKind.HASHTAG])
def test_a_bare_sign_hears_nothing(kind: AliasKind) -> None:
    assert heard_in("@ # @acme #acme", "@#", kind) == []


PIECES = st.sampled_from(
    ["acme", "Acme", "ACME", " ", "#", "@", ".com", "ﬁ", "ß", "İ", "\u0301", "é", "ｱ", "ガ", "각", "\u1100\u1161", "😡", "_",
     "https://", "www.", "/", "\\", ":", "\ud800", "\x00", "\u200d", "air", "Fail", "&", "'s"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join))


@given(TEXTS)
@example("a\u0345\u0313ﬁ")
def test_folding_keeps_the_way_back(text: str) -> None:
    whole = folded(text)
    assert whole.span(0, len(whole.text)) == (0, len(text))
    for start in range(len(whole.text)):
        for end in range(start + 1, min(start + 6, len(whole.text)) + 1):
            span = whole.span(start, end)
            if span is not None:
                assert fold(whole.text[start:end]) == fold(text[span[0] : span[1]])


ALL_KINDS = a_brand(
    Alias(text="Acme"),
    Alias(text="Acme Air", kind=AliasKind.PHRASE),
    Alias(text="acme", kind=AliasKind.HANDLE),
    Alias(text="acme", kind=AliasKind.HASHTAG, case_sensitive=False),
    Alias(text="ガ"),
    Alias(text="é"),
)
SAID = {"Acme": "acme", "Acme Air": "acme air", "acme": "acme", "ガ": "ガ", "é": "é"}


@given(TEXTS)
def test_a_span_points_at_the_alias_under_folding(text: str) -> None:
    for found in match(a_post(text), [ALL_KINDS]):
        said = " ".join(fold(text[found.start : found.end]).split()).removeprefix("@")
        assert said == fold(SAID[found.alias])


@given(TEXTS, TEXTS, st.sampled_from(AliasKind), st.booleans())
def test_no_text_and_no_alias_makes_the_matcher_fail(text: str, alias: str, kind: AliasKind, case: bool) -> None:
    if alias.strip() and alias.isprintable():
        match(a_post(text, title=text, links=(text,)), [a_brand(Alias(text=alias, kind=kind, case_sensitive=case))])


@pytest.mark.parametrize(
    "unit", ["acme.", "#acme", "@acme", "a.b:", "acme.com:", "https://acme", "e\u0301\u0302", "\u0301", "www.", "_"]
)
def test_a_hostile_text_of_full_length_takes_no_time(unit: str) -> None:
    matcher = Matcher([a_brand(Alias(text="x.acme.com", kind=AliasKind.DOMAIN), Alias(text="acme.com", kind=AliasKind.DOMAIN),
                               *(Alias(text="acmee", kind=kind) for kind in (AliasKind.WORD, AliasKind.HASHTAG, AliasKind.HANDLE)))])  # fmt: skip
    post = a_post((unit * MAX_TEXT)[: MAX_TEXT - 20] + " acmee acme.comx")
    begun = time.perf_counter()
    matcher.heard(post)
    assert time.perf_counter() - begun < 5  # quadratic rules take minutes


def test_an_answer_in_a_followed_conversation_is_about_what_its_first_post_is_about() -> None:
    def said(native_id: str, text: str, thread: str = "r", *, follows: bool = True) -> Post:
        return Post(
            platform=Platform.REDDIT, native_id=native_id, text=text, published_at=NOON, thread=thread, follows=follows
        )

    acme, bolt = a_brand(Alias(text="acme")), Brand(name="Bolt", aliases=(Alias(text="bolt"),))
    posts = (
        said("1", "same here"),
        said("r", "acme is late", follows=False),
        said("2", "acme and bolt both"),
        said("3", "bolt is better"),
        said("4", "not read for its conversation", follows=False),
        said("5", "of another conversation", "elsewhere"),
    )
    by_thread = Match("Acme", "*", "thread")
    assert [(one.post.native_id, one.matches) for one in Matcher((acme, bolt)).heard_all(posts)] == [
        ("1", (by_thread,)),
        ("r", (Match("Acme", "acme", "text", 0, 4),)),
        ("2", (Match("Acme", "acme", "text", 0, 4), Match("Bolt", "bolt", "text", 9, 13))),
        ("3", (Match("Bolt", "bolt", "text", 0, 4), by_thread)),
    ]


def test_nothing_is_heard_of_no_posts() -> None:
    assert Matcher((a_brand(Alias(text="acme")),)).heard_all(()) == []
