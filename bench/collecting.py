"""Collecting: pages over real HTTP from a server beside it, parsed, matched and stored in SQLite by the real stage."""

from __future__ import annotations

import html
import json
import multiprocessing
import os
import re
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ROUNDS = 3  # the best of them counts, as for the other figures
POSTS = 12_000
SECONDS_APART = 7  # of two posts: a busy brand, and every page has its own seconds
SNOWFLAKE = 1_288_834_974_657  # the millisecond at which X's ids begin
ALIAS = "@acmeair"  # stands in every post, so that every one is stored

SETTINGS = """
company = "Bench"
channels = [{ kind = "console", name = "terminal" }]
default_route = { name = "everything", channels = ["terminal"] }
digest = { enabled = false }

[database]
url = "sqlite:///bench.db"

[[brands]]
name = "Acme Air"
aliases = [
  { text = "acme air", kind = "phrase" },
  { text = "acme", kind = "word" },
  { text = "acmeair", kind = "handle" },
  { text = "acmeair", kind = "hashtag" },
  { text = "acme.example", kind = "domain" },
]
own_accounts = [{ platform = "x", handle = "acmeair" }]
context_words = ["flight", "airline", "airport", "crew", "luggage"]
exclusion_words = ["recipe", "cartoon", "anvil"]

[[brands]]
name = "Bolt"
aliases = [
  { text = "bolt rail", kind = "phrase" },
  { text = "boltrail", kind = "handle" },
  { text = "boltrail.example", kind = "domain" },
]

[[brands]]
name = "Wobblefern"
aliases = [{ text = "wobblefern", kind = "word" }, { text = "wobblefern", kind = "hashtag" }]
"""
SOURCES = {
    "hackernews": """
[[sources]]
kind = "hackernews"
name = "bench"
queries = ["acmeair"]
since = "7d"
base_url = "{base}"
allow_private_address = true
""",
    "x": """
[[sources]]
kind = "x"
name = "bench"
bearer_token = "env:BENCH_X_TOKEN"
queries = ["@acmeair"]
since = "6d"
base_url = "{base}"
allow_private_address = true
budget = {{ daily = 100000, monthly = 1000000 }}
""",
}


def bench_collecting(texts: Sequence[str]) -> dict[str, dict[str, float]]:
    """Posts a second and core, for pages in the shape of Hacker News' search (200 a page) and of X's (100)."""
    many = [f"{texts[number % len(texts)]} {ALIAS}" for number in range(POSTS)]
    return {shape: max(_rounds(shape, many), key=lambda run: run["posts_per_second_and_core"]) for shape in SOURCES}


def _rounds(shape: str, texts: Sequence[str]) -> list[dict[str, float]]:
    """Each round in a process of its own, as is the server: neither pays for the other, nor for what ran before."""
    spawn = multiprocessing.get_context("spawn")
    told, tells = spawn.Pipe(duplex=False)
    server = spawn.Process(target=_serve, args=(shape, texts, tells), daemon=True)
    server.start()
    base = told.recv()
    try:
        with spawn.Pool(1, maxtasksperchild=1) as pool:
            return [pool.apply(_collect, (shape, base, len(texts))) for _ in range(ROUNDS)]
    finally:
        server.terminate()
        server.join()


def _collect(shape: str, base: str, wanted: int) -> dict[str, float]:
    from config.load import load
    from monitor import logs
    from monitor.clock import wall_clock
    from monitor.store.engine import open_store
    from monitor.wiring import House

    logs.set_up("console", level="error")
    os.environ["BENCH_X_TOKEN"] = "bench"
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "monitor.toml"
        file.write_text(SETTINGS + SOURCES[shape].format(base=base), "utf-8")
        settings = load(file)
        store = open_store(settings.database)
        house = House(settings, store, wall_clock)
        (collect,) = house.collectors(house.destinations())
        stored, calls, more = 0, 0, True
        began, used = perf_counter(), process_time()
        while more:
            tally, more = collect.piece()
            stored, calls = stored + tally.stored, calls + 1
        used, seconds = process_time() - used, perf_counter() - began
        store.close()
    if stored != wanted:
        raise RuntimeError(f"{shape}: stored {stored} of {wanted} posts")
    return {
        "posts": stored,
        "calls": calls,
        "seconds": seconds,
        "cpu_seconds": used,
        "posts_per_second": stored / seconds,
        "posts_per_second_and_core": stored / used,
    }


def _serve(shape: str, texts: Sequence[str], tells: Any) -> None:
    """Answer searches until the process is ended."""
    answer = _hackernews(texts) if shape == "hackernews" else _x(texts)

    class Talk(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            known = not asked.path.endswith("/usage/tweets")  # X's own count of what was read is not kept here
            body = json.dumps(answer(dict(parse_qsl(asked.query)))).encode() if known else b"{}"
            self.send_response_only(200 if known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Talk)
    tells.send(f"http://127.0.0.1:{server.server_address[1]}")
    server.serve_forever()


def _hackernews(texts: Sequence[str]) -> Callable[[Mapping[str, str]], Any]:
    now = int(datetime.now(UTC).timestamp())
    times = [now - SECONDS_APART * (len(texts) - number) for number in range(len(texts))]
    hits = [
        {
            "objectID": str(10_000_000 + number),
            "created_at": datetime.fromtimestamp(at, UTC).isoformat(),
            "created_at_i": at,
            "author": f"author{number % 2_000}",
            "comment_text": f"<p>{html.escape(text)}</p>",
            "story_id": 9_000_000 + number // 40,
            "story_title": "A story",
            "parent_id": 9_000_000 + number // 40,
            "_tags": ["comment", f"author_author{number % 2_000}"],
            "_highlightResult": {"comment_text": {"value": html.escape(text), "matchLevel": "full"}},
        }
        for number, (at, text) in enumerate(zip(times, texts, strict=True))
    ]

    def answer(asked: Mapping[str, str]) -> Any:
        bounds = {name: int(value) for name, value in re.findall(r"([<>]=)(\d+)", asked["numericFilters"])}
        low = bisect_left(times, bounds.get(">=", 0))
        high = bisect_right(times, bounds.get("<=", now))
        page, size = int(asked["page"]), int(asked["hitsPerPage"])
        return {"hits": hits[low:high][::-1][page * size :][:size], "nbHits": high - low, "page": page}

    return answer


def _x(texts: Sequence[str]) -> Callable[[Mapping[str, str]], Any]:
    now = datetime.now(UTC)
    posts = []
    for number, text in enumerate(texts):  # the newest first
        at = now - timedelta(seconds=60 + SECONDS_APART * number)
        post_id = str((int(at.timestamp() * 1_000) - SNOWFLAKE) << 22)
        posts.append(
            {
                "id": post_id,
                "text": text,
                "author_id": str(number % 2_000),
                "created_at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "lang": "en",
                "conversation_id": post_id,
                "edit_history_tweet_ids": [post_id],
                "public_metrics": {"retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 4},
                "entities": {"mentions": [{"start": 0, "end": 8, "username": "acmeair", "id": "1"}]},
            }
        )

    ids = [-int(post["id"]) for post in posts]  # growing, as bisect wants it

    def answer(asked: Mapping[str, str]) -> Any:
        newest = bisect_right(ids, -int(asked.get("until_id", 1 << 63)))
        oldest = bisect_left(ids, -int(asked.get("since_id", 0)))
        first, size = newest + int(asked.get("next_token", 0)), int(asked["max_results"])
        shown = posts[first : min(first + size, oldest)]
        meta: dict[str, Any] = {"result_count": len(shown)}
        if shown:
            meta |= {"newest_id": shown[0]["id"], "oldest_id": shown[-1]["id"]}
        if first + size < oldest:
            meta["next_token"] = str(first - newest + size)
        authors = dict.fromkeys(post["author_id"] for post in shown)
        users = [
            {"id": one, "username": f"u{one}", "name": f"User {one}", "public_metrics": {"followers_count": 5}}
            for one in authors
        ]
        return {"data": shown, "includes": {"users": users}, "meta": meta} if shown else {"meta": meta}

    return answer


def say_collecting(found: Mapping[str, Mapping[str, float]]) -> None:
    """Print the figures."""
    for shape, run in found.items():
        print(
            f"collecting from {shape + ',':12} {run['posts_per_second_and_core']:>6,.0f} posts/s and core, "
            f"{run['posts_per_second']:,.0f} by the clock: fetched, parsed, matched, stored in SQLite"
        )


if __name__ == "__main__":
    say_collecting(bench_collecting(["my flight was cancelled again and nobody at the gate knew anything " * 2]))
