"""How deliveries enter the outbox, are claimed, and come back. Runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, insert, literal, or_, select, text, update

from alerts.base import ErrorClass, Receipt
from monitor.states import DeliveryState
from monitor.store.rows import stored_receipt
from monitor.store.tables import OPEN, delivery, delivery_attempt, destination
from monitor.store.transactions import AnyRow, insert_into, parts
from monitor.store.values import NewDelivery

AT_REST = (DeliveryState.PENDING, DeliveryState.WAITING, DeliveryState.AMBIGUOUS)  # open and in nobody's hands

_BACK = "the process stopped while it was sending"


def insert_deliveries(connection: Connection, deliveries: Sequence[NewDelivery], now: datetime) -> int:
    """Queue what is not queued yet, in the order given, which is the order of sending; how many are new."""
    if not deliveries:
        return 0
    statement = insert_into(connection, delivery).on_conflict_do_nothing(index_elements=["key"])
    values = [
        {
            "key": one.key,
            "kind": one.kind.value,
            "channel": one.channel,
            "case_id": one.case_id,
            "message": one.message,
            "body": one.body,
            "state": DeliveryState.PENDING.value,
            "not_before": one.not_before,
            "created_at": now,
            "queued_at": now,
        }
        for one in deliveries
    ]
    return len(connection.execute(statement.returning(delivery.c.id), values).all())


def is_open() -> ColumnElement[bool]:
    """Not settled for good; in the words of the partial index."""
    return text(OPEN)  # type: ignore[return-value]


def is_next() -> ColumnElement[bool]:
    """No earlier message of the same case at the same destination is unsettled: people read them in order."""
    earlier = delivery.alias("earlier")
    before = and_(
        earlier.c.case_id == delivery.c.case_id,
        earlier.c.channel == delivery.c.channel,
        earlier.c.id < delivery.c.id,
        is_open(),
    )
    return ~exists(select(literal(1)).select_from(earlier).where(before))


def lease(connection: Connection, channel: str, limit: int, until: datetime, now: datetime) -> list[AnyRow]:
    """Lease due rows of a destination in one statement, oldest first; none if it is paused or parked."""
    shut = exists(
        select(literal(1))
        .select_from(destination)
        .where(
            destination.c.name == channel,
            or_(destination.c.parked_at.is_not(None), destination.c.paused_until > now),
        )
    )
    due = (
        select(delivery.c.id)
        .where(
            delivery.c.channel == channel,
            is_open(),
            delivery.c.leased_until.is_(None),  # open and not leased: pending, waiting or ambiguous
            delivery.c.not_before <= now,
            is_next(),
            ~shut,
        )
        .order_by(delivery.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=delivery)
        .cte("due")  # PostgreSQL runs a locking CTE once: the limit holds
    )
    statement = (
        update(delivery)
        .where(delivery.c.id.in_(select(due.c.id)))
        .values(state=DeliveryState.LEASED, attempt=delivery.c.attempt + 1, leased_until=until)
        .returning(*delivery.c)
    )
    return sorted(connection.execute(statement), key=lambda row: int(row.id))


def first_receipts(connection: Connection, channel: str, case_ids: Collection[int]) -> dict[int, Receipt]:
    """By case, the receipt of its first message that arrived at the destination."""
    c = delivery.c
    found: dict[int, Receipt] = {}
    for part in parts(sorted(case_ids)):
        query = (
            select(c.case_id, c.receipt)
            .where(c.case_id.in_(part), c.channel == channel, c.state == DeliveryState.SENT)
            .order_by(c.id)
        )
        for case_id, raw in connection.execute(query):
            receipt = stored_receipt(raw)
            if receipt is not None:
                found.setdefault(case_id, receipt)
    return found


def take_back(connection: Connection, whose: ColumnElement[bool], now: datetime) -> tuple[int, int]:
    """End the leases of `whose` rows: how many can simply be tried again, and how many may have arrived."""
    c = delivery.c
    maybe = connection.execute(
        update(delivery)
        .where(whose, c.state == DeliveryState.SENDING)
        .values(state=DeliveryState.AMBIGUOUS, ambiguous=True, leased_until=None, error=_BACK)
        .returning(c.id, c.attempt)
    ).all()
    unsent = case(
        (c.ambiguous, DeliveryState.AMBIGUOUS.value),
        (c.first_tried_at.is_not(None), DeliveryState.WAITING.value),
        else_=DeliveryState.PENDING.value,
    )
    back = connection.execute(
        update(delivery)
        .where(whose, c.state == DeliveryState.LEASED)
        .values(state=unsent, leased_until=None)
        .returning(c.id)
    ).all()
    outcome = ErrorClass.AMBIGUOUS.value
    add_attempts(connection, [attempt_row(row.id, row.attempt, outcome, _BACK, 0.0, now) for row in maybe])
    return len(back), len(maybe)


def attempt_row(
    delivery_id: int, attempt: int, outcome: str, detail: str, took: float, now: datetime
) -> dict[str, Any]:
    """One line of the append-only list of attempts; `took` in seconds."""
    return {
        "delivery_id": delivery_id,
        "attempt": attempt,
        "at": now,
        "took": took,
        "outcome": outcome,
        "detail": detail,
    }


def add_attempts(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Append to the list of attempts."""
    if rows:
        connection.execute(insert(delivery_attempt), rows)
