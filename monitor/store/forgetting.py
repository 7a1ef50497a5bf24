"""What cases and their history say of erased posts. Runs inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from monitor.store.changes import add_history, case_line, lock_cases, write_cases
from monitor.store.tables import case_post, history, post
from monitor.store.transactions import parts

_A_NAME = 3  # characters; shorter ones stand in every other word


@dataclass(frozen=True, slots=True)
class Erased:
    """A post as it was before it was erased, as far as it must be known to find its traces."""

    id: int
    platform: str
    native_id: str
    state: str
    author_id: str | None
    author_handle: str | None
    author_name: str | None
    collected_at: datetime

    @property
    def names(self) -> set[str]:
        """By what people may have called its author."""
        given = (self.author_id, self.author_handle, self.author_name, self.native_id)
        return {name.casefold() for name in given if name is not None and len(name) >= _A_NAME}


def forget_customers(
    connection: Connection, cases: Mapping[int, Sequence[int]], *, why: str, told: bool, now: datetime
) -> None:
    """Take the customer's names from cases in which nothing else of theirs is left; counts and state stay.

    `cases` holds, by case, which of its posts were erased.

    Every case becomes a new version, changed or not: what somebody is about to write, having read the old one,
    could bring the names or the text back. `told` says so in the histories of the cases.
    """
    left = _authors_left(connection, cases)
    changed, lines = [], []
    for case_id, before in lock_cases(connection, cases).items():
        after = before
        if before.author not in left[case_id]:
            after = replace(before, author=None, handle=None)
        if not left[case_id]:
            after = replace(after, thread=None)
        changed.append(after)
        gone = ", ".join(map(str, cases[case_id]))
        lines.append(
            case_line(before.state, after, event="post_withdrawn", who="monitor", why=f"post {gone}: {why}", now=now)
        )
    write_cases(connection, changed)
    if told:
        add_history(connection, lines)


def _authors_left(connection: Connection, cases: Collection[int]) -> dict[int, set[str | None]]:
    """By case, who is known to have written its customers' posts that are not erased."""
    found: dict[int, set[str | None]] = defaultdict(set)
    for part in parts(sorted(cases)):
        query = (
            select(case_post.c.case_id, post.c.author_id, post.c.author_handle)
            .join(post, post.c.id == case_post.c.post_id)
            .where(case_post.c.case_id.in_(part), case_post.c.role != "ours", post.c.withdrawn_at.is_(None))
        )
        for case_id, author_id, handle in connection.execute(query):
            found[case_id].add(author_id or (handle.casefold() if handle else None))
    return found


def forget_words(
    connection: Connection,
    cases: Mapping[int, Sequence[int]],
    deliveries: Collection[int],
    erased: Mapping[int, Erased],
    notes: Collection[str],
) -> None:
    """Take from the history what people noted of the posts, and blank reasons in which they named the author.

    The history is append-only but for this: who did what, and when, stays.
    """
    names = {name for one in erased.values() for name in one.names}
    lines: dict[int, str] = {}
    for entity, ids in (("case", cases), ("delivery", deliveries)):
        for part in parts(map(str, sorted(ids))):
            c = history.c
            query = select(c.id, c.who, c.why).where(c.entity == entity, c.entity_id.in_(part), c.why != "")
            for line_id, who, why in connection.execute(query):
                words = why
                for note in notes:
                    words = words.replace(f" ({note})", "")
                if who != "monitor" and any(name in words.casefold() for name in names):
                    words = ""
                if words != why:
                    lines[line_id] = words
    if lines:
        connection.execute(
            update(history).where(history.c.id == bindparam("line_id")).values(why=bindparam("words")),
            [{"line_id": line_id, "words": words} for line_id, words in lines.items()],
        )
