"""Posts of a Discourse forum by its public JSON: the newest first, then down by number to where the last round began."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from collectors.base import MAX_TEXT, Checked, Harvest, Post, Rechecked, Reject, UnexpectedReply
from collectors.checking import reached
from collectors.dates import parse_date
from collectors.http import Http
from collectors.plain import links_in, strip_html
from config.source_discourse import DiscourseSource
from config.vocabulary import Platform

PAGE = 50  # posts, or numbers of posts, that the forum shows at once
LATE = 20  # numbers read again each round: one given out earlier may become visible later
_VERSION = 1  # of the cursor


@dataclass(frozen=True, slots=True)
class _Walk:
    """How far the forum has been read: all up to `high`, but for the numbers in (floor, below]."""

    high: int = 0
    below: int | None = None  # None: nothing is open
    floor: int = 0
    since: str = ""  # of the first round, which knows no number to stop at


class DiscourseCollector:
    """Reads one page a call."""

    def __init__(self, source: DiscourseSource, *, http: Http, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._http = http
        self._clock = clock
        self._host = urlsplit(source.url).netloc

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        return self._source.name

    def collect(self, cursor: str | None, /) -> Harvest:
        """One page; `more` until the last round is reached.

        Raises:
            SourceError: as Http.get; UnexpectedReply also for a page that is not in Discourse's shape.
        """
        known = json.loads(cursor) if cursor is not None else {}
        since = (self._clock() - self._source.since).isoformat()
        walk = _Walk(**known["walk"]) if known.get("v") == _VERSION else _Walk(since=since)
        shown, requests = self._ask(walk.below)
        posts, rejects = list[Post](), list[Reject]()
        for number, item in enumerate(shown, 1):
            try:
                posts.append(self._post(item))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                rejects.append(Reject(f"page, post {number}", f"not in the shape of a post: {type(error).__name__}"))
        numbers = [item["id"] for item in shown if isinstance(item, dict) and isinstance(item.get("id"), int)]
        after = self._after(walk, numbers, [post.published_at for post in posts])
        return Harvest(
            posts=posts,
            rejects=rejects,
            cursor=json.dumps({"v": _VERSION, "walk": asdict(after)}),
            more=after.below is not None,
            requests=requests,
        )

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        """Nothing is asked: edits are seen while a post is among the newest, deletions are not."""
        return Rechecked()

    def check(self) -> Sequence[Checked]:
        """Whether the forum answers."""
        return (reached(lambda: self._ask(None)),)

    def _ask(self, below: int | None) -> tuple[list[Any], int]:
        params = {} if below is None else {"before": str(below)}
        reply = self._http.get(f"{self._source.url.rstrip('/')}/posts.json", params=params)
        shown = reply.json_object().get("latest_posts")
        if not isinstance(shown, list):
            raise UnexpectedReply(f"{self._host} answered without posts")
        return shown, reply.requests

    @staticmethod
    def _after(walk: _Walk, numbers: Sequence[int], times: Sequence[datetime]) -> _Walk:
        """Where the walk stands after a page. One without posts may lie between others: numbers of deleted posts."""
        floor = walk.floor if walk.below is not None else max(0, walk.high - LATE)
        below = min(numbers) - 1 if numbers else max(0, (walk.below or 0) - PAGE)
        too_old = bool(walk.since and times) and max(times) < datetime.fromisoformat(walk.since)
        high = max([walk.high, *numbers])
        return _Walk(high) if below <= floor or too_old else _Walk(high, below, floor, walk.since)

    def _post(self, item: dict[str, Any]) -> Post:
        forum, topic, first = f"{self._host}/", int(item["topic_id"]), item["post_number"] == 1
        return Post(
            platform=Platform.WEB,
            native_id=f"{forum}p/{int(item['id'])}",
            text=strip_html(item["cooked"])[:MAX_TEXT],
            published_at=parse_date(item["created_at"], None),
            kind="post" if first else "reply",
            title=strip_html(item.get("topic_title") or "") or None if first else None,
            author_id=forum + item["username"],
            author_handle=item["username"],
            author_name=item.get("name") or None,
            url=f"{self._source.url.rstrip('/')}/t/{topic}/{int(item['post_number'])}",
            thread=f"{forum}t/{topic}",
            version=str(item["version"]) if "version" in item else None,
            community=self._host,
            links=links_in(item["cooked"]),
        )
