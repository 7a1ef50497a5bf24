"""What the query coach says, and the questions its rules share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from collectors.common_words import rank
from collectors.folding import fold, is_unspaced, is_word_char

SHORT = 3  # letters; below four, a name is also an abbreviation of much else ("gap", "ups", "sky")
EVERYDAY = 200  # the most frequent words ("about", "world"): one of them stands in nearly every longer post
FREQUENT = 500  # down to about "exactly": as a name alone, such a word brings the world


class Grade(StrEnum):
    """How grave a finding is, the gravest first."""

    ERROR = "error"  # cannot work as meant
    WARN = "warn"  # will likely bring what is not meant, or miss what is
    HINT = "hint"  # may well be meant


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at."""

    grade: Grade
    code: str  # "common-word"; lasting, for whoever reads the JSON
    place: str  # "brands[0].aliases[2]", as in the settings file
    of: str  # the brand or source
    term: str  # the word or query, as configured
    why: str
    do: str


Say = Callable[[Grade, str, str, str], Finding]  # grade, code, why, what to do


def about(place: str, of: str, term: str) -> Say:
    """How the rules speak of one term."""
    return lambda grade, code, why, do: Finding(grade, code, place, of, term, why, do)


def tokens(text: str) -> list[str]:
    """The folded words of a term, without what stands around them: "@", "#", quotation marks."""
    folded = fold(text)
    bare = "".join(char if is_word_char(char) or char in "'’-._&+" else " " for char in folded)
    return [word.strip("'’-._&+") for word in bare.split() if any(is_word_char(char) for char in word)]


def is_empty(text: str) -> bool:
    """Whether a term has neither letter nor digit."""
    return not any(is_word_char(char) for char in fold(text))


def is_one_character(text: str) -> bool:
    """Whether a term has a single letter or digit."""
    return sum(is_word_char(char) for char in fold(text)) == 1


def is_short(text: str) -> bool:
    """Whether a term is a single word of two or three letters, in a script with blanks between words."""
    words = tokens(text)
    return len(words) == 1 and 1 < len(words[0]) <= SHORT and not any(map(is_unspaced, words[0]))


def commonness(text: str) -> int | None:
    """The rank of the rarest of a term's words; None where one of them is no frequent English word."""
    ranks = [rank(word) for word in tokens(text)]
    known = [one for one in ranks if one is not None]
    return max(known) if known and len(known) == len(ranks) else None


def is_ambiguous(text: str) -> bool:
    """Whether a term alone hardly tells that a brand is meant."""
    return is_one_character(text) or is_short(text) or commonness(text) is not None
