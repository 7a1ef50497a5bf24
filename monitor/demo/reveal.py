"""Lets the demo's files grow as platforms' exports do: each line appears when its post is published."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from monitor.demo.timeline import fortnight


class Reveal:
    """The records of the full files, in the order of the files, and how far each growing copy has got."""

    def __init__(self, full: list[Path], folder: Path, *, end: date) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        times = {post.id: post.at for post in fortnight(end)}
        self._files = [(path, folder / path.name, list(_records(path, times))) for path in full]
        self._at = [0] * len(full)

    def until(self, now: datetime) -> list[str]:
        """Append what is published by `now`; the names of the sources whose file has grown."""
        grown = []
        for number, (path, copy, records) in enumerate(self._files):
            start = self._at[number]
            end = start
            while end < len(records) and (records[end][0] is None or records[end][0] <= now):
                end += 1
            if end > start:
                with copy.open("ab") as file:
                    file.write(b"".join(raw for _, raw in records[start:end]))
                self._at[number] = end
                grown.append(path.stem.replace("_", "-"))
        return grown


def _records(path: Path, times: dict[str, datetime]) -> Iterator[tuple[datetime | None, bytes]]:
    """Each record's time (None: at once; a bad or repeated one comes with the one before it) and its bytes."""
    lines = path.read_bytes().splitlines(keepends=True)
    last: datetime | None = None
    for identity, first, end in (_csv_records if path.suffix == ".csv" else _json_records)(lines):
        at = times.get(identity)
        last = max((t for t in (last, at) if t is not None), default=None)
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
