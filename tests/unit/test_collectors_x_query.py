from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from collector_exam import EmptyPurse
from pydantic import ValidationError

from collectors.base import AccessDenied
from collectors.x import XCollector
from collectors.x_query import Compiled, asked_of, compiled, terms_of
from config.brands import Alias, AliasKind, Brand
from config.secret import Secret
from config.source_x import XSource


def a_source(**given: Any) -> XSource:
    return XSource(**({"name": "x", "bearer_token": Secret("env:T"), "terms": ("acme",)} | given))


def test_terms_are_said_in_the_language_of_x() -> None:
    terms = ("Acme", "coca-cola", '"Acme Air"', "@acme", "#acme_air", "$ACME", "url:acme.example", "Señor", "or")
    [query] = compiled(terms, limit=512).queries
    assert query == (
        '(Acme OR "coca-cola" OR "Acme Air" OR @acme OR #acme_air OR $ACME OR url:"acme.example" OR Señor OR "or")'
        " -is:retweet"
    )


def test_without_queries_and_terms_each_brand_is_asked_for_by_itself() -> None:
    acme = Brand(name="Acme", aliases=(Alias(text="acme"), Alias(text="acme", kind=AliasKind.HANDLE)))
    bolt = Brand(name="Bolt", aliases=(Alias(text="Bolt Air", kind=AliasKind.PHRASE),))
    brands = (acme, bolt)
    assert asked_of(a_source(terms=()), brands).queries == (
        "(acme OR @acme) -is:retweet",
        '"Bolt Air" -is:retweet',
    )
    assert asked_of(a_source(terms=(), brand="Bolt"), brands).queries == ('"Bolt Air" -is:retweet',)
    assert asked_of(a_source(), brands).queries == ("acme -is:retweet",)
    assert asked_of(a_source(terms=()), ()) == Compiled(())


def test_an_operator_in_a_term_is_a_mere_word() -> None:
    queries = compiled(("from:acme", "-acme", 'say "hi"', "(acme", "a@b.example"), limit=512, reposts=True).queries
    assert queries == ('("from:acme" OR "-acme" OR "say hi" OR "(acme" OR "a@b.example")',)


def test_one_term_needs_no_brackets_and_none_no_query() -> None:
    assert compiled(("acme",), limit=512) == Compiled(("acme -is:retweet",))
    assert compiled((), limit=512) == Compiled(())


def test_languages_and_excluded_accounts_narrow_every_query() -> None:
    found = compiled(("acme",), excluded=("@acme", "acmejobs"), languages=("en", "he", "id"), limit=512)
    assert found.queries == ("acme -is:retweet (lang:en OR lang:iw OR lang:in OR lang:und) -from:acme -from:acmejobs",)


def test_what_does_not_fit_is_split_and_the_negatives_are_repeated() -> None:
    terms = tuple(f'"brand name number {number}"' for number in range(60))
    found = compiled(terms, excluded=("acme",), limit=512)
    assert len(found.queries) > 2
    assert all(len(query) <= 512 and query.endswith(") -is:retweet -from:acme") for query in found.queries)
    assert [term for term in terms if sum(term in query for query in found.queries) != 1] == []


def test_negatives_that_find_no_room_are_told() -> None:
    found = compiled(("acme",), excluded=[f"account{number:07}" for number in range(20)], limit=256)
    [query] = found.queries
    assert len(query) <= 256
    assert len(found.warnings) == 20 - query.count("-from:") > 0
    assert found.warnings[-1] == "-from:account0000019: does not fit into the query; such posts are read, and paid for"


def test_what_x_cannot_look_for_is_told() -> None:
    found = compiled(("acme", "!?", "\U0001f4a5", "#acme"), limit=512)
    assert found.queries == ("(acme OR #acme) -is:retweet",)
    assert len(found.warnings) == 3


def test_the_aliases_of_a_brand_become_terms() -> None:
    aliases = [
        ("Acme", AliasKind.WORD),
        ("Acme Air", AliasKind.PHRASE),
        ("@acme", AliasKind.HANDLE),
        ("acme", AliasKind.HASHTAG),
        ("acme.example", AliasKind.DOMAIN),
    ]
    brand = Brand(name="Acme", aliases=tuple(Alias(text=text, kind=kind) for text, kind in aliases))
    assert terms_of(brand) == ('"Acme"', '"Acme Air"', "@acme", "#acme", "url:acme.example")
    assert compiled(terms_of(brand), limit=512, reposts=True).queries == (
        '(Acme OR "Acme Air" OR @acme OR #acme OR url:"acme.example")',
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"queries": ("acme",)}, "either queries"),
        ({"terms": (), "queries": ('"acme',)}, "quotation mark"),
        ({"terms": (), "queries": ("(acme",)}, "bracket"),
        ({"terms": (), "queries": ("acme -(day OR night)",)}, "negates a group"),
        ({"terms": (), "queries": ("a" * 513,)}, "513 characters"),
        ({"terms": (), "queries": ("acme", "acme")}, "twice"),
        ({"terms": (), "queries": ("acme",), "languages": ("en",)}, "go with terms"),
        ({"since": "8d"}, "7d or shorter"),
        ({"price_post_read": "0.0000001"}, "six decimals"),
        ({"price_post_read": -1}, "greater than or equal to 0"),
        ({"budget": {"daily": 0.1}}, "at least 0.45"),
        ({"budget": {"daily": 10, "monthly": 5}}, "daily must not be more"),
        ({"bearer_token": "AAAA"}, "never written here"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_the_reason(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        a_source(**given)


def test_money_is_exact_however_it_is_written() -> None:
    by_float, by_text = a_source(price_post_read=0.005), a_source(price_post_read="0.005")
    assert by_float.price_post_read == by_text.price_post_read
    assert by_float.model_dump(mode="json")["price_post_read"] == 0.005


def test_a_source_with_nothing_to_ask_for_says_so_and_asks_nothing() -> None:
    collector = XCollector(
        a_source(terms=()), clock=lambda: datetime(2026, 11, 21, tzinfo=UTC), user_agent="t", purse=EmptyPurse()
    )
    with pytest.raises(AccessDenied, match="nothing to ask"):
        collector.collect(None)
