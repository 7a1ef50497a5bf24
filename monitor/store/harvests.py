"""What a source brought, laid against what is known already. Runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select

from collectors.base import Heard, Reject
from monitor.backoff import next_look
from monitor.states import PostState
from monitor.store.engagement import countable, note_engagement
from monitor.store.erasing import tombstone
from monitor.store.known import Identity, identity, insert_matches, meet
from monitor.store.tables import indexable, post, reject
from monitor.store.transactions import insert_into, parts


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of the posts of one harvest."""

    stored: int
    duplicates: int
    edited: int
    newest: datetime | None  # newest publication among the stored


def save_posts(
    connection: Connection, source: str, heard: Sequence[Heard], now: datetime, ages: Sequence[timedelta] = ()
) -> Brought:
    """Store new posts, note edits, and leave known ones; a repeat inside `heard` counts as a duplicate.

    A post that was erased here is known: it does not come back. A new one is looked at again at each of `ages`.
    """
    first: dict[Identity, Heard] = {}
    for one in heard:
        first.setdefault(identity(one.post), one)
    # One order for all writers, or two sources that bring the same posts would lock each other out.
    ordered = dict(sorted(first.items(), key=lambda item: (item[1].post.published_at, item[0])))
    ids = _insert(connection, source, ordered, now, ages)
    known = {name: one for name, one in ordered.items() if name not in ids}
    edited = meet(connection, known, now) if known else 0
    new = {ids[name]: ordered[name] for name in ids}
    insert_matches(connection, new)
    note_engagement(connection, {post_id: one.post.engagement for post_id, one in new.items()}, now)
    return Brought(
        stored=len(ids),
        duplicates=len(heard) - len(ids) - edited,
        edited=edited,
        newest=max((one.post.published_at for one in new.values()), default=None),
    )


def save_rejects(connection: Connection, source: str, rejects: Sequence[Reject], now: datetime) -> None:
    """Store each reject once, however often it is met."""
    if rejects:
        connection.execute(
            insert_into(connection, reject).on_conflict_do_nothing(),
            [{"source": source, "place": r.place, "reason": r.reason, "at": now} for r in rejects],
        )


def _insert(
    connection: Connection,
    source: str,
    ordered: Mapping[Identity, Heard],
    now: datetime,
    ages: Sequence[timedelta],
) -> dict[Identity, int]:
    if not ordered:
        return {}
    statement = (
        insert_into(connection, post)
        .on_conflict_do_nothing(index_elements=["platform", "native_id"])
        .returning(post.c.platform, post.c.native_id, post.c.id)
    )
    rows = connection.execute(statement, [_values(source, one, now, ages) for one in ordered.values()])
    ids = {(platform, native_id): post_id for platform, native_id, post_id in rows}
    returned = _erased_before(connection, ids)
    for part in parts(sorted(ids[name] for name in returned)):
        connection.execute(delete(post).where(post.c.id.in_(part)))
    return {name: post_id for name, post_id in ids.items() if name not in returned}


def _erased_before(connection: Connection, ids: Mapping[Identity, int]) -> set[Identity]:
    """Which of these posts were erased here.

    Asked once they are inserted: an erasure that was under way meanwhile has let go of the post's name by then.
    """
    stones = {(platform, tombstone(native_id)): (platform, native_id) for platform, native_id in ids}
    found: set[Identity] = set()
    for platform in {platform for platform, _ in ids}:
        for part in parts(sorted(stone for where, stone in stones if where == platform)):
            query = select(post.c.native_id).where(post.c.platform == platform, post.c.native_id.in_(part))
            found |= {stones[platform, stone] for stone in connection.scalars(query)}
    return found


def _values(source: str, one: Heard, now: datetime, ages: Sequence[timedelta]) -> dict[str, Any]:
    p = one.post
    askable = indexable(p.native_id) == p.native_id  # a name that was shortened means nothing to its platform
    return {
        "platform": p.platform.value,
        "native_id": p.native_id,
        "source": source,
        "kind": p.kind,
        "text": p.text,
        "title": p.title,
        "author_id": p.author_id,
        "author_handle": p.author_handle,
        "author_name": p.author_name,
        "followers": countable(p.followers),
        "url": p.url,
        "language": p.language,
        "thread": p.thread,
        "parent": p.parent,
        "rating": p.rating,
        "rating_max": p.rating_max,
        "published_at": p.published_at,
        "dated_by": p.dated_by,
        "collected_at": now,
        "ours": one.ours,
        "state": PostState.COLLECTED.value,
        "version": p.version,
        "community": p.community,
        "repost_of": p.repost_of,
        "quoted": p.quoted,
        "recheck_at": next_look(p.published_at, ages, now) if askable else None,
    }
