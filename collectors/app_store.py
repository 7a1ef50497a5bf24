"""App Store reviews, newest first: by the App Store Connect API with a key, by the public feed without one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors import newest
from collectors.app_store_connect import PAGE, ConnectReader
from collectors.app_store_feed import FeedReader
from collectors.app_store_pages import Reader, Taken
from collectors.base import AccessDenied, Checked, Harvest, Loss, Rechecked, SourceDown, UnexpectedReply
from collectors.http import Http
from collectors.newest import Gap, Listing, Page
from collectors.patience import Patience
from config.source_app_store import AppStoreSource

EMPTY = "empty"  # why a list is shut that shows nothing although it had reviews
LONGEST_ROUND = timedelta(days=1)  # then all lists are asked again, whichever the round waits for
_VERSION = 1  # of the cursor


@dataclass(frozen=True, slots=True)
class _State:
    """How far every list is read, and when the round began. Saved with the reviews of the page that moved it."""

    began: datetime
    listings: Mapping[str, Listing]
    passed: frozenset[str] = frozenset()  # lists passed over in this round, since they fail; not saved

    def with_listing(self, name: str, one: Listing) -> _State:
        return replace(self, listings={**self.listings, name: one})

    def cursor(self) -> str:
        return json.dumps({"v": _VERSION, "began": self.began.isoformat(), "listings": newest.written(self.listings)})


class AppStoreCollector:
    """Reads each list's newest page, then back to where the last round began; one page a call.

    A list that had reviews and shows none is an alarm, not a zero: where it is the only one, or all such lists are
    empty, the round fails with UnexpectedReply until one shows reviews again; a single one among others is noted.
    """

    def __init__(self, source: AppStoreSource, *, http: Http, clock: Callable[[], datetime], page: int = PAGE) -> None:
        self._source = source
        self._clock = clock
        self._patience = Patience()
        self._passed: frozenset[str] = frozenset()
        self._reader: Reader = (
            FeedReader(source, http=http, clock=clock)
            if source.private_key is None
            else ConnectReader(source, source.private_key, http=http, clock=clock, page=page)
        )

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        return self._source.name

    def collect(self, cursor: str | None, /) -> Harvest:
        """One page of one list; `more` until every list has been read back to its last round.

        Raises:
            UnexpectedReply: also where lists that had reviews are empty, as the class says.
            AccessDenied: the key or the address is refused, or no list exists any more.
            SourceError: as Http.get.
        """
        now = self._clock().astimezone(UTC)
        state = self._read(cursor, now, fresh=Listing(floor=now - self._source.since))
        ranked = sorted(state.listings.items(), key=lambda one: self._patience.rank(one[0]))
        state = replace(state, listings=dict(ranked), passed=self._passed)
        name = newest.next_of(state.listings, passed=state.passed)
        if name is None or now - state.began > LONGEST_ROUND:
            state = _State(now, newest.new_round(state.listings))
            name = next(iter(state.listings))
        try:
            harvest = self._step(state, name, now)
        except SourceDown as error:
            self._patience.failed(name, error, self._reader.names)
            self._passed = state.passed | {name}
            state = replace(state, passed=self._passed)
            return self._harvest(state, Taken(1), notes=(f"{name}: cannot be read: {error}; the others go on",))
        self._patience.worked(name)
        self._passed = state.passed
        return harvest

    def backfill(self, cursor: str | None, since: datetime, until: datetime, /) -> Harvest:
        """One page of the reviews published in [since, until), for a cursor of its own.

        The public feed reaches no further back than its newest 500; what it does not show is noted.

        Raises:
            SourceError: as `collect`.
        """
        now = self._clock().astimezone(UTC)
        state = self._read(cursor, now, fresh=Listing(floor=since, gap=Gap(since)))
        name = newest.next_of(state.listings)
        if name is None:
            return Harvest(cursor=cursor)
        harvest = self._step(state, name, now)
        return replace(harvest, posts=[post for post in harvest.posts if since <= post.published_at < until])

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        """What became of some of the reviews and answers; without a key, nothing can be known.

        Raises:
            SourceError: as `collect`.
        """
        return self._reader.recheck(native_ids)

    def check(self) -> Sequence[Checked]:
        """Whether the first list can be read."""
        return (self._reader.check(),)

    def _read(self, cursor: str | None, now: datetime, *, fresh: Listing) -> _State:
        """What the cursor says; of one that another version wrote, nothing: all is read again."""
        value: dict[str, Any] = json.loads(cursor) if cursor is not None else {}
        if value.get("v") != _VERSION:
            return _State(now, dict.fromkeys(self._reader.names, fresh))
        listings = newest.read(value["listings"], self._reader.names, fresh=fresh)
        return _State(datetime.fromisoformat(value["began"]), listings)

    def _step(self, state: _State, name: str, now: datetime) -> Harvest:
        one = state.listings[name]
        token = one.gap.token if one.gap is not None else ""
        taken = self._reader.page(name, token)
        if taken.refused == "token":
            again, loss = newest.token_refused(name, one, now=now)
            note = f"{name}: the next page was refused ({taken.reason}); read again from the newest"
            given_up = () if loss is None else (loss,)
            return self._harvest(state.with_listing(name, again), taken, notes=(note,), lost=given_up)
        is_empty = not (token or taken.posts or taken.rejects) and one.high is not None
        if taken.refused or is_empty:
            return self._shut(state, name, taken, EMPTY if is_empty else taken.reason)
        start = newest.start_of(one, look_back=self._source.look_back)
        moved = newest.after(one, Page(taken.times, taken.token), token=token, start=start, now=now)
        lost, notes = self._cut(name, one, taken)
        return self._harvest(state.with_listing(name, moved), taken, notes=notes, lost=lost)

    def _cut(self, name: str, one: Listing, taken: Taken) -> tuple[tuple[Loss, ...], tuple[str, ...]]:
        """What lies below the last page that the feed shows, if it was to be read."""
        oldest = min(taken.times, default=None)
        if not taken.is_cut or oldest is None or one.gap is None or oldest <= one.gap.low:
            return (), ()
        if one.gap.low <= one.floor:  # nothing was read before: it was never in reach
            return (), (f"{name}: the feed shows nothing before {oldest.isoformat(timespec='minutes')}",)
        since = one.gap.low + self._source.look_back  # what is older was read in the last round
        return (
            (Loss(name, since, oldest, "the feed shows the newest 500 reviews only"),) if since < oldest else ()
        ), ()

    def _shut(self, state: _State, name: str, taken: Taken, why: str) -> Harvest:
        """A list that shows nothing: an alarm where no other does, else a note when it begins."""
        before = state.listings[name]
        state = state.with_listing(name, newest.shut(before, why, look_back=self._source.look_back))
        listings = state.listings.values()
        if all(one.asked and one.shut for one in listings) and why != EMPTY:
            raise AccessDenied(f"{name}: there is no such list ({why}), and nothing else is read")
        if why == EMPTY and all(one.asked and one.shut for one in listings if one.high is not None):
            raise UnexpectedReply(f"{name}: the answer holds no review, although there were reviews before")
        note = f"{name}: the answer holds no review, although there were reviews before; the others go on"
        if why != EMPTY:
            note = f"{name}: there is no such list ({why}); the others go on"
        return self._harvest(state, taken, notes=() if before.shut else (note,))

    def _harvest(self, state: _State, taken: Taken, *, notes: Sequence[str] = (), lost: Sequence[Loss] = ()) -> Harvest:
        floor = min(one.floor for one in state.listings.values())
        return Harvest(
            posts=[post for post in taken.posts if post.published_at >= floor],
            rejects=taken.rejects,
            cursor=state.cursor(),
            more=newest.next_of(state.listings, passed=state.passed) is not None,
            requests=taken.requests,
            notes=notes,
            lost=lost,
            gaps=newest.gaps(state.listings),
        )
