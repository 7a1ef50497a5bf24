"""Changes of cases, each with its line in the history. Runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from alerts.base import MessageKind
from monitor.states import CaseState, DeliveryState
from monitor.store.rows import case_facts, case_values
from monitor.store.tables import case, delivery, history
from monitor.store.transactions import parts
from monitor.store.values import CaseFacts, HistoryLine

# Asked to do something about a case that has moved on: not sent any more, unless it may have left already.
_NUDGES = (MessageKind.REMINDER, MessageKind.ESCALATION)
_NOT_LEFT = (DeliveryState.PENDING, DeliveryState.WAITING, DeliveryState.LEASED)


def lock_cases(connection: Connection, case_ids: Collection[int]) -> dict[int, CaseFacts]:
    """The cases as they are now, kept so until the transaction ends; unknown numbers are missing."""
    found: dict[int, CaseFacts] = {}
    for part in parts(sorted(case_ids)):
        query = select(case).where(case.c.id.in_(part)).order_by(case.c.id).with_for_update()
        found |= {row.id: case_facts(row) for row in connection.execute(query)}
    return found


def write_cases(connection: Connection, cases: Sequence[CaseFacts]) -> None:
    """Write each case over the one of its version, which must be locked."""
    if not cases:
        return
    values: list[dict[str, Any]] = []
    for one in cases:
        row = case_values(one)
        values.append({"the_id": row.pop("id"), "the_version": one.version, **row})
    guard = (case.c.id == bindparam("the_id"), case.c.version == bindparam("the_version"))
    connection.execute(update(case).where(*guard).values(version=case.c.version + 1), values)


def add_history(connection: Connection, lines: Sequence[HistoryLine]) -> None:
    """Append to the history."""
    if lines:
        connection.execute(
            insert(history),
            [
                {
                    "at": line.at,
                    "entity": line.entity,
                    "entity_id": line.entity_id,
                    "event": line.event,
                    "before": line.before,
                    "after": line.after,
                    "who": line.who,
                    "why": line.why,
                }
                for line in lines
            ],
        )


def case_line(
    before: CaseState | None, now_is: CaseFacts, *, event: str, who: str, why: str, now: datetime
) -> HistoryLine:
    """The history's line about a change of a case; `before` is None for a new one."""
    return HistoryLine(
        at=now,
        entity="case",
        entity_id=str(now_is.id),
        event=event,
        before=before.value if before else "",
        after=now_is.state.value,
        who=who,
        why=why,
    )


def cancel_nudges(connection: Connection, case_ids: Collection[int]) -> None:
    """Call back reminders and escalations of these cases that have not left yet."""
    for part in parts(sorted(case_ids)):
        connection.execute(
            update(delivery)
            .where(
                delivery.c.case_id.in_(part),
                delivery.c.kind.in_(_NUDGES),
                delivery.c.state.in_(_NOT_LEFT),
                delivery.c.ambiguous.is_(False),
            )
            .values(state=DeliveryState.CANCELLED, leased_until=None, error="the case moved on")
        )
