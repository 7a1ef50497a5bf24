"""Mastodon's API as far as a collector meets it, in the shapes of real answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from faulty_server import Answer, Asked, FaultyServer

MOST = 40  # statuses of one page
TOKEN = "an-invented-token"
Status = dict[str, Any]


def status_id(second: float, serial: int = 0) -> str:
    return str((int(second * 1000) << 16) + serial)


def account(name: str = "mia", server: str = "social.example", **more: Any) -> dict[str, Any]:
    return {
        "id": "7",
        "username": name,
        "acct": f"{name}@{server}",
        "display_name": f"{name.capitalize()} \N{BUG}",
        "locked": False,
        "bot": False,
        "discoverable": True,
        "indexable": True,
        "uri": f"https://{server}/users/{name}",
        "url": f"https://{server}/@{name}",
        "followers_count": 12,
        "emojis": [],
        "fields": [],
        **more,
    }


def status(number: int, second: float, text: str = "Acme is down", *, tag: str = "acme", **more: Any) -> Status:
    """A status written at `second`, known to the instance at once; its uri depends on `number` alone."""
    link = f'<a href="https://social.example/tags/{tag}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
    return {
        "id": status_id(second, number),
        "created_at": datetime.fromtimestamp(second, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "uri": f"https://social.example/users/mia/statuses/{number}",
        "url": f"https://social.example/@mia/{number}",
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
        "edited_at": None,
        "content": f"<p>{text} {link}</p>",
        "reblog": None,
        "account": account(),
        "media_attachments": [],
        "mentions": [],
        "tags": [{"name": tag, "url": f"https://a.example/tags/{tag}"}],
        "emojis": [],
        "card": None,
        "poll": None,
        **more,
    }


class MastodonServer(FaultyServer):
    """One instance. `closed` is how it keeps hashtags from anonymous readers: "401", "422" or "empty"."""

    def __init__(self, statuses: list[Status] | None = None, *, most: int = MOST) -> None:
        super().__init__(self._answer)
        self.statuses = statuses or []
        self.most = most
        self.closed = ""
        self.full_text = True  # whether it has a full-text index
        self.scopes = "read"
        self.headers: dict[str, str] = {}
        self.feeds = {"local": "public", "remote": "public"}

    def _answer(self, asked: Asked) -> Answer:
        shown = self._shown(asked)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-RateLimit-Limit": "300",
            "X-RateLimit-Remaining": "299",
            "X-RateLimit-Reset": "2026-11-21T12:05:00.290188Z",
            "Date": "Sat, 21 Nov 2026 12:00:30 GMT",
            **self.headers,
        }
        return Answer(shown.body, shown.status, {**headers, **shown.headers})

    def _shown(self, asked: Asked) -> Answer:
        logged_in = asked.headers.get("authorization") == f"Bearer {TOKEN}"
        if "authorization" in asked.headers and not logged_in:
            return _said({"error": "The access token is invalid"}, 401)
        if logged_in and self.scopes != "read":
            return _said({"error": "This action is outside the authorized scopes"}, 403)
        path = asked.path
        if path.startswith("/api/v1/timelines/tag/"):
            return self._timeline(path.rsplit("/", 1)[1], asked.params, logged_in=logged_in)
        if path == "/api/v2/search":
            return self._search(asked.params, logged_in=logged_in)
        if path == "/api/v1/accounts/verify_credentials":
            return _said(account("monitor") if logged_in else {"error": "invalid"}, 200 if logged_in else 401)
        return self._described() if path.rstrip("/") == "/api/v2/instance" else self._single(path)

    def _described(self) -> Answer:
        access = {"live_feeds": self.feeds, "hashtag_feeds": self.feeds}
        return _said({"domain": "a.example", "version": "4.5.2", "configuration": {"timelines_access": access}})

    def _single(self, path: str) -> Answer:
        """A status by its number here, or by its own address where it was written here."""
        by_address = next((one for one in self.statuses if one["uri"] == self.base + path), None)
        number = path.removeprefix("/api/v1/statuses/")
        found = next((one for one in self.statuses if one["id"] == number), by_address)
        return _said({"error": "Record not found"}, 404) if found is None else _said(found)

    def _timeline(self, tag: str, params: Mapping[str, str], *, logged_in: bool) -> Answer:
        if self.closed and not logged_in:
            if self.closed == "401":
                return _said({"error": "The access token is invalid"}, 401)
            if self.closed == "422":
                return _said({"error": "This method requires an authenticated user"}, 422)
            return _said([])
        low, high = int(params.get("min_id", 0)), int(params.get("max_id", 2**63))
        tagged = [one for one in self.statuses if _has(one, tag) and low < int(one["id"]) < high]
        tagged.sort(key=lambda one: int(one["id"]))
        size = min(int(params.get("limit", 20)), self.most)
        page = tagged[:size] if "min_id" in params else tagged[-size:]
        return _said(page[::-1])

    def _search(self, params: Mapping[str, str], *, logged_in: bool) -> Answer:
        if not logged_in or params["type"] != "statuses" or not self.full_text:
            return _said({"accounts": [], "statuses": [], "hashtags": []})
        # Ids stand for whole seconds here: after:"2026-11-21T12:00:00" and before:"…", by the time of writing.
        low, high = (int(params[key]) >> 16 if key in params else None for key in ("min_id", "max_id"))
        found = [
            one
            for one in self.statuses
            if params["q"].lower() in one["content"].lower()
            and (low is None or _second(one) > low // 1000)
            and (high is None or _second(one) < high // 1000)
        ]
        found.sort(key=lambda one: int(one["id"]), reverse=True)
        offset = int(params.get("offset", 0))
        page = found[offset : offset + min(int(params.get("limit", 20)), self.most)]
        return _said({"accounts": [], "statuses": page, "hashtags": [], "new": {}})


def _has(one: Status, tag: str) -> bool:
    return any(known["name"].lower() == tag.lower() for known in one["tags"])


def _second(one: Status) -> int:
    return int(datetime.fromisoformat(one["created_at"]).timestamp())


def _said(value: object, code: int = 200) -> Answer:
    return Answer(json.dumps(value).encode(), code)
