"""How far each stream of a Mastodon instance has been read: a hashtag's timeline, or a full-text search.

A timeline is read forwards: `min_id` gives what follows an id at once, so a page that fails leaves no hole. What an
instance learns late may still get an id of the past (a post that it fetched itself gets one by the time of writing),
so every round begins OVERLAP before the newest id known.

A search can only be read backwards, newest first, and takes ids as the seconds that they stand for. So it is read in
slices: each next page asks for what is not newer than the oldest post of the last one, and only within one second are
posts counted off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from collectors.base import UnexpectedReply
from collectors.mastodon_posts import id_of, second_of

OVERLAP = timedelta(hours=1)  # Threads alone passes its posts on a quarter of an hour late
_MILLISECOND = 1 << 16  # ids count in milliseconds since 1970, shifted by what tells posts of one apart


def id_at(second: float) -> int:
    """The smallest id of that second, 0 for what lies before 1970."""
    return max(0, int(second * 1000)) * _MILLISECOND


_OVERLAP_IDS = id_at(OVERLAP.total_seconds())


@dataclass(frozen=True, slots=True)
class Tag:
    """A hashtag's timeline."""

    high: int | None = None  # the newest id seen
    at: int | None = None  # all up to here is read in this round; None: nothing of it yet
    done: bool = False  # this round is complete
    told: bool = False  # that it was empty from the beginning

    @property
    def is_open(self) -> bool:
        """Whether it was left in the middle of a round."""
        return self.at is not None

    @property
    def is_silent(self) -> bool:
        """Whether it has never shown a post."""
        return self.high is None

    def anew(self) -> Tag:
        """The beginning of the next round."""
        return replace(self, at=None, done=False)

    def span(self, since: datetime) -> dict[str, int]:
        """What to ask for next."""
        if self.at is not None:
            return {"min_id": self.at}
        begin = self.high - _OVERLAP_IDS if self.high is not None else id_at(since.timestamp())
        return {"min_id": max(0, begin)}

    def moved(self, page: Sequence[Any], since: datetime, now: datetime) -> Tag:
        """Where it stands after a page: an empty one ends the round, for a short one may only be filtered.

        Raises:
            UnexpectedReply: the page does not lead forwards.
        """
        if not page:
            return replace(self, at=None, done=True)
        ids = [known for status in page if (known := id_of(status)) is not None]
        if not ids:
            raise UnexpectedReply("the timeline has ids that are none of Mastodon's")
        newest = max(ids)
        if newest <= self.span(since)["min_id"]:
            raise UnexpectedReply("the timeline answered with posts that were not asked for")
        # An id of the future must not carry `high` there: what comes until then would be passed over.
        return replace(self, at=newest, high=max(self.high or 0, min(newest, id_at(now.timestamp()))))


@dataclass(frozen=True, slots=True)
class Slice:
    """What lies between two moments (seconds since 1970, both included) and is not read yet."""

    oldest: int
    newest: int | None  # None: up to now
    offset: int = 0  # posts already seen of the second `newest`
    first: str = ""  # the first post of the last page, where that was of this second alone

    def span(self) -> dict[str, int]:
        """The slice as the search takes it: `min_id` and `max_id` stand for seconds that are not included."""
        span = {"min_id": id_at(self.oldest - 1)}
        if self.newest is not None:
            span["max_id"] = id_at(self.newest + 1)
        return span | ({"offset": self.offset} if self.offset else {})

    def rest(self, page: Sequence[Any]) -> Slice | None:
        """What is left of it after a page, None where nothing is.

        Raises:
            UnexpectedReply: the page does not lead backwards.
        """
        if not page:
            return None
        times = [second for status in page if (second := second_of(status)) is not None]
        if not times:
            raise UnexpectedReply("the search answered without times")
        oldest = min(times)
        if self.newest is not None and oldest > self.newest:
            raise UnexpectedReply("the search answered with posts outside the time asked for")
        if oldest < self.oldest:
            return None
        if self.newest is None or oldest < self.newest:
            return Slice(self.oldest, oldest)
        first = str(id_of(page[0]) or "")
        if first and first == self.first:
            return None  # the server does not count off: it shows the same again, and nothing older
        return replace(self, offset=self.offset + len(page), first=first)


@dataclass(frozen=True, slots=True)
class Search:
    """A full-text search."""

    high: int | None = None  # the newest second seen, by the posts' own times
    rest: Slice | None = None  # what is left to read in this round
    done: bool = False
    told: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it was left in the middle of a round."""
        return self.rest is not None

    @property
    def is_silent(self) -> bool:
        """Whether it has never found a post."""
        return self.high is None

    def anew(self) -> Search:
        """The beginning of the next round."""
        return replace(self, done=False)

    def span(self, since: datetime) -> dict[str, int]:
        """What to ask for next."""
        return self._slice(since).span()

    def moved(self, page: Sequence[Any], since: datetime, now: datetime) -> Search:
        """Where it stands after a page.

        Raises:
            UnexpectedReply: the page does not lead backwards.
        """
        high = self.high
        times = [second for status in page if (second := second_of(status)) is not None]
        if self.rest is None and times:
            # A post dated in the future must not carry `high` there: what comes until then would be passed over.
            high = max(high or 0, min(max(times), int(now.timestamp())))
        rest = self._slice(since).rest(page)
        return replace(self, high=high, rest=rest, done=rest is None)

    def _slice(self, since: datetime) -> Slice:
        if self.rest is not None:
            return self.rest
        begin = self.high - int(OVERLAP.total_seconds()) if self.high is not None else int(since.timestamp())
        return Slice(begin, None)


Stream = Tag | Search
