"""Erasing posts: what they said and who said it, wherever it is kept. What was counted of them stays."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, exists, literal, select, update

from collectors.base import Gone
from monitor.states import JOINABLE, PostState
from monitor.store.changes import add_history
from monitor.store.forgetting import Erased, forget_customers, forget_words
from monitor.store.frozen import forget_messages, forget_quotes
from monitor.store.tables import case, case_post, correction, indexable, post, post_version
from monitor.store.transactions import parts, writing
from monitor.store.values import HistoryLine

# One that waits for its verdict or its decision gets them first: what is counted must be whole.
_DONE = (PostState.DECIDED, PostState.QUARANTINED, PostState.WITHDRAWN)

# All that could tell what was said, or by whom. Of its name on the platform a digest stays, so that it is known
# when it is met again; the name itself often holds the author's.
_NOTHING: dict[str, Any] = {
    "text": "",
    **dict.fromkeys(
        (
            *("title", "author_id", "author_handle", "author_name", "url", "language", "thread", "parent"),
            *("repost_of", "quoted", "version", "copy_key", "recheck_at"),
        )
    ),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why posts are erased; `withdrawn` if they are gone on their platform, else they were kept long enough."""

    why: str
    withdrawn: bool = True


DELETED = Reason("deleted on its platform")
AUTHOR_GONE = Reason("its author is gone from the platform")
NOT_FOUND = Reason("gone when it was looked at again")
KEPT_LONG_ENOUGH = Reason("its text was kept as long as the settings say", withdrawn=False)


def tombstone(native_id: str) -> str:
    """What stays of an erased post's name on its platform."""
    return "gone#" + hashlib.sha256(indexable(native_id).encode()).hexdigest()


class Erasing:
    """Erasing by age. Each method is one transaction and may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def purge(self, source: str, *, collected_before: datetime, limit: int, now: datetime) -> int:
        """Erase posts of a source that were collected before that time, the oldest first, at most `limit`; how many.

        Posts that still wait for a verdict or a decision are left for later, and so are those of a case that is not
        closed: people need to read them. State, verdicts and decisions stay as they are.
        """
        c = post.c
        in_hand = (
            select(literal(1))
            .select_from(case_post.join(case, case.c.id == case_post.c.case_id))
            .where(case_post.c.post_id == c.id, case.c.state.in_(sorted(JOINABLE)))
        )
        old = (c.source == source, c.withdrawn_at.is_(None), c.collected_at < collected_before, c.state.in_(_DONE))
        query = select(c.id).where(*old, ~exists(in_hand)).order_by(c.collected_at, c.id).limit(limit)
        with writing(self._engine) as connection:
            return len(erase(connection, connection.scalars(query).all(), KEPT_LONG_ENOUGH, now))


def erase_gone(connection: Connection, gone: Sequence[Gone], now: datetime) -> int:
    """Erase what a platform says is gone, inside the caller's transaction; how many posts. Unknown ones are none."""
    names: dict[str, set[str]] = defaultdict(set)
    authors: dict[str, set[str]] = defaultdict(set)
    for one in gone:
        if one.native_id is not None:
            names[one.platform.value].add(one.native_id)
        if one.author_id is not None:
            authors[one.platform.value].add(one.author_id)
    total = 0
    for column, wanted, reason in ((post.c.native_id, names, DELETED), (post.c.author_id, authors, AUTHOR_GONE)):
        found: list[int] = []
        for platform, values in sorted(wanted.items()):
            for part in parts(sorted(values)):
                found += connection.scalars(select(post.c.id).where(post.c.platform == platform, column.in_(part)))
        total += len(erase(connection, found, reason, now))
    return total


def erase(connection: Connection, post_ids: Collection[int], reason: Reason, now: datetime) -> list[int]:
    """Erase posts inside the caller's transaction; which ones, with what only passed them on. None for none.

    Text, author, address and earlier versions are gone, with notes on them, with what the frozen messages of their
    cases and the frozen facts of digests say of them, and with their customers' names where nothing else of theirs
    is left. Messages about them that have not left are called back. A post that was erased before is left alone.
    """
    erased = _locked(connection, post_ids)
    frontier = list(erased.values()) if reason.withdrawn else []
    while frontier:  # a repost says nothing but what it passes on
        further = _locked(connection, _reposts(connection, frontier) - erased.keys())
        frontier = list(further.values())
        erased |= further
    if not erased:
        return []
    _blank(connection, erased, now, reason)
    notes = _forget_notes(connection, erased)
    case_ids = _cases(connection, erased)
    forget_customers(connection, case_ids, why=reason.why, told=reason.withdrawn, now=now)
    deliveries = forget_messages(connection, case_ids, erased, now)
    forget_words(connection, case_ids, deliveries, erased, notes)
    forget_quotes(connection, erased, since=min(one.collected_at for one in erased.values()), now=now)
    add_history(connection, [_line(one, reason, now) for one in erased.values()])
    return sorted(erased)


def _locked(connection: Connection, post_ids: Collection[int]) -> dict[int, Erased]:
    """Those of the posts that are not erased yet, locked in one order."""
    c = post.c
    columns = (c.id, c.platform, c.native_id, c.state, c.author_id, c.author_handle, c.author_name, c.collected_at)
    found: dict[int, Erased] = {}
    for part in parts(sorted(set(post_ids))):
        query = select(*columns).where(c.id.in_(part), c.withdrawn_at.is_(None)).order_by(c.id).with_for_update()
        found |= {row.id: Erased(*row) for row in connection.execute(query)}
    return found


def _reposts(connection: Connection, originals: Sequence[Erased]) -> set[int]:
    c = post.c
    found: set[int] = set()
    for platform in sorted({one.platform for one in originals}):
        for part in parts(one.native_id for one in originals if one.platform == platform):
            found |= set(connection.scalars(select(c.id).where(c.platform == platform, c.repost_of.in_(part))))
    return found


def _blank(connection: Connection, erased: dict[int, Erased], now: datetime, reason: Reason) -> None:
    state = {"state": PostState.WITHDRAWN} if reason.withdrawn else {}
    c = post.c
    connection.execute(
        update(post)
        .where(c.id == bindparam("the_id"))
        .values(_NOTHING | state | {"native_id": bindparam("stone"), "revision": c.revision + 1, "withdrawn_at": now}),
        [{"the_id": post_id, "stone": tombstone(one.native_id)} for post_id, one in erased.items()],
    )
    for part in parts(sorted(erased)):
        connection.execute(delete(post_version).where(post_version.c.post_id.in_(part)))


def _forget_notes(connection: Connection, erased: Collection[int]) -> set[str]:
    """Blank what people noted of the posts with their corrections; what that was."""
    c = correction.c
    notes: set[str] = set()
    for part in parts(sorted(erased)):
        noted = (c.post_id.in_(part), c.note != "")
        notes |= set(connection.scalars(select(c.note).where(*noted)))
        connection.execute(update(correction).where(*noted).values(note=""))
    return notes


def _cases(connection: Connection, erased: Collection[int]) -> dict[int, list[int]]:
    """By case, which of the posts are in it."""
    found: dict[int, list[int]] = defaultdict(list)
    for part in parts(sorted(erased)):
        query = select(case_post.c.case_id, case_post.c.post_id).where(case_post.c.post_id.in_(part))
        for case_id, post_id in connection.execute(query.order_by(case_post.c.case_id, case_post.c.post_id)):
            found[case_id].append(post_id)
    return dict(found)


def _line(one: Erased, reason: Reason, now: datetime) -> HistoryLine:
    return HistoryLine(
        at=now,
        entity="post",
        entity_id=str(one.id),
        event="withdrawn" if reason.withdrawn else "erased",
        before=one.state,
        after=PostState.WITHDRAWN.value if reason.withdrawn else one.state,
        who="monitor",
        why=reason.why,
    )
