"""Posts from files that somebody exported: CSV or JSON Lines, plain or gzip, one path or a glob pattern."""

from __future__ import annotations

import glob
import gzip
import json
import os
import stat
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from collectors.base import AccessDenied, Checked, Harvest, Rechecked, Reject, SourceDown
from collectors.checking import reached
from collectors.lines import UnfitFile
from collectors.reading import Progress, Reading, Take, goes_on
from config.secret import SecretUnavailable
from config.sources import FilesSource

_VERSION = 1  # of the cursor


class FilesCollector:
    """Reads the files of a source in order of their names, `piece` rows a call.

    A row is known by its id column or else by a digest of its content: the same file again, a renamed copy, or the
    same file under another source brings nothing that the store does not know. Two equal rows without an id are one
    post. A file read to its end is opened again only when its size or time changes; if it has only grown, reading
    goes on where it ended.
    """

    def __init__(self, source: FilesSource, *, clock: Callable[[], datetime], piece: int = 500) -> None:
        self._source = source
        self._clock = clock
        self._piece = piece
        self._open: Reading | None = None  # spares a re-read between two calls; the cursor alone decides

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        return self._source.name

    def collect(self, cursor: str | None, /) -> Harvest:
        """The next rows, over as many files as fill the piece.

        Raises:
            SourceDown: the path does not exist, or is no file.
            AccessDenied: the configured encoding does not exist, or the key of the digests cannot be read.
        """
        if self._source.encoding is not None and not _is_encoding(self._source.encoding):
            raise AccessDenied(f"there is no encoding {self._source.encoding}")
        self._look_at_key()
        known = _read_cursor(cursor)
        now_known: dict[str, Progress] = {}
        take = Take(self._piece)
        paths = self._paths()
        for path in paths:
            before = known.get(str(path))
            after = before if take.full else self._read(path, before, take)
            if after is not None:
                now_known[str(path)] = after
        if not take.full:
            self._close()
        more = take.full and any(self._has_work(path, now_known.get(str(path))) for path in paths)
        return Harvest(
            posts=take.posts,
            rejects=take.rejects,
            notes=take.notes,
            cursor=_write_cursor(now_known),
            more=more,
        )

    def recheck(self, _native_ids: Sequence[str], /) -> Rechecked:
        """Always empty: a file does not know what became of its posts."""
        return Rechecked()

    def check(self) -> Sequence[Checked]:
        """Whether the path exists; a pattern that fits no file yet is fine."""
        return (reached(self._look_at_key), reached(self._paths)) if self._source.hash_key else (reached(self._paths),)

    def _look_at_key(self) -> None:
        try:
            if self._source.hash_key is not None:
                self._source.hash_key.reveal()
        except SecretUnavailable as error:
            raise AccessDenied(str(error)) from None

    def _paths(self) -> list[Path]:
        pattern = self._source.path
        if os.path.lexists(pattern) or not glob.has_magic(pattern):
            path = Path(pattern)
            if not path.exists():
                raise SourceDown(f"there is no file {path.name}")
            if not path.is_file():
                raise SourceDown(f"{path.name} is no file; for a folder write a pattern such as {path.name}/*.csv")
            return [path]
        return sorted(
            path
            for path in map(Path, glob.iglob(pattern, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute pattern)
            if path.is_file()
        )

    def _has_work(self, path: Path, progress: Progress | None) -> bool:
        state = _stat(path)
        return state is not None and (progress is None or not _is_read(progress, state))

    def _read(self, path: Path, before: Progress | None, take: Take) -> Progress | None:
        """Read on in one file until it ends or the piece is full; the progress to keep."""
        state = _stat(path)
        if state is None or (before is not None and _is_read(before, state)):
            return before
        now = Progress(state.st_size, state.st_mtime_ns)
        try:
            reading = self._reading(path, before, now, take)
            return reading.read_on(take) if reading is not None else replace(now, done=True)
        except (UnfitFile, EOFError, gzip.BadGzipFile, zlib.error) as error:
            take.rejects.append(
                Reject(path.name, str(error) if isinstance(error, UnfitFile) else "the compressed file is damaged")
            )
            return replace(now, done=True)
        except OSError as error:
            self._close()
            if before is None or not before.unreadable:
                take.rejects.append(Reject(path.name, f"cannot be read: {error.strerror or type(error).__name__}"))
            return replace(before or now, unreadable=True)

    def _reading(self, path: Path, before: Progress | None, now: Progress, take: Take) -> Reading | None:
        """The file opened at the place reached; None, with a reject, where its header does not fit."""
        if before is not None and not goes_on(path, before, now):
            before = None
        start = replace(before, size=now.size, mtime=now.mtime, unreadable=False) if before else now
        if self._open is not None and (self._open.path, self._open.progress) == (path, start):
            return self._open
        self._close()
        reading = Reading(path, self._source, self._clock)
        wrong = reading.start(start, take)
        if wrong is not None:
            reading.close()
            take.rejects.append(Reject(f"{path.name} line 1", wrong))
            return None
        self._open = reading
        return reading

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _stat(path: Path) -> os.stat_result | None:
    """The state of a regular file; None where there is none any more."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state if stat.S_ISREG(state.st_mode) else None


def _is_read(progress: Progress, state: os.stat_result) -> bool:
    same = (progress.size, progress.mtime) == (state.st_size, state.st_mtime_ns)
    return progress.done and same and not progress.unreadable


def _is_encoding(name: str) -> bool:
    try:
        b"a".decode(name)
    except LookupError:  # unknown, or one of the codecs that make no text, such as hex
        return False
    except UnicodeError:  # one byte is no character in it
        return True
    return True


def _write_cursor(known: Mapping[str, Progress]) -> str:
    return json.dumps({"v": _VERSION, "files": {path: asdict(progress) for path, progress in known.items()}})


def _read_cursor(cursor: str | None) -> dict[str, Progress]:
    """What the cursor says; of one that an earlier version wrote, nothing: the files are read again, to no effect."""
    if cursor is None:
        return {}
    value = json.loads(cursor)
    if value.get("v") != _VERSION:
        return {}
    return {path: Progress(**progress) for path, progress in value["files"].items()}
