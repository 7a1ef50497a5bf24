"""How sure a figure is: bootstrap intervals, drawn by groups that belong together.

Every measure here is a function of sums over posts (counts in a table, gaps in a bin). So a resample is a vector of
how often each group is drawn, and a thousand resamples are one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.calibration import Array
from classifiers.training.arrays import Ints

RESAMPLES = 1_000
SEED = 20261121
LEVEL = 95  # per cent of the resamples lie in the interval
_AT_ONCE = 100  # resamples drawn in one piece: some ten megabytes for the largest set


@dataclass(frozen=True, slots=True)
class Statistic:
    """A measure: what each of n posts adds (n x m), and the value of k x m sums (k values)."""

    rows: Array
    value: Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and the interval in which 95 % of the resamples lie."""

    value: float
    low: float
    high: float


def figures(statistics: Mapping[str, Statistic], groups: Sequence[str]) -> dict[str, Figure]:
    """Measure every statistic of the same n posts, `groups` naming the group of each post.

    The same posts give the same intervals. Raises ValueError of no posts.
    """
    if not groups:
        raise ValueError("nothing to measure")
    whole = np.hstack([statistic.rows for statistic in statistics.values()])
    _, place = np.unique(np.array(groups, dtype=object), return_inverse=True)
    summed = np.zeros((int(place.max()) + 1, whole.shape[1]))
    np.add.at(summed, place, whole)
    drawn = _drawn(summed)
    found: dict[str, Figure] = {}
    begin = 0
    for name, statistic in statistics.items():
        end = begin + statistic.rows.shape[1]
        value = float(statistic.value(whole[:, begin:end].sum(axis=0, keepdims=True))[0])
        low, high = np.percentile(statistic.value(drawn[:, begin:end]), ((100 - LEVEL) / 2, (100 + LEVEL) / 2))
        found[name] = Figure(round(value, 4), round(float(low), 4), round(float(high), 4))
        begin = end
    return found


def counted(place: Ints, size: int) -> Array:
    """Return n x size rows with a 1 at each post's place; a negative place counts nowhere."""
    rows = np.zeros((len(place), size))
    known = np.flatnonzero(place >= 0)
    rows[known, place[known]] = 1.0
    return rows


def _drawn(summed: Array) -> Array:
    """Return RESAMPLES x m sums, each over as many groups as there are, drawn with replacement."""
    size = len(summed)
    rng = np.random.default_rng(SEED)
    parts = []
    for _ in range(RESAMPLES // _AT_ONCE):
        chosen = rng.integers(0, size, (_AT_ONCE, size)) + size * np.arange(_AT_ONCE)[:, None]
        times = np.bincount(chosen.ravel(), minlength=_AT_ONCE * size).reshape(_AT_ONCE, size)
        parts.append(times.astype(np.float64) @ summed)
    return np.vstack(parts)
