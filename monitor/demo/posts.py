"""Writes the invented fortnight as the files that platforms' exports would be: one for each platform."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from datetime import date
from email.utils import format_datetime
from io import StringIO
from pathlib import Path

from config.vocabulary import Platform
from monitor.demo.timeline import ZONE, DemoPost, fortnight

FILES: dict[Platform, str] = {
    Platform.X: "x.csv",
    Platform.REDDIT: "reddit.jsonl",
    Platform.BLUESKY: "bluesky.jsonl",
    Platform.APP_STORE: "app_store.csv",
    Platform.FEED: "news.csv",
}
FIELDS = ("id", "created_at", "author", "followers", "text", "title", "thread", "language", "url", "rating")
REPEATED = 2  # rows that stand twice in a file, as where two exports overlap
BAD_ROWS = 3  # one row whose date is none, one with too few cells, one line of broken JSON

# Each export writes time in its own way, as they do.
_TIMES: dict[Platform, Callable[[DemoPost], str | int]] = {
    Platform.X: lambda post: post.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    Platform.REDDIT: lambda post: int(post.at.timestamp()),
    Platform.BLUESKY: lambda post: post.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    Platform.APP_STORE: lambda post: post.at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S"),  # without a zone
    Platform.FEED: lambda post: format_datetime(post.at),
}


def write_posts(folder: Path, *, end: date) -> list[Path]:
    """Write the posts of the two weeks closed at the end of the day `end`; the folder is made if it is missing.

    The same day gives the same bytes; files of an earlier call are replaced. In `x.csv` REPEATED rows stand twice
    and two are bad, in `reddit.jsonl` one line is broken: an import has to report these and keep all others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    posts = fortnight(end)
    written = []
    for platform, name in FILES.items():
        rows = [_row(post) for post in posts if post.platform is platform]
        path = folder / name
        path.write_bytes((_csv(rows, platform) if name.endswith(".csv") else _jsonl(rows, platform)).encode())
        written.append(path)
    return written


def _row(post: DemoPost) -> dict[str, str | int]:
    number = post.id.rpartition("/")[2]
    return {
        "id": post.id,
        "created_at": _TIMES[post.platform](post),
        "author": post.author,
        "followers": post.followers,
        "text": post.text,
        "title": post.title,
        "thread": post.thread,
        "language": post.language,
        "url": f"https://{post.platform.value.replace('_', '-')}.example/{post.author}/{number}",
        "rating": "" if post.rating is None else post.rating,
    }


def _csv(rows: Sequence[dict[str, str | int]], platform: Platform) -> str:
    lines: list[list[str | int]] = [[row[field] for field in FIELDS] for row in rows]
    if platform is Platform.X:
        lines += [list(line) for line in lines[5 : 5 + REPEATED]]
        undated = [f"bad-{lines[0][0]}", "the day before the strike", *lines[0][2:]]
        lines[20:20] = [undated, ["7999999", "2026-01-01T00:00:00Z", "demo_cut"]]
    sheet = StringIO(newline="")
    csv.writer(sheet, lineterminator="\r\n").writerows([FIELDS, *lines])
    return sheet.getvalue()


def _jsonl(rows: Sequence[dict[str, str | int]], platform: Platform) -> str:
    lines = [json.dumps({k: v for k, v in row.items() if v != ""}, ensure_ascii=False) for row in rows]
    if platform is Platform.REDDIT:
        lines.insert(7, lines[0][: len(lines[0]) // 2])
    return "".join(f"{line}\n" for line in lines)
