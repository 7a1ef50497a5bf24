"""Physical lines of a file that may be compressed, oddly encoded, damaged or hostile."""

from __future__ import annotations

import codecs
import gzip
import io
import weakref
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer

SAMPLE = 1024 * 1024  # bytes read at once to guess an encoding
SCAN = 64 * 1024 * 1024  # bytes passed through in search of lines that are not plain ASCII
ENOUGH = 256 * 1024  # bytes of such lines that tell enough
MAX_LINE = 8 * 1024 * 1024  # bytes; a longer line is passed over, never held
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# What exports are written in; without the limit a short sample is taken for rare Baltic or Hebrew pages.
_LIKELY = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "koi8_r",
    "cp932",
    "gb18030",
    "big5",
    "cp949",
    "euc_jp",
]

_LATIN = ("cp1250", "cp1254")  # pages that differ from the Western one in a few letters


class UnfitFile(Exception):
    """The whole file cannot be read as rows; says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line with its end."""

    text: str  # "" where it is not sound
    size: int  # bytes in the stream of bytes
    flaw: str | None = None  # why it cannot be read, if it cannot
    ended: bool = True  # False: the file stops without a line end


def sniff(path: Path) -> tuple[str, bool]:
    """The encoding of a file, and whether it was only guessed.

    A byte order mark decides; then UTF-8, if a quarter of the lines that are not plain ASCII are sound UTF-8 (other
    encodings hardly ever are, and damaged lines must not turn the others to gibberish); then charset-normalizer.

    Raises:
        UnfitFile: a ZIP (Excel), PDF or other file that holds no rows of text.
        OSError: it cannot be read.
    """
    with _opened(path) as stream:
        head = _read_some(stream)
        for mark, name in _BOMS:
            if head.startswith(mark):
                return name, False
        _refuse_binary(head)
        if (wide := _without_mark(head)) is not None:
            return wide, True
        foreign = _foreign_lines(head, stream)
    sound = sum(_is_utf8(line) for line in foreign)
    if 4 * sound >= len(foreign):
        return "utf-8", False
    return _likeliest(b"\n".join(foreign)), True


def _read_some(stream: io.BufferedReader) -> bytes:
    """The next bytes, or nothing where a compressed file is damaged: whoever reads its rows will tell."""
    try:
        return stream.read1(SAMPLE)  # one read of what lies below, so that damage costs only what it touches
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return b""


def _foreign_lines(piece: bytes, stream: io.BufferedReader) -> list[bytes]:
    """Lines that are not plain ASCII, as many as tell enough of the encoding."""
    found: list[bytes] = []
    scanned = size = 0
    rest = b""
    while piece and scanned < SCAN and size < ENOUGH:
        scanned += len(piece)
        *lines, rest = (rest[-MAX_LINE:] + piece).split(b"\n")
        if not piece.isascii():
            found += [line for line in lines if not line.isascii()]
            size = sum(map(len, found))
        piece = _read_some(stream)
    return found if piece or rest.isascii() else [*found, rest]


def _likeliest(sample: bytes) -> str:
    """What charset-normalizer finds; of two Latin pages that fit equally, the Western one."""
    fitting = charset_normalizer.from_bytes(sample, cp_isolation=_LIKELY)
    best = fitting.best()
    western = next((one for one in fitting if one.encoding == "cp1252"), None)
    if best is None or (western is not None and western.chaos <= best.chaos and best.encoding in _LATIN):
        return "cp1252"
    return best.encoding


def _refuse_binary(head: bytes) -> None:
    if head.startswith(b"PK\x03\x04"):
        raise UnfitFile("is a ZIP or Excel file; save it as CSV")
    if head.startswith((b"%PDF", b"\xd0\xcf\x11\xe0", b"SQLite format", b"\x89PNG", b"\x7fELF", b"BZh", b"\xfd7zXZ")):
        raise UnfitFile("is no text file")


def _without_mark(head: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of Western text is NUL."""
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    if max(even, odd) <= len(head[:4096]) // 5:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _opened(path: Path) -> io.BufferedReader:
    with path.open("rb") as peek:
        packed = peek.read(2) == b"\x1f\x8b"
    return io.BufferedReader(gzip.open(path)) if packed else path.open("rb")


class Lines:
    """The lines of one file, read forward; a plain file in an ordinary encoding can be entered at any byte."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._stream = _opened(path)
        # A reader that is dropped between two pieces, as at a stop, gives its file back as well.
        self._closing = weakref.finalize(self, self._stream.close)
        self._encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        wide = encoding.startswith(("utf-16", "utf-32", "utf_16", "utf_32"))
        self.seekable = not wide and not isinstance(getattr(self._stream, "raw", None), gzip.GzipFile)
        self._wide = io.TextIOWrapper(self._stream, encoding, errors="replace", newline="") if wide else None
        self._bare_returns = False
        if self._wide is None:
            head = self._stream.peek(65536)[:65536] if hasattr(self._stream, "peek") else b""
            self._bare_returns = b"\r" in head and b"\n" not in head  # as old Macs and some exports end their lines
        self._pending = b""
        self._first = True

    def enter(self, offset: int) -> None:
        """Go to a byte at which a line begins; only where `seekable`."""
        self._stream.seek(offset)
        self._pending = b""
        self._first = offset == 0

    def close(self) -> None:
        """Give the file back."""
        if self._wide is not None and not self._wide.closed:
            self._wide.detach()
        self._closing()

    def __iter__(self) -> Iterator[Line]:
        """The lines from here on.

        Raises:
            UnfitFile: the compressed file is damaged or ends too early; what came before is sound.
        """
        try:
            while (line := self._next()) is not None:
                yield line
        except EOFError:
            raise UnfitFile("the compressed file ends too early; the rows before are kept") from None
        except (gzip.BadGzipFile, zlib.error):
            raise UnfitFile("the compressed file is damaged; the rows before are kept") from None

    def _next(self) -> Line | None:
        if self._wide is not None:
            return self._next_wide(self._wide)
        raw = self._read_return() if self._bare_returns else self._stream.readline(MAX_LINE)
        if not raw:
            return None
        if len(raw) >= MAX_LINE and not raw.endswith(b"\n"):
            return self._pass_over(raw)
        ended = raw.endswith((b"\n", b"\r"))
        size = len(raw)
        if self._first:
            self._first = False
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if b"\x00" in raw:
            return Line("", size, "holds a NUL byte", ended)
        try:
            return Line(raw.decode(self._encoding), size, None, ended)
        except UnicodeError:
            return Line("", size, f"holds bytes that are not {self._encoding}", ended)

    def _read_return(self) -> bytes:
        """The next line of a file whose lines end with a bare carriage return."""
        while b"\r" not in self._pending and len(self._pending) < MAX_LINE:
            more = self._stream.read(8192)
            if not more:
                break
            self._pending += more
        line, end, rest = self._pending.partition(b"\r")
        self._pending = rest
        return line + (b"\n" if end else b"")

    def _pass_over(self, raw: bytes) -> Line:
        size = len(raw)
        while raw and not raw.endswith(b"\n"):
            raw = self._stream.readline(MAX_LINE)
            size += len(raw)
        return Line("", size, f"is longer than {MAX_LINE} bytes")

    def _next_wide(self, stream: io.TextIOWrapper) -> Line | None:
        text = stream.readline(MAX_LINE)
        if not text:
            return None
        text = text.removeprefix("\ufeff")
        if "\x00" in text:
            return Line("", 0, "holds a NUL byte")
        if "\ufffd" in text:
            return Line("", 0, f"holds bytes that are not {self._encoding}")
        return Line(text, 0, None, text.endswith(("\n", "\r")))
