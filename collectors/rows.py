"""Rows of CSV and JSON Lines, each with the physical line at which it starts; a bad row never takes others with it."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.lines import Line

MAX_RECORD = 4 * 1024 * 1024  # characters of one CSV row; beyond, a quote was opened and never closed
DELIMITERS = (",", ";", "\t", "|")

# The limit is one for the whole process, and its default of 131,072 characters would break a longer cell off in its
# middle: its rest would then be read as rows.
csv.field_size_limit(MAX_RECORD)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells (CSV) or its object (JSON Lines), or what is wrong with it."""

    line: int  # physical, from 1
    cells: Sequence[str] = ()
    fields: dict[str, Any] | None = None
    flaw: str | None = None
    ended: bool = True  # False: it is the last of a file that stops without a line end
    is_open: bool = False  # it opens a quote that the file does not close: bad, or still being written


class _TooLongError(Exception):
    """A row went on beyond every limit."""


class _Position:
    """Where in the file the next row begins."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self.line = 1
        self.offset = 0

    def place(self, line: int, offset: int) -> None:
        """Say that the lines now come from elsewhere."""
        self.line, self.offset = line, offset

    def skip_to(self, line: int) -> None:
        """Pass over physical lines until `line` is next, or the file ends."""
        while self.line < line and (passed := next(self._lines, None)) is not None:
            self._advance(passed)

    def _advance(self, line: Line) -> None:
        self.line += 1
        self.offset += line.size


class CsvRows(_Position):
    """The rows of a CSV file. Blank lines are no rows.

    A quote that is opened and not closed would swallow the rows after it. Where a row of several lines does not have
    `width` columns, never closes its quote, or runs into a line that cannot be read, only its first line is given up
    and reading goes on at the second.
    """

    def __init__(self, lines: Iterable[Line], delimiter: str) -> None:
        super().__init__(lines)
        self.width: int | None = None  # columns that a row must have; None: any, as for the header
        self._delimiter = delimiter
        self._waiting: deque[Line] = deque()
        self._taken: list[Line] = []
        self._starved = False
        self._reader = self._new_reader()

    def next(self) -> Row | None:
        """The next row; None at the end."""
        while True:
            self._taken = []
            self._starved = False
            try:
                cells: list[str] | None = next(self._reader, None)
                flaw = self._flaw(cells)
            except csv.Error:
                cells, flaw = self._leniently()
            except _TooLongError:
                cells, flaw = [], "opens a quote that is never closed, or is far too long"
            if cells is None and not self._taken:
                return None
            row = self._row(cells or [], flaw)
            if row is not None:
                return row

    def _flaw(self, cells: list[str] | None) -> str | None:
        unreadable = next((line.flaw for line in self._taken if line.flaw), None)
        if unreadable:
            several = len(self._taken) > 1
            return f"its quoted cell runs into a line that {unreadable}" if several else unreadable
        if self._starved:
            return "opens a quote that is never closed"
        if cells and self.width is not None and len(cells) != self.width:
            return f"has {len(cells)} columns, the header has {self.width}"
        return None

    def _row(self, cells: list[str], flaw: str | None) -> Row | None:
        """The row made of the lines taken; None for a blank line."""
        start = self.line
        used = self._taken[:1] if flaw else self._taken
        if flaw:
            self._waiting.extendleft(reversed(self._taken[1:]))
            self._reader = self._new_reader()
        for line in used:
            self._advance(line)
        if not flaw and not cells:
            return None
        is_open = flaw is not None and self._starved
        return Row(start, cells if not flaw else (), None, flaw, all(line.ended for line in used), is_open)

    def _new_reader(self) -> Any:  # the csv module gives its reader no public type
        return csv.reader(self._feed(), delimiter=self._delimiter, strict=True)

    def _leniently(self) -> tuple[list[str], str | None]:
        """The cells of a single line with sloppy quotes (1,"say "hi" now"); several such lines are no row."""
        self._reader = self._new_reader()  # the one that failed is in the middle of a cell
        if len(self._taken) > 1 or self._starved:
            return [], self._flaw(None) or "opens a quote that is never properly closed"
        try:
            cells = next(csv.reader([self._taken[0].text], delimiter=self._delimiter))
        except csv.Error as error:
            return [], f"is no CSV: {error}"
        return cells, self._flaw(cells)

    def _feed(self) -> Iterator[str]:
        size = 0
        while True:
            line = self._waiting.popleft() if self._waiting else next(self._lines, None)
            if line is None:
                self._starved = bool(self._taken)
                return
            size = size + len(line.text) if self._taken else len(line.text)
            self._taken.append(line)
            if len(self._taken) > 1 and size > MAX_RECORD:
                raise _TooLongError
            yield line.text


class JsonRows(_Position):
    """The rows of a JSON Lines file: one object on each line. Blank lines are no rows."""

    def next(self) -> Row | None:
        """The next row; None at the end."""
        for line in self._lines:
            start = self.line
            self._advance(line)
            if line.flaw:
                return Row(start, flaw=line.flaw, ended=line.ended)
            if line.text.strip():
                return _json_row(start, line)
        return None


def _json_row(start: int, line: Line) -> Row:
    try:
        value = json.loads(line.text)
    except (ValueError, RecursionError):
        return Row(start, flaw="is no JSON", ended=line.ended)
    if not isinstance(value, dict):
        return Row(start, flaw="is no JSON object", ended=line.ended)
    return Row(start, fields=value, ended=line.ended)


def choose_delimiter(sample: Sequence[str], wanted: Sequence[str]) -> str:
    """The delimiter under which most wanted columns are in the header, then most columns, then the usual order."""

    def merit(delimiter: str) -> tuple[int, int]:
        try:
            header = next((row for row in csv.reader(sample, delimiter=delimiter) if row), [])
        except csv.Error:
            return 0, 0
        names = {name.strip() for name in header}
        return sum(name in names for name in wanted), len(header)

    return max(DELIMITERS, key=merit)
