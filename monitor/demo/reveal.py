"""Lets the demo's files grow as platforms' exports do: each line appears when its post is published."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from monitor.demo.timeline import fortnight

BEGINNING = datetime.min.replace(tzinfo=UTC)


class Reveal:
    """The records of the full files, in the order of the files, and how far each growing copy has got."""

    def __init__(self, full: list[Path], folder: Path, *, end: date) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        times = {post.id: post.at for post in fortnight(end)}
        self._files = [(folder / path.name, list(_records(path, times))) for path in full]
        self._at = [0] * len(full)
        for copy, _ in self._files:
            copy.touch()  # an export without posts is there, too

    def until(self, now: datetime) -> None:
        """Append what is published by `now`."""
        for number, (copy, records) in enumerate(self._files):
            start = self._at[number]
            end = start
            while end < len(records) and records[end][0] <= now:
                end += 1
            if end > start:
                with copy.open("ab") as file:
                    file.write(b"".join(raw for _, raw in records[start:end]))
                self._at[number] = end


def _records(path: Path, times: dict[str, datetime]) -> Iterator[tuple[datetime, bytes]]:
    """Each record's time and its bytes; a header, a bad or a repeated row comes with the one before it."""
    lines = path.read_bytes().splitlines(keepends=True)
    last = BEGINNING
    for identity, first, end in (_csv_records if path.suffix == ".csv" else _json_records)(lines):
        at = times.get(identity)
        last = last if at is None else max(last, at)
        yield last, b"".join(lines[first:end])


def _csv_records(lines: list[bytes]) -> Iterator[tuple[str, int, int]]:
    reader = csv.reader(line.decode() for line in lines)
    first = 0
    for row in reader:
        yield (row[0] if row else "", first, reader.line_num)
        first = reader.line_num


def _json_records(lines: list[bytes]) -> Iterator[tuple[str, int, int]]:
    for number, line in enumerate(lines):
        try:
            identity = str(json.loads(line)["id"])
        except ValueError:
            identity = ""
        yield identity, number, number + 1
