"""What the encoder gives of texts, and how the windows of a long text become one score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifiers.calibration import Array
from classifiers.verdicts import HEAD_SIZES, Scores

Vectors = npt.NDArray[np.float32]
Owners = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """One vector a window, in the order of the texts; every text has at least one window.

    The windows of a long text hold equally many word pieces each, so that their plain mean weighs every piece alike.
    """

    vectors: Vectors  # windows x hidden, the mean over the window's word pieces
    owner: Owners  # which text each window is of: ascending from 0, no text left out

    def __post_init__(self) -> None:
        """Refuse owners that are not one a window, ascending without a gap."""
        steps = np.diff(self.owner, prepend=0)
        if len(self.owner) != len(self.vectors) or not np.isin(steps, (0, 1)).all() or (self.owner[:1] != 0).any():
            raise ValueError(f"{len(self.vectors)} windows of texts {self.owner.tolist()[:20]}")

    def __len__(self) -> int:
        """How many texts."""
        return int(self.owner[-1]) + 1 if len(self.owner) else 0

    @property
    def apart(self) -> Pooled:
        """The same windows, each as a text of its own."""
        return Pooled(self.vectors, np.arange(len(self.vectors), dtype=np.int64))

    @property
    def firsts(self) -> Owners:
        """The first window of each text."""
        return np.flatnonzero(np.diff(self.owner, prepend=-1))

    @property
    def sizes(self) -> Owners:
        """How many windows each text has."""
        return np.bincount(self.owner)


def highest(table: Array, pooled: Pooled) -> Array:
    """Return for each text, column by column, the highest score of its windows; windows x k in, texts x k out."""
    if len(pooled) == len(table):  # a window each, as most posts have
        return table
    return np.asarray(np.maximum.reduceat(table, pooled.firsts, axis=0))


def averaged(table: Array, pooled: Pooled) -> Array:
    """Return for each text the mean score of its windows; windows x k in, texts x k out."""
    if len(pooled) == len(table):
        return table
    return np.asarray(np.add.reduceat(table, pooled.firsts, axis=0) / pooled.sizes[:, None])


def found(table: Array, pooled: Pooled) -> Array:
    """Return for each text the log-odds that one of its windows is a case in point; windows x k in, texts x k out.

    n windows are n chances of a false alarm, so the odds of the highest are divided by n. In texts of some twelve
    windows put together from labelled posts, a paragraph of complaint amid praise was found in 80 of 100, and praise
    alone taken for a complaint in 9; by the highest score in 96 and 40; by the mean in 2 and none.
    """
    return np.asarray(highest(table, pooled) - np.log(pooled.sizes)[:, None])


def gravest(table: Array, pooled: Pooled) -> Array:
    """Return for each text the scores of the window with the highest expected step; windows x k in, texts x k out."""
    if len(pooled) == len(table):
        return table
    powers = np.exp(table - table.max(axis=1, keepdims=True))
    expected = powers @ np.arange(table.shape[1]) / powers.sum(axis=1)
    order = np.lexsort((-expected, pooled.owner))  # by text, the gravest window first
    return np.asarray(table[order[pooled.firsts]])


def combined(table: Array, pooled: Pooled) -> Scores:
    """Put the scores of windows (windows x all heads side by side) together into one row a text.

    Sentiment is the whole text's: the mean. A complaint and the flags may stand in one paragraph among many: `found`.
    What the complaint is about, and how grave it is, is said where that is loudest. A text of one window keeps its
    scores as they are.
    """
    sentiment, complaint, types, severity, flags = np.split(table, np.cumsum(list(HEAD_SIZES.values()))[:-1], axis=1)
    return Scores(
        averaged(sentiment, pooled),
        found(complaint, pooled),
        highest(types, pooled),
        gravest(severity, pooled),
        found(flags, pooled),
    )
