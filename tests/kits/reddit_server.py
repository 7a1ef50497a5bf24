"""Reddit's API as far as a collector meets it: token, search, listings, conversations, info, and its limits.

Shapes and headers are those of recorded answers. As on Reddit, a listing shows no more than 1,000 things, a search
some 250, and what stood at `after` and has been removed leads to an empty page.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from faulty_server import Answer, Asked, FaultyServer

CLIENT_ID, CLIENT_SECRET = "an-application", "its-secret"
WINDOWS = {"day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400, "year": 365 * 86_400, "all": 10**12}
Thing = dict[str, Any]


def submission(number: str, time: float, title: str, **more: Any) -> Thing:
    """A t3 as Reddit tells it, with a few of the many keys that nobody asked for."""
    subreddit = more.get("subreddit", "travel")
    return {
        "name": f"t3_{number}",
        "id": number,
        "title": title,
        "selftext": "",
        "author": "mia_k",
        "author_fullname": "t2_mia",
        "created_utc": float(time),
        "created": float(time) + 28_800,  # Reddit's old mistake
        "edited": False,
        "is_self": True,
        "subreddit": subreddit,
        "subreddit_name_prefixed": f"r/{subreddit}",
        "subreddit_id": "t5_2qh41",
        "permalink": f"/r/{subreddit}/comments/{number}/a_title/",
        "url": f"https://www.reddit.com/r/{subreddit}/comments/{number}/a_title/",
        "score": 7,
        "upvote_ratio": 0.88,
        "num_comments": 0,  # as told, the server counts
        "hide_score": False,
        "removed_by_category": None,
        "media_embed": {},
        "all_awardings": [],
        **more,
    }


def comment(number: str, time: float, body: str, *, link: str, parent: str | None = None, **more: Any) -> Thing:
    """A t1 as Reddit tells it; without a parent, at the top of the conversation."""
    subreddit = more.get("subreddit", "travel")
    return {
        "name": f"t1_{number}",
        "id": number,
        "body": body,
        "author": "bo_r",
        "author_fullname": "t2_bo",
        "created_utc": float(time),
        "edited": False,
        "subreddit": subreddit,
        "subreddit_name_prefixed": f"r/{subreddit}",
        "link_id": f"t3_{link}",
        "parent_id": f"t1_{parent}" if parent else f"t3_{link}",
        "permalink": f"/r/{subreddit}/comments/{link}/a_title/{number}/",
        "score": 2,
        "score_hidden": False,
        "replies": "",
        "controversiality": 0,
        **more,
    }


class RedditServer(FaultyServer):
    """Knows `things`; `private` and `unknown` are communities that it does not show."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(self._answer)
        self.now = now
        self.things: list[Thing] = []
        self.private: set[str] = set()
        self.unknown: set[str] = set()
        self.removed_anchors: set[str] = set()
        self.listing_shows, self.search_shows, self.tree_shows, self.more_shows = 1_000, 250, 500, 100
        self.remaining, self.reset = 996.0, 321
        self.scope = "*"
        self.tokens: list[str] = []
        self.answers: dict[str, Answer] = {}  # by path, in place of what would be said

    @property
    def paths(self) -> list[str]:
        """What was asked for, without the tokens."""
        return [asked.path for asked in self.asked if "access_token" not in asked.path]

    def _told(self, thing: Thing) -> Thing:
        """A submission with its comments counted."""
        if not thing.get("name", "").startswith("t3"):
            return thing
        return {**thing, "num_comments": sum(one.get("link_id") == thing["name"] for one in self.things)}

    def _answer(self, asked: Asked) -> Answer:
        if asked.path in self.answers:
            return self.answers[asked.path]
        if asked.path == "/api/v1/access_token":
            return self._token(asked)
        if asked.headers.get("authorization", "")[7:] not in self.tokens:
            told = {"WWW-Authenticate": 'Bearer realm="reddit", error="invalid_token"'}
            return _json({"message": "Unauthorized", "error": 401}, 401, told)
        self.remaining -= 1
        return self._limited(self._shown(asked))

    def _limited(self, answer: Answer) -> Answer:
        limits = {
            "X-Ratelimit-Remaining": str(max(self.remaining, 0.0)),
            "X-Ratelimit-Used": "4",
            "X-Ratelimit-Reset": str(self.reset),
        }
        return Answer(answer.body, answer.status, {**answer.headers, **limits})

    def _token(self, asked: Asked) -> Answer:
        given = base64.b64decode(asked.headers.get("authorization", "")[6:]).decode()
        if asked.method != "POST" or given != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return _json({"message": "Unauthorized", "error": 401}, 401)
        assert dict(parse_qsl(asked.body.decode())) == {"grant_type": "client_credentials"}
        self.tokens.append(f"token-{len(self.tokens)}")
        token = {"access_token": self.tokens[-1], "token_type": "bearer", "expires_in": 3600, "scope": self.scope}
        return _json(token)

    def _shown(self, asked: Asked) -> Answer:  # noqa: PLR0911 - one for each thing that can be asked
        parts = asked.path.strip("/").split("/")
        match parts:
            case ["r", "all", "search"]:
                return self._search(asked)
            case ["r", names, "comments" | "new" as which]:
                return self._community(asked, set(names.split("+")), "t1" if which == "comments" else "t3")
            case ["comments", link]:
                return self._conversation(link, f"t3_{link}")
            case ["comments", link, "_", parent]:
                return self._conversation(link, None, f"t1_{parent}")
            case ["api", "info"]:
                names = asked.params["id"].split(",")
                assert len(names) <= 100
                return _json(_listing([self._told(thing) for thing in self.things if thing.get("name") in names]))
            case ["api", "morechildren"]:
                return self._more(dict(parse_qsl(asked.body.decode())))
        return _json({"message": "Not Found", "error": 404}, 404)

    def _search(self, asked: Asked) -> Answer:
        words = asked.params["q"].lower()
        assert (asked.params["sort"], asked.params["type"]) == ("new", "link")
        since = self.now() - WINDOWS[asked.params["t"]]
        found = [
            {**thing, "permalink": thing["permalink"] + "?ref=search_posts"}
            for thing in self.things
            if thing["name"].startswith("t3")
            and thing["created_utc"] >= since
            and words in (thing["title"] + " " + thing["selftext"]).lower()
        ]
        return self._page(asked, found, self.search_shows)

    def _community(self, asked: Asked, names: set[str], kind: str) -> Answer:
        if names <= self.private:
            return _json({"reason": "private", "message": "Forbidden", "error": 403}, 403)
        if names <= self.unknown:
            return Answer(b"<html></html>", 302, {"Location": self.base + "/subreddits/search?q=x"})
        inside = [t for t in self.things if t["name"].startswith(kind) and t["subreddit"] in names - self.private]
        return self._page(asked, inside, self.listing_shows)

    def _page(self, asked: Asked, found: list[Thing], shows: int) -> Answer:
        found = sorted(found, key=lambda thing: thing["created_utc"], reverse=True)[:shows]
        start, after = 0, asked.params.get("after")
        if after is not None:
            places = [n for n, thing in enumerate(found) if thing["name"] == after]
            start = places[0] + 1 if places and after not in self.removed_anchors else len(found)
        size = min(int(asked.params["limit"]), 100)
        page = [self._told(thing) for thing in found[start : start + size]]
        return _json(_listing(page, page[-1]["name"] if start + size < len(found) else None))

    def _below(self, parent: str) -> list[Thing]:
        inside = [thing for thing in self.things if thing.get("parent_id") == parent]
        return sorted(inside, key=lambda thing: thing["created_utc"], reverse=True)

    def _conversation(self, link: str, parent: str | None, only: str | None = None) -> Answer:
        above = [self._told(thing) for thing in self.things if thing["name"] == f"t3_{link}"]
        if not above:
            return _json({"message": "Not Found", "error": 404}, 404)
        room = [self.tree_shows]
        tops = self._below(parent) if parent else [thing for thing in self.things if thing["name"] == only]
        return _json([_listing(above), _listed(self._grown(tops, room, parent or ""))])

    def _grown(self, things: list[Thing], room: list[int], parent: str) -> list[Thing]:
        shown: list[Thing] = []
        for number, thing in enumerate(things):
            if room[0] <= 0:
                left = [one["id"] for one in things[number:]]
                shown.append(_stub(left, parent, count=len(left)))
                break
            room[0] -= 1
            below = self._below(thing["name"])
            if below and room[0] <= 0:
                deeper = [_stub([], thing["name"], count=0)]
            else:
                deeper = self._grown(below, room, thing["name"])
            shown.append(_kinded({**thing, "replies": _listed(deeper) if deeper else ""}))
        return shown

    def _more(self, form: dict[str, str]) -> Answer:
        ids = form["children"].split(",")
        assert len(ids) <= self.more_shows
        found = [_kinded(t) for t in self.things if t["name"].startswith("t1") and t["id"] in ids]
        below = {thing["data"]["name"]: self._below(thing["data"]["name"]) for thing in found}
        found += [_stub([one["id"] for one in each], name, count=len(each)) for name, each in below.items() if each]
        return _json({"json": {"errors": [], "data": {"things": found}}})


def _kinded(thing: Thing) -> Thing:
    return {"kind": thing["name"][:2] if "name" in thing else "t9", "data": thing}


def _listed(children: list[Thing], after: str | None = None) -> Thing:
    return {"kind": "Listing", "data": {"after": after, "before": None, "dist": len(children), "children": children}}


def _listing(things: list[Thing], after: str | None = None) -> Thing:
    return _listed([_kinded(thing) for thing in things], after)


def _stub(children: list[str], parent: str, *, count: int) -> Thing:
    number = children[0] if children else "_"
    data = {"id": number, "name": f"t1_{number}", "count": count, "parent_id": parent, "children": children}
    return {"kind": "more", "data": data}


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(
        json.dumps(body).encode(), status, {"Content-Type": "application/json; charset=UTF-8", **(headers or {})}
    )
