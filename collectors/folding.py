"""Text folded for comparison, with the way back to the original."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_TALLEST = 32  # characters folded as one; a taller tower of marks is cut, so that folding stays linear
_FOREIGN = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")  # a mark may join the ASCII letter before it
_KEYCAPS_AND_SELECTORS = frozenset([0x20E3, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])

# Scripts written without blanks between words (or, as Hangul, with particles glued on): there a name is found as
# part of a longer run, and a Latin name may touch them.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul jamo
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # ideographic marks
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3100, 0x318F),  # Bopomofo, Hangul
    (0x31F0, 0x31FF),  # Katakana extensions
    (0x3400, 0x4DBF),  # Han, extension A
    (0x4E00, 0x9FFF),  # Han
    (0xAC00, 0xD7AF),  # Hangul syllables
    (0xF900, 0xFAFF),  # Han, compatibility
    (0x20000, 0x3FFFF),  # Han, further extensions
)


def fold(text: str) -> str:
    """The form in which two spellings of one word are equal: NFKC and casefolded. Empty in, empty out."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True, slots=True)
class Folded:
    """A text beside its folded form.

    `starts[i]` is where in the original the character behind folded[i] begins, or -1 where folded[i] is not the first
    of several that stand for one character ("ﬁ" is "fi"); both None where every position is its own.
    """

    original: str
    text: str
    starts: tuple[int, ...] | None

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Where folded[start:end] stands in the original; None where an edge lies inside one character."""
        if self.starts is None:
            return start, end
        first, last = self.starts[start], self.starts[end]
        return None if first < 0 or last < 0 else (first, last)


def folded(text: str) -> Folded:
    """Fold a text and keep the way back. Never raises, whatever the text."""
    if text.isascii():
        return Folded(text, text.lower(), None)
    parts: list[str] = []
    starts: list[int] = []
    done = 0
    for run in _FOREIGN.finditer(text):
        parts.append(text[done : run.start()].lower())
        starts.extend(range(done, run.start()))
        done = _fold_run(text, run.start(), run.end(), parts, starts)
    parts.append(text[done:].lower())
    starts.extend(range(done, len(text) + 1))  # one more: the end is a position too
    return Folded(text, "".join(parts), tuple(starts))


def _fold_run(text: str, start: int, end: int, parts: list[str], starts: list[int]) -> int:
    """Fold text[start:end] cluster by cluster; the position reached."""
    while start < end:
        stop = start + 1
        while stop < end and _joins(text[start:stop], text[stop]):
            stop += 1
        piece = fold(text[start:stop])
        if piece:
            parts.append(piece)
            starts.append(start)
            starts.extend([-1] * (len(piece) - 1))
        start = stop
    return end


def _joins(cluster: str, char: str) -> bool:
    """Whether normalisation would melt `char` into what stands before it."""
    if len(cluster) > _TALLEST:
        return False
    nfkc = unicodedata.normalize
    return nfkc("NFKC", cluster + char) != nfkc("NFKC", cluster) + nfkc("NFKC", char)


def is_word_char(char: str) -> bool:
    """Whether a character continues a word: letters, digits and marks, but no emoji parts."""
    if char.isascii():
        return char.isalnum()
    return unicodedata.category(char)[0] in "LNM" and ord(char) not in _KEYCAPS_AND_SELECTORS


def is_unspaced(char: str) -> bool:
    """Whether a character belongs to a script that puts no blanks between words."""
    code = ord(char)
    return code >= _UNSPACED[0][0] and any(low <= code <= high for low, high in _UNSPACED)


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] is a whole word or phrase, neither end continuing into a longer word.

    Underscores are looked through, so that "_acme_" is emphasis and "acme_fail" another word.
    """
    return _edge(text, start, start - 1, -1) and _edge(text, end - 1, end, 1)


def _edge(text: str, inside: int, outside: int, step: int) -> bool:
    if not is_word_char(text[inside]) or is_unspaced(text[inside]):
        return True
    while 0 <= outside < len(text) and text[outside] == "_":
        outside += step
    if not 0 <= outside < len(text):
        return True
    return not is_word_char(text[outside]) or is_unspaced(text[outside])
