"""Writes the rows of a week straight into the tables: what the digest reads, without the stages that make it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert

from monitor.store import tables


class Rows:
    """One insert a call; defaults make a plain judged post by a customer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._posts = 0

    def post(self, at: datetime, **given: Any) -> int:
        """A post with its verdict (`sentiment=None`: none yet, `judged=False`: a language not served); its id."""
        self._posts += 1
        wanted = {
            "sentiment": "neutral",
            "judged": True,
            "model": "m1",
            "language": "en",
            "types": "",
            "severity": 0,
            "flags": "",
            "brands": ("Acme",),
            "scored_at": at + timedelta(minutes=1),
        } | given
        verdict = {
            key: wanted.pop(key) for key in ("judged", "model", "language", "types", "severity", "flags", "scored_at")
        }
        sentiment, brands = wanted.pop("sentiment"), wanted.pop("brands")
        row = {
            "platform": "x",
            "native_id": f"n{self._posts}",
            "source": "news",
            "kind": "post",
            "text": f"invented words number {self._posts}",
            "author_id": f"a{self._posts}",
            "author_handle": f"person{self._posts}",
            "url": f"https://social.example/{self._posts}",
            "published_at": at,
            "dated_by": "platform",
            "collected_at": at,
            "ours": False,
            "state": "decided",
        } | wanted
        self._insert(tables.post, row)
        if sentiment is not None:
            self.verdict(self._posts, sentiment, **verdict)
        for brand in brands:
            self._insert(
                tables.post_match,
                {"post_id": self._posts, "brand": brand, "alias": brand, "where": "text", "start": 0, "end": 4},
            )
        return self._posts

    def verdict(self, post_id: int, sentiment: str, **given: Any) -> None:
        """A (further) verdict on a post; a post with types or severity is a complaint."""
        row: dict[str, Any] = {
            "judged": True,
            "model": "m1",
            "language": "en",
            "types": "",
            "severity": 0,
            "flags": "",
            **given,
        }
        complaint = bool(row["types"] or row["severity"])
        self._insert(
            tables.verdict,
            row
            | {
                "post_id": post_id,
                "sentiment": sentiment,
                "p_negative": 0.2,
                "p_neutral": 0.5,
                "p_positive": 0.3,
                "p_complaint": float(complaint),
                "complaint": complaint,
                "probabilities": {"types": {}, "severity": [], "flags": {}},
            },
        )

    def case(self, number: int, opened_at: datetime, **given: Any) -> None:
        """An open case whose customer posted ten minutes before it was opened."""
        self._insert(
            tables.case,
            {
                "id": number,
                "brand": "Acme",
                "platform": "x",
                "state": "open",
                "severity": 1,
                "main_type": "delay",
                "routes": "",
                "channels": [],
                "posts": 1,
                "opened_at": opened_at,
                "first_post_at": opened_at - timedelta(minutes=10),
                "last_post_at": opened_at,
                "waits_since": opened_at,
            }
            | given,
        )

    def decision(self, post_id: int, reason: str, *, alert: bool = False, at: datetime) -> None:
        """A decision about a post."""
        self._insert(
            tables.decision,
            {
                "post_id": post_id,
                "brand": "Acme",
                "model": "m1",
                "alert": alert,
                "reason": reason,
                "detail": "",
                "routes": "",
                "decided_at": at,
            },
        )

    def source(self, name: str, first_run_at: datetime | None) -> None:
        """A source that has been set up."""
        self._insert(tables.source_state, {"name": name, "first_run_at": first_run_at})

    def poll(self, source: str, at: datetime, *, ok: bool = True, stored: int = 0, detail: str = "") -> None:
        """One call to a source."""
        self._insert(
            tables.poll, {"source": source, "at": at, "ok": ok, "read": stored, "stored": stored, "detail": detail}
        )

    def polls(self, source: str, start: datetime, end: datetime, every: timedelta) -> None:
        """Successful calls from `start` on, before `end`."""
        at, rows = start, []
        while at < end:
            rows.append({"source": source, "at": at, "ok": True, "read": 0, "stored": 0, "detail": ""})
            at += every
        with self._engine.begin() as db:
            db.execute(insert(tables.poll), rows)

    def reject(self, source: str, at: datetime) -> None:
        """One item that was no post."""
        self._insert(tables.reject, {"source": source, "place": f"line {at}", "reason": "no date", "at": at})

    def _insert(self, table: Any, row: dict[str, Any]) -> None:
        with self._engine.begin() as db:
            db.execute(insert(table).values(**row))
