"""One file of posts: opened at the place reached, read on by pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from collectors.base import Post, Reject
from collectors.lines import Lines, UnfitFile, sniff
from collectors.mapping import Columns, Misfit
from collectors.rows import CsvRows, JsonRows, Row, choose_delimiter
from config.sources import FilesSource

_MARK = 4096  # bytes at the start and before the place reached that must be unchanged for a longer file to be read on
_LOOKED_AT = 50  # lines looked at to tell the format and the delimiter
_JSON_SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one file has been read; kept in the cursor."""

    size: int
    mtime: int  # nanoseconds
    line: int = 1  # the next physical line
    offset: int = 0  # its byte; means something only in a plain file
    done: bool = False
    mark: str = ""  # digest of the bytes around what has been read; "" = after a change it is read from the start
    encoding: str = ""
    delimiter: str = ""
    unreadable: bool = False  # reported once, tried again each time


class Take:
    """What one call has brought together so far."""

    def __init__(self, piece: int) -> None:
        self._piece = piece
        self.posts: list[Post] = []
        self.rejects: list[Reject] = []
        self.notes: list[str] = []

    @property
    def full(self) -> bool:
        """Whether the piece is complete."""
        return len(self.posts) + len(self.rejects) >= self._piece


class Reading:
    """One open file."""

    def __init__(self, path: Path, source: FilesSource, clock: Callable[[], datetime]) -> None:
        self.path = path
        self.progress = Progress(0, 0)
        self._source = source
        self._columns = Columns(source, clock)
        self._lines: Lines | None = None
        self._rows: CsvRows | JsonRows | None = None

    def start(self, progress: Progress, take: Take) -> str | None:
        """Read the header and go to the place reached; what is wrong with the header, if anything.

        Raises:
            UnfitFile: the file holds no rows.
            OSError, EOFError, zlib.error: it cannot be read.
        """
        encoding = self._encoding(progress, take)
        lines = self._lines = Lines(self.path, encoding)
        delimiter = progress.delimiter
        rows: CsvRows | JsonRows
        if self._is_json(encoding):
            rows = JsonRows(lines)
        else:
            delimiter = delimiter or self._delimiter(encoding)
            rows = CsvRows(lines, delimiter)
            header = rows.next()
            if header is not None:
                wrong = header.flaw or self._columns.read_header(header.cells)
                if wrong is not None:
                    return wrong
                rows.width = len(header.cells)
        if lines.seekable and progress.offset:
            lines.enter(progress.offset)
            rows.place(progress.line, progress.offset)
        rows.skip_to(progress.line)
        self._rows = rows
        self.progress = replace(progress, encoding=encoding, delimiter=delimiter)
        return None

    def read_on(self, take: Take) -> Progress:
        """Take rows until the piece is full or the file ends; the progress made."""
        rows, lines = self._rows, self._lines
        if rows is None or lines is None:
            raise RuntimeError("read_on before start")
        line, offset, done = rows.line, rows.offset, False
        held: tuple[int, int] | None = None  # before a row whose other half may follow, on its lines or on further ones
        try:
            while not (take.full or done):
                row = rows.next()
                if row is None:
                    line, offset, done = rows.line, rows.offset, True
                    continue
                self._take(row, take)
                if row.is_open and held is None:
                    held = line, offset
                if row.ended or row.is_open:
                    line, offset = rows.line, rows.offset
                else:  # the last, without a line end: the place stays before it, for its other half may follow
                    done = True
        except UnfitFile as error:
            take.rejects.append(Reject(f"{self.path.name} line {rows.line}", str(error)))
            done = True
        if done and held is not None:  # read again once the file has grown; what is known by then adds nothing
            line, offset = held
        mark = file_mark(self.path, offset) if lines.seekable else ""
        self.progress = replace(self.progress, line=line, offset=offset, done=done, mark=mark)
        return self.progress

    def close(self) -> None:
        """Give the file back."""
        if self._lines is not None:
            self._lines.close()

    def _take(self, row: Row, take: Take) -> None:
        flaw = row.flaw
        if flaw is None:
            try:
                take.posts.append(self._columns.post(row))
            except Misfit as misfit:
                flaw = str(misfit)
        if flaw is not None:
            take.rejects.append(Reject(f"{self.path.name} line {row.line}", flaw))

    def _encoding(self, progress: Progress, take: Take) -> str:
        known = self._source.encoding or progress.encoding
        if known:
            return known
        encoding, guessed = sniff(self.path)
        if guessed:
            take.notes.append(f"{self.path.name} is read as {encoding}, which is a guess; set encoding if it is wrong")
        return encoding

    def _is_json(self, encoding: str) -> bool:
        first = "".join(self._first_lines(encoding)).lstrip()[:1]
        by_name = self.path.name.lower().endswith(_JSON_SUFFIXES)
        auto = self._source.format == "auto"
        is_json = self._source.format == "jsonl" or (auto and (by_name or first == "{"))
        if first == "[" and (is_json or auto):
            raise UnfitFile("is one JSON array; JSON Lines has one object on each line")
        return is_json

    def _delimiter(self, encoding: str) -> str:
        return self._source.delimiter or choose_delimiter(self._first_lines(encoding), self._columns.wanted)

    def _first_lines(self, encoding: str) -> list[str]:
        """The first sound lines, as far as they can be read."""
        lines = Lines(self.path, encoding)
        found: list[str] = []
        try:
            for line in islice(lines, _LOOKED_AT):
                found.append(line.text)  # noqa: PERF401 (what was read before the damage is kept)
        except UnfitFile:
            return found
        finally:
            lines.close()
        return found


def file_mark(path: Path, offset: int) -> str:
    """A digest of the file's first bytes and of those before `offset`: what an append leaves unchanged."""
    with path.open("rb") as stream:
        head = stream.read(min(_MARK, offset))
        stream.seek(max(0, offset - _MARK))
        return blake2b(head + stream.read(min(_MARK, offset)), digest_size=16).hexdigest()


def goes_on(path: Path, before: Progress, now: Progress) -> bool:
    """Whether reading may go on where it stopped: the file is unchanged, or has only grown."""
    if (before.size, before.mtime) == (now.size, now.mtime):
        return True
    return now.size > before.size and before.mark != "" and file_mark(path, before.offset) == before.mark
