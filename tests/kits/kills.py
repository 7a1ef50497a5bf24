"""What a kill looks like to the store: a connection that breaks between two statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from sqlalchemy import event

from monitor.store.engine import Store

T = TypeVar("T")


class Killed(BaseException):
    """What a kill looks like to the code: nothing below it runs."""


@contextmanager
def killed_at(store: Store, statement: int) -> Iterator[list[str]]:
    """The connection breaks before this statement, counted from 1; what was executed is in the list."""
    done: list[str] = []

    def before(_connection, _cursor, sql, *_rest):
        if len(done) + 1 == statement:
            raise Killed
        done.append(sql)

    event.listen(store._engine, "before_cursor_execute", before)
    try:
        yield done
    finally:
        event.remove(store._engine, "before_cursor_execute", before)


def killed_everywhere(store: Store, work: Callable[[], object], look: Callable[[], T]) -> list[T]:
    """Do the work again and again, killed one statement later each time, until it ends; what was seen after each."""
    seen: list[T] = []
    whole = False
    while not whole:
        with killed_at(store, len(seen) + 1), suppress(Killed):
            work()
            whole = True
        seen.append(look())
    return seen
