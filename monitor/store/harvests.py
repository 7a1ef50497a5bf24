"""What a source brought, laid against what is known already. Runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from collectors.base import Heard, Post, Reject
from monitor.states import PostState
from monitor.store.tables import indexable, post, post_match, reject, storable
from monitor.store.transactions import AnyRow, insert_into, parts

Identity = tuple[str, str]  # platform and native id, as they are kept

_MAX_COUNT = 2**63 - 1  # what a database integer holds; an export may claim anything

# An edited post in one of these is judged again; a withdrawn one stays erased.
_EDITABLE = frozenset({PostState.COLLECTED, PostState.SCORED, PostState.DECIDED, PostState.QUARANTINED})


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of the posts of one harvest."""

    stored: int
    duplicates: int
    edited: int
    newest: datetime | None  # newest publication among the stored


def save_posts(connection: Connection, source: str, heard: Sequence[Heard], now: datetime) -> Brought:
    """Store new posts, note edits, and leave known ones; a repeat inside `heard` counts as a duplicate."""
    first: dict[Identity, Heard] = {}
    for one in heard:
        first.setdefault(_identity(one.post), one)
    # One order for all writers, or two sources that bring the same posts would lock each other out.
    ordered = dict(sorted(first.items(), key=lambda item: (item[1].post.published_at, item[0])))
    ids = _insert(connection, source, ordered, now)
    known = {identity: one for identity, one in ordered.items() if identity not in ids}
    edited = _meet(connection, known, now) if known else 0
    _insert_matches(connection, {ids[identity]: ordered[identity] for identity in ids})
    return Brought(
        stored=len(ids),
        duplicates=len(heard) - len(ids) - edited,
        edited=edited,
        newest=max((ordered[identity].post.published_at for identity in ids), default=None),
    )


def save_rejects(connection: Connection, source: str, rejects: Sequence[Reject], now: datetime) -> None:
    """Store each reject once, however often it is met."""
    if rejects:
        connection.execute(
            insert_into(connection, reject).on_conflict_do_nothing(),
            [{"source": source, "place": r.place, "reason": r.reason, "at": now} for r in rejects],
        )


def _identity(one: Post) -> Identity:
    return one.platform.value, indexable(one.native_id)


def _insert(
    connection: Connection, source: str, ordered: Mapping[Identity, Heard], now: datetime
) -> dict[Identity, int]:
    if not ordered:
        return {}
    statement = (
        insert_into(connection, post)
        .on_conflict_do_nothing(index_elements=["platform", "native_id"])
        .returning(post.c.platform, post.c.native_id, post.c.id)
    )
    rows = connection.execute(statement, [_values(source, one, now) for one in ordered.values()])
    return {(platform, native_id): post_id for platform, native_id, post_id in rows}


def _values(source: str, one: Heard, now: datetime) -> dict[str, Any]:
    p = one.post
    countable = p.followers is not None and 0 <= p.followers <= _MAX_COUNT
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
        "followers": p.followers if countable else None,
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
    }


def _meet(connection: Connection, known: Mapping[Identity, Heard], now: datetime) -> int:
    """Lay posts against their stored selves: edited ones are judged anew, new brands are added; how many edited."""
    edits: dict[int, tuple[AnyRow, Heard]] = {}
    same: dict[int, tuple[AnyRow, Heard]] = {}
    for row in _stored(connection, known):
        one = known[row.platform, row.native_id]
        edited = PostState(row.state) in _EDITABLE and _differs(row, one.post)
        (edits if edited else same)[row.id] = (row, one)
    if edits:
        _edit(connection, edits, now)
    if same:
        _add_brands(connection, same)
    return len(edits)


def _stored(connection: Connection, known: Mapping[Identity, Heard]) -> list[AnyRow]:
    c = post.c
    columns = (c.id, c.platform, c.native_id, c.text, c.title, c.published_at, c.dated_by, c.state, c.ours)
    rows: list[AnyRow] = []
    for platform in sorted({platform for platform, _ in known}):
        for part in parts(sorted(name for where, name in known if where == platform)):
            query = select(*columns).where(c.platform == platform, c.native_id.in_(part))
            rows += connection.execute(query.order_by(c.id).with_for_update())
    return rows


def _differs(row: AnyRow, heard: Post) -> bool:
    # No title is no news: a second source of the same platform may not carry titles.
    retitled = heard.title is not None and storable(heard.title) != row.title
    return bool(retitled or storable(heard.text) != row.text)


def _edit(connection: Connection, edits: Mapping[int, tuple[AnyRow, Heard]], now: datetime) -> None:
    changes = [
        {
            "edited_id": post_id,
            "new_text": one.post.text,
            "new_title": row.title if one.post.title is None else one.post.title,
            # The first sight of a post without a date of its own stays its date.
            "new_published_at": row.published_at if one.post.dated_by == "first_seen" else one.post.published_at,
            "new_dated_by": row.dated_by if one.post.dated_by == "first_seen" else one.post.dated_by,
        }
        for post_id, (row, one) in edits.items()
    ]
    connection.execute(
        update(post)
        .where(post.c.id == bindparam("edited_id"))
        .values(
            text=bindparam("new_text"),
            title=bindparam("new_title"),
            published_at=bindparam("new_published_at"),
            dated_by=bindparam("new_dated_by"),
            revision=post.c.revision + 1,
            edited_at=now,
            state=PostState.COLLECTED,
            tries=0,
        ),
        changes,
    )
    for part in parts(edits):
        connection.execute(delete(post_match).where(post_match.c.post_id.in_(part)))
    _insert_matches(connection, {post_id: one for post_id, (_, one) in edits.items()})


def _add_brands(connection: Connection, same: Mapping[int, tuple[AnyRow, Heard]]) -> None:
    """Known posts heard for a brand that they were not kept for: kept for it too, and decided for it.

    A decision that was made meanwhile without the new brand is refused for its revision.
    """
    brands: dict[int, set[str]] = {post_id: set() for post_id in same}
    for part in parts(same):
        query = select(post_match.c.post_id, post_match.c.brand).where(post_match.c.post_id.in_(part)).distinct()
        for post_id, brand in connection.execute(query):
            brands[post_id].add(brand)
    added = {
        post_id: one
        for post_id, (row, one) in same.items()
        if row.state != PostState.WITHDRAWN and any(indexable(m.brand) not in brands[post_id] for m in one.matches)
    }
    if not added:
        return
    _insert_matches(connection, added)
    for ours, state in ((False, PostState.SCORED), (True, PostState.COLLECTED)):  # own posts are not judged
        for part in parts(post_id for post_id in added if same[post_id][0].ours is ours):
            # One that still waits for its verdict keeps its revision: a verdict on its text holds for every brand.
            connection.execute(
                update(post)
                .where(post.c.id.in_(part), post.c.state.in_((state, PostState.DECIDED)))
                .values(state=state, revision=post.c.revision + 1)
            )


def _insert_matches(connection: Connection, heard: Mapping[int, Heard]) -> None:
    values = [
        {"post_id": post_id, "brand": m.brand, "alias": m.alias, "where": m.where, "start": m.start, "end": m.end}
        for post_id, one in heard.items()
        for m in one.matches
    ]
    if values:
        connection.execute(insert_into(connection, post_match).on_conflict_do_nothing(), values)
