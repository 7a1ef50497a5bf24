"""How far each query on X has been read, and what is left between: pure values and moves.

X's ids carry their time (to the millisecond) in their upper bits, so an id bounds a stretch of time. X shows the
newest first; the mark `high` moves with the first page, and what lies between that page and the last mark is a gap.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.base import Loss, UnexpectedReply
from config.source_x import WINDOW

OVERLAP = timedelta(minutes=2)  # read again each time: late in X's index; costs nothing within a day
COVER = timedelta(minutes=2)  # a quiet query's mark lags so far behind X's time at most: else it would be paid again
STALE = timedelta(minutes=1)  # from the end of X's window, where a request might arrive too late
EDGE = timedelta(minutes=10)  # where reading begins anew at the end of the window, so that it stays inside for a while
MAX_STALLS = 10  # pages in a row that go no further back; X sends such pages, but not for ever
_VERSION = 1  # of the cursor
_EPOCH = 1_288_834_974_657  # milliseconds since 1970 at which X's ids begin
_SHIFT = 22  # bits of an id below its time


def id_at(moment: datetime) -> int:
    """The lowest id of a post of that millisecond."""
    return max(0, int(moment.timestamp() * 1000) - _EPOCH) << _SHIFT


def time_of(post_id: int) -> datetime:
    """When a post of that id was written, in UTC."""
    return datetime.fromtimestamp(((post_id >> _SHIFT) + _EPOCH) / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that is not read yet: ids above `floor` and below `ceiling`, as far as `reached`."""

    floor: int
    ceiling: int | None = None  # None: up to the newest
    reached: int | None = None  # the lowest id read
    token: str | None = None  # X's word for the next page of this very request
    start: int | None = None  # seconds since 1970: asked for by time instead of `floor`
    stalls: int = 0

    @property
    def top(self) -> int | None:
        """Below which the rest lies."""
        return self.ceiling if self.reached is None else self.reached

    def params(self) -> dict[str, Any]:
        """The request for its next page; a page token only fits the request that it came from."""
        asked: dict[str, Any] = {}
        if self.start is not None:
            asked["start_time"] = datetime.fromtimestamp(self.start, UTC)
        else:
            asked["since_id"] = str(self.floor)
        if self.ceiling is not None:
            asked["until_id"] = str(self.ceiling)
        if self.token is not None:
            asked["next_token"] = self.token
        return asked

    def restarted(self) -> Gap:
        """The rest of it, asked for without a page token."""
        below = self.ceiling if self.reached is None else self.reached + _ids(OVERLAP)
        return replace(self, ceiling=below, reached=None, token=None, stalls=0)

    def after(self, ids: Sequence[int], token: str | None) -> Gap | None:
        """What is left after a page; None: nothing.

        Raises:
            UnexpectedReply: the pages go round in circles.
        """
        if token is None or (ids and max(ids) <= self.floor):
            return None
        reached = min(ids, default=None)
        further = reached is not None and (self.reached is None or reached < self.reached)
        stalls = 0 if further else self.stalls + 1
        if token == self.token or stalls > MAX_STALLS:
            raise UnexpectedReply("the search sends page after page and goes no further back")
        return replace(self, token=token, reached=reached if further else self.reached, stalls=stalls)


def from_time(moment: datetime, until: datetime | None = None) -> Gap:
    """The stretch from a moment on, whole seconds."""
    seconds = int(moment.timestamp())
    floor = max(0, id_at(datetime.fromtimestamp(seconds, UTC)) - 1)
    return Gap(floor, None if until is None else id_at(until), start=seconds)


def is_old(gap: Gap, now: datetime) -> bool:
    """Whether a gap begins where X's search shows no more, or soon will not."""
    return time_of(gap.floor) < now - WINDOW + STALE


def within_window(gap: Gap, query: str, now: datetime) -> tuple[Gap | None, Loss | None]:
    """The part of a gap that X still shows, and what is lost of it."""
    if not is_old(gap, now):
        return gap, None
    edge = now - WINDOW + EDGE
    why = "X's search shows the last 7 days only"
    if gap.top is not None and gap.top <= id_at(edge):
        return None, Loss(query, time_of(gap.floor), max(time_of(gap.top), time_of(gap.floor)), why)
    rest = from_time(edge)
    return replace(rest, ceiling=gap.restarted().ceiling), Loss(query, time_of(gap.floor), edge, why)


@dataclass(frozen=True, slots=True)
class Place:
    """How far one query has been read: all up to `high` is stored, but for the gaps."""

    high: int | None = None
    gaps: tuple[Gap, ...] = ()
    asked: bool = False  # its newest page was read, or passed over, in this round
    refused: bool = False  # X did not understand it when it was last asked

    def newest(self, first: Gap) -> Gap:
        """The stretch from the last mark to now; `first` where there is none yet."""
        return first if self.high is None else Gap(max(0, self.high - _ids(OVERLAP)))

    def marked(self, ids: Sequence[int], served: datetime | None, now: datetime) -> Place:
        """After the newest page: the mark at its newest id, and not further behind than COVER.

        No id from the future moves it: what comes until then would be passed over.
        """
        marks = [self.high or 0, *(min(post_id, id_at(now)) for post_id in ids)]
        if served is not None or not self.high:
            marks.append(id_at((served or now) - COVER))
        return replace(self, high=max(marks), asked=True, refused=False)

    def opened(self, gap: Gap) -> Place:
        """With one more gap; gaps that overlap become one, so that nothing is read twice."""
        apart = [one for one in self.gaps if (one.top or 0) <= gap.floor or (gap.top or 0) <= one.floor]
        joined = [one for one in self.gaps if one not in apart]
        if joined:
            lowest = min([*joined, gap], key=lambda one: one.floor)
            gap = Gap(lowest.floor, max(one.top or 0 for one in [*joined, gap]), start=lowest.start)
        return replace(self, gaps=(*apart, gap))

    def without(self, gap: Gap, rest: Gap | None) -> Place:
        """With a gap replaced by what is left of it."""
        kept = [one for one in self.gaps if one != gap]
        return replace(self, gaps=tuple(kept if rest is None else [*kept, rest]))


@dataclass(frozen=True, slots=True)
class Account:
    """From where X's own count of posts read, and the ledger's, are compared."""

    period: str  # ISO date since which both count
    theirs: int  # when they were first laid side by side
    ours: int


@dataclass(frozen=True, slots=True)
class State:
    """What is kept between two calls."""

    places: Mapping[str, Place]
    going: bool = False  # the last call asked for another one at once
    began: int = 0  # seconds since 1970: when this round began
    compared: str = ""  # ISO date on which the counts were last compared
    account: Account | None = None

    def at(self, query: str, place: Place) -> State:
        """With one query moved."""
        return replace(self, places={**self.places, query: place})

    @property
    def gaps(self) -> list[tuple[str, Gap]]:
        """The gaps of all queries, newest first."""
        found = [(query, gap) for query, place in self.places.items() for gap in place.gaps]
        return sorted(found, key=lambda one: one[1].top or 0, reverse=True)

    def begun(self, queries: Sequence[str], now: datetime, every: timedelta) -> tuple[State, list[Loss]]:
        """The state for these queries, in a new round if the last one is over or old; what others leave unread."""
        lost = [
            Loss(query, time_of(gap.floor), max(time_of(gap.top or gap.floor), time_of(gap.floor)), "no longer asked")
            for query, gap in self.gaps
            if query not in queries
        ]
        places = {query: self.places.get(query, Place()) for query in queries}
        seconds = int(now.timestamp())
        if not self.going or abs(seconds - self.began) >= every.total_seconds():
            places = {query: replace(place, asked=False) for query, place in places.items()}
            return replace(self, places=places, began=seconds), lost
        return replace(self, places=places), lost

    def expired(self, now: datetime) -> tuple[State, list[Loss]]:
        """The state without what X shows no more, and what is lost by it."""
        state: State = self
        lost: list[Loss] = []
        for query, gap in self.gaps:
            inside, loss = within_window(gap, query, now)
            if loss is not None:
                lost.append(loss)
                state = state.at(query, state.places[query].without(gap, inside))
        return state, lost


def write(state: State) -> str:
    """The state as a cursor."""
    return json.dumps({"v": _VERSION, **asdict(state)})


def read(cursor: str | None) -> State:
    """What a cursor says; of one that another version wrote, nothing."""
    value = json.loads(cursor) if cursor is not None else {}
    if value.get("v") != _VERSION:
        return State({})
    places = {
        query: Place(**{**place, "gaps": tuple(Gap(**gap) for gap in place["gaps"])})
        for query, place in value["places"].items()
    }
    account = Account(**value["account"]) if value["account"] else None
    return State(places, value["going"], value["began"], value["compared"], account)


def _ids(span: timedelta) -> int:
    return int(span.total_seconds() * 1000) << _SHIFT
