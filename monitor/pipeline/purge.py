"""Purge: posts that were kept as long as their source's settings say are erased; what was counted of them stays."""

from __future__ import annotations

from collections.abc import Sequence

from config.sources import Source
from monitor import logs
from monitor.clock import Clock
from monitor.store.engine import Store

BATCH = 500  # posts erased in one transaction: short enough for the others to wait

log = logs.get("purge")


class Purge:
    """Erases the posts of all sources by age."""

    def __init__(self, store: Store, sources: Sequence[Source], clock: Clock) -> None:
        self._store = store
        self._sources = sources
        self._clock = clock

    def batch(self) -> int:
        """Erase what is due, at most BATCH posts of each source; how many. Switched off sources are purged too."""
        now = self._clock()
        total = 0
        for source in self._sources:
            if source.keep_text_for is None:
                continue
            before = now - source.keep_text_for
            erased = self._store.erasing.purge(source.name, collected_before=before, limit=BATCH, now=now)
            if erased:
                log.info("texts erased by age", source=source.name, posts=erased)
            total += erased
        return total
