"""One's own labelled posts: rows of a table, each label where it is given, every bad cell named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from classifiers.base import Classifier
from classifiers.evaluation import tasks
from classifiers.evaluation.report import Progress, answered
from classifiers.evaluation.tasks import Entry, Posts
from classifiers.training.arrays import UNKNOWN, Truth, truth_of
from classifiers.training.data import letters
from classifiers.training.sources import FLAG_INDEX, SENTIMENT_INDEX, Example
from config.vocabulary import Severity

TEXT = "text"
LABELS = ("sentiment", "complaint", "types", "severity", "flags")
AUTHOR = "author"  # posts of one author belong together in the intervals
_YES_NO = {"1": 1, "0": 0, "yes": 1, "no": 0, "true": 1, "false": 0}
_SEVERITIES = {word: int(s) for s in Severity for word in (str(int(s)), s.name.lower())}

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class OwnPosts:
    """Texts with the labels that people gave them."""

    texts: tuple[str, ...]
    truth: Truth
    groups: tuple[str, ...]


def read(rows: Iterable[tuple[int, Mapping[str, str]]], types: Sequence[str], tell: Tell) -> OwnPosts:
    """Read rows, each with its line; `types` are the complaint types that the classifier knows.

    Words are taken in any case; complaint is 1, 0, yes, no, true or false; severity 0 to 3 or none, mild, serious,
    critical; types and flags are separated by blanks or commas, the main type first; an empty cell of `sentiment` or
    `severity` is no label, one of `types` or `flags` is a label where another label of the row says so: see below.
    A row without a text is left out, a word that is no label counts as no label; both are told with their line.

    An empty `types` means "no complaint" where complaint is no or severity is 0, otherwise nothing is known; an empty
    `flags` means "none of them". Without a column `complaint`, a row with types or a severity tells it.
    """
    examples: list[Example] = []
    kinds: list[tuple[int, ...] | None] = []
    places = {name.casefold(): index for index, name in enumerate(types)}
    for line, row in rows:
        if not row.get(TEXT, "").strip():
            tell(f"line {line}: no text; the row is left out")
            continue
        cells = _Cells(line, row, tell)
        example, kind = _example(cells, row, places)
        examples.append(example)
        kinds.append(kind)
    return OwnPosts(
        texts=tuple(example.text for example in examples),
        truth=_with_types(truth_of(examples), kinds, len(types)),
        groups=tuple(example.group or letters(example.text) for example in examples),
    )


def entries(
    classifier: Classifier, posts: OwnPosts, name: str, types: Sequence[str], progress: Progress
) -> tuple[Entry, ...]:
    """Measure a classifier, as it serves, on one's own posts; nothing of a label that no post has."""
    given = Posts(posts.truth, answered(classifier, posts.texts, tuple(types), progress), posts.groups)
    found = (tasks.sentiment(given, name), tasks.complaint(given, name), tasks.types(given, name, tuple(types)))
    return tuple(entry for entry in found if entry is not None)


class _Cells:
    """The labels of one row."""

    def __init__(self, line: int, row: Mapping[str, str], tell: Tell) -> None:
        self._line = line
        self._row = row
        self._tell = tell

    def one(self, column: str, words: Mapping[str, int]) -> int | None:
        """The label of a cell; None where it is empty or, which is told, no label."""
        found = self.many(column, words)
        return found[0] if found else None

    def many(self, column: str, words: Mapping[str, int]) -> tuple[int, ...] | None:
        """The labels of a cell, () of an empty one; None where the column is absent or a word is no label."""
        if column not in self._row:
            return None
        said = self._row[column].replace(",", " ").replace(";", " ").casefold().split()
        unknown = [word for word in said if word not in words]
        if unknown:
            known = ", ".join(words)
            self._tell(f'line {self._line}: {column} "{unknown[0]}" is none of {known}; the label is left out')
            return None
        return tuple(dict.fromkeys(words[word] for word in said))


def _example(
    cells: _Cells, row: Mapping[str, str], places: Mapping[str, int]
) -> tuple[Example, tuple[int, ...] | None]:
    complaint, severity = cells.one("complaint", _YES_NO), cells.one("severity", _SEVERITIES)
    kinds = cells.many("types", places)
    if complaint is None and (kinds or severity is not None):
        complaint = int(bool(kinds) or bool(severity))
    if kinds == () and complaint != 0:
        kinds = None
    author = row.get(AUTHOR, "").strip()
    example = Example(
        text=row[TEXT],
        source="own",
        group=f"author {author}" if author else "",
        sentiment=cells.one("sentiment", SENTIMENT_INDEX),
        complaint=complaint,
        severity=severity,
        flags=cells.many("flags", FLAG_INDEX),
    )
    return example, kinds


def _with_types(truth: Truth, kinds: Sequence[tuple[int, ...] | None], width: int) -> Truth:
    """The same labels with types in the classifier's own vocabulary."""
    many = np.full((len(kinds), width), UNKNOWN, dtype=np.int64)
    for row, names in zip(many, kinds, strict=True):
        if names is not None:
            row[:] = 0
            row[list(names)] = 1
    main = np.array([names[0] if names else UNKNOWN for names in kinds], dtype=np.int64)
    return replace(truth, types=many, main=main)
