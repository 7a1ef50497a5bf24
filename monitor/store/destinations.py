"""Destinations that asked for patience, or are broken until somebody mends them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, case, literal, select, update

from monitor.store.deliveries import is_open
from monitor.store.tables import Words, delivery, destination
from monitor.store.transactions import insert_into, reading, writing
from monitor.store.values import DestinationFacts


class Destinations:
    """Pauses and parks whole destinations. Each method is one transaction and may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def pause(self, channel: str, until: datetime, why: str, now: datetime) -> None:
        """Send nothing there before `until`; a later call moves the time, one that is not after `now` ends it.

        The reason of a parked destination stays.
        """
        until = max(until, now)
        with writing(self._engine) as connection:
            statement = insert_into(connection, destination).values(name=channel, paused_until=until, why=why)
            reason = case((destination.c.parked_at.is_(None), literal(why, Words())), else_=destination.c.why)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_={"paused_until": until, "why": reason})
            )

    def park(self, channel: str, why: str, now: datetime) -> bool:
        """Send nothing there until `unpark`; what is queued stays queued. True: it was not parked before."""
        with writing(self._engine) as connection:
            statement = insert_into(connection, destination).values(name=channel, parked_at=now, why=why)
            parked = statement.on_conflict_do_update(
                index_elements=["name"],
                set_={"parked_at": now, "why": why},
                where=destination.c.parked_at.is_(None),
            ).returning(destination.c.name)
            return connection.execute(parked).one_or_none() is not None

    def unpark(self, channel: str, now: datetime) -> bool:
        """Send there again, at once; False: it was not parked, and nothing is changed.

        The horizon of what waits there starts anew: while the place was broken nothing could be tried.
        """
        c = destination.c
        with writing(self._engine) as connection:
            statement = update(destination).where(c.name == channel, c.parked_at.is_not(None))
            values = {"parked_at": None, "paused_until": None, "why": ""}
            mended = connection.execute(statement.values(values)).rowcount == 1
            if mended:
                waiting = update(delivery).where(delivery.c.channel == channel, is_open())
                connection.execute(waiting.values(queued_at=now))
            return mended

    def destinations(self) -> list[DestinationFacts]:
        """Every destination that was paused or parked at least once, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(destination).order_by(destination.c.name))
            return [
                DestinationFacts(name=r.name, paused_until=r.paused_until, parked_at=r.parked_at, why=r.why)
                for r in rows
            ]
