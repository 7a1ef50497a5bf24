"""One transaction, and the few words in which the two databases differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

IN_ONE_LIST = 500  # values of one IN list; the oldest SQLite in use takes 999 parameters

AnyRow = Row[Any]
T = TypeVar("T")


class StoreUnusable(Exception):
    """The database cannot be opened or does not answer; the message says what to do and holds no secret."""


class StatementRefused(Exception):
    """The database refused what was to be stored: a bug. Names the rule that was broken, never the row."""


class Stale(Exception):
    """What the caller decided on has changed meanwhile; nothing was stored, read again and decide again."""


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: all of it is kept, or nothing.

    SQLite's takes the write lock at once: a lock taken half-way can fail where no waiting helps.

    Raises:
        StoreUnusable: the database did not answer, or not in time; the same call may be repeated.

    """
    with _translated(), engine.execution_options(writing=True).begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads.

    Raises:
        StoreUnusable: the database did not answer, or not in time.

    """
    with _translated(), engine.connect() as connection:
        yield connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreUnusable(f"the database did not answer: {_first_line(error)}") from None
    except DBAPIError as error:
        raise StatementRefused(_first_line(error)) from None


def _first_line(error: DBAPIError) -> str:
    """The driver's first line names the trouble; the others may repeat the row, which is a post."""
    words = str(error.orig).strip().splitlines() or [""]
    return f"{type(error.orig).__name__}: {words[0]}"


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT: the one place where the dialect is chosen."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def parts(values: Iterable[T], size: int = IN_ONE_LIST) -> Iterator[Sequence[T]]:
    """Cut into lists of at most `size`; none for no values."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
