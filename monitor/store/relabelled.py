"""Cases whose posts were corrected. Runs inside the caller's transaction.

A case's severity and main type are its present state, with a history of their own; so they are written anew, not
laid over: lists, reminders and the digest then need to know nothing of corrections. Nobody is told: neither a
delivery nor the time of the next step is touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from config.vocabulary import Severity
from monitor.store.changes import add_history, case_line, lock_cases, write_cases
from monitor.store.judged import labels_in_force, newest_verdicts
from monitor.store.labels import Labels, said_by, standing
from monitor.store.tables import case_post
from monitor.store.transactions import parts


def relabel_cases(
    connection: Connection, corrected: Mapping[int, str], *, who: str, now: datetime
) -> dict[int, tuple[int, ...]]:
    """Give the cases of these posts (each with why) the severity and type of their posts' labels.

    The cases that changed, by post. A case takes its posts' worst severity, and the first main type in the order
    in which they were collected, as when it was opened. A case that already has these is left alone.
    """
    in_cases = _customer_posts(connection, corrected)
    if not in_cases:
        return {}
    every = {post_id for posts in in_cases.values() for post_id in posts}
    verdicts = newest_verdicts(connection, every)
    people = labels_in_force(connection, every)
    labels = {
        post_id: standing(said_by(verdicts[post_id][0]), people.get(post_id, Labels()))
        for post_id in every & verdicts.keys()
    }
    changed, lines, by_post = [], [], defaultdict(list)
    for case_id, before in lock_cases(connection, in_cases).items():
        said = [one for post_id in in_cases[case_id] if (one := labels.get(post_id)) is not None]
        severity = max((one.severity or Severity.NONE for one in said), default=before.severity)
        main_type = next((one.types[0] for one in said if one.types), "")
        if (severity, main_type) == (before.severity, before.main_type):
            continue
        after = replace(before, severity=severity, main_type=main_type)
        mine = [post_id for post_id in in_cases[case_id] if post_id in corrected]
        why = "; ".join(f"post {post_id}: {corrected[post_id]}" for post_id in mine)
        changed.append(after)
        lines.append(case_line(before.state, after, event="corrected", who=who, why=why, now=now))
        for post_id in mine:
            by_post[post_id].append(case_id)
    write_cases(connection, changed)
    add_history(connection, lines)
    return {post_id: tuple(sorted(cases)) for post_id, cases in by_post.items()}


def _customer_posts(connection: Connection, corrected: Mapping[int, str]) -> dict[int, list[int]]:
    """The customer's posts of each case that holds one of these, in the order in which they were collected."""
    c = case_post.c
    cases: set[int] = set()
    for part in parts(sorted(corrected)):
        query = select(c.case_id).where(c.post_id.in_(part), c.role == "customer")
        cases |= set(connection.scalars(query))
    found: dict[int, list[int]] = defaultdict(list)
    for part in parts(sorted(cases)):
        query = select(c.case_id, c.post_id).where(c.case_id.in_(part), c.role == "customer").order_by(c.post_id)
        for case_id, post_id in connection.execute(query):
            found[case_id].append(post_id)
    return found
