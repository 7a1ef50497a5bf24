"""Measures of agreement and calibration, each from two arrays of labels or probabilities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]
Array = npt.NDArray[np.float64]
BINS = 15  # of the expected calibration error, as in Guo et al. 2017


def confusion(truth: Labels, given: Labels, classes: int) -> Array:
    """Count n posts by truth (rows) and label given (columns)."""
    table = np.zeros((classes, classes))
    np.add.at(table, (truth, given), 1.0)
    return table


def recalls(table: Array) -> Array:
    """Return the recall of each class; 0 of a class without posts."""
    return np.asarray(np.diag(table) / np.maximum(table.sum(axis=1), 1.0))


def f1_scores(table: Array) -> Array:
    """Return the F1 of each class; 0 of a class neither met nor given."""
    return np.asarray(2.0 * np.diag(table) / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1.0))


def kappa(truth: Labels, given: Labels, classes: int, *, quadratic: bool = False) -> float:
    """Return Cohen's kappa, with quadratic weights for ordered classes; 0 where chance alone explains all."""
    table = confusion(truth, given, classes)
    rows, columns = np.indices(table.shape)
    cost = (rows - columns) ** 2 if quadratic else (rows != columns).astype(float)
    chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / max(table.sum(), 1.0)
    by_chance = float((cost * chance).sum())
    return 1.0 - float((cost * table).sum()) / by_chance if by_chance else 0.0


def calibration_error(probability: Array, correct: Labels) -> float:
    """Return the expected calibration error of n probabilities against 0/1 outcomes, in 0..1; nan of none."""
    if not len(probability):
        return float("nan")
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    gaps = [abs(float((probability[bins == b] - correct[bins == b]).sum())) for b in range(BINS)]
    return sum(gaps) / len(probability)
