"""How far lists have been read that show their newest first and are paged by a token.

The newest page tells at once how far a list now reaches, but what lies between it and the last round is read by
later pages, any of which may fail. So `high` moves with the newest page, and what is still unread is kept as a gap
until it is read. Both are saved with the posts of the page that moved them: a failed next page loses nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from collectors.base import Loss

TAIL = 5  # posts at a page's end that must all be old before it counts as the last: one out of order ends no walk
MAX_RESTARTS = 3  # of one gap whose page token the platform refuses; then its rest is given up and told


@dataclass(frozen=True, slots=True)
class Gap:
    """What was published at `low` or later, down from the page of `token`, and is not read yet."""

    low: datetime
    token: str = ""  # "" = from the newest page on
    oldest: datetime | None = None  # of what was read of it
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """How far one list has been read."""

    floor: datetime  # what is older was never wanted
    high: datetime | None = None  # published time of the newest post seen, by the platform's clock
    gap: Gap | None = None
    asked: bool = False  # its newest page was read in this round
    shut: str = ""  # why the platform shows nothing of it; "" = it does


@dataclass(frozen=True, slots=True)
class Page:
    """A page as taken: when its posts were published, in its order, and the token of the next one ("" = none)."""

    times: Sequence[datetime]
    token: str


Listings = Mapping[str, Listing]


def next_of(listings: Listings, *, newest_only: bool = False, passed: Container[str] = ()) -> str | None:
    """The list to read from: one with a gap before one whose newest page is to be read; None: the round is over.

    Of `newest_only`, gaps wait; of those `passed` over, all does.
    """
    waiting = (name for name, one in listings.items() if _is_open(one, newest_only=newest_only))
    return next((name for name in waiting if name not in passed), None)


def _is_open(one: Listing, *, newest_only: bool) -> bool:
    return not one.asked or (one.gap is not None and not newest_only)


def new_round(listings: Listings) -> dict[str, Listing]:
    """The same lists, each newest page to be read again; gaps stay."""
    return {name: replace(one, asked=False) for name, one in listings.items()}


def gaps(listings: Listings) -> int:
    """How many lists have something left to read."""
    return sum(one.gap is not None for one in listings.values())


def after(one: Listing, page: Page, *, token: str, start: datetime, now: datetime) -> Listing:
    """Where a list stands after the page of `token` ("" = the newest) was read.

    `start` is where a walk ends that begins now; one that is under way keeps its end. A newest page read although a
    gap is open makes the gap begin below that page: some is read twice, nothing is passed over.
    """
    gap, high = one.gap, one.high
    if not token and page.times:
        # A post dated in the future must not carry `high` there: what comes until then would be passed over.
        newest = min(max(page.times), now)
        high = newest if high is None else max(high, newest)
    low = min(gap.low, start) if gap is not None else start
    tail = page.times[-TAIL:]
    if not page.token or (tail and max(tail) < low):
        return replace(one, high=high, gap=None, asked=True, shut="")
    seen = (*page.times, *((gap.oldest,) if gap is not None and gap.oldest is not None else ()))
    rest = Gap(low, page.token, min(seen, default=None), gap.restarts if gap is not None else 0)
    return replace(one, high=high, gap=rest, asked=True, shut="")


def shut(one: Listing, why: str, *, look_back: timedelta) -> Listing:
    """Where a list stands that shows nothing now; should it show posts again, what was unread of it is read then."""
    high = one.high
    if one.gap is not None and high is not None:
        high = min(high, one.gap.low + look_back)
    return replace(one, high=high, gap=None, asked=True, shut=why)


def start_of(one: Listing, *, look_back: timedelta) -> datetime:
    """How far back a walk reads that begins now."""
    return one.floor if one.high is None else max(one.floor, one.high - look_back)


def token_refused(name: str, one: Listing, *, now: datetime) -> tuple[Listing, Loss | None]:
    """Where a list stands whose page token is refused: its gap begins anew, or is given up as lost."""
    gap = one.gap
    if gap is None:
        return one, None
    if gap.restarts < MAX_RESTARTS:
        return replace(one, gap=replace(gap, token="", restarts=gap.restarts + 1)), None
    why = f"the platform refused the next page {gap.restarts + 1} times"
    return replace(one, gap=None), Loss(name, gap.low, max(gap.low, gap.oldest or now), why)


def written(listings: Listings) -> dict[str, Any]:
    """The lists as JSON can hold them."""
    return {
        name: {
            "floor": one.floor.isoformat(),
            "high": one.high and one.high.isoformat(),
            "gap": one.gap
            and {
                "low": one.gap.low.isoformat(),
                "token": one.gap.token,
                "oldest": one.gap.oldest and one.gap.oldest.isoformat(),
                "restarts": one.gap.restarts,
            },
            "asked": one.asked,
            "shut": one.shut,
        }
        for name, one in listings.items()
    }


def read(value: Mapping[str, Any], names: Iterable[str], *, fresh: Listing) -> dict[str, Listing]:
    """The lists of these names as `written` told them; one that is new is `fresh`, one no longer named is dropped."""
    return {name: _listing(value[name]) if name in value else fresh for name in names}


def _listing(value: Mapping[str, Any]) -> Listing:
    gap = value["gap"]
    return Listing(
        floor=datetime.fromisoformat(value["floor"]),
        high=_moment(value["high"]),
        gap=gap and Gap(datetime.fromisoformat(gap["low"]), gap["token"], _moment(gap["oldest"]), gap["restarts"]),
        asked=value["asked"],
        shut=value["shut"],
    )


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value is not None else None
