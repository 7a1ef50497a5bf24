"""What was sent to a webhook: taken once for each key, with its posts or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, select, update

from collectors.base import Heard
from monitor.store import harvests, sources
from monitor.store.tables import inbound
from monitor.store.transactions import insert_into, writing
from monitor.store.values import Tally

KEPT = timedelta(days=30)  # a key is known for so long; senders try again for days at the most
_SWEPT_EVERY = 64  # requests; old keys are looked for now and then


class KeyReused(Exception):
    """The key has come before, with another body."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What is to be answered, and whether it is a repetition."""

    answer: str
    repeated: bool


class Inbound:
    """Requests by their keys. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(
        self,
        source: str,
        key: str,
        digest: str,
        heard: Sequence[Heard],
        *,
        unmatched: int,
        answer: Callable[[Tally], str],
        next_due_at: datetime,
        now: datetime,
        recheck_ages: Sequence[timedelta] = (),
    ) -> Taken:
        """Store the posts of a request and what is answered to it; the same key again only brings that answer back.

        Of two requests with one key at the same time, one waits for the other and is then its repetition.

        Raises:
            KeyReused: the key was used with another body; nothing is stored.
            StoreUnusable: nothing is stored.
        """
        c = inbound.c
        with writing(self._engine) as connection:
            statement = insert_into(connection, inbound).on_conflict_do_nothing(index_elements=["source", "key"])
            values = {"source": source, "key": key, "digest": digest, "answer": "", "at": now}
            number = connection.scalar(statement.values(values).returning(c.id))
            if number is None:
                row = connection.execute(select(c.digest, c.answer).where(c.source == source, c.key == key)).one()
                if row.digest != digest:
                    raise KeyReused
                return Taken(row.answer, repeated=True)
            brought = harvests.save_posts(connection, source, heard, now, recheck_ages)
            tally = Tally(brought.stored, brought.duplicates, brought.edited, unmatched)
            sources.note_success(
                connection, source, tally, newest=brought.newest, cursor=None, next_due_at=next_due_at, now=now
            )
            said = answer(tally)
            connection.execute(update(inbound).where(c.id == number).values(answer=said))
            _sweep(connection, number, now)
        return Taken(said, repeated=False)


def _sweep(connection: Connection, number: int, now: datetime) -> None:
    if number % _SWEPT_EVERY == 0:
        connection.execute(delete(inbound).where(inbound.c.at < now - KEPT))
