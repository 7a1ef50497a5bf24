"""Which route a mention takes, and why: an ordered list, pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

import regex

from alerts.base import Mention
from config.alerting import Route, When
from config.vocabulary import Severity

# Scripts written without blanks between words: there a keyword needs no word edge.
_NO_BLANKS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"


@dataclass(frozen=True, slots=True)
class Routing:
    """The routes taken, in order; their channels, each once; and for each route why it was taken."""

    names: tuple[str, ...]
    channels: tuple[str, ...]
    quiet: bool  # recorded, nobody told
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Considered:
    """What one route made of a mention, for `monitor route test`."""

    name: str
    taken: bool
    why: str  # each condition with what it met, or "never asked, an earlier route has taken it"
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Condition:
    holds: bool
    says: str


def route(mention: Mention, routes: Sequence[Route], default: Route) -> Routing:
    """The routing of a mention: the first route that holds, and the next while they say to continue.

    Where none holds, the default takes it, whatever its own conditions. Always at least one route; quiet
    where the routes taken name no channel.
    """
    taken = _taken(mention, routes, default)
    channels = dict.fromkeys(channel for r, _ in taken for channel in r.channels)
    return Routing(
        names=tuple(r.name for r, _ in taken),
        channels=tuple(channels),
        quiet=not channels,
        why=tuple(f"{r.name}: {why}" for r, why in taken),
    )


def explain(mention: Mention, routes: Sequence[Route], default: Route) -> tuple[Considered, ...]:
    """What each route, the default last, made of the mention, and why."""
    reasons = dict(_taken(mention, routes, default))
    told: list[Considered] = []
    over = False
    for r in (*routes, default):
        why = reasons.get(r)
        if why is not None:
            told.append(Considered(r.name, taken=True, why=why, channels=r.channels))
            over = over or not r.continue_
        elif over or r is default:
            told.append(Considered(r.name, taken=False, why="not asked, an earlier route has taken it", channels=()))
        else:
            failed = "; ".join(c.says for c in _conditions(mention, r.when) if not c.holds)
            told.append(Considered(r.name, taken=False, why=failed, channels=()))
    return tuple(told)


def _taken(mention: Mention, routes: Sequence[Route], default: Route) -> list[tuple[Route, str]]:
    taken: list[tuple[Route, str]] = []
    for r in routes:
        conditions = _conditions(mention, r.when)
        if not all(c.holds for c in conditions):
            continue
        taken.append((r, "; ".join(c.says for c in conditions) or "takes everything"))
        if not r.continue_:
            break
    return taken or [(default, "no other route took it")]


def _conditions(mention: Mention, when: When) -> list[_Condition]:
    """Each condition that the route makes, whether it holds, and what it met."""
    told: list[_Condition] = []
    if when.brands:
        told.append(_among("brand", (mention.brand,), when.brands))
    if when.platforms:
        told.append(_among("platform", (mention.platform.value,), tuple(p.value for p in when.platforms)))
    if when.types:
        told.append(_among("type", mention.types, when.types))
    if when.min_severity > Severity.NONE:
        has, asked = mention.severity, when.min_severity
        sign = ">=" if has >= asked else "<"
        told.append(_Condition(has >= asked, f"severity {has.name.lower()} {sign} {asked.name.lower()}"))
    if when.languages:
        told.append(_among("language", (mention.language,), when.languages))
    if when.min_reach:
        reach = mention.followers or 0
        known = str(reach) if mention.followers is not None else "unknown"
        sign = ">=" if reach >= when.min_reach else "<"
        told.append(_Condition(reach >= when.min_reach, f"reach {known} {sign} {when.min_reach}"))
    if when.keywords:
        told.append(_keyword(mention, when.keywords))
    return told


def _among(what: str, has: Sequence[str], wanted: Sequence[str]) -> _Condition:
    met = [one for one in has if one in wanted]
    if met:
        return _Condition(holds=True, says=f"{what} {met[0]} in ({', '.join(wanted)})")
    return _Condition(holds=False, says=f"{what} {', '.join(has) or 'none'} not in ({', '.join(wanted)})")


def _keyword(mention: Mention, keywords: Sequence[str]) -> _Condition:
    text = _fold(f"{mention.title or ''}\n{mention.text}")
    for keyword in keywords:
        if holds_word(text, keyword):
            return _Condition(holds=True, says=f'keyword "{keyword}"')
    return _Condition(holds=False, says=f"no keyword of ({', '.join(keywords)})")


def _fold(text: str) -> str:
    return normalize("NFKC", normalize("NFKC", text).casefold())


def holds_word(text: str, keyword: str) -> bool:
    """Whether the keyword stands in the text as whole words, in any case, width and spacing."""
    words = [regex.escape(word) for word in _fold(keyword).split()]
    if not words:
        return False
    before = rf"(?:(?<!\w)|(?<=[{_NO_BLANKS}])|(?=[{_NO_BLANKS}]))"
    after = rf"(?:(?!\w)|(?=[{_NO_BLANKS}])|(?<=[{_NO_BLANKS}]))"
    return regex.search(before + r"\s+".join(words) + after, _fold(text)) is not None
