"""What the coach says of what the sources ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collectors.coach_aliases import said
from collectors.coach_finding import FREQUENT, Finding, Grade, about, commonness, is_empty, is_one_character, tokens
from collectors.x_query import asked_of, term_of
from config.brands import AliasKind, Brand
from config.source import CommonSource
from config.source_x import XSource

_LISTS = ("queries", "terms", "searches", "hashtags")  # settings of sources that say what is asked for
_COSTS = "every post that it brings is read and paid for"
_TAKES = "all that it brings is fetched, and most of it thrown away"


def source_findings(place: str, source: CommonSource, brands: Sequence[Brand]) -> Iterator[Finding]:
    """Everything that is to be said of one source's queries; a source without any asks for all it has."""
    asked = {key: tuple(getattr(source, key, ())) for key in _LISTS}
    paid = isinstance(source, XSource)
    for key, terms in asked.items():
        for number, term in enumerate(terms):
            say = about(f"{place}.{key}[{number}]", source.name, term)
            common = commonness(term)
            if is_empty(term):
                yield say(Grade.ERROR, "punctuation-only", "has neither letter nor digit", "leave it out")
            elif is_one_character(term):
                why = f"a single letter or digit stands in many posts, and {_COSTS if paid else _TAKES}"
                yield say(Grade.ERROR, "one-character", why, "ask for longer forms, handles, domains")
            elif common is not None and len(tokens(term)) == 1 and key != "hashtags":
                grade = Grade.ERROR if common <= FREQUENT else Grade.WARN
                why = f"is a frequent English word, and {_COSTS if paid else _TAKES}"
                yield say(grade, "common-query", why, "ask for it together with a word of the trade")
    if isinstance(source, XSource) and not source.queries:
        yield from _compiled(place, source, brands)
    asks_for_brands = isinstance(source, XSource) and not source.terms  # or for what stands in its queries
    if source.brand is None and not asks_for_brands:
        for brand in brands:
            yield from _not_asked_for(place, source, [term for terms in asked.values() for term in terms], brand)


def _compiled(place: str, source: XSource, brands: Sequence[Brand]) -> Iterator[Finding]:
    done = asked_of(source, brands)
    say = about(f"{place}.terms", source.name, "")
    for warning in done.warnings:
        yield say(Grade.WARN, "not-in-query", warning, "see docs/sources/x.md")
    if len(done.queries) > (1 if source.terms else len(brands)):
        why = f"does not fit into {source.query_length} characters: asked as {len(done.queries)} queries"
        yield say(Grade.HINT, "split-query", why, "fine; a post that two of them bring is paid for once a day")


def _not_asked_for(place: str, source: CommonSource, terms: Sequence[str], brand: Brand) -> Iterator[Finding]:
    """The source asks for some of the brand's aliases and leaves others out."""
    exact = {term.casefold() for term in terms} if isinstance(source, XSource) else set()
    words = [tokens(term) for term in terms]
    missing = [
        said(alias)
        for alias in brand.aliases
        if alias.kind is not AliasKind.DOMAIN  # most searches do not look into links
        and term_of(alias).casefold() not in exact
        and not any(_within(term, tokens(alias.text)) for term in words)
    ]
    wanted = [alias for alias in brand.aliases if alias.kind is not AliasKind.DOMAIN]
    if missing and len(missing) < len(wanted):
        why = f"asks for {brand.name}, but not for {', '.join(missing)}"
        yield about(place, source.name, "")(Grade.HINT, "not-asked-for", why, "add them, unless they are rare there")


def _within(inner: Sequence[str], outer: Sequence[str]) -> bool:
    """Whether the words stand in the others, side by side."""
    return bool(inner) and any(
        list(outer[i : i + len(inner)]) == list(inner) for i in range(len(outer) - len(inner) + 1)
    )
