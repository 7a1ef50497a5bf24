"""Algolia's Hacker News search as far as a collector meets it, with its ceiling of 1,000 hits for one search."""

from __future__ import annotations

import json
import re
from typing import Any

from faulty_server import Answer, Asked, FaultyServer

CEILING = 1_000
Item = dict[str, Any]


def story(number: int, time: int, title: str, **more: Any) -> Item:
    return {
        "objectID": str(number),
        "created_at_i": time,
        "title": title,
        "url": None,
        "story_text": None,
        "comment_text": None,
        "author": "mia",
        "story_id": None,
        "parent_id": None,
        "_tags": ["story"],
        **more,
    }


def comment(number: int, time: int, text: str, *, story_id: int = 1, **more: Any) -> Item:
    return {
        **story(number, time, ""),
        "title": None,
        "comment_text": text,
        "story_id": story_id,
        "parent_id": story_id,
        "story_title": "A story",
        "_tags": ["comment"],
        **more,
    }


class HackerNewsServer(FaultyServer):
    """Searches `items` by substring, newest first, and shows no more than 1,000 hits however they are paged."""

    def __init__(self, items: list[Item] | None = None) -> None:
        super().__init__(self._answer)
        self.items = items or []

    def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/api/v1/search_by_date":
            return self._search(asked)
        number = asked.path.removeprefix("/api/v1/items/")
        item = next((item for item in self.items if item["objectID"] == number), None)
        if item is None:
            return Answer(b'{"status":404,"error":"Not Found"}', 404)
        return Answer(json.dumps(_as_item(item)).encode())

    def _search(self, asked: Asked) -> Answer:
        query = asked.params["query"].lower()
        low, high = 0, 10**12
        for bound in asked.params.get("numericFilters", "").split(","):
            found = re.fullmatch(r"created_at_i(>=|<=)(-?\d+)", bound)
            if found is None:
                return Answer(b'{"message":"invalid numericFilters"}', 400)
            low, high = (int(found[2]), high) if found[1] == ">=" else (low, int(found[2]))
        hits = [item for item in self.items if low <= item["created_at_i"] <= high and query in _words(item)]
        hits.sort(key=lambda item: (item["created_at_i"], int(item["objectID"])), reverse=True)
        size, page = int(asked.params["hitsPerPage"]), int(asked.params["page"])
        shown = hits[:CEILING][page * size : (page + 1) * size]
        pages = -(-min(len(hits), CEILING) // size)
        body = {"hits": shown, "nbHits": len(hits), "page": page, "nbPages": pages, "hitsPerPage": size, "new": True}
        return Answer(json.dumps(body).encode(), 200, {"Content-Type": "application/json"})


def _words(item: Item) -> str:
    return " ".join(str(item[key]) for key in ("title", "story_text", "comment_text") if item[key]).lower()


def _as_item(item: Item) -> Item:
    is_comment = "comment" in item["_tags"]
    return {
        "id": int(item["objectID"]),
        "created_at_i": item["created_at_i"],
        "type": "comment" if is_comment else "story",
        "author": item["author"],
        "title": item["title"],
        "url": item["url"],
        "text": item["comment_text"] if is_comment else item["story_text"],
        "parent_id": item["parent_id"],
        "story_id": item["story_id"],
        "children": [],
    }
