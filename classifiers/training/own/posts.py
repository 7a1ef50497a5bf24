"""Posts whose complaint types people have named: in the company's words, each text once, enough of each type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from classifiers import text
from config.complaint_types import ComplaintType, fallback
from config.vocabulary import COMPLAINT_TYPES

# Six types learnt as new ones, each from six draws of 1,000 posts of airlines' customers: with 5 posts of the type
# among them F1 was 0.21, with 10 0.41, with 20 0.56; from draw to draw it moved by 0.12, 0.12 and 0.06.
LEAST_NEW = 20  # posts of a new type
LEAST_INHERITED = 10  # posts of a type that the shipped model knows: two in each of the five parts of the check


class Origin(StrEnum):
    """Where a label comes from; the first of several for one text counts."""

    CORRECTION = "correction"
    FILE = "file"
    EXAMPLE = "example"


@dataclass(frozen=True, slots=True)
class LabelledPost:
    """A text with its complaint types, the main one first; none: it is no complaint."""

    text: str
    types: tuple[str, ...]
    origin: Origin


class TooFewExamples(Exception):
    """Types that cannot be learnt from so few posts: type -> how many there are and how many are needed."""

    def __init__(self, lacking: Mapping[str, tuple[int, int]]) -> None:
        super().__init__(
            "too few labelled posts: "
            + "; ".join(f"{name} has {have}, {needed} are needed" for name, (have, needed) in lacking.items())
        )
        self.lacking = dict(lacking)


class Words:
    """The words for complaint types in labels: those configured, and shipped ones, which stand for their heirs."""

    def __init__(self, types: Sequence[ComplaintType]) -> None:
        self.known = tuple(one.name for one in types)
        self._heirs = {word: one.name for one in types for word in one.shipped} | {name: name for name in self.known}
        self._rest = fallback(types)

    def read(self, words: Iterable[str]) -> tuple[str, ...]:
        """The configured types that the words mean, each once, in their order; none for none.

        Shipped types that the company has dropped are left out; of a complaint about such alone, the heir of "other"
        is left.

        Raises:
            ValueError: a word means nothing, or dropped types are all there is and no type inherits "other".
        """
        given = list(words)
        for word in given:
            if word not in self._heirs and word not in COMPLAINT_TYPES:
                raise ValueError(f'no complaint type is called "{word}"; complaint types: {", ".join(self.known)}')
        meant = tuple(dict.fromkeys(self._heirs[word] for word in given if word in self._heirs))
        if given and not meant:
            if self._rest is None:
                raise ValueError(f"{' '.join(given)}: dropped, and no complaint type takes over other")
            return (self._rest,)
        return meant


def usable(posts: Iterable[LabelledPost]) -> list[LabelledPost]:
    """Each text once, with the label of the first origin; texts that say nothing in words are left out.

    Texts are one where the model reads them alike. Sorted by what it reads: the order given decides nothing but which
    of two labels of one origin counts, the first.
    """
    order = list(Origin)
    kept: dict[str, LabelledPost] = {}
    for post in sorted(posts, key=lambda one: order.index(one.origin)):
        plain = text.masked(post.text)
        if text.says_something(plain):
            kept.setdefault(text.worded(plain).casefold(), post)
    return [kept[key] for key in sorted(kept)]


def to_fit(posts: Sequence[LabelledPost], types: Sequence[ComplaintType]) -> tuple[str, ...]:
    """The types of which there are posts enough; those of shipped ones that have fewer stay as shipped.

    Raises:
        TooFewExamples: with all new types that lack posts; or with all types, where none has enough.
    """
    count = Counter(kind for post in posts for kind in post.types)
    needed = {one.name: LEAST_INHERITED if one.shipped else LEAST_NEW for one in types}
    # What is always said, or never, teaches nothing: there must be as many posts of other types, or of none.
    short = {
        name: (min(count[name], len(posts) - count[name]), least)
        for name, least in needed.items()
        if min(count[name], len(posts) - count[name]) < least
    }
    new = {one.name for one in types if not one.shipped}
    if len(short) == len(needed) or new & short.keys():
        raise TooFewExamples({name: gap for name, gap in short.items() if name in new or len(short) == len(needed)})
    return tuple(name for name in needed if name not in short)
