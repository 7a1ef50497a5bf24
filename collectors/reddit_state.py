"""How far Reddit has been read: the lanes of a round, the conversations followed, and the cursor that keeps both.

Ids say nothing of time on Reddit: only `created_utc` does, and nothing here compares ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from collectors.base import Post
from collectors.reddit_posts import SUBMISSION, Things
from config.source_reddit import RedditSource, RedditThreads

Kind = Literal["search", "comments", "new"]

HOUR, DAY = 3_600, 86_400  # seconds
MINUTES = 60
SEARCH_OVERLAP = DAY  # what a search read up to then is read again: it finds late, and not everything at once
LISTING_OVERLAP = 10 * MINUTES  # a community's listings are in order; this is for what shows late
LISTING_SHOWS = 1_000  # things of one listing that Reddit shows, over all its pages
ENDLESS = 2 * LISTING_SHOWS  # places after which a listing is not read on: its pages go round in circles
SEARCH_SHOWS = 250  # a search often ends about here; from here on its end is not taken for the beginning of time
GROUP = 20  # communities read in one request; their names fill an address of 500 characters at most
ANCHORS = 3  # places from which a next page can be asked: a thing that was removed leads nowhere
WINDOWS = (("day", DAY), ("week", 7 * DAY), ("month", 30 * DAY), ("year", 365 * DAY))  # of the search, as it calls them
# How old a conversation is, and how soon it is read again.
PACES = ((3 * HOUR, 5 * MINUTES), (2 * DAY, HOUR), (10_000 * DAY, DAY))
_VERSION = 1  # of the cursor


@dataclass(frozen=True, slots=True)
class Spot:
    """One listing of Reddit that is read: a search, or the comments or submissions of some communities."""

    kind: Kind
    what: str  # the query, or the communities joined by "+"

    @property
    def key(self) -> str:
        """Its name in the cursor."""
        return f"{self.kind}:{self.what}"

    @property
    def label(self) -> str:
        """Its name for people."""
        return f"search {self.what!r}" if self.kind == "search" else f"r/{self.what}/{self.kind}"


@dataclass(frozen=True, slots=True)
class Lane:
    """How far one listing has been read. Times are seconds since 1970, by Reddit's clock where not said otherwise.

    `high` moves only when a round has been read back to what was known; until then the round's own state says where
    its next page begins, so a failed page loses nothing.
    """

    horizon: int | None = None  # nothing older is taken: how far back its first round read
    high: int | None = None  # the newest thing of the last whole round
    read_at: int | None = None  # when the last whole round began, by our clock
    begun: int | None = None  # when this round began, by our clock
    target: int | None = None  # the newest thing of this round
    oldest: int | None = None  # the oldest thing of this round
    anchors: tuple[str, ...] = ()  # where the next page begins; the first holds unless it has been removed
    places: int = 0  # of the listing that this round has seen
    done: bool = False  # this round is over
    refused: bool = False  # Reddit did not show it in this round


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation that is followed: when it began (Reddit's clock) and when it is read next (ours)."""

    created: int
    due: int
    replies: int | None = None  # how many comments Reddit counted below it when it was last read; None: not read yet


@dataclass(slots=True)
class State:
    """What the cursor holds."""

    lanes: dict[str, Lane] = field(default_factory=dict)
    threads: dict[str, Thread] = field(default_factory=dict)  # by fullname
    over: bool = True  # the round is read; the next call begins another
    began: int = 0  # when the round began, by our clock: what falls due meanwhile waits, or a round might never end

    @property
    def due(self) -> str | None:
        """The conversation to be read next; None where none is due."""
        waiting = [(thread.due, name) for name, thread in self.threads.items() if thread.due <= self.began]
        return min(waiting)[1] if waiting else None

    @property
    def gaps(self) -> int:
        """Listings of which a next page is still to be read."""
        return sum(bool(lane.anchors) for lane in self.lanes.values())

    @property
    def unfinished(self) -> bool:
        """Whether there is more to read at once."""
        return any(not lane.done for lane in self.lanes.values()) or self.due is not None


def spots_of(source: RedditSource) -> tuple[Spot, ...]:
    """What one round reads, in order."""
    groups = ["+".join(source.communities[n : n + GROUP]) for n in range(0, len(source.communities), GROUP)]
    listings = [Spot(kind, group) for group in groups for kind in ("comments", "new")]
    return (*(Spot("search", query) for query in source.searches), *listings)


def begun(lane: Lane, now: int, since: int) -> Lane:
    """The lane as its round begins; as it is where the round has begun already."""
    if lane.begun is not None:
        return lane
    return replace(lane, begun=now, horizon=lane.horizon if lane.horizon is not None else since)


def anew(lane: Lane) -> Lane:
    """The lane before its next round."""
    return replace(lane, done=False, begun=None, target=None, oldest=None, anchors=(), places=0)


def window_of(lane: Lane) -> str:
    """The search's narrowest window of time that reaches back far enough, by half the overlap at least."""
    back_to = lane.read_at - SEARCH_OVERLAP // 2 if lane.read_at is not None else lane.horizon or 0
    age = (lane.begun or 0) - back_to
    return next((name for name, span in WINDOWS if age <= span), "all")


def moved(lane: Lane, spot: Spot, things: Things, after: str | None, *, page: int, now: int) -> Lane:
    """The lane after a page of `page` places; `done` where it was the round's last."""
    if not things.names and len(lane.anchors) > 1:  # the thing after which was asked may have been removed
        return replace(lane, anchors=lane.anchors[1:])
    times = [time for time in things.times if time <= now + DAY]  # a time in the future must not become `high`
    lane = replace(
        lane,
        target=max([*times, *([lane.target] if lane.target is not None else [])], default=None),
        oldest=min([*times, *([lane.oldest] if lane.oldest is not None else [])], default=None),
        places=lane.places + page,
        anchors=_anchors(things.names, after),
    )
    if lane.anchors and not _reached(lane, spot, times) and lane.places < ENDLESS:
        return lane
    high = max((time for time in (lane.high, lane.target) if time is not None), default=None)
    return replace(lane, done=True, refused=False, anchors=(), high=high, read_at=lane.begun)


def shown_too_little(before: Lane, after: Lane, spot: Spot) -> tuple[int, int] | None:
    """The stretch of time that Reddit did not show in a round that ends here; None where it showed all."""
    known = before.high if before.high is not None else before.horizon
    ceiling = SEARCH_SHOWS if spot.kind == "search" else LISTING_SHOWS
    if not after.done or after.oldest is None or known is None or after.places < ceiling or after.oldest <= known:
        return None
    return known, after.oldest


def _anchors(names: Sequence[str], after: str | None) -> tuple[str, ...]:
    if after is None:
        return ()
    return tuple(dict.fromkeys((after, *reversed(names))))[:ANCHORS]


def _reached(lane: Lane, spot: Spot, times: Sequence[int]) -> bool:
    """Whether a page reaches back to what is known. A search is not quite in order: of it, a whole page must."""
    floor = lane.horizon or 0
    if spot.kind == "search" and lane.read_at is not None:
        floor = max(floor, lane.read_at - SEARCH_OVERLAP)
    elif spot.kind != "search" and lane.high is not None:
        floor = max(floor, lane.high - LISTING_OVERLAP)
    return bool(times) and (max(times) if spot.kind == "search" else times[-1]) <= floor


def followed(
    threads: Mapping[str, Thread], posts: Iterable[Post], rules: RedditThreads, now: int
) -> tuple[dict[str, Thread], int]:
    """The conversations with those of the submissions added, and how many are one too many: the oldest.

    One below which Reddit counts as many comments as when it was last read is as good as read again.
    """
    known = dict(threads)
    for post in posts:
        created = seconds_of(post.published_at)
        if not post.native_id.startswith(SUBMISSION) or created + _seconds(rules.follow_for) <= now:
            continue
        thread = known.get(post.native_id, Thread(created, now))
        count = post.engagement.replies if post.engagement is not None else None
        if count is not None and count == (thread.replies or 0) and thread.due <= now:
            thread = replace(thread, due=now + _pace(thread, now))
        known[post.native_id] = thread
    newest = sorted(known, key=lambda name: known[name].created, reverse=True)[: rules.at_most]
    return {name: known[name] for name in newest}, len(known) - len(newest)


def read_again(thread: Thread, replies: int | None, rules: RedditThreads, now: int) -> Thread | None:
    """The conversation after it was read, with so many comments; None where it has been followed long enough."""
    if now - thread.created >= _seconds(rules.follow_for):
        return None
    return Thread(thread.created, now + _pace(thread, now), replies or 0)


def _pace(thread: Thread, now: int) -> int:
    return next(pace for limit, pace in PACES if now - thread.created < limit)


def write_cursor(state: State) -> str:
    """The state as text."""
    lanes = {key: _changed(lane) for key, lane in state.lanes.items()}
    threads = {name: [thread.created, thread.due, thread.replies] for name, thread in state.threads.items()}
    value = {"v": _VERSION, "over": state.over, "began": state.began, "lanes": lanes, "threads": threads}
    return json.dumps(value, separators=(",", ":"))


def read_cursor(cursor: str | None) -> State:
    """What the cursor says; of one that another version wrote, nothing: the first round is read again."""
    value = json.loads(cursor) if cursor is not None else {}
    if value.get("v") != _VERSION:
        return State()
    lanes = {key: Lane(**{**lane, "anchors": tuple(lane.get("anchors", ()))}) for key, lane in value["lanes"].items()}
    threads = {name: Thread(created, due, replies) for name, (created, due, replies) in value["threads"].items()}
    return State(lanes, threads, value["over"], value["began"])


def _changed(lane: Lane) -> dict[str, Any]:
    plain = {one.name: one.default for one in fields(lane)}
    return {name: value for name, value in asdict(lane).items() if value != plain[name]}


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())


def seconds_of(moment: datetime) -> int:
    """Whole seconds since 1970."""
    return int(moment.timestamp())
