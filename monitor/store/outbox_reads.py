"""What the outbox holds, for its workers and for people."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Engine, and_, case, func, literal, select

from monitor.states import DeliveryState
from monitor.store.deliveries import AT_REST, is_next, is_open
from monitor.store.rows import delivery_facts
from monitor.store.tables import delivery, destination
from monitor.store.transactions import parts, reading
from monitor.store.values import DeliveryFacts


class OutboxReads:
    """The reading side of the outbox. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def depth(self) -> dict[tuple[str, DeliveryState], int]:
        """How many deliveries each destination has in each state; those that wait for a parked one are PARKED."""
        c = delivery.c
        parked = c.channel.in_(select(destination.c.name).where(destination.c.parked_at.is_not(None)))
        state = case((and_(parked, c.state.in_(AT_REST)), literal(DeliveryState.PARKED.value)), else_=c.state).label(
            "state_now"
        )
        counts = select(c.channel, state, func.count()).group_by(c.channel, state)
        with reading(self._engine) as connection:
            return {(channel, DeliveryState(s)): n for channel, s, n in connection.execute(counts)}

    def unfinished(self) -> int:
        """How many deliveries are not settled, those of parked destinations included."""
        with reading(self._engine) as connection:
            return connection.scalars(select(func.count()).select_from(delivery).where(is_open())).one()

    def oldest_due(self, now: datetime) -> datetime | None:
        """When the longest waiting of the due deliveries was queued; None: none is due."""
        c = delivery.c
        query = select(func.min(c.queued_at)).where(is_open(), c.leased_until.is_(None), c.not_before <= now)
        with reading(self._engine) as connection:
            found: datetime | None = connection.scalars(query).one()
        return found

    def next_due(self, channel: str) -> datetime | None:
        """From when on a claim can bring something; None: nothing waits, or the destination is parked."""
        c = delivery.c
        query = select(func.min(func.coalesce(c.leased_until, c.not_before)))
        place = select(destination.c.paused_until, destination.c.parked_at).where(destination.c.name == channel)
        with reading(self._engine) as connection:
            first: datetime | None = connection.scalars(query.where(c.channel == channel, is_open(), is_next())).one()
            shut = connection.execute(place).one_or_none()
        if first is None or shut is None:
            return first
        return None if shut.parked_at is not None else max(first, shut.paused_until or first)

    def listing(self, states: Collection[DeliveryState], limit: int) -> list[DeliveryFacts]:
        """Deliveries in one of the states, oldest first, at most `limit`."""
        query = select(delivery).where(delivery.c.state.in_(sorted(states)))
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(delivery.c.id).limit(limit))
            return [delivery_facts(row) for row in rows]

    def known(self, keys: Collection[str]) -> set[str]:
        """Which of these delivery keys were ever queued."""
        found: set[str] = set()
        with reading(self._engine) as connection:
            for part in parts(sorted(keys)):
                found |= set(connection.scalars(select(delivery.c.key).where(delivery.c.key.in_(part))))
        return found

    def last_messages(self, case_ids: Collection[int]) -> dict[int, str]:
        """By case, the message queued last about a post of it, as JSON; a case without one is missing.

        Messages about posts that were erased are passed over.
        """
        c = delivery.c
        found: dict[int, str] = {}
        with reading(self._engine) as connection:
            for part in parts(sorted(case_ids)):
                about_a_post = c.message.not_like('%"mention":null%')  # no text holds it: quotes are escaped in JSON
                newest = select(func.max(c.id)).where(c.case_id.in_(part), about_a_post).group_by(c.case_id)
                query = select(c.case_id, c.message).where(c.id.in_(newest))
                found |= {row.case_id: row.message for row in connection.execute(query)}
        return found
