"""Files for the exam of the collectors: a CSV that grows, with rows told twice, and JSON Lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from collector_exam import Candidate, Opener

from collectors.base import Collector
from collectors.files import FilesCollector
from config.layout import Columns
from config.sources import FilesSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOSTILE = "Acme \u202e<script>alert(1)</script>\x07 =cmd|' /C calc'!A0 \U0001f4a5 & <b>x</b>"


@dataclass
class FilesCandidate:
    folder: Path
    rows: int = 0
    ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        with (self.folder / "b.jsonl").open("w", encoding="utf-8") as stream:
            for number in range(7):
                stream.write(json.dumps({"id": f"j{number}", "text": f"{HOSTILE} {number}", "new": {"a": 1}}) + "\n")
                self.ids.add(f"j{number}")
        with (self.folder / "a.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerow(["id", "text", "other"])
        for _ in range(5):
            self.grow()

    def build(self) -> Collector:
        source = FilesSource(name="inbox", path=str(self.folder / "*"), columns=Columns(id="id"))
        return FilesCollector(source, clock=self.now, piece=3)

    def truth(self) -> set[str]:
        return self.ids

    def grow(self) -> None:
        with (self.folder / "a.csv").open("a", encoding="utf-8", newline="") as stream:
            for _ in range(3):
                self._write(stream)
            csv.writer(stream).writerow(["c1", "row 1 once more", ""])

    def burst(self, posts: int) -> None:
        with (self.folder / "a.csv").open("a", encoding="utf-8", newline="") as stream:
            for _ in range(posts):
                self._write(stream)

    def _write(self, stream: object) -> None:
        self.rows += 1
        csv.writer(stream).writerow([f"c{self.rows}", f"row {self.rows}\nof two lines, {HOSTILE}", "=1+1"])  # type: ignore[arg-type]
        self.ids.add(f"c{self.rows}")

    def spoil(self, fault: str) -> None:
        raise NotImplementedError(fault)

    def now(self) -> datetime:
        return NOON


@contextmanager
def files_candidate(folder: Path) -> Iterator[Candidate]:
    (folder / "inbox").mkdir()
    yield FilesCandidate(folder / "inbox")


CANDIDATES: dict[str, Opener] = {"files": files_candidate}
OFFLINE = frozenset(CANDIDATES)  # no request that could fail
