"""Hacker News by Algolia's public search: stories and comments, newest first, sliced by time.

Algolia shows no more than 1,000 hits of one search, so pages are not counted off: each next page asks for what is
not newer than the oldest post of the last one. Only where one second fills a whole page are its pages counted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from collectors.base import Checked, Harvest, Post, Rechecked, UnexpectedReply
from collectors.checking import reached
from collectors.hackernews_items import of_item, posts_of
from collectors.http import Http
from config.sources import HackerNewsSource

PAGE = 200  # hits asked for at once
CEILING = 1_000  # hits of one search that Algolia shows, over all its pages
OVERLAP = timedelta(minutes=15)  # read again each time: posts are indexed late and edited
MAX_RECHECK = 20  # items asked for in one recheck, one request each
_VERSION = 1  # of the cursor
_LATEST = 253_402_300_799  # the last second that a datetime can hold


@dataclass(frozen=True, slots=True)
class _Gap:
    """What lies between two moments (seconds since 1970, both included) and is not read yet."""

    oldest: int
    newest: int
    page: int = 0  # pages already read of the second `newest`


@dataclass(frozen=True, slots=True)
class _Query:
    """How far one query has been read.

    Everything up to `high` is stored, but for what lies in `gap`. Both are saved with the posts of the page that
    moved them, so a failed next page loses nothing.
    """

    high: int | None = None  # by the platform's time
    gap: _Gap | None = None
    asked: bool = False  # its newest page was read in this round


class HackerNewsCollector:
    """Reads each query's newest page, then back to where the last round began; one page a call."""

    def __init__(
        self, source: HackerNewsSource, *, http: Http, clock: Callable[[], datetime], page: int = PAGE
    ) -> None:
        self._source = source
        self._http = http
        self._clock = clock
        self._page = page

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        return self._source.name

    def collect(self, cursor: str | None, /) -> Harvest:
        """One page of one query; `more` until every query has been read back to its last round.

        Raises:
            SourceError: as Http.get; UnexpectedReply also for a page that is not in Algolia's shape.
        """
        known = _read_cursor(cursor)
        queries = {text: known.get(text, _Query()) for text in self._source.queries}
        text = next((t for t, q in queries.items() if q.gap is not None or not q.asked), None)
        if text is None:  # the last round was complete
            queries = {text: replace(query, asked=False) for text, query in queries.items()}
            text = next(iter(queries))
        query = queries[text]
        span = query.gap or _Gap(self._from(query), _LATEST)
        hits, total, requests = self._ask(text, span)
        posts, rejects = posts_of(hits)
        queries[text], notes = self._moved(text, query, span, hits, total)
        more = any(q.gap is not None or not q.asked for q in queries.values())
        return Harvest(
            posts=posts,
            rejects=rejects,
            cursor=_write_cursor(queries),
            more=more,
            requests=requests,
            notes=notes,
        )

    def backfill(self, cursor: str | None, since: datetime, until: datetime, /) -> Harvest:
        """One page of one query, of what was published in [since, until), the newest first.

        Raises:
            SourceError: as `collect`.
        """
        oldest, newest = math.ceil(since.timestamp()), math.ceil(until.timestamp()) - 1
        whole = _Query(gap=_Gap(oldest, newest) if oldest <= newest else None)
        known = _read_cursor(cursor)
        queries = {text: known.get(text, whole) for text in self._source.queries}
        text, span = next(((text, query.gap) for text, query in queries.items() if query.gap), ("", None))
        if span is None:
            return Harvest(cursor=_write_cursor(queries))
        hits, total, requests = self._ask(text, span)
        posts, rejects = posts_of(hits)
        gap, notes = self._rest(text, span, [t for hit in hits if (t := _seconds(hit)) is not None], total, len(hits))
        queries[text] = _Query(gap=gap)
        return Harvest(
            posts=posts,
            rejects=rejects,
            cursor=_write_cursor(queries),
            more=any(query.gap for query in queries.values()),
            requests=requests,
            notes=notes,
        )

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        """What became of the first MAX_RECHECK of the items, one request each; a deleted one is None.

        Raises:
            SourceError: as Http.get.
        """
        found: dict[str, Post | None] = {}
        requests = 0
        for native_id in native_ids[:MAX_RECHECK]:
            if not (native_id.isascii() and native_id.isdigit()):
                continue
            reply = self._http.get(f"{self._base}/api/v1/items/{native_id}", accept=(HTTPStatus.NOT_FOUND,))
            requests += reply.requests
            item = None if reply.status == HTTPStatus.NOT_FOUND else reply.json_object()
            if item is None or (item.get("author") is None and not item.get("text") and not item.get("title")):
                found[native_id] = None
                continue
            try:
                found[native_id] = of_item(item)
            except (KeyError, TypeError, ValueError):
                continue  # in no shape that we know: absent, so unknown
        return Rechecked(found=found, requests=requests)

    def check(self) -> Sequence[Checked]:
        """Whether the search answers."""
        return (reached(lambda: self._ask(self._source.queries[0], _Gap(self._from(_Query()), _LATEST))),)

    @property
    def _base(self) -> str:
        return self._source.base_url.rstrip("/")

    def _from(self, query: _Query) -> int:
        if query.high is not None:
            return query.high - int(OVERLAP.total_seconds())
        return int((self._clock() - self._source.since).timestamp())

    def _ask(self, text: str, span: _Gap) -> tuple[list[Any], int, int]:
        """A page of the span: the hits, how many there are in all, and the requests it took."""
        bounds = [f"created_at_i>={span.oldest}"]
        if span.newest < _LATEST:
            bounds.append(f"created_at_i<={span.newest}")
        reply = self._http.get(
            f"{self._base}/api/v1/search_by_date",
            params={
                "query": text,
                "tags": "(story,comment)",
                "numericFilters": ",".join(bounds),
                "hitsPerPage": str(self._page),
                "page": str(span.page),
                "typoTolerance": "false",
            },
        )
        body = reply.json_object()
        hits, total = body.get("hits"), body.get("nbHits")
        if not isinstance(hits, list) or not isinstance(total, int):
            raise UnexpectedReply("the search answered without hits")
        return hits, total, reply.requests

    def _moved(
        self, text: str, query: _Query, span: _Gap, hits: Sequence[Any], total: int
    ) -> tuple[_Query, tuple[str, ...]]:
        """Where the query stands after a page."""
        times = [time for hit in hits if (time := _seconds(hit)) is not None]
        high = query.high
        if query.gap is None and times:
            # A post dated in the future must not carry `high` there: what comes until then would be passed over.
            high = max(high or 0, min(max(times), int(self._clock().timestamp())))
        gap, notes = self._rest(text, span, times, total, len(hits))
        return _Query(high, gap, asked=True), notes

    def _rest(
        self, text: str, span: _Gap, times: Sequence[int], total: int, hits: int
    ) -> tuple[_Gap | None, tuple[str, ...]]:
        """What is left of the span after a page of it."""
        if not hits or (span.page == 0 and total <= hits):
            return None, ()
        if not times:
            raise UnexpectedReply("the search answered without times")
        if max(times) > span.newest:
            raise UnexpectedReply("the search answered with posts outside the time asked for")
        oldest = min(times)
        if oldest < span.newest:
            if oldest < span.oldest:
                return None, ()
            return _Gap(span.oldest, oldest), ()
        if (span.page + 1) * self._page < CEILING:
            return replace(span, page=span.page + 1), ()
        note = f"query {text!r}: more than {CEILING} posts in the second {span.newest}; the others cannot be read"
        earlier = span.newest - 1
        return (_Gap(span.oldest, earlier) if earlier >= span.oldest else None), (note,)


def _seconds(hit: Any) -> int | None:
    value = hit.get("created_at_i") if isinstance(hit, dict) else None
    return value if isinstance(value, int) and 0 < value <= _LATEST else None


def _write_cursor(queries: Mapping[str, _Query]) -> str:
    return json.dumps({"v": _VERSION, "queries": {text: asdict(query) for text, query in queries.items()}})


def _read_cursor(cursor: str | None) -> dict[str, _Query]:
    """What the cursor says; of one that another version wrote, nothing: the first round is read again."""
    value = json.loads(cursor) if cursor is not None else {}
    if value.get("v") != _VERSION:
        return {}
    return {
        text: _Query(query["high"], _Gap(**query["gap"]) if query["gap"] else None, query["asked"])
        for text, query in value["queries"].items()
    }
