"""RSS and Atom feeds, fetched by our own client and parsed by feedparser from bytes."""

from __future__ import annotations

import io
import json
from calendar import timegm
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import feedparser

from collectors.base import MAX_TEXT, Checked, Harvest, Post, Rechecked, Reject, UnexpectedReply
from collectors.checking import reached
from collectors.http import Http, Reply
from collectors.plain import clean, language_tag, links_in, strip_html, web_link
from config.sources import FeedSource
from config.vocabulary import Platform

_VERSION = 1  # of the cursor
MAX_ENTRIES = 5_000  # of one document; real feeds have 10 to 100, archives some hundreds
MAX_ID = 500  # characters of an identity; a longer one is digested
MAX_VALIDATOR = 1_000  # characters of an ETag or date that is sent back
MAX_NAME = 500  # characters of a title or an author
_TRACKING = (
    "utm_",
    "fbclid",
    "gclid",
    "mc_cid",
    "mc_eid",
    "igshid",
)  # parts of a link that name no other page


@dataclass(frozen=True, slots=True)
class _Place:
    """What is kept between two polls: the feed's address now, and its validators."""

    configured: str  # the address in the settings when this was written; another one starts afresh
    url: str
    etag: str | None = None
    modified: str | None = None


class FeedCollector:
    """Polls one feed. A poll is one request (and its redirects) and brings the whole document, oldest entry first."""

    def __init__(self, source: FeedSource, *, http: Http, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._http = http
        self._clock = clock

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        return self._source.name

    def collect(self, cursor: str | None, /) -> Harvest:
        """Every entry of the feed, or nothing where it says that it has not changed.

        An entry without a date is dated by our clock and says so; the store keeps the first such date. A feed that
        has moved for good is asked at its new address from then on.

        Raises:
            SourceError: as Http.get; UnexpectedReply also for an answer that is no feed.
        """
        place = self._place(cursor)
        asked: dict[str, str] = {
            "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"
        }
        if place.etag is not None:
            asked["If-None-Match"] = place.etag
        if place.modified is not None:
            asked["If-Modified-Since"] = place.modified
        reply = self._http.get(place.url, headers=asked)
        if reply.status == HTTPStatus.NOT_MODIFIED:
            moved = replace(place, url=reply.moved_to) if reply.moved_to else place
            return Harvest(cursor=_written(moved), requests=reply.requests)
        posts, rejects = self._read(reply)
        after = _Place(
            place.configured,
            reply.moved_to or place.url,
            _header(reply, "etag"),
            _header(reply, "last-modified"),
        )
        return Harvest(posts=posts, rejects=rejects, cursor=_written(after), requests=reply.requests)

    def recheck(self, _native_ids: Sequence[str], /) -> Rechecked:
        """Always empty: an entry that has left the document may simply be old."""
        return Rechecked()

    def check(self) -> Sequence[Checked]:
        """Whether the address answers with a feed."""
        return (reached(lambda: self.collect(None)),)

    def _place(self, cursor: str | None) -> _Place:
        fresh = _Place(self._source.url, self._source.url)
        if cursor is None:
            return fresh
        value = json.loads(cursor)
        if value.pop("v", None) != _VERSION or value.get("configured") != self._source.url:
            return fresh
        return _Place(**value)

    def _read(self, reply: Reply) -> tuple[list[Post], list[Reject]]:
        headers = {"content-type": reply.headers.get("content-type", ""), "content-location": reply.url}
        document = feedparser.parse(io.BytesIO(reply.body), response_headers=headers)
        entries = list(document.get("entries") or ())[:MAX_ENTRIES]
        host = urlsplit(self._source.url).hostname or "feed"
        if not entries and (document.get("bozo") or not document.get("version")):
            raise UnexpectedReply(f"{host} answered with something that is no feed")
        language = language_tag((document.get("feed") or {}).get("language"))
        now = self._clock().astimezone(UTC)
        posts: list[Post] = []
        rejects: list[Reject] = []
        for number, entry in enumerate(entries, 1):
            post = _post(entry, host, language, now)
            if post is None:
                rejects.append(Reject(f"{host} entry {number}", "has neither title nor text"))
            else:
                posts.append(post)
        return sorted(posts, key=lambda post: post.published_at), rejects


def _post(entry: Any, host: str, language: str | None, now: datetime) -> Post | None:
    """The post that an entry tells of; None where it says nothing."""
    title = _plain(entry.get("title"), entry.get("title_detail"))
    markup, detail = _content(entry)
    body = _plain(markup, detail)
    if not (title or body):
        return None
    link = web_link(entry.get("link"))
    dated = _date(entry)
    outlet = entry.get("source") or {}
    return Post(
        platform=Platform.FEED,
        native_id=_identity(entry, host, link, title, body),
        text=(body or title)[:MAX_TEXT],
        published_at=dated or now,
        dated_by="platform" if dated else "first_seen",
        kind="article",
        title=title[:MAX_NAME] if body and title else None,
        author_name=(clean(str(entry.get("author") or "")) or clean(str(outlet.get("title") or "")))[:MAX_NAME] or None,
        url=link,
        language=language_tag((detail or {}).get("language")) or language,
        links=links_in(markup),
    )


def _content(entry: Any) -> tuple[str, Any]:
    """The longest of what the entry holds of its text, with feedparser's word on its type."""
    pieces = [*(entry.get("content") or ()), entry.get("summary_detail") or {}]
    best = max(pieces, key=lambda piece: len(piece.get("value") or ""))
    return best.get("value") or entry.get("summary") or "", best


def _plain(value: str | None, detail: Any) -> str:
    is_plain = (detail or {}).get("type") == "text/plain"
    return clean(value or "") if is_plain and "<" not in (value or "") else strip_html(value or "")


def _date(entry: Any) -> datetime | None:
    """When the entry was published or else updated, in UTC; None where it gives no date that exists."""
    # dict.get, since feedparser's own look-up takes one date for the other and warns of it.
    parsed = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    if parsed is None:
        return None
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _identity(entry: Any, host: str, link: str | None, title: str, body: str) -> str:
    """The entry's id, else its link, else a digest of what it says.

    An id that is no URI ("1024") is unique within its feed only, and so goes with the host.
    """
    given = clean(str(entry.get("id") or ""))
    if given:
        identity = given if ":" in given else f"{host}#{given}"
    elif link is not None:
        identity = normal_link(link)
    else:
        return "digest:" + _digest(f"{title}\n{body}")
    return identity if len(identity) <= MAX_ID else "digest:" + _digest(identity)


def normal_link(link: str) -> str:
    """One spelling for the links to one page: host in small letters, no default port, fragment or tracking."""
    parts = urlsplit(link)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    try:
        port = parts.port
    except ValueError:
        port = None
    if port is not None and (parts.scheme, port) not in (("http", 80), ("https", 443)):
        host = f"{host}:{port}"
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not k.lower().startswith(_TRACKING)]
    return urlunsplit((parts.scheme.lower(), host, parts.path or "/", urlencode(query), ""))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _header(reply: Reply, name: str) -> str | None:
    """A validator to send back; None where there is none, or one that is no plain short text."""
    value = reply.headers.get(name, "")
    return value if 0 < len(value) <= MAX_VALIDATOR and value.isascii() and value.isprintable() else None


def _written(place: _Place) -> str:
    return json.dumps({"v": _VERSION, **asdict(place)})
