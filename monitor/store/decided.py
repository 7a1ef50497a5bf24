"""A batch of decisions, stored as one. Runs inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from monitor.states import CaseState, PostState
from monitor.store.changes import add_history, cancel_nudges, case_line, lock_cases, write_cases
from monitor.store.deliveries import insert_deliveries
from monitor.store.rows import case_values
from monitor.store.tables import case, case_post, decision, indexable, post
from monitor.store.transactions import Stale, insert_into, parts
from monitor.store.values import CaseFacts, Decisions, HistoryLine

_WHO = "monitor"
_EVENTS = {"customer": "customer_posted", "copy": "copied"}  # by role; the first that applies is told


def save(connection: Connection, batch: Decisions, now: datetime) -> None:
    """Store the batch; an earlier decision on the same post and brand is replaced, unless it alerted.

    Raises:
        Stale: a post or a case of the batch is no longer what was decided on.

    """
    _move_posts(connection, batch.post_ids, batch.revisions)
    _note_copy_keys(connection, batch.copy_keys)
    before = lock_cases(connection, [one.id for one in batch.changed_cases])
    for one in batch.changed_cases:
        if one.id not in before or before[one.id].version != one.version:
            raise Stale(f"case {one.id} has changed")
    if batch.new_cases:
        connection.execute(insert(case), [{**case_values(one), "version": 0} for one in batch.new_cases])
    write_cases(connection, batch.changed_cases)
    _insert_decisions(connection, batch, now)
    _insert_case_posts(connection, batch)
    moved_on = [
        one.id
        for one in batch.changed_cases
        if one.state is not before[one.id].state and one.state is not CaseState.OPEN
    ]
    cancel_nudges(connection, moved_on)
    insert_deliveries(connection, batch.deliveries, now)
    add_history(connection, _lines(batch, before, now))


def _move_posts(connection: Connection, post_ids: Sequence[int], revisions: Mapping[int, int]) -> None:
    c = post.c
    found = 0
    for part in parts(sorted(set(post_ids))):
        query = select(c.id, c.state, c.ours, c.revision).where(c.id.in_(part)).order_by(c.id).with_for_update()
        for row in connection.execute(query):
            expected = PostState.COLLECTED if row.ours else PostState.SCORED
            if row.state != expected:
                raise Stale(f"post {row.id} is {row.state}")
            if revisions.get(row.id, row.revision) != row.revision:
                raise Stale(f"post {row.id} has changed")
            found += 1
    if found != len(set(post_ids)):
        raise Stale("a post of the batch is not there")
    for part in parts(sorted(set(post_ids))):
        connection.execute(update(post).where(c.id.in_(part)).values(state=PostState.DECIDED))


def _note_copy_keys(connection: Connection, keys: Mapping[int, str]) -> None:
    if keys:
        connection.execute(
            update(post).where(post.c.id == bindparam("the_id")).values(copy_key=bindparam("the_key")),
            [{"the_id": post_id, "the_key": key} for post_id, key in sorted(keys.items())],
        )


def _insert_decisions(connection: Connection, batch: Decisions, now: datetime) -> None:
    if batch.decisions:
        statement = insert_into(connection, decision)
        key = ["post_id", "brand"]
        anew = {c.name: statement.excluded[c.name] for c in decision.c if c.name not in ("id", *key)}
        connection.execute(
            # An alert has left: what was said of it stays. A quiet decision on what was edited since is void.
            statement.on_conflict_do_update(index_elements=key, set_=anew, where=decision.c.alert.is_(False)),
            [
                {
                    "post_id": one.post_id,
                    "brand": one.brand,
                    "model": one.model,
                    "alert": one.alert,
                    "reason": one.reason,
                    "detail": one.detail,
                    "routes": " ".join(one.routes),
                    "decided_at": now,
                }
                for one in batch.decisions
            ],
        )


def _insert_case_posts(connection: Connection, batch: Decisions) -> None:
    if batch.case_posts:
        connection.execute(
            insert_into(connection, case_post).on_conflict_do_nothing(),
            [{"case_id": p.case_id, "post_id": p.post_id, "role": p.role} for p in batch.case_posts],
        )


def _lines(batch: Decisions, before: dict[int, CaseFacts], now: datetime) -> list[HistoryLine]:
    joined: dict[int, list[int]] = defaultdict(list)
    roles: dict[int, set[str]] = defaultdict(set)
    for place in batch.case_posts:
        joined[place.case_id].append(place.post_id)
        roles[place.case_id].add(place.role)
    reasons = {(d.post_id, indexable(d.brand)): d.detail or d.reason for d in batch.decisions}
    lines = []
    for one in batch.new_cases:
        given = (reasons.get((post_id, indexable(one.brand)), "") for post_id in joined[one.id])
        why = next((reason for reason in given if reason), "")
        lines.append(case_line(None, one, event="opened", who=_WHO, why=why, now=now))
    for one in batch.changed_cases:
        event = next((event for role, event in _EVENTS.items() if role in roles[one.id]), "company_posted")
        why = "post " + ", ".join(map(str, joined[one.id])) if joined[one.id] else ""
        lines.append(case_line(before[one.id].state, one, event=event, who=_WHO, why=why, now=now))
    return lines
