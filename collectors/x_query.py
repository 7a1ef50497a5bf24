"""What is listened for, said in X's query language.

X only narrows down: its words are looked for without regard to capitals and accents, a hashtag only as a whole. The
local matching decides, so a query may bring too much, and what does not fit into it is left to that matching.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from config.brands import Alias, AliasKind, Brand
from config.source_x import XSource

_PLAIN = re.compile(r"[^\W_]+")  # a word that X takes as one token; all else is put in quotation marks
_RESERVED = frozenset(("or", "and", "not"))
_MENTION = re.compile(r"@[A-Za-z0-9_]{1,15}")
_TAG = re.compile(r"[#$]\w+")
_DOMAIN = re.compile(r"url:[\w.-]+")
X_LANGUAGES = {"he": "iw", "id": "in"}  # X's own words for languages, where they are not ISO 639-1
UNDETERMINED = "und"  # X's word for a post too short to tell; asked for as well, so that none is passed over


@dataclass(frozen=True, slots=True)
class Compiled:
    """Queries that together bring what was asked for, and what an operator should know of them."""

    queries: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def terms_of(brand: Brand) -> tuple[str, ...]:
    """The terms that bring everything that the brand's aliases could match, as far as X can; each once."""
    return tuple(dict.fromkeys(term_of(alias) for alias in brand.aliases))


def term_of(alias: Alias) -> str:
    """An alias as a term of the settings."""
    match alias.kind:
        case AliasKind.HANDLE:
            return "@" + alias.text.lstrip("@\uff20")
        case AliasKind.HASHTAG:
            return "#" + alias.text.lstrip("#\uff03")
        case AliasKind.DOMAIN:
            return "url:" + alias.text
        case AliasKind.WORD | AliasKind.PHRASE:
            return '"' + alias.text.replace('"', " ") + '"'


def asked_of(source: XSource, brands: Sequence[Brand]) -> Compiled:
    """What a source asks X for: its queries as they stand, else its terms, else each brand's aliases by themselves.

    With `source.brand`, that brand's alone. A query then belongs to one brand, and so does what is spent for it.
    """
    if source.queries:
        return Compiled(source.queries)
    groups = [source.terms] if source.terms else [terms_of(b) for b in brands if source.brand in (None, b.name)]
    parts = [
        compiled(
            group,
            excluded=source.excluded_accounts,
            languages=source.languages,
            reposts=source.reposts,
            limit=source.query_length,
        )
        for group in groups
    ]
    queries = dict.fromkeys(query for part in parts for query in part.queries)
    return Compiled(tuple(queries), tuple(warning for part in parts for warning in part.warnings))


def compiled(
    terms: Sequence[str],
    *,
    excluded: Sequence[str] = (),
    languages: Sequence[str] = (),
    reposts: bool = False,
    limit: int,
) -> Compiled:
    """The fewest queries, none longer than `limit`, that ask for any of the terms; no terms, no queries.

    Each query repeats what is excluded. That may take half of the limit: what does not fit is left out and told.
    """
    warnings: list[str] = []
    wanted: list[str] = []
    for term in dict.fromkeys(terms):
        said = _said(term)
        if said is None:
            warnings.append(f"term {term!r}: holds no letter or digit, so X cannot look for it")
            continue
        if said.startswith("#"):
            warnings.append(f"term {term!r}: X finds the whole tag only, not a longer one that holds it")
        wanted.append(said)
    narrowing, left_out = _narrowing(excluded, languages, reposts=reposts, room=limit // 2)
    warnings += [f"{part}: does not fit into the query; such posts are read, and paid for" for part in left_out]
    return Compiled(tuple(_packed(list(dict.fromkeys(wanted)), narrowing, limit)), tuple(warnings))


def _said(term: str) -> str | None:
    """A term in X's language; None where there is nothing to look for."""
    for form in (_MENTION, _TAG):
        if form.fullmatch(term):
            return term
    if _DOMAIN.fullmatch(term):
        return f'url:"{term.removeprefix("url:")}"'
    words = " ".join(term.replace('"', " ").split())
    if not any(char.isalnum() for char in words):
        return None
    return words if _PLAIN.fullmatch(words) and words.lower() not in _RESERVED else f'"{words}"'


def _narrowing(
    excluded: Sequence[str], languages: Sequence[str], *, reposts: bool, room: int
) -> tuple[str, Sequence[str]]:
    """What every query ends with, dearest savings first, and what found no room in it."""
    parts = [] if reposts else ["-is:retweet"]
    if languages:
        tags = [f"lang:{X_LANGUAGES.get(code, code)}" for code in dict.fromkeys((*languages, UNDETERMINED))]
        parts.append(f"({' OR '.join(tags)})")
    parts += [f"-from:{handle.lstrip('@')}" for handle in dict.fromkeys(excluded)]
    kept, left_out = "", []
    for part in parts:
        if len(kept) + 1 + len(part) <= room:
            kept += f" {part}"
        else:
            left_out.append(part)
    return kept, left_out


def _packed(wanted: Sequence[str], narrowing: str, limit: int) -> list[str]:
    """As many terms in each query as fit; a term has at most 100 characters, so that one always does."""
    queries: list[str] = []
    group: list[str] = []
    for term in wanted:
        if group and len(_query([*group, term], narrowing)) > limit:
            queries.append(_query(group, narrowing))
            group = []
        group.append(term)
    return [*queries, _query(group, narrowing)] if group else queries


def _query(group: Sequence[str], narrowing: str) -> str:
    return (group[0] if len(group) == 1 else f"({' OR '.join(group)})") + narrowing
