"""Posts that are known already, met again: edits, further brands, news about them. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select, update

from collectors.base import Heard, Post
from monitor.states import PostState
from monitor.store.engagement import note_engagement
from monitor.store.tables import Name, Words, indexable, post, post_match, post_version, storable
from monitor.store.transactions import AnyRow, insert_into, parts

Identity = tuple[str, str]  # platform and native id, as they are kept

_LEARNT = ("community", "repost_of", "quoted")  # taken once: they do not change

_Met = Mapping[int, tuple[AnyRow, Heard]]  # by post id: the post as it is stored, and as it was met


def identity(one: Post) -> Identity:
    """By what a post is known."""
    return one.platform.value, indexable(one.native_id)


def meet(connection: Connection, known: Mapping[Identity, Heard], now: datetime) -> int:
    """Lay posts against their stored selves; how many were edited.

    An edited one is judged anew, and what it said before is kept beside it. New brands are added. A reading of a
    state that is known to have been replaced changes nothing, and neither does any reading of an erased post.
    """
    rows = [row for row in _stored(connection, known) if row.withdrawn_at is None and row.state != PostState.WITHDRAWN]
    replaced = _replaced(connection, [row.id for row in rows if _renamed(row, known[_at(row)].post)])
    edits: dict[int, tuple[AnyRow, Heard]] = {}
    same: dict[int, tuple[AnyRow, Heard]] = {}
    for row in rows:
        one = known[_at(row)]
        if one.post.version is not None and (row.id, storable(one.post.version)) in replaced:
            continue
        (edits if _differs(row, one.post) else same)[row.id] = (row, one)
    if edits:
        _edit(connection, edits, now)
    if same:
        _add_brands(connection, same)
    _learn(connection, {**edits, **same})
    note_engagement(connection, {i: one.post.engagement for i, (_, one) in {**edits, **same}.items()}, now)
    return len(edits)


def insert_matches(connection: Connection, heard: Mapping[int, Heard]) -> None:
    """Say for which brands posts are kept; a known match is left as it is."""
    values = [
        {"post_id": post_id, "brand": m.brand, "alias": m.alias, "where": m.where, "start": m.start, "end": m.end}
        for post_id, one in heard.items()
        for m in one.matches
    ]
    if values:
        connection.execute(insert_into(connection, post_match).on_conflict_do_nothing(), values)


def _at(row: AnyRow) -> Identity:
    return row.platform, row.native_id


def _stored(connection: Connection, known: Mapping[Identity, Heard]) -> list[AnyRow]:
    c = post.c
    columns = (
        *(c.id, c.platform, c.native_id, c.text, c.title, c.published_at, c.dated_by, c.state, c.ours),
        *(c.revision, c.version, c.community, c.repost_of, c.quoted, c.withdrawn_at),
    )
    rows: list[AnyRow] = []
    for platform in sorted({platform for platform, _ in known}):
        for part in parts(sorted(name for where, name in known if where == platform)):
            query = select(*columns).where(c.platform == platform, c.native_id.in_(part))
            rows += connection.execute(query.order_by(c.id).with_for_update())
    return rows


def _renamed(row: AnyRow, heard: Post) -> bool:
    return heard.version is not None and storable(heard.version) != row.version


def _replaced(connection: Connection, post_ids: Collection[int]) -> set[tuple[int, str]]:
    """The platform's names of the states that these posts have left behind."""
    c = post_version.c
    found: set[tuple[int, str]] = set()
    for part in parts(sorted(post_ids)):
        query = select(c.post_id, c.version).where(c.post_id.in_(part), c.version.is_not(None))
        found |= {(row.post_id, row.version) for row in connection.execute(query)}
    return found


def _differs(row: AnyRow, heard: Post) -> bool:
    if heard.version is not None and not _renamed(row, heard):
        return False  # two sources may cut or write the same state differently
    # No title is no news: a second source of the same platform may not carry titles.
    retitled = heard.title is not None and storable(heard.title) != row.title
    return bool(retitled or storable(heard.text) != row.text)


def _edit(connection: Connection, edits: _Met, now: datetime) -> None:
    connection.execute(
        insert_into(connection, post_version).on_conflict_do_nothing(),
        [
            {
                "post_id": post_id,
                "revision": row.revision,
                "version": row.version,
                "text": row.text,
                "title": row.title,
                "replaced_at": now,
            }
            for post_id, (row, _) in edits.items()
        ],
    )
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
            copy_key=None,
        ),
        changes,
    )
    # One that names no brand any more is still about those that it was kept for; so is one by its conversation.
    matched = {post_id: one for post_id, (_, one) in edits.items() if one.matches}
    for part in parts(matched):
        said = (post_match.c.post_id.in_(part), post_match.c.where != "thread")
        connection.execute(delete(post_match).where(*said))
    insert_matches(connection, matched)


def _learn(connection: Connection, met: _Met) -> None:
    """Take what a reading says beside the text: the platform's name of this state, and what was not known before."""
    news = [
        {
            "the_id": post_id,
            "new_version": one.post.version,
            "new_community": one.post.community,
            "new_repost_of": one.post.repost_of,
            "new_quoted": one.post.quoted,
        }
        for post_id, (row, one) in met.items()
        if _renamed(row, one.post)
        or any(getattr(row, name) is None and getattr(one.post, name) is not None for name in _LEARNT)
    ]
    if news:
        c = post.c
        connection.execute(
            update(post)
            .where(c.id == bindparam("the_id"))
            .values(
                version=func.coalesce(bindparam("new_version", type_=Words()), c.version),
                community=func.coalesce(c.community, bindparam("new_community", type_=Words())),
                repost_of=func.coalesce(c.repost_of, bindparam("new_repost_of", type_=Name())),
                quoted=func.coalesce(c.quoted, bindparam("new_quoted", type_=Name())),
            ),
            news,
        )


def _add_brands(connection: Connection, same: _Met) -> None:
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
        for post_id, (_, one) in same.items()
        if any(indexable(m.brand) not in brands[post_id] for m in one.matches)
    }
    if not added:
        return
    insert_matches(connection, added)
    for ours, state in ((False, PostState.SCORED), (True, PostState.COLLECTED)):  # own posts are not judged
        for part in parts(post_id for post_id in added if same[post_id][0].ours is ours):
            # One that still waits for its verdict keeps its revision: a verdict on its text holds for every brand.
            connection.execute(
                update(post)
                .where(post.c.id.in_(part), post.c.state.in_((state, PostState.DECIDED)))
                .values(state=state, revision=post.c.revision + 1)
            )
