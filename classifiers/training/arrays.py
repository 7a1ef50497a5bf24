"""Examples as arrays: token ids and labels, -1 where a source says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from transformers import PreTrainedTokenizerBase

from classifiers.text import prepare
from classifiers.tokens import shortened
from classifiers.training.sources import Example
from config.vocabulary import COMPLAINT_TYPES, Flag, Severity

UNKNOWN = -1
TAUGHT = 1 + len(COMPLAINT_TYPES) + len(Severity) + len(Flag)
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Truth:
    """Labels of n posts, -1 where unknown."""

    sentiment: Ints  # n
    weight: Floats  # n, of the sentiment
    complaint: Ints  # n
    types: Ints  # n x 11, 0/1
    main: Ints  # n, the main type where there is a complaint
    severity: Ints  # n
    flags: Ints  # n x 4, 0/1
    side: Ints  # n, the label of a side task among the labels of all side tasks
    taught: Floats  # n x 20, a teacher's probabilities of complaint, types, severity 0..3, flags; nan where none

    def take(self, rows: Ints) -> Truth:
        """Return the rows named, in that order."""
        return Truth(*(getattr(self, name)[rows] for name in Truth.__slots__))


@dataclass(frozen=True, slots=True)
class Labelled:
    """n posts: token ids of each, and their labels."""

    ids: list[list[int]]
    truth: Truth

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Ints) -> Labelled:
        """Return the rows named, in that order."""
        return Labelled([self.ids[row] for row in rows], self.truth.take(rows))


def labelled(
    examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase, sides: Sequence[tuple[str, str]] = ()
) -> Labelled:
    """Tokenise the prepared texts and line the labels up; `sides` numbers the labels of the side tasks."""
    texts = [prepare(example.text) for example in examples]
    raw = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"] if texts else []
    start, end = int(tokenizer.cls_token_id), int(tokenizer.sep_token_id)
    return Labelled([shortened(ids, start=start, end=end) for ids in raw], truth_of(examples, sides))


def side_labels(examples: Iterable[Example]) -> tuple[tuple[str, str], ...]:
    """Return every label of every side task, the labels of one task beside each other."""
    return tuple(sorted({example.side for example in examples if example.side is not None}))


def truth_of(examples: Sequence[Example], sides: Sequence[tuple[str, str]] = ()) -> Truth:
    """Line the examples' labels up."""
    places = {side: place for place, side in enumerate(sides)}
    return Truth(
        sentiment=np.array([_known(example.sentiment) for example in examples], dtype=np.int64),
        weight=np.array([example.weight for example in examples], dtype=np.float32),
        complaint=np.array([_known(example.complaint) for example in examples], dtype=np.int64),
        types=_many_hot([example.types for example in examples], len(COMPLAINT_TYPES)),
        main=np.array([example.types[0] if example.types else UNKNOWN for example in examples], dtype=np.int64),
        severity=np.array([_known(example.severity) for example in examples], dtype=np.int64),
        flags=_many_hot([example.flags for example in examples], len(Flag)),
        side=np.array([_place(example.side, places) for example in examples], dtype=np.int64),
        taught=np.full((len(examples), TAUGHT), np.nan, dtype=np.float32),
    )


def joined(parts: Sequence[Labelled]) -> Labelled:
    """Put several sets of posts one after another."""
    return Labelled([ids for part in parts for ids in part.ids], joined_truth([part.truth for part in parts]))


def joined_truth(parts: Sequence[Truth]) -> Truth:
    """Put several sets of labels one after another."""
    return Truth(*(np.concatenate([getattr(part, name) for part in parts]) for name in Truth.__slots__))


def _place(side: tuple[str, str] | None, places: Mapping[tuple[str, str], int]) -> int:
    return UNKNOWN if side is None else places.get(side, UNKNOWN)


def _known(label: int | None) -> int:
    return UNKNOWN if label is None else label


def _many_hot(labels: Sequence[tuple[int, ...] | None], width: int) -> Ints:
    rows = np.full((len(labels), width), UNKNOWN, dtype=np.int64)
    for row, names in zip(rows, labels, strict=True):
        if names is not None:
            row[:] = 0
            row[list(names)] = 1
    return rows
