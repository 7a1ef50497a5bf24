"""Numbers as people read them. Locale-free: the same facts give the same words on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from monitor.digest.facts import Count
from monitor.digest.statistics import FEW

MINUS = "\u2212"  # as wide as the plus sign
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def signed(value: int) -> str:
    """A change: "+12", "−3", "±0"."""
    if value == 0:
        return "±0"
    return f"+{value:,}" if value > 0 else f"{MINUS}{-value:,}"


def points(value: float) -> str:
    """Net sentiment -1..1 in points: "−18", "+5", "0"."""
    whole = round(value * 100)
    return signed(whole) if whole else "0"


def amount(count: int, word: str) -> str:
    """A count with its word: "1 post", "1,204 posts"."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def share(count: int, of: int) -> str:
    """A part in per cent; under ten in all the two counts. Never "0 %" or "100 %" of what is neither."""
    if of < FEW:
        return f"{count} of {of}"
    whole = round(100 * count / of)
    if whole == 0 and count:
        return "under 1 %"
    return "over 99 %" if whole == 100 and count < of else f"{whole} %"  # noqa: PLR2004 - per cent


def percent(value: float) -> str:
    """A share 0..1 in per cent: "91 %"; never "100 %" or "0 %" of what only comes near."""
    whole = round(100 * value)
    if whole == 0 and value > 0:
        return "under 1 %"
    return "over 99 %" if whole == 100 and value < 1 else f"{whole} %"  # noqa: PLR2004 - per cent


def change_of(count: Count) -> str:
    """How a count stands beside last week's, to be followed by "last week": "38 % more than the 298 of"."""
    before = count.before or 0
    if count.now == before:
        return "as many as"
    if before < FEW:
        return f"against {before:,}"
    by = abs(count.now - before) / before
    return f"{round(by * 100):,} % {'more' if count.now > before else 'fewer'} than the {before:,} of"


def duration(seconds: float) -> str:
    """A length of time in its two largest units: "2 d 3 h", "45 min", "under 1 min"."""
    rest = int(seconds)
    parts: list[tuple[int, str]] = []
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append((count, unit))
    shown = [f"{count} {unit}" for count, unit in parts[:2] if count]
    return " ".join(shown) or "under 1 min"


def listed(words: Sequence[str], *, more: int = 0) -> str:
    """Words in one sentence: "a", "a and b", "a, b and c"; with more: "a, b, c and 4 more"; "" for nothing."""
    every = [*words, f"{more:,} more"] if more > 0 else list(words)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}" if every else ""


def moment(at: datetime, zone: ZoneInfo) -> str:
    """An instant by the organisation's clock: "Mon 16 Nov, 09:12"."""
    here = at.astimezone(zone)
    return f"{weekday(here)} {here.day} {_MONTHS[here.month - 1]}, {here:%H:%M}"


def date_of(at: datetime, zone: ZoneInfo) -> str:
    """A day by the organisation's clock: "24 Aug 2026"."""
    here = at.astimezone(zone)
    return f"{here.day} {_MONTHS[here.month - 1]} {here.year}"


def span(first: datetime, last: datetime, zone: ZoneInfo) -> str:
    """The days from one instant to another, both named: "9 to 15 Nov 2026"."""
    a, b = first.astimezone(zone), last.astimezone(zone)
    start = f"{a.day}"
    if (a.year, a.month) != (b.year, b.month):
        start += f" {_MONTHS[a.month - 1]}"
    if a.year != b.year:
        start += f" {a.year}"
    return f"{start} to {b.day} {_MONTHS[b.month - 1]} {b.year}"


def weekday(day: date) -> str:
    """A day's short name, whatever the machine's language: "Mon"."""
    return DAY_NAMES[day.weekday()][:3]
