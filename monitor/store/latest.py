"""The posts that came in last, whatever became of them."""

from __future__ import annotations

from sqlalchemy import Engine, select, text

from monitor.store.rows import stored_post
from monitor.store.tables import KEPT, post
from monitor.store.transactions import reading
from monitor.store.values import StoredPost


class Latest:
    """A look at what is stored. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def posts(self, limit: int) -> list[StoredPost]:
        """The posts stored last, the newest first, at most `limit`; without those whose words were erased."""
        query = select(post).where(text(KEPT)).order_by(post.c.id.desc()).limit(limit)
        with reading(self._engine) as connection:
            return [stored_post(row) for row in connection.execute(query)]
