"""What frozen messages and digests say of erased posts. Runs inside the caller's transaction."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from alerts.base import Message, MessageKind
from monitor.states import DeliveryState
from monitor.store.changes import add_history
from monitor.store.tables import delivery, post, report
from monitor.store.transactions import AnyRow, parts
from monitor.store.values import HistoryLine

ERASED = "The post has been erased"  # the subject of a message that was about it

# Nothing of these has left, or nothing more will: called back. One on the wire is not: it may have arrived.
_UNSENT = frozenset(
    {
        DeliveryState.PENDING,
        DeliveryState.LEASED,
        DeliveryState.WAITING,
        DeliveryState.AMBIGUOUS,
        DeliveryState.DEAD,
    }
)
_NOT_LEFT = _UNSENT - {DeliveryState.AMBIGUOUS, DeliveryState.DEAD}
_FROZEN = tuple(delivery.c[name] for name in ("id", "key", "state", "message", "body", "leased_until", "error"))
_IN_FLIGHT = frozenset({DeliveryState.SENDING, DeliveryState.AMBIGUOUS})

_POST_ID = re.compile(r'"post_id":\s*(\d+)')  # of a quote, as facts are written


def forget_messages(
    connection: Connection, case_ids: Collection[int], post_ids: Collection[int], now: datetime
) -> list[int]:
    """Blank the messages of these cases about one of the posts, and call back those that have not left.

    One that is on the wire stays so: should it have to be sent again, it says that the post was erased. The
    deliveries of the cases are returned, changed or not.
    """
    seen: list[int] = []
    changes: list[dict[str, Any]] = []
    lines: list[HistoryLine] = []
    for part in parts(sorted(case_ids)):
        query = select(*_FROZEN).where(delivery.c.case_id.in_(part)).order_by(delivery.c.id).with_for_update()
        for row in connection.execute(query):
            seen.append(row.id)
            message = Message.from_json(row.message)
            if message.mention is not None and message.mention.post_id in post_ids:
                blank = replace(message, mention=None, subject=ERASED)
                changes.append(_without(row, blank.to_json(), lines, now))
    _write(connection, changes)
    add_history(connection, lines)
    return seen


def forget_quotes(connection: Connection, post_ids: Collection[int], *, since: datetime, now: datetime) -> None:
    """Take the quotes of these posts, collected at `since` or later, from the frozen digests; all numbers stay.

    A digest that has not left is called back: the digest's stage makes it again, from the facts as they are then.
    """
    r, d = report.c, delivery.c
    query = select(r.id, r.facts).where(r.made_at >= since).order_by(r.id).with_for_update()
    facts = [
        {"the_id": row.id, "the_facts": rest}
        for row in connection.execute(query)
        if (rest := without_quotes(row.facts, post_ids)) is not None
    ]
    if facts:
        connection.execute(
            update(report).where(r.id == bindparam("the_id")).values(facts=bindparam("the_facts")), facts
        )
    digests = (d.case_id.is_(None), d.kind == MessageKind.DIGEST.value, d.created_at >= since)
    changes: list[dict[str, Any]] = []
    lines: list[HistoryLine] = []
    for row in connection.execute(select(*_FROZEN).where(*digests).order_by(d.id).with_for_update()).all():
        rest = without_quotes(row.message, post_ids)
        if rest is None:
            continue
        if row.state in _IN_FLIGHT:  # sent again as it was, if at all: its body goes when it has arrived
            changes.append(_as_it_is(row) | {"the_message": rest})
            continue
        change = _without(row, rest, lines, now)
        if row.state in _NOT_LEFT:
            change["the_key"] = f"erased-{row.id}"
        changes.append(change)
    _write(connection, changes)
    add_history(connection, lines)


def quoted_in(facts: str) -> set[int]:
    """Which posts the frozen facts of a digest quote."""
    return {int(found) for found in _POST_ID.findall(facts)}


def without_quotes(facts: str, post_ids: Collection[int]) -> str | None:
    """Frozen facts without the quotes of these posts; None: they quote none of them."""
    if quoted_in(facts).isdisjoint(post_ids):
        return None
    whole: dict[str, Any] = json.loads(facts)
    for place in (whole, whole["praise"]):
        place["quotes"] = [quote for quote in place["quotes"] if quote["post_id"] not in post_ids]
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def erased_among(connection: Connection, post_ids: Collection[int]) -> set[int]:
    """Which of the posts are erased; the others are locked, and stay as they are until the transaction ends."""
    found: set[int] = set()
    for part in parts(sorted(post_ids)):
        query = select(post.c.id, post.c.withdrawn_at).where(post.c.id.in_(part)).order_by(post.c.id)
        rows = connection.execute(query.with_for_update())
        found |= {row.id for row in rows if row.withdrawn_at is not None}
    return found


def _as_it_is(row: AnyRow) -> dict[str, Any]:
    return {
        "the_id": row.id,
        "the_key": row.key,
        "the_message": row.message,
        "the_body": row.body,
        "the_state": row.state,
        "the_lease": row.leased_until,
        "the_error": row.error,
    }


def _without(row: AnyRow, message: str, lines: list[HistoryLine], now: datetime) -> dict[str, Any]:
    """What a delivery becomes that says nothing of the posts any more; its line in the history is added to `lines`."""
    state = DeliveryState(row.state)
    change = _as_it_is(row) | {"the_message": message, "the_body": None}
    if state in _UNSENT:
        change |= {"the_state": DeliveryState.CANCELLED.value, "the_lease": None, "the_error": ERASED}
        lines.append(_line(row.id, state, now))
    return change


def _write(connection: Connection, changes: Sequence[dict[str, Any]]) -> None:
    if changes:
        connection.execute(
            update(delivery)
            .where(delivery.c.id == bindparam("the_id"))
            .values(
                key=bindparam("the_key"),
                message=bindparam("the_message"),
                body=bindparam("the_body"),
                state=bindparam("the_state"),
                leased_until=bindparam("the_lease"),
                error=bindparam("the_error"),
            ),
            changes,
        )


def _line(delivery_id: int, before: DeliveryState, now: datetime) -> HistoryLine:
    return HistoryLine(
        at=now,
        entity="delivery",
        entity_id=str(delivery_id),
        event=DeliveryState.CANCELLED.value,
        before=before.value,
        after=DeliveryState.CANCELLED.value,
        who="monitor",
        why=ERASED,
    )
