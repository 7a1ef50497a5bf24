"""Bluesky: the live stream of all public posts, which needs no key; the search, with an app password, for its holes.

One call brings one piece of the stream or one page of the search. The stream is followed in a thread that the first
call starts; the cursor says up to where its events were handed out, so whoever begins again reads from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from collectors.addresses import Resolver, resolve
from collectors.base import (
    AccessDenied,
    Checked,
    Harvest,
    Loss,
    Post,
    RateLimited,
    Rechecked,
    SourceError,
)
from collectors.bluesky_account import Account
from collectors.bluesky_cursor import (
    Hole,
    Position,
    State,
    micros,
    moment,
    read_holes,
    read_state,
    write_holes,
    write_state,
)
from collectors.bluesky_errors import BadRequest
from collectors.bluesky_events import Sieve
from collectors.bluesky_live import OVERLAP, Jump, Live
from collectors.bluesky_piece import Pace, Piece
from collectors.bluesky_search import Authors, Page, look_up, read_page
from collectors.bluesky_socket import Dialler, reach
from collectors.checking import CREDENTIALS, REACH, reached
from config.source_bluesky import BlueskySource

CHECK_SECONDS = 5.0  # for the answer to a ping
SEARCH = "search"
UNSEARCHABLE = "the stream no longer held it, and without a login and queries it cannot be searched"
NO_LONGER = "the stream no longer held it, and its query is no longer asked"
_MINUTE = 60_000_000  # microseconds


class BlueskyCollector:
    """Follows the stream; searches what the stream no longer holds, where there is a login."""

    def __init__(
        self,
        source: BlueskySource,
        *,
        user_agent: str,
        clock: Callable[[], datetime],
        pace: Pace | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        self._source = source
        self._clock = clock
        self._pace = pace or Pace()
        private = source.allow_private_address
        self._dialler = Dialler(user_agent, clock, private, resolver, self._pace.open_seconds)
        self._sieve = Sieve(source.terms, source.always_from)
        self._account: Account | None = None
        if source.handle is not None and source.app_password is not None:
            self._account = Account(
                source.service_url,
                source.handle,
                source.app_password,
                user_agent=user_agent,
                clock=clock,
                allow_private=private,
                seconds=self._pace.answer_seconds,
                resolver=resolver,
            )
        self._authors = None if self._account is None else Authors(self._account)
        self._live: Live | None = None
        self._handed: str | None = None  # the cursor that the running stream goes on from
        self._rest_until: datetime | None = None  # of the search
        self._refusal = ""  # why the search lets nobody in, as it last said
        self._told = False  # that it does so, in this round
        self._counted = 0  # requests already told of

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        return self._source.name

    def collect(self, cursor: str | None, /) -> Harvest:
        """The next page of a hole, else the next piece of the stream; `more` while there is more of either.

        A search that lets us in no more stops nothing: its holes stay, which is noted once a round.

        Raises:
            SourceError: nothing was taken. A search that fails is left alone for a while, so that the stream goes on.
        """
        state = read_state(cursor) or self._beginning()
        live = self._following(cursor, state.position)
        holes, lost = self._sorted(state.holes)
        harvest = self._filled(replace(state, holes=holes), lost) or self._streamed(live, holes, lost)
        self._handed = harvest.cursor
        self._told = self._told and harvest.more
        return harvest

    def close(self) -> None:
        """End the thread and its connection; the next call begins anew from its cursor."""
        if self._live is not None:
            self._live.close()
            self._live = None

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        """What became of the first MAX_RECHECK of the posts; without a login nothing is known.

        Raises:
            SourceError: as the look-up says.
        """
        if self._account is None or not native_ids:
            return Rechecked()
        before = self._account.requests
        found = look_up(self._account, native_ids)
        return Rechecked(found=found, requests=self._account.requests - before)

    def check(self) -> Sequence[Checked]:
        """Whether each server of the stream lets us in and lives, whether the login is good, and the search open."""
        checks = [self._reached(server) for server in self._source.servers]
        if self._account is not None:
            checks.append(reached(self._account.log_in, CREDENTIALS))
            if checks[-1].ok and self._source.queries:
                checks.append(self._searchable(self._account))
        return tuple(checks)

    def backfill(self, cursor: str | None, since: datetime, until: datetime, /) -> Harvest:
        """The next page of the search in [since, until), newest first, one query after the other.

        Raises:
            AccessDenied: no login, or no queries.
            SourceError: as the search says.
        """
        account = self._account
        if account is None or not self._source.queries:
            raise AccessDenied("the past is read by the search, which needs queries, handle and app_password")
        holes = read_holes(cursor)
        if holes is None:
            holes = tuple(Hole(query, micros(since), micros(until)) for query in self._source.queries)
        if not holes:
            return Harvest(cursor=cursor)
        before = account.requests
        page = read_page(account, holes[0], self._pace.page)
        holes = (*((page.left,) if page.left is not None else ()), *holes[1:])
        return Harvest(
            posts=[post for post in page.posts if since <= post.published_at < until],
            rejects=page.rejects,
            cursor=write_holes(holes),
            more=bool(holes),
            requests=account.requests - before,
            notes=page.notes,
        )

    def _reached(self, server: str) -> Checked:
        return reached(lambda: reach(self._dialler, server, CHECK_SECONDS), REACH)

    def _searchable(self, account: Account) -> Checked:
        until = micros(self._clock())
        last_minute = Hole(self._source.queries[0], until - _MINUTE, until)
        checked = reached(lambda: read_page(account, last_minute, 1), SEARCH)
        if checked.what == SEARCH:
            return checked
        return Checked(SEARCH, ok=False, detail=f"the search is refused: {checked.detail}; the stream goes on without")

    def _beginning(self) -> State:
        return State(Position(self._source.servers[0], None, micros(self._clock() - self._source.since)))

    def _following(self, cursor: str | None, position: Position) -> Live:
        """The running stream, if it goes on from this very cursor; else a new one."""
        if self._live is not None and (self._live.spent or cursor != self._handed):
            self.close()
        if self._live is None:
            self._live = Live(position, self._source.servers, self._dialler, self._sieve)
            self._handed = cursor
        return self._live

    def _sorted(self, holes: Sequence[Hole]) -> tuple[tuple[Hole, ...], tuple[Loss, ...]]:
        """The holes that can still be searched, and what is lost since the login or the query was taken away."""
        if self._account is None:
            return (), tuple(_loss(hole.query, hole.since, hole.until) for hole in holes)
        asked = self._source.queries
        lost = tuple(_loss(hole.query, hole.since, hole.until, NO_LONGER) for hole in holes if hole.query not in asked)
        return tuple(hole for hole in holes if hole.query in asked), lost

    def _filled(self, state: State, lost: tuple[Loss, ...]) -> Harvest | None:
        """The next page of a hole; None where there is none, or the search rests or lets us in no more."""
        rests = self._told or (self._rest_until is not None and self._clock() < self._rest_until)
        if not state.holes or rests or self._account is None:
            return None
        self._refusal = ""
        try:
            return self._searched(self._account, state, lost)
        except AccessDenied as error:
            self._refusal = str(error)
            return None

    def _searched(self, account: Account, state: State, lost: tuple[Loss, ...]) -> Harvest:
        hole = state.holes[0]
        try:
            page = read_page(account, hole, self._pace.page)
        except BadRequest as error:  # asked again, it would be refused again, and nothing behind it be searched
            page = Page((), (), None, (f"query {hole.query!r}: the search refuses it: {error}",))
            lost = (*lost, _loss(hole.query, hole.since, hole.until, "the search refuses the query"))
        except SourceError as error:
            if self._pace.search_patience:
                begins = error.retry_at if isinstance(error, RateLimited) else self._clock()
                self._rest_until = begins + self._pace.search_patience
            raise
        holes = (*((page.left,) if page.left is not None else ()), *state.holes[1:])
        return Harvest(
            posts=page.posts,
            rejects=page.rejects,
            cursor=write_state(replace(state, holes=holes)),
            more=True,  # the stream has gone on meanwhile
            requests=self._requests(0),
            notes=page.notes,
            lost=lost,
            gaps=len(holes),
        )

    def _streamed(self, live: Live, holes: tuple[Hole, ...], lost: tuple[Loss, ...]) -> Harvest:
        piece = Piece()
        taken = live.take(
            piece.accept,
            limit=self._pace.piece,
            seconds=self._pace.piece_seconds,
            settle=self._pace.settle_seconds,
        )
        try:
            posts, notes = self._named(list(piece.posts.values()))
            for jump in piece.jumps:
                notes.append(_told(jump))
                holes, lost = self._jumped(jump, holes, lost)
        except Exception:
            self.close()  # what was taken is not handed out: read it again
            raise
        searching = bool(piece.jumps and holes)
        if holes and self._refusal and not self._told:
            notes.append(f"the search is refused: {self._refusal}")
            self._told = True
        return Harvest(
            posts=posts,
            rejects=piece.rejects,
            cursor=write_state(State(taken.position, holes)),
            more=taken.more or searching,
            requests=self._requests(taken.dials),
            notes=notes,
            gone=tuple(piece.gone),
            lost=lost,
            gaps=len(holes),
        )

    def _jumped(
        self, jump: Jump, holes: tuple[Hole, ...], lost: tuple[Loss, ...]
    ) -> tuple[tuple[Hole, ...], tuple[Loss, ...]]:
        """A hole for each query; without a login, or without queries, a loss."""
        if self._account is not None and self._source.queries:
            since, until = (micros(moment(jump.since) - OVERLAP), micros(moment(jump.until) + OVERLAP))
            return (*holes, *(Hole(query, since, until) for query in self._source.queries)), lost
        if jump.first:
            return holes, lost
        return holes, (*lost, _loss("", jump.since, jump.until))

    def _named(self, posts: list[Post]) -> tuple[list[Post], list[str]]:
        """The posts with their authors, where the terms leave few enough of them to ask; a failure is but noted."""
        if self._authors is None or not self._source.terms or not posts:
            return posts, []
        try:
            return self._authors.named(posts, self._clock()), []
        except SourceError as error:
            return posts, [f"authors could not be looked up: {error}"]

    def _requests(self, dials: int) -> int:
        total = 0 if self._account is None else self._account.requests
        made, self._counted = total - self._counted, total
        return made + dials


def _told(jump: Jump) -> str:
    since, until = (moment(end).isoformat(timespec="seconds") for end in (jump.since, jump.until))
    return f"the stream no longer holds {since} to {until}"


def _loss(query: str, since: int, until: int, why: str = UNSEARCHABLE) -> Loss:
    return Loss(query, moment(since), moment(until), why)
