"""What the sources have used up, by the platforms' own accounting days, and what was lost for good."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, delete, select, update

from collectors.base import Loss, Outlay, Spend
from monitor.store.deliveries import insert_deliveries
from monitor.store.tables import charged, indexable, loss, spend
from monitor.store.transactions import insert_into, reading, writing
from monitor.store.values import LossFacts, NewDelivery

KEPT_DAYS = 3  # of `charged`: the platform's day may be another than ours


class Ledger:
    """The sums. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def spent(self, source: str, since: date) -> list[Outlay]:
        """What a source has used up on and after that day, by day, resource and query."""
        c = spend.c
        query = select(c.day, c.resource, c.query, c.units, c.micros).where(
            c.source == source, c.day >= since.isoformat()
        )
        with reading(self._engine) as connection:
            return [
                Outlay(
                    day=date.fromisoformat(row.day),
                    resource=row.resource,
                    query=row.query,
                    units=row.units,
                    micros=row.micros,
                )
                for row in connection.execute(query.order_by(c.day, c.resource, c.query))
            ]

    def sources(self, since: date) -> list[str]:
        """The sources that have used up something on or after that day, by name."""
        query = select(spend.c.source).where(spend.c.day >= since.isoformat()).distinct().order_by(spend.c.source)
        with reading(self._engine) as connection:
            return list(connection.scalars(query))

    def note(self, source: str, spends: Sequence[Spend]) -> int:
        """Write down what was used up by a call that stores nothing else; its price in micros."""
        with writing(self._engine) as connection:
            return note_spends(connection, source, spends)

    def losses(self, since: datetime) -> list[LossFacts]:
        """The stretches found lost at or after that time, oldest first."""
        return self._losses(loss.c.at >= since)

    def untold_losses(self) -> list[LossFacts]:
        """The losses that the operators do not know of yet, oldest first."""
        return self._losses(loss.c.told.is_(False))

    def tell_losses(self, told: Sequence[LossFacts], deliveries: Sequence[NewDelivery], now: datetime) -> bool:
        """Note that the operators know of these losses, and queue the words: both, or nothing.

        False where somebody else has told one of them meanwhile.
        """
        ids = sorted(one.id for one in told)
        with writing(self._engine) as connection:
            untold = select(loss.c.id).where(loss.c.id.in_(ids), loss.c.told.is_(False)).with_for_update()
            if len(connection.scalars(untold).all()) < len(ids):
                return False
            connection.execute(update(loss).where(loss.c.id.in_(ids)).values(told=True))
            insert_deliveries(connection, deliveries, now)
        return True

    def _losses(self, which: ColumnElement[bool]) -> list[LossFacts]:
        with reading(self._engine) as connection:
            return [
                LossFacts(
                    id=row.id,
                    source=row.source,
                    query=row.query,
                    since=row.since,
                    until=row.until,
                    why=row.why,
                    at=row.at,
                )
                for row in connection.execute(select(loss).where(which).order_by(loss.c.at, loss.c.id))
            ]


@dataclass(frozen=True, slots=True)
class SourcePurse:
    """A source's own view of the ledger, as its collector is given it."""

    ledger: Ledger
    source: str

    def spent(self, since: date, /) -> Sequence[Outlay]:
        """What the source has spent on and after that day."""
        return self.ledger.spent(self.source, since)


def note_spends(connection: Connection, source: str, spends: Sequence[Spend]) -> int:
    """Write down what a call has used up, inside the caller's transaction; the price of what was new, in micros.

    Of resources with ids, an id charged before on the same day costs nothing.
    """
    total = 0
    for one in spends:
        units = one.units + _new(connection, source, one)
        if not units:
            continue
        total += units * one.micros
        statement = insert_into(connection, spend).values(
            source=source,
            day=one.day.isoformat(),
            resource=one.resource,
            query=indexable(one.query),
            units=units,
            micros=units * one.micros,
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["source", "day", "resource", "query"],
                set_={
                    "units": spend.c.units + statement.excluded.units,
                    "micros": spend.c.micros + statement.excluded.micros,
                },
            )
        )
    return total


def _new(connection: Connection, source: str, one: Spend) -> int:
    """How many of the ids were not charged before that day."""
    names: Collection[str] = sorted({indexable(native_id) for native_id in one.ids})
    if not names:
        return 0
    day = one.day.isoformat()
    old = (one.day - timedelta(days=KEPT_DAYS)).isoformat()
    connection.execute(delete(charged).where(charged.c.source == source, charged.c.day < old))
    row = {"source": source, "day": day, "resource": one.resource}
    statement = insert_into(connection, charged).on_conflict_do_nothing().returning(charged.c.id)
    return len(connection.execute(statement, [{**row, "native_id": name} for name in names]).all())


def note_losses(connection: Connection, source: str, lost: Sequence[Loss], now: datetime) -> list[Loss]:
    """Keep each loss once; those that were not known before."""
    fresh = []
    for one in lost:
        statement = insert_into(connection, loss).values(
            source=source, query=one.query, since=one.since, until=one.until, why=one.why, at=now
        )
        if connection.execute(statement.on_conflict_do_nothing().returning(loss.c.id)).first() is not None:
            fresh.append(one)
    return fresh
