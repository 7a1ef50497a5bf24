"""The only right to run a stage: a lock that dies with its process, so that nobody has to clean up."""

from __future__ import annotations

import fcntl
import os
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, func, select

from monitor.store.transactions import StoreUnusable

_STAGE_LOCKS = 7_263_002  # any number; keeps our advisory locks apart from other programs'
_held_in_memory: set[tuple[int, str]] = set()
_guard = threading.Lock()


class AlreadyRunning(Exception):
    """Another process, or another thread of this one, runs this stage on this database."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} already runs on this database in another process; stop that one first")


@contextmanager
def hold(engine: Engine, name: str) -> Iterator[None]:
    """Hold the lock `name` of this database, without waiting for it.

    Raises:
        AlreadyRunning: somebody else holds it.

    """
    if engine.dialect.name == "postgresql":
        lock = _on_server(engine, name)
    elif engine.url.database in (None, "", ":memory:"):
        lock = _in_memory(engine, name)
    else:
        lock = _beside_file(Path(str(engine.url.database)), name)
    with lock:
        yield


@contextmanager
def _on_server(engine: Engine, name: str) -> Iterator[None]:
    key = zlib.crc32(name.encode()) - 2**31  # PostgreSQL takes two signed 32-bit keys
    # Outside any transaction, or the server would end it as idle; the lock belongs to the connection.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(select(func.pg_try_advisory_lock(_STAGE_LOCKS, key))):
            raise AlreadyRunning(name)
        try:
            yield
        finally:
            connection.invalidate()  # closes it for good: the lock cannot stay behind in the pool


@contextmanager
def _beside_file(database: Path, name: str) -> Iterator[None]:
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
        yield
    finally:
        os.close(handle)  # the file stays: to remove it would let two processes lock two files


@contextmanager
def _in_memory(engine: Engine, name: str) -> Iterator[None]:
    mine = (id(engine.pool), name)  # nobody outside this process sees a database in memory
    with _guard:
        if mine in _held_in_memory:
            raise AlreadyRunning(name)
        _held_in_memory.add(mine)
    try:
        yield
    finally:
        with _guard:
            _held_in_memory.discard(mine)
