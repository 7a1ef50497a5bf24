"""Posts in open cases that others may say again or pass on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, and_, select

from monitor.states import JOINABLE
from monitor.store.judged import as_judged
from monitor.store.rows import case_facts
from monitor.store.tables import case, case_post, post
from monitor.store.transactions import parts, reading
from monitor.store.values import ToldPost


class Alike:
    """What new posts may be copies of. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def told(
        self,
        platform: str,
        *,
        keys: Collection[str],
        originals: Collection[str],
        names: Collection[str],
        since: datetime,
    ) -> list[ToldPost]:
        """Posts by others on a platform in cases that are not closed and were last posted in at `since` or later.

        That is: a customer's posts with one of the copy `keys`, the `originals` (what new posts pass on) themselves,
        and what a case was opened or joined with that passes on one of `originals` or `names`. By case and post;
        empty sets find nothing. A case's copies are not searched for what they say: it is what its first post says.
        """
        c = post.c
        customer = case_post.c.role == "customer"
        searches: tuple[tuple[ColumnElement[bool], ColumnElement[str], Collection[str]], ...] = (
            (customer, c.copy_key, keys),
            (case_post.c.role != "ours", c.native_id, originals),
            (customer, c.repost_of, {*originals, *names}),
        )
        found: dict[tuple[int, int], ToldPost] = {}
        with reading(self._engine) as connection:
            for role, column, values in searches:
                for part in parts(sorted(values)):
                    query = (
                        select(case, c.id.label("post_id"), c.native_id, c.repost_of, c.copy_key, c.title, c.text)
                        .add_columns(case_post.c.role)
                        .select_from(post)
                        .join(case_post, case_post.c.post_id == c.id)
                        .join(case, case.c.id == case_post.c.case_id)
                        .where(and_(c.platform == platform, column.in_(part), role))
                        .where(case.c.state.in_(sorted(JOINABLE)), case.c.last_post_at >= since)
                    )
                    for row in connection.execute(query):
                        found[row.id, row.post_id] = ToldPost(
                            case=case_facts(row),
                            native_id=row.native_id,
                            repost_of=row.repost_of,
                            copy_key=row.copy_key,
                            text=as_judged(row.title, row.text),
                            customer=row.role == "customer",
                        )
        return [found[key] for key in sorted(found)]
