"""The only right to run a stage: a lock that dies with its process, so that nobody has to clean up."""

from __future__ import annotations

import fcntl
import os
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from monitor.store.transactions import StoreUnusable

_STAGE_LOCKS = 7_263_002  # any number; keeps our advisory locks apart from other programs'
# Asked of the connection that took the lock: another one, come in its place, does not hold it.
_MINE = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
    " AND classid::bigint = :ours AND objid::bigint = :key"
)
_held_in_memory: set[tuple[int, str]] = set()
_guard = threading.Lock()


class AlreadyRunning(Exception):
    """Another process, or another thread of this one, runs this stage on this database."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} already runs on this database in another process; stop that one first")


class Held:
    """A lock that is held. One of this machine is lost with its process only."""

    def alive(self) -> bool:
        """Whether it is still held; may be asked by any thread, at any time."""
        return True


class _HeldOnServer(Held):
    """A lock that belongs to a connection, and is gone with it."""

    def __init__(self, connection: Connection, key: int) -> None:
        self._connection = connection
        self._lock = {"ours": _STAGE_LOCKS, "key": key % 2**32}  # listed there as unsigned numbers
        self._one_at_a_time = threading.Lock()  # a connection serves one thread

    def alive(self) -> bool:
        """Ask the server; False: the connection or the lock is gone, or no answer came."""
        with self._one_at_a_time:
            try:
                return bool(self._connection.scalar(_MINE, self._lock))
            except SQLAlchemyError:
                return False


@contextmanager
def hold(engine: Engine, name: str) -> Iterator[Held]:
    """Hold the lock `name` of this database, without waiting for it; what it yields says whether it still is.

    Raises:
        AlreadyRunning: somebody else holds it.

    """
    if engine.dialect.name == "postgresql":
        lock = _on_server(engine, name)
    elif engine.url.database in (None, "", ":memory:"):
        lock = _in_memory(engine, name)
    else:
        lock = _beside_file(Path(str(engine.url.database)), name)
    with lock as held:
        yield held


@contextmanager
def _on_server(engine: Engine, name: str) -> Iterator[Held]:
    key = _key(name)
    # Outside any transaction, or the server would end it as idle; the lock belongs to the connection.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(select(func.pg_try_advisory_lock(_STAGE_LOCKS, key))):
            raise AlreadyRunning(name)
        try:
            yield _HeldOnServer(connection, key)
        finally:
            connection.invalidate()  # closes it for good: the lock cannot stay behind in the pool


def _key(name: str) -> int:
    return zlib.crc32(name.encode()) - 2**31  # PostgreSQL takes two signed 32-bit keys


@contextmanager
def _beside_file(database: Path, name: str) -> Iterator[Held]:
    path = database.with_name(f"{database.name}.{name}.lock")
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnusable(f"cannot create {path}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(name) from None
        yield Held()
    finally:
        os.close(handle)  # the file stays: to remove it would let two processes lock two files


@contextmanager
def _in_memory(engine: Engine, name: str) -> Iterator[Held]:
    mine = (id(engine.pool), name)  # nobody outside this process sees a database in memory
    with _guard:
        if mine in _held_in_memory:
            raise AlreadyRunning(name)
        _held_in_memory.add(mine)
    try:
        yield Held()
    finally:
        with _guard:
            _held_in_memory.discard(mine)
