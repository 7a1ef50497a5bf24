"""A feed that speaks HTTP as publishers do: validators, 304, and entries nobody would write on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from xml.sax.saxutils import escape

from faulty_server import Answer, Asked, FaultyServer


@dataclass(frozen=True)
class Entry:
    """One entry of the feed, as it is written; None: the element is missing."""

    guid: str | None
    title: str | None = "A title"
    description: str | None = "Some words"
    link: str | None = None
    date: str | None = "Sat, 21 Nov 2026 09:00:00 GMT"
    extra: str = ""


class FeedServer(FaultyServer):
    """Serves `entries` as RSS 2.0 at /feed.xml, newest first, with ETag and Last-Modified."""

    def __init__(self, entries: list[Entry] | None = None) -> None:
        super().__init__(self._answer)
        self.entries = entries or []
        self.moved: dict[str, tuple[int, str]] = {}  # path -> status and where to

    @property
    def url(self) -> str:
        return self.base + "/feed.xml"

    def document(self) -> bytes:
        items = "".join(map(_item, reversed(self.entries)))
        head = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:x="urn:x"><channel>'
        about = (
            "<title>Traveller</title><link>https://traveller.example/</link><language>en-GB</language><x:new>1</x:new>"
        )
        return f"{head}{about}{items}</channel></rss>".encode()

    def _answer(self, asked: Asked) -> Answer:
        if asked.path in self.moved:
            status, where = self.moved[asked.path]
            return Answer(b"", status, {"Location": where} if where else {})
        body = self.document()
        tag = f'"{sha256(body).hexdigest()[:16]}"'
        validators = {"ETag": tag, "Last-Modified": "Sat, 21 Nov 2026 09:30:00 GMT"}
        if asked.headers.get("if-none-match") == tag:
            return Answer(b"", 304, validators)
        return Answer(body, 200, {"Content-Type": "application/rss+xml", **validators})


def _item(entry: Entry) -> str:
    def element(name: str, value: str | None) -> str:
        return "" if value is None else f"<{name}>{escape(value)}</{name}>"

    guid = "" if entry.guid is None else f'<guid isPermaLink="false">{escape(entry.guid)}</guid>'
    parts = [("title", entry.title), ("link", entry.link), ("description", entry.description), ("pubDate", entry.date)]
    return f"<item>{guid}{''.join(element(*part) for part in parts)}{entry.extra}</item>"
