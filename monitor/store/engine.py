"""Opening the database: connections, schema, and the store over them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from config.secret import SecretUnavailable
from config.settings import Database
from monitor.store import locks, schema
from monitor.store.alike import Alike
from monitor.store.backfills import BackfillJobs
from monitor.store.cases import Cases
from monitor.store.corrections import Corrections
from monitor.store.engagement import Engagements
from monitor.store.erasing import Erasing
from monitor.store.inbound import Inbound
from monitor.store.latest import Latest
from monitor.store.ledger import Ledger
from monitor.store.locks import AlreadyRunning, Held
from monitor.store.outbox import Outbox
from monitor.store.posts import Posts
from monitor.store.rechecks import Rechecks
from monitor.store.reports import Reports
from monitor.store.rescoring import Rescoring
from monitor.store.samples import Samples
from monitor.store.schema import SchemaMismatch
from monitor.store.sources import Sources
from monitor.store.transactions import StatementRefused, StoreUnusable

__all__ = ["AlreadyRunning", "Held", "SchemaMismatch", "Store", "StoreUnusable", "open_store", "upgrade"]

BUSY_TIMEOUT = 30_000  # ms a SQLite writer waits for another one; ours write for milliseconds
_PG_OPTIONS = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "statement_timeout": "120s",  # the longest statement is a digest's, some seconds at a million posts
        "lock_timeout": "30s",  # as BUSY_TIMEOUT
        "idle_in_transaction_session_timeout": "60s",  # none of ours waits for anything outside
        "timezone": "UTC",
    }.items()
)


class Store:
    """Everything that is kept, by subject. Each method of a part is one transaction and may be repeated.

    Safe for many threads and processes. No row, connection or transaction leaves it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.posts = Posts(engine)
        self.cases = Cases(engine)
        self.alike = Alike(engine)
        self.outbox = Outbox(engine)
        self.sources = Sources(engine)
        self.ledger = Ledger(engine)
        self.latest = Latest(engine)
        self.inbound = Inbound(engine)
        self.rechecks = Rechecks(engine)
        self.erasing = Erasing(engine)
        self.engagement = Engagements(engine)
        self.backfills = BackfillJobs(engine)
        self.reports = Reports(engine)
        self.corrections = Corrections(engine)
        self.samples = Samples(engine)
        self.rescoring = Rescoring(engine)

    @contextmanager
    def hold(self, name: str) -> Iterator[Held]:
        """Hold the only right to run the stage `name` on this database; a killed process loses it at once.

        On PostgreSQL it is lost with its connection too: ask what this yields whether it is `alive()`.

        Raises:
            AlreadyRunning: somebody else holds it.

        """
        with locks.hold(self._engine, name) as held:
            yield held

    def close(self) -> None:
        """Close all connections; the store must not be used after that."""
        self._engine.dispose()


def open_store(database: Database, *, migrate: bool | None = None) -> Store:
    """Open the database and make sure of its schema.

    SQLite is created and brought up to date by itself. PostgreSQL is brought up to date with `migrate` (None: as
    the settings say).

    Raises:
        StoreUnusable: it cannot be reached or opened; the message says what to do.
        SchemaMismatch: its schema is behind or ahead of this version.

    """
    engine = _connect(database)
    wanted = database.migrate if migrate is None else migrate
    try:
        with _opening(engine):
            if wanted or engine.dialect.name == "sqlite":
                schema.upgrade(engine)
            else:
                schema.check(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)


def is_to_be_made(database: Database) -> bool:
    """Whether the database is a SQLite file that is not there yet."""
    _, found, path = database.url.partition("sqlite:///")
    return bool(found) and path not in ("", ":memory:") and not Path(path).exists()


def open_as_it_is(database: Database) -> Store:
    """Open a database for a look at it, without bringing its schema up to date; it must be there.

    Raises:
        StoreUnusable: it cannot be reached or opened.
        SchemaMismatch: its schema is behind or ahead of this version.

    """
    engine = _connect(database)
    try:
        with _opening(engine):
            schema.check(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the schema up to date, whichever database it is; its revision before (None: empty) and now.

    Repeating does nothing.

    Raises:
        StoreUnusable: it cannot be reached or opened.
        SchemaMismatch: its schema is newer than this version.

    """
    engine = _connect(database)
    try:
        with _opening(engine):
            return schema.upgrade(engine)
    finally:
        engine.dispose()


def _connect(database: Database) -> Engine:
    try:
        url = make_url(database.url)
        if url.get_backend_name() == "sqlite":
            return _sqlite(url)
        if url.drivername == "postgresql+psycopg":
            return _postgresql(url, database)
    except (ArgumentError, NoSuchModuleError):
        pass
    except ModuleNotFoundError:
        raise StoreUnusable('PostgreSQL needs psycopg: pip install "sentiment-monitor[postgres]"') from None
    raise StoreUnusable('database.url must begin with "sqlite:///" or "postgresql+psycopg://"')


def _sqlite(url: URL) -> Engine:
    in_memory = url.database in (None, "", ":memory:")
    if not in_memory and not Path(str(url.database)).absolute().parent.is_dir():
        raise StoreUnusable(f"the folder {Path(str(url.database)).absolute().parent} does not exist; create it")
    # A database in memory lives as long as its one connection, which all threads then share in turns.
    single: dict[str, Any] = {"pool_size": 1, "max_overflow": 0} if in_memory else {}
    engine = create_engine(
        url,
        poolclass=QueuePool,
        connect_args={"check_same_thread": False},
        hide_parameters=True,  # errors must not repeat posts
        **single,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions: `begin` below does
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT}",
            "journal_mode = WAL",
            "synchronous = FULL",  # NORMAL may lose the last commits when the power fails
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        writes = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL, database: Database) -> Engine:
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        hide_parameters=True,  # errors must not repeat posts
        connect_args={"connect_timeout": 10, "application_name": "monitor", "options": _PG_OPTIONS},
    )

    @event.listens_for(engine, "do_connect")
    def log_in(_dialect: object, _record: object, _args: object, wanted: dict[str, Any]) -> None:
        # Revealed at each connection: a rotated password is picked up, and no URL ever holds it.
        if database.user is not None:
            wanted["user"] = database.user
        if database.password is not None:
            wanted["password"] = database.password.reveal()

    return engine


@contextmanager
def _opening(engine: Engine) -> Iterator[None]:
    """Translate every way in which a database refuses to be opened."""
    place = engine.url.render_as_string(hide_password=True)
    try:
        yield
    except SecretUnavailable as error:
        raise StoreUnusable(f"database.password: {error}") from None
    except (StoreUnusable, StatementRefused) as error:
        raise StoreUnusable(f"cannot open {place}: {error}") from None
