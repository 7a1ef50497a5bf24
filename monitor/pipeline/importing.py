"""Import: a file read from its beginning, whatever was read before; what is known already is counted, not stored."""

from __future__ import annotations

from collections.abc import Callable

from collectors.base import Collector, Reject
from collectors.matching import Matcher
from config.sources import FilesSource
from monitor.clock import Clock
from monitor.store.engine import Store
from monitor.store.values import Tally


def import_posts(
    source: FilesSource,
    collector: Collector,
    matcher: Matcher,
    store: Store,
    clock: Clock,
    *,
    progress: Callable[[Tally], None],
) -> tuple[Tally, list[Reject]]:
    """Store the posts of a file; what became of its rows, and the bad ones.

    Killed in between, it is run again: the rows stored before are then known already.

    Raises:
        SourceError: the file cannot be read at all.
    """
    total, rejects = Tally(), list[Reject]()
    cursor: str | None = None
    more = True
    while more:
        harvest = collector.collect(cursor)
        heard = [one for one in (matcher.heard(post, source.brand) for post in harvest.posts) if one is not None]
        now = clock()
        total += store.posts.save_harvest(
            source.name,
            heard,
            rejects=harvest.rejects,
            unmatched=len(harvest.posts) - len(heard),
            cursor=None,
            next_due_at=now,
            now=now,
        )
        rejects += harvest.rejects
        progress(total)
        cursor, more = harvest.cursor, harvest.more
    return total, rejects
