"""Reddit by its API: searches for submissions, new comments and submissions of communities, and conversations.

A search of Reddit finds submissions only and not all of them at once, so the last day is read again each time, and
the comments below what was found are read as a conversation, ever more seldom as it grows old. Communities are read
whole. One call reads one page, or one conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from collectors.base import (
    AccessDenied,
    Checked,
    Harvest,
    Loss,
    Post,
    Rechecked,
    SourceDown,
    SourceError,
    UnexpectedReply,
)
from collectors.checking import CREDENTIALS, REACH
from collectors.http import Http
from collectors.reddit_past import read_past
from collectors.reddit_posts import things_of
from collectors.reddit_reading import Reader
from collectors.reddit_state import (
    HOUR,
    Lane,
    Spot,
    State,
    anew,
    begun,
    followed,
    read_again,
    read_cursor,
    seconds_of,
    shown_too_little,
    spots_of,
    write_cursor,
)
from collectors.reddit_tree import children_of
from collectors.reddit_wire import NotThere, Wire
from config.source_reddit import RedditSource

PAGE = 100  # things that a listing shows at once
MAX_RECHECK = 100  # things that can be asked for at once
STUMBLES = 3  # failed answers in a row after which a conversation waits an hour, so that it stops nothing else
DOUBTED = 10  # so many things that are all absent at once are asked for twice before they count as gone


class RedditCollector:
    """Reads a source's listings page by page, then the conversations that are due."""

    def __init__(self, source: RedditSource, *, http: Http, clock: Callable[[], datetime], page: int = PAGE) -> None:
        self._source = source
        self._clock = clock
        self._wire = Wire(source, http=http, clock=clock)
        self._reader = Reader(self._wire, page=page, more=source.threads.more_comments)
        self._spots = spots_of(source)
        self._stumbles: dict[str, int] = {}

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        return self._source.name

    def collect(self, cursor: str | None, /) -> Harvest:
        """One page of one listing, or one conversation; `more` until the round is read and none is due.

        Raises:
            SourceError: as Wire.get; AccessDenied also where Reddit shows none of what is configured.
        """
        before, now = self._wire.requests, self._now()
        known = read_cursor(cursor)
        state = replace(known, lanes={spot.key: known.lanes.get(spot.key, Lane()) for spot in self._spots})
        if known.over:
            state.lanes, state.began = {key: anew(lane) for key, lane in state.lanes.items()}, now
        spot = next((spot for spot in self._spots if not state.lanes[spot.key].done), None)
        harvest = self._listed(state, spot, now) if spot is not None else self._talked(state, now)
        state.over = not state.unfinished
        return replace(
            harvest,
            cursor=write_cursor(state),
            more=not state.over,
            gaps=state.gaps,
            requests=self._wire.requests - before,
        )

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        """What became of the first MAX_RECHECK of the things, in one request; deleted, removed or absent is None.

        Raises:
            SourceError: as Wire.get.
        """
        names = [name for name in dict.fromkeys(native_ids) if name[:3] in ("t1_", "t3_") and name[3:].isalnum()]
        names = names[:MAX_RECHECK]
        if not names:
            return Rechecked()
        before = self._wire.requests
        children = self._info(names)
        if not children and len(names) >= DOUBTED:  # rather a bad moment of Reddit's than so many withdrawn at once
            children = self._info(names)
        things = things_of(children, "info")
        told = set(things.names)
        found: dict[str, Post | None] = {name: None for name in names if name not in told}
        found |= {one.native_id: None for one in things.gone if one.native_id in names}
        found |= {post.native_id: post for post in things.posts if post.native_id in names}
        return Rechecked(found=found, requests=self._wire.requests - before)

    def check(self) -> Sequence[Checked]:
        """The token and what it allows, each listing's first thing, and what is left of Reddit's limit."""
        try:
            scopes = self._wire.scopes()
        except SourceError as error:
            what = CREDENTIALS if isinstance(error, AccessDenied) else REACH
            return (Checked(what, ok=False, detail=str(error)),)
        may = bool(scopes & {"*", "read"})
        seen = [Checked(CREDENTIALS, ok=may, detail=f"scope {', '.join(sorted(scopes)) or 'none'}")]
        searches = [spot for spot in self._spots if spot.kind == "search"]
        seen += [self._shown(spot) for spot in (*searches[:1], *(one for one in self._spots if one.kind == "new"))]
        left = self._wire.allowance
        if left is not None:
            detail = f"{left.remaining:.0f} requests left until {left.reset_at:%H:%M} UTC"
            seen.append(Checked("quota", ok=left.remaining >= 1, detail=detail))
        return tuple(seen)

    def backfill(self, cursor: str | None, since: datetime, until: datetime, /) -> Harvest:
        """The next posts published in [since, until), as far back as Reddit shows them; what it does not is a Loss.

        Raises:
            SourceError: as Wire.get.
        """
        before = self._wire.requests
        harvest = read_past(self._reader, self._source, cursor, (since, until), self._now())
        return replace(harvest, requests=self._wire.requests - before)

    def _now(self) -> int:
        return seconds_of(self._clock())

    def _listed(self, state: State, spot: Spot, now: int) -> Harvest:
        """A page of a listing; the state moves."""
        lane = begun(state.lanes[spot.key], now, now - int(self._source.since.total_seconds()))
        try:
            things, after = self._reader.page(lane, spot, now)
        except NotThere as error:
            if spot.kind == "search":
                raise
            state.lanes[spot.key] = replace(lane, done=True, refused=True, anchors=())
            if all(one.refused for one in state.lanes.values()):
                raise AccessDenied(f"{spot.label}: {error}; nothing else is configured that can be read") from None
            return Harvest(notes=(f"{spot.label} cannot be read: {error}",))
        state.lanes[spot.key] = after
        posts = [post for post in things.posts if seconds_of(post.published_at) >= (lane.horizon or 0)]
        notes: list[str] = []
        if spot.kind == "search":
            state.threads, fewer = followed(state.threads, posts, self._source.threads, state.began)
            if fewer:
                notes.append(f"{fewer} conversations, the oldest, are not followed: threads.at_most is reached")
        lost, note = _unseen(lane, after, spot)
        return Harvest(posts=posts, gone=things.gone, rejects=things.rejects, lost=lost, notes=(*notes, *note))

    def _talked(self, state: State, now: int) -> Harvest:
        """The conversation that is due; the state moves."""
        name = state.due or ""
        thread = state.threads[name]
        try:
            talk = self._reader.talk(name)
        except NotThere as error:
            del state.threads[name]
            return Harvest(notes=(f"conversation {name} is followed no more: {error}",))
        except (UnexpectedReply, SourceDown) as error:
            self._stumbles[name] = self._stumbles.get(name, 0) + 1
            if self._stumbles[name] < STUMBLES:
                raise
            if isinstance(error, SourceDown):
                self._info([name])  # raises where Reddit is down, and not only this conversation
            del self._stumbles[name]
            state.threads[name] = replace(thread, due=now + HOUR)
            return Harvest(notes=(f"conversation {name} is put off for an hour: {error}",))
        self._stumbles.pop(name, None)
        again = read_again(thread, talk.replies, self._source.threads, now) if talk.ended is None else None
        del state.threads[name]
        if again is not None:
            state.threads[name] = again
        notes = [f"conversation {name} is followed no more: its submission was {talk.ended}"] if talk.ended else []
        if talk.left_out and thread.replies is None:
            notes.append(f"conversation {name}: {talk.left_out} comments were left out (threads.more_comments)")
        return Harvest(posts=talk.posts, gone=talk.gone, rejects=talk.rejects, notes=notes)

    def _info(self, names: Sequence[str]) -> list[Any]:
        return children_of(self._wire.get("api/info/", id=",".join(names)))

    def _shown(self, spot: Spot) -> Checked:
        """Whether a listing is shown."""
        try:
            Reader(self._wire, page=1, more=0).page(begun(Lane(), self._now(), 0), spot, self._now())
        except AccessDenied as error:
            return Checked(CREDENTIALS, ok=False, detail=str(error))
        except SourceError as error:
            return Checked(REACH, ok=False, detail=f"{spot.label}: {error}")
        return Checked(REACH, ok=True, detail=spot.label)


def _unseen(before: Lane, after: Lane, spot: Spot) -> tuple[tuple[Loss, ...], tuple[str, ...]]:
    """What Reddit did not show of a round that ends: a loss, or a note where it was the first round."""
    stretch = shown_too_little(before, after, spot)
    if stretch is None:
        return (), ()
    since, until = (datetime.fromtimestamp(seconds, UTC) for seconds in stretch)
    if before.high is None:
        return (), (f"{spot.label}: Reddit shows nothing older than {until:%Y-%m-%d %H:%M}; the rest was not read",)
    return (Loss(spot.label, since, until, "Reddit shows no more of a listing"),), ()
