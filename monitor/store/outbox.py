"""The outbox: what is to be said, to whom, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select, update

from alerts.base import ErrorClass, MessageKind, Receipt
from monitor.states import DeliveryState
from monitor.store.changes import add_history
from monitor.store.deliveries import (
    AT_REST,
    add_attempts,
    attempt_row,
    first_receipts,
    insert_deliveries,
    lease,
    take_back,
)
from monitor.store.destinations import Destinations
from monitor.store.frozen import erased_among
from monitor.store.outbox_reads import OutboxReads
from monitor.store.rows import claimed, receipt_values
from monitor.store.tables import Instant, Words, delivery
from monitor.store.transactions import Stale, parts, writing
from monitor.store.values import Claimed, HistoryLine, NewDelivery

SENDING_LEASE = timedelta(seconds=60)  # longer than any channel takes for one request

_IN_HAND = (DeliveryState.LEASED, DeliveryState.SENDING)


class Outbox(OutboxReads, Destinations):
    """Deliveries under lease. Each method is one transaction.

    A claim raises the attempt number of a delivery; begin, complete, postpone and bury carry it, and do nothing
    and say False where somebody else has claimed the delivery since. A delivery that may have left is never simply
    tried again: it comes back as ambiguous until its channel has been asked.
    """

    def enqueue(self, deliveries: Sequence[NewDelivery], now: datetime, *, quoting: Collection[int] = ()) -> int:
        """Queue messages that belong to no decision; how many were new. A known key is left as it is.

        Raises:
            Stale: one of the posts that they are `quoting` has been erased since it was read; nothing is queued.
        """
        with writing(self._engine) as connection:
            if erased_among(connection, quoting):
                raise Stale("a post that is quoted has been erased")
            return insert_deliveries(connection, deliveries, now)

    def release(self, channel: str, now: datetime) -> tuple[int, int]:
        """Take back what a stopped worker of this destination left: (to be tried again, may have arrived).

        Only for who holds the sole right to work for it.
        """
        with writing(self._engine) as connection:
            return take_back(connection, delivery.c.channel == channel, now)

    def expire(self, channel: str, now: datetime) -> tuple[int, int]:
        """Take back what is leased for this destination beyond its time: (to be tried again, may have arrived)."""
        ended = and_(delivery.c.channel == channel, delivery.c.leased_until <= now)
        with writing(self._engine) as connection:
            return take_back(connection, ended, now)

    def claim(self, channel: str, limit: int, *, lease: timedelta, now: datetime) -> list[Claimed]:
        """Lease at most `limit` due deliveries of a destination, oldest first.

        None while the destination is paused or parked. A message of a case waits for the earlier ones of that case
        at this destination to be settled.
        """
        with writing(self._engine) as connection:
            rows = _lease(connection, channel, limit, now + lease, now)
            cases = {row.case_id for row in rows if row.case_id is not None}
            receipts = first_receipts(connection, channel, cases)
        return [claimed(row, receipts.get(row.case_id)) for row in rows]

    def begin(self, delivery_id: int, attempt: int, body: str, now: datetime) -> bool:
        """Say that the request is about to leave; False: it must not, the lease is lost.

        The first body stays for all attempts. The lease is renewed for the time of one request.
        """
        c = delivery.c
        statement = (
            update(delivery)
            .where(_mine(delivery_id, attempt, [DeliveryState.LEASED]), c.leased_until > now)
            .values(
                state=DeliveryState.SENDING,
                body=func.coalesce(c.body, literal(body, Words())),
                first_tried_at=func.coalesce(c.first_tried_at, literal(now, Instant())),
                leased_until=now + SENDING_LEASE,
            )
        )
        with writing(self._engine) as connection:
            return connection.execute(statement).rowcount == 1

    def give_back(self, delivery_id: int, attempt: int, now: datetime) -> bool:
        """End a lease without a try: it can be claimed again at once. False: the lease is lost already."""
        mine = _mine(delivery_id, attempt, [DeliveryState.LEASED])
        with writing(self._engine) as connection:
            return take_back(connection, mine, now) == (1, 0)

    def complete(
        self,
        delivery_id: int,
        attempt: int,
        receipt: Receipt,
        *,
        outcome: Literal["sent", "found"] = "sent",
        took: float,
        now: datetime,
    ) -> bool:
        """Settle a delivery that has arrived; False: somebody else has claimed it since, nothing is stored.

        A receipt that comes after the lease has ended still counts, as long as nobody else has claimed it. The body
        of a digest is dropped: it quotes posts that may be erased one day, and nobody can find them in it.
        """
        states = [DeliveryState.SENDING, DeliveryState.AMBIGUOUS]
        if outcome == "found":
            states.append(DeliveryState.LEASED)
        values = {
            "state": DeliveryState.SENT,
            "sent_at": now,
            "receipt": receipt_values(receipt),
            "leased_until": None,
            "ambiguous": False,
            "error": None,
            "body": case((delivery.c.kind == MessageKind.DIGEST.value, None), else_=delivery.c.body),
        }
        with writing(self._engine) as connection:
            if not _settle(connection, _mine(delivery_id, attempt, states), values):
                return False
            add_attempts(connection, [attempt_row(delivery_id, attempt, outcome, receipt.provider_id, took, now)])
        return True

    def postpone(
        self,
        delivery_id: int,
        attempt: int,
        *,
        state: Literal[DeliveryState.WAITING, DeliveryState.AMBIGUOUS] = DeliveryState.WAITING,
        not_before: datetime,
        error_class: ErrorClass,
        why: str,
        took: float,
        now: datetime,
        counts: bool = True,
    ) -> bool:
        """Note a failed attempt and when to try again; False: somebody else has claimed the delivery since.

        `counts` is False where the failure is not the message's (a throttle): the backoff does not grow.
        A delivery that may have arrived and was not sent again stays ambiguous, whatever `state` says.
        """
        c = delivery.c
        asked_only = and_(c.state == DeliveryState.LEASED, c.ambiguous)
        maybe = or_(asked_only, literal(state is DeliveryState.AMBIGUOUS))
        values = {
            "state": case((maybe, DeliveryState.AMBIGUOUS.value), else_=DeliveryState.WAITING.value),
            "ambiguous": maybe,
            "not_before": not_before,
            "leased_until": None,
            "error": why,
            "tries": c.tries + int(counts),
        }
        with writing(self._engine) as connection:
            if not _settle(connection, _mine(delivery_id, attempt, _IN_HAND), values):
                return False
            add_attempts(connection, [attempt_row(delivery_id, attempt, error_class.value, why, took, now)])
        return True

    def bury(
        self, delivery_id: int, attempt: int, why: str, error_class: ErrorClass, took: float, now: datetime
    ) -> bool:
        """Give a delivery up; it stays listed as dead. False: somebody else has claimed it since."""
        mine = _mine(delivery_id, attempt, _IN_HAND)
        values = {"state": DeliveryState.DEAD, "leased_until": None, "error": why}
        with writing(self._engine) as connection:
            before = connection.scalar(select(delivery.c.state).where(mine).with_for_update())
            if before is None or not _settle(connection, mine, values):
                return False
            add_attempts(connection, [attempt_row(delivery_id, attempt, error_class.value, why, took, now)])
            lines = [_line(delivery_id, DeliveryState(before), DeliveryState.DEAD, "monitor", why, now)]
            add_history(connection, lines)
        return True

    def retry(self, delivery_ids: Collection[int], now: datetime, *, who: str = "operator") -> int:
        """Try dead or waiting deliveries again at once, with a fresh horizon; how many will be.

        One that may have arrived is asked for first. Sent, cancelled and leased ones are left alone.
        """
        c = delivery.c
        values = {
            "state": case((c.ambiguous, DeliveryState.AMBIGUOUS.value), else_=DeliveryState.WAITING.value),
            "tries": 0,
            "not_before": now,
            "queued_at": now,
        }
        states = (*AT_REST, DeliveryState.DEAD)
        return self._by_hand(delivery_ids, states, values, DeliveryState.WAITING, who, "tried again by hand", now)

    def drop(self, delivery_ids: Collection[int], who: str, why: str, now: datetime) -> int:
        """Cancel deliveries for somebody; how many were. Sent and leased ones are left alone."""
        states = (*AT_REST, DeliveryState.DEAD)
        values = {"state": DeliveryState.CANCELLED}
        return self._by_hand(delivery_ids, states, values, DeliveryState.CANCELLED, who, why, now)

    def _by_hand(
        self,
        delivery_ids: Collection[int],
        states: Sequence[DeliveryState],
        values: dict[str, Any],
        after: DeliveryState,
        who: str,
        why: str,
        now: datetime,
    ) -> int:
        c = delivery.c
        done: dict[int, DeliveryState] = {}
        with writing(self._engine) as connection:
            for part in parts(sorted(set(delivery_ids))):
                wanted = and_(c.id.in_(part), c.state.in_(states))
                query = select(c.id, c.state).where(wanted).with_for_update()
                done |= {row.id: DeliveryState(row.state) for row in connection.execute(query)}
                connection.execute(update(delivery).where(wanted).values(values))
            lines = [_line(one, before, after, who, why, now) for one, before in done.items()]
            add_history(connection, lines)
        return len(done)


_lease = lease  # `claim` has an argument of that name


def _mine(delivery_id: int, attempt: int, states: Sequence[DeliveryState]) -> ColumnElement[bool]:
    return and_(delivery.c.id == delivery_id, delivery.c.attempt == attempt, delivery.c.state.in_(states))


def _settle(connection: Connection, mine: ColumnElement[bool], values: dict[str, Any]) -> bool:
    return connection.execute(update(delivery).where(mine).values(values)).rowcount == 1


def _line(
    delivery_id: int, before: DeliveryState, after: DeliveryState, who: str, why: str, now: datetime
) -> HistoryLine:
    return HistoryLine(
        at=now,
        entity="delivery",
        entity_id=str(delivery_id),
        event=after.value,
        before=before.value,
        after=after.value,
        who=who,
        why=why,
    )
