"""A CSV file to be judged row by row: read as it comes, written back with nothing of it lost."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collectors.lines import Line
    from collectors.rows import Row

_LOOKED_AT = 50  # lines looked at to tell the delimiter
_UNREAD = "\ufffd"  # what stands for bytes that are nothing in the file's encoding

Tell = Callable[[str], None]


class NoTable(Exception):
    """The file cannot be judged; says why."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written."""

    encoding: str
    delimiter: str


def form_of(file: Path, text_column: str, tell: Tell, *, encoding: str | None, delimiter: str | None) -> Form:
    """What is given, and what is not as it looks: UTF-8 or else a guess, which is told; one of , ; tab |.

    Raises:
        NoTable: an Excel file, or another that holds no rows of text; an encoding that nobody knows.
        OSError: it cannot be read.
    """
    from collectors.lines import UnfitFile, sniff
    from collectors.rows import choose_delimiter

    guessed = False
    if encoding is None:
        try:
            encoding, guessed = sniff(file)
        except UnfitFile as error:
            raise NoTable(str(error)) from None
    if guessed:
        tell(f"read as {encoding}, which is a guess; if it is wrong, say --encoding")
    if delimiter is None:
        with opened_text(file, encoding) as stream:
            beginning = [line for line, _ in zip(stream, range(_LOOKED_AT), strict=False)]
        delimiter = choose_delimiter(beginning, [text_column])
    return Form(encoding, delimiter)


def opened_text(file: Path, encoding: str) -> TextIO:
    """The file as text, plain or gzip; bytes that are not of the encoding become U+FFFD.

    Raises:
        NoTable: an encoding that nobody knows.
        OSError: it cannot be opened.
    """
    with file.open("rb") as peek:
        packed = peek.read(2) == b"\x1f\x8b"
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    try:
        if packed:
            return gzip.open(file, "rt", encoding=encoding, newline="", errors="replace")
        return file.open("r", encoding=encoding, newline="", errors="replace")
    except LookupError:
        raise NoTable(f'"{encoding}" is no encoding that is known here') from None


class Table:
    """The rows of an open file, each as wide as the header.

    A row with too few cells is padded; of one with too many, the surplus is joined to its last cell by the delimiter
    (as where a text with commas was not quoted); a line that is no row stands whole in the first cell. Each is told
    with its line. Blank lines are no rows.
    """

    def __init__(self, stream: TextIO, delimiter: str, tell: Tell) -> None:
        """Read the header.

        Raises:
            NoTable: there is none.
        """
        from collectors.rows import CsvRows

        self._read = self._given = 0  # physical lines
        self._ahead: dict[int, str] = {}  # physical lines that have been read and not yet been given out in a row
        self._delimiter = delimiter
        self._tell = tell
        self.line = 0  # where the row given last begins
        self._rows = CsvRows(self._lines(stream), delimiter)
        header = self._rows.next()
        if header is None:
            raise NoTable("is empty")
        if header.flaw:
            raise NoTable(f"line {header.line}: {header.flaw}")
        self.header = list(header.cells)
        self._rows.width = len(self.header)

    def column(self, name: str) -> int:
        """Where the column stands; the first one, which is told, where there are several.

        Raises:
            NoTable: there is none of the name.
        """
        names = [cell.strip() for cell in self.header]
        if name.strip() not in names:
            raise NoTable(f'no column "{name}"; columns: {", ".join(names)}')
        if names.count(name.strip()) > 1:
            self._tell(f'several columns are named "{name}"; the first one is judged')
        return names.index(name.strip())

    def __iter__(self) -> Iterator[list[str]]:
        """The rows, once."""
        while (row := self._rows.next()) is not None:
            cells = self._mended(row) if row.flaw else list(row.cells)
            if any(_UNREAD in cell for cell in cells):
                self._tell(f'line {row.line}: holds bytes that cannot be read; they are written as "{_UNREAD}"')
            self.line = row.line
            yield cells
            while self._given < self._rows.line - 1:
                self._given += 1
                self._ahead.pop(self._given, None)

    def _lines(self, stream: TextIO) -> Iterator[Line]:
        from collectors.lines import Line

        for text in stream:
            self._read += 1
            self._ahead[self._read] = text
            yield Line(text, 0, None, text.endswith(("\n", "\r")))

    def _mended(self, row: Row) -> list[str]:
        """The cells of a line that is no row of the header's width, brought to it."""
        cells, width = self._by_itself(self._ahead[row.line].rstrip("\r\n")), len(self.header)
        self._tell(f"line {row.line}: {row.flaw}; {_kept(cells, width)}")
        if len(cells) > width:
            cells = [*cells[: width - 1], self._delimiter.join(cells[width - 1 :])]
        return cells + [""] * (width - len(cells))

    def _by_itself(self, line: str) -> list[str]:
        """The cells of one line; where its quotes do not close they mean nothing, beyond every limit it is one cell."""
        try:
            return next(csv.reader([line], delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            return self._unquoted(line)

    def _unquoted(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line], delimiter=self._delimiter, quoting=csv.QUOTE_NONE), [])
        except csv.Error:
            return [line]


def _kept(cells: Sequence[str], width: int) -> str:
    if len(cells) > width:
        return "the surplus is kept in the last column"
    return "the rest is left empty" if len(cells) < width else "this line is judged by itself"
