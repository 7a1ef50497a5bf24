"""X's recent search, look-up and usage as far as a collector meets them, and the bill that X would send."""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from faulty_server import Answer, Asked, FaultyServer

WINDOW = timedelta(days=7)
POST_MICROS, USER_MICROS = 5_000, 10_000  # X's prices, in millionths of a dollar
_EPOCH = 1_288_834_974_657
Item = dict[str, Any]


def an_id(moment: datetime, number: int = 0) -> str:
    """The id of a post of that moment; `number` tells those of one millisecond apart."""
    return str(((int(moment.timestamp() * 1000) - _EPOCH) << 22) + number)


def moment_of(post_id: str) -> datetime:
    return datetime.fromtimestamp(((int(post_id) >> 22) + _EPOCH) / 1000, UTC)


def tweet(post_id: str, text: str = "acme", author: str = "900", **more: Any) -> Item:
    """A post as X tells it, with all that a collector asks for."""
    return {
        "id": post_id,
        "text": text,
        "author_id": author,
        "created_at": moment_of(post_id).strftime("%Y-%m-%dT%H:%M:%S.") + "000Z",
        "lang": "en",
        "conversation_id": post_id,
        "edit_history_tweet_ids": [post_id],
        "public_metrics": {"retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 4},
        **more,
    }


def problem(kind: str, title: str, detail: str = "", **more: Any) -> Item:
    return {"type": f"https://api.twitter.com/2/problems/{kind}", "title": title, "detail": detail, **more}


def invalid(parameter: str, message: str) -> Answer:
    """A refusal as X words it."""
    body = problem("invalid-request", "Invalid Request", "One or more parameters to your request was invalid.")
    body["errors"] = [{"parameters": {parameter: ["x"]}, "message": message}]
    return Answer(json.dumps(body).encode(), 400)


def refusal(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(json.dumps(body).encode(), status, headers or {})


class XServer(FaultyServer):
    """Searches `posts`, newest first, and writes the bill: each post and author returned, once a UTC day."""

    def __init__(self, now: datetime) -> None:
        super().__init__(self._reply)
        self.now = now
        self.tells_time = True
        self.posts: list[Item] = []
        self.others: dict[str, Item] = {}  # posts that are only referred to
        self.protected: set[str] = set()  # ids of posts that may not be seen any more
        self.users: dict[str, Item] = {}
        self.short: int | None = None  # posts on a page at most, whatever was asked for
        self.shuffled = False  # within a page, in another order
        self.tokens_lost = False  # no page token is known any more
        self.scripted: list[Answer] = []  # given instead, one each
        self.bill: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.used_elsewhere = 0
        self._found: dict[tuple[str, int], tuple[list[Item], list[int]]] = {}

    @property
    def micros(self) -> int:
        """The bill, in millionths of a dollar."""
        prices = {"post": POST_MICROS, "user": USER_MICROS}
        return sum(len(ids) * prices[kind] for (_, kind), ids in self.bill.items())

    def micros_on(self, day: str) -> int:
        return len(self.bill[day, "post"]) * POST_MICROS + len(self.bill[day, "user"]) * USER_MICROS

    @property
    def searches(self) -> list[Mapping[str, str]]:
        """The searches asked for so far."""
        return [asked.params for asked in self.asked if asked.path.endswith("/search/recent")]

    def _reply(self, asked: Asked) -> Answer:
        answer = self.scripted.pop(0) if self.scripted and "usage" not in asked.path else self._route(asked)
        date = {"Date": format_datetime(self.now, usegmt=True)} if self.tells_time else {}
        return Answer(answer.body, answer.status, {"Content-Type": "application/json", **date, **answer.headers})

    def _route(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != "Bearer SECRET":
            return refusal(401, {"title": "Unauthorized", "type": "about:blank", "status": 401})
        match asked.path:
            case "/2/tweets/search/recent":
                return self._search(asked.params)
            case "/2/tweets":
                return self._lookup(asked.params["ids"].split(","))
            case "/2/usage/tweets":
                read = sum(len(ids) for (_, kind), ids in self.bill.items() if kind == "post") + self.used_elsewhere
                data = {"cap_reset_day": 1, "project_cap": "2000000", "project_id": "1", "project_usage": str(read)}
                return Answer(json.dumps({"data": data}).encode())
        return refusal(404, problem("resource-not-found", "Not Found Error"))

    def _search(self, params: Mapping[str, str]) -> Answer:
        edge = self.now - WINDOW
        wanted, query = int(params["max_results"]), params["query"]
        low, high = 0, 1 << 63
        if len(query) > 512 or query.count('"') % 2:
            return invalid("query", "Rules must be 512 characters or less and well formed.")
        if not 10 <= wanted <= 100:
            return invalid("max_results", "must be between 10 and 100")
        if (since := params.get("since_id")) is not None:
            if moment_of(since) < edge:
                return invalid("since_id", f"'since_id' must be a tweet id created after [{edge:%Y-%m-%dT%H:%MZ}].")
            low = int(since)
        elif (start := params.get("start_time")) is not None:
            moment = datetime.fromisoformat(start)
            if moment < edge:
                return invalid("start_time", f"'start_time' must be on or after {edge:%Y-%m-%dT%H:%MZ}.")
            low = int(an_id(moment)) - 1
        high = int(params.get("until_id", high))
        bounds = f"{low}-{high}-{query}"
        if (token := params.get("next_token")) is not None:
            end, _, of = token.partition("/")
            if self.tokens_lost or of != str(hash(bounds)):
                return invalid("next_token", "Invalid next_token")
            high = int(end)
        hits, numbers = self._matching(query)
        found = hits[bisect_right(numbers, -high) : bisect_left(numbers, -low)]
        size = min(wanted, self.short or wanted)
        shown = found[:size]
        meta: Item = {"result_count": len(shown)}
        if shown:
            meta |= {"newest_id": shown[0]["id"], "oldest_id": shown[-1]["id"]}
        if len(found) > size:
            meta["next_token"] = f"{shown[-1]['id']}/{hash(bounds)}"
        return self._page([*shown[1::2], *shown[0::2]] if self.shuffled else shown, meta, [])

    def _matching(self, query: str) -> tuple[list[Item], list[int]]:
        """The posts that a query finds, newest first, and their ids negated, so in rising order."""
        key = (query, len(self.posts))
        if key not in self._found:
            words = [w for w in re.findall(r"(?<![-:\w])[\w#@]+(?![\w:])", query.lower()) if w not in ("or", "lang")]
            hits = [post for post in self.posts if any(word in post["text"].lower() for word in words)]
            hits.sort(key=lambda post: int(post["id"]), reverse=True)
            self._found[key] = hits, [-int(post["id"]) for post in hits]
        return self._found[key]

    def _lookup(self, ids: list[str]) -> Answer:
        if not 1 <= len(ids) <= 100:
            return invalid("ids", "size must be between 1 and 100")
        known = {post["id"]: post for post in self.posts}
        shown = [known[post_id] for post_id in ids if post_id in known and post_id not in self.protected]
        errors = [self._missing(post_id, "ids") for post_id in ids if post_id not in known or post_id in self.protected]
        return self._page(shown, None, errors)

    def _missing(self, post_id: str, parameter: str) -> Item:
        where = {"resource_type": "tweet", "resource_id": post_id, "value": post_id, "parameter": parameter}
        if post_id in self.protected:
            return problem("not-authorized-for-resource", "Authorization Error", "Sorry, you may not see it.", **where)
        return problem("resource-not-found", "Not Found Error", "Could not find it.", **where)

    def _page(self, shown: list[Item], meta: Item | None, errors: list[Item]) -> Answer:
        referred = {one["id"] for post in shown for one in post.get("referenced_tweets", ())}
        known = {**{post["id"]: post for post in self.posts}, **self.others} if referred else {}
        tweets = [known[post_id] for post_id in sorted(referred) if post_id in known]
        errors = errors + [self._missing(p, "referenced_tweets.id") for p in sorted(referred) if p not in known]
        users = [self._user(author) for author in _authors([*shown, *tweets])]
        day = self.now.astimezone(UTC).date().isoformat()
        self.bill[day, "post"].update(post["id"] for post in (*shown, *tweets))
        self.bill[day, "user"].update(user["id"] for user in users)
        body: Item = {"mystery": {"new": [1]}}
        if shown:
            body |= {"data": shown, "includes": {"users": users, **({"tweets": tweets} if tweets else {})}}
        body |= {"errors": errors} if errors else {}
        body |= {"meta": meta} if meta is not None else {}
        return Answer(json.dumps(body).encode())

    def _user(self, author: str) -> Item:
        metrics = {"followers_count": 5, "following_count": 1, "tweet_count": 1, "listed_count": 0}
        return self.users.get(author) or {
            "id": author,
            "username": f"user{author}",
            "name": f"User {author}",
            "public_metrics": metrics,
        }


def _authors(items: Iterable[Item]) -> list[str]:
    return list(dict.fromkeys(item["author_id"] for item in items if "author_id" in item))
