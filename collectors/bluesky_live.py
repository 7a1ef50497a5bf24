"""The live stream, read in a thread of its own, so that no event waits for the database.

What the thread has read lies in a bounded buffer. Where nobody takes from it, the thread stops reading, the
connection fills up, and the server waits or hangs up: nothing is thrown away, since the next connection begins where
the last event was read.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from collectors.base import AccessDenied, SourceDown, SourceError, UnexpectedReply
from collectors.bluesky_cursor import Position
from collectors.bluesky_events import FUTURE_CURSOR, OUTDATED_CURSOR, Event, Found, Notice, Sieve, read_event
from collectors.bluesky_socket import CursorTooOld, Dialler, host_of

CAPACITY = 10_000  # events in the buffer, about 20 MB; what does not concern us takes no room
OVERLAP = timedelta(minutes=5)  # read again after a change of servers: each has seen an event at another moment
_OVERLAP_MICROS = OVERLAP // timedelta(microseconds=1)
CONNECT_WAIT = 6.0  # seconds that one call waits for a connection; the thread goes on trying
SETTLE = 0.5  # seconds without a frame after which a stream is taken to have said all


@dataclass(frozen=True, slots=True)
class Jump:
    """The server no longer holds what was said between two moments (microseconds since 1970)."""

    since: int
    until: int
    first: bool  # nothing was ever taken before: nobody was promised this stretch


Item = Found | Jump


@dataclass(frozen=True, slots=True)
class Taken:
    """Up to where in the stream the buffer was emptied."""

    position: Position
    more: bool  # there may be more at once
    dials: int  # connections tried since the last time


@dataclass(slots=True)
class _Entry:
    position: Position
    item: Item | None


@dataclass
class Live:
    """Follows the stream from `start` on until it is closed or no server can be reached."""

    start: Position
    servers: Sequence[str]
    dialler: Dialler
    sieve: Sieve
    capacity: int = CAPACITY
    _entries: deque[_Entry] = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _connection: ClientConnection | None = None
    _heard_at: float = 0.0  # when the connection was made or its last frame came, by the monotonic clock
    _ended: Exception | None = None
    _closed: bool = False
    _dials: int = 0

    def __post_init__(self) -> None:
        """Begin to read."""
        self._read = self._given = self.start
        threading.Thread(target=self._run, name="bluesky-stream", daemon=True).start()

    @property
    def spent(self) -> bool:
        """Whether the thread has ended and all that it had read is taken: a new one is needed."""
        return self._ended is not None and not self._entries

    def take(self, accept: Callable[[Item], bool], *, limit: int, seconds: float, settle: float) -> Taken:
        """Hand over up to `limit` items, waiting up to `seconds` for the stream to have said all that it holds.

        The piece ends before an item that is not accepted. A quiet connection that lives is an empty piece.

        Raises:
            SourceError: nothing is left to take, and no server can be reached, or none has answered yet.
        """
        with self._changed:
            self._wait(limit, seconds, settle)
            if not self._entries and self._ended is not None:
                raise self._ended
            if not self._entries and self._connection is None:
                raise SourceDown("no server of the stream has answered yet")
            count, full = 0, False
            while self._entries and not full:
                item = self._entries[0].item
                full = item is not None and (count >= limit or not accept(item))
                if not full:
                    self._given = self._entries.popleft().position
                    count += item is not None
            dials, self._dials = self._dials, 0
            self._changed.notify_all()
            return Taken(self._given, full or count >= limit, dials)

    def close(self) -> None:
        """End the thread and its connection; at once, and as often as one likes."""
        with self._changed:
            self._closed = True
            connection = self._connection
            self._changed.notify_all()
        if connection is not None:
            with suppress(Exception):  # a farewell that fails is one all the same
                connection.close()

    def _wait(self, limit: int, seconds: float, settle: float) -> None:
        """Wait for a connection, then until there is enough, or a lull, or the time is up."""
        begun = time.monotonic()
        self._changed.wait_for(self._settled, CONNECT_WAIT)
        deadline = max(begun, time.monotonic()) + seconds
        while self._ended is None and len(self._entries) < limit and not self._closed:
            left = min(deadline, self._heard_at + settle) - time.monotonic()
            if left <= 0:
                return
            self._changed.wait(left)

    def _settled(self) -> bool:
        return self._connection is not None or self._ended is not None or self._closed or bool(self._entries)

    def _run(self) -> None:
        failures: list[SourceError] = []
        turn = self.servers.index(self._read.server) if self._read.server in self.servers else 0
        try:
            while not self._closed:
                before = self._read
                failure = self._follow(self.servers[turn])
                if self._read != before:
                    failures = []
                    continue  # it worked until now: the same server again
                failures.append(failure)
                if len(failures) >= len(self.servers):
                    self._end(_gravest(failures))
                    return
                turn = (turn + 1) % len(self.servers)
        except Exception as error:  # noqa: BLE001 - a bug: raised where somebody sees it, by the next call
            self._end(error)

    def _end(self, error: Exception) -> None:
        with self._changed:
            self._ended = error
            self._changed.notify_all()

    def _follow(self, server: str) -> SourceError:
        """Read from one server until that fails; why it did."""
        start = self._read
        lost = False
        for cursor in _cursors(start, server):
            lost = lost or cursor is None
            self._dials += 1
            try:
                with self.dialler.open(server, cursor) as connection:
                    self._opened(connection)
                    by_seq = cursor is not None and cursor == start.seq and server == start.server
                    ended = self._listen(connection, server, start, by_seq=by_seq, lost=lost)
            except CursorTooOld:
                continue
            except SourceError as error:
                return error
            finally:
                self._connection = None
            if ended is not None:
                return ended
        return UnexpectedReply(f"{host_of(server)} refuses to begin anywhere")

    def _opened(self, connection: ClientConnection) -> None:
        with self._changed:
            self._connection = connection
            self._heard_at = time.monotonic()
            self._changed.notify_all()
        if self._closed:
            connection.close()

    def _listen(
        self, connection: ClientConnection, server: str, start: Position, *, by_seq: bool, lost: bool
    ) -> SourceError | None:
        """Take in frames until the connection ends; None: the number it began with means nothing to this server."""
        host = host_of(server)
        place = f"stream of {host}"
        while True:
            try:
                raw = connection.recv()
            except (ConnectionClosed, EOFError, OSError):
                return SourceDown(f"{host} has ended the stream")
            said = read_event(raw, place, self.sieve)
            match said:
                case Notice(name=name, is_error=True):
                    return SourceDown(f"{host} has ended the stream: {name}")
                case Notice(name=name) if name == OUTDATED_CURSOR:
                    lost = True
                case Notice(name=name) if name == FUTURE_CURSOR and by_seq:
                    return None
                case Event():
                    if lost and said.time is not None:
                        self._jump(Jump(start.time, said.time, start.seq is None), server)
                        lost = False
                    self._keep(said, server, goes_on=by_seq)
                    by_seq = by_seq or said.seq is not None
            if self._closed:
                return SourceDown("the stream was closed")

    def _jump(self, jump: Jump, server: str) -> None:
        """Into the buffer, where there is a hole; whoever begins again after it begins at its end."""
        if jump.until > jump.since:
            self._put(_Entry(Position(server, None, jump.until), jump))

    def _keep(self, event: Event, server: str, *, goes_on: bool) -> None:
        """Into the buffer; an event that was read already (a connection begins with the last one) is passed over.

        `goes_on`: its number belongs to the same count as that of the last event read.
        """
        read = self._read
        if event.seq is not None:
            if goes_on and event.seq == read.seq:
                self._heard_at = time.monotonic()
                return
            if goes_on and read.seq is not None:
                self._read = Position(server, max(event.seq, read.seq), max(event.time or 0, read.time))
            else:
                self._read = Position(server, event.seq, event.time or read.time)
        self._put(_Entry(self._read, event.found))

    def _put(self, entry: _Entry) -> None:
        with self._changed:
            self._heard_at = time.monotonic()
            if entry.item is None and self._entries and self._entries[-1].item is None:
                self._entries[-1] = entry
            else:
                self._entries.append(entry)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or len(self._entries) < self.capacity)


def _cursors(start: Position, server: str) -> Sequence[int | None]:
    """Where to ask a server to begin, best first: the last event, its time, now.

    The protocol reads values from 1e15 on as microseconds since 1970, smaller ones as `seq`.
    """
    if start.seq is None:
        return (start.time, None)
    by_time = (start.time - _OVERLAP_MICROS, None)
    return (start.seq, *by_time) if server == start.server else by_time


def _gravest(failures: Sequence[SourceError]) -> SourceError:
    """What to tell of several failures: a refusal only where all refuse, since it stops the source."""
    return next((error for error in failures if not isinstance(error, AccessDenied)), failures[-1])
