"""Measures of agreement and calibration, each from counts; those of tables take many tables at once."""

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
    """Return the recall of each class, ... x k of ... x k x k tables; 0 of a class without posts."""
    return np.asarray(_agreed(table) / np.maximum(table.sum(axis=-1), 1.0))


def f1_scores(table: Array) -> Array:
    """Return the F1 of each class, ... x k of ... x k x k tables; 0 of a class neither met nor given."""
    return np.asarray(2.0 * _agreed(table) / np.maximum(table.sum(axis=-2) + table.sum(axis=-1), 1.0))


def accuracies(table: Array) -> Array:
    """Return the share of posts with the right label; 0 of none."""
    return np.asarray(_agreed(table).sum(axis=-1) / np.maximum(table.sum(axis=(-2, -1)), 1.0))


def kappas(table: Array, *, quadratic: bool = False) -> Array:
    """Return Cohen's kappa, with quadratic weights for ordered classes; 0 where chance alone explains all."""
    rows, columns = np.indices(table.shape[-2:])
    cost = (rows - columns) ** 2 if quadratic else (rows != columns).astype(float)
    total = np.maximum(table.sum(axis=(-2, -1)), 1.0)[..., None, None]
    chance = table.sum(axis=-1)[..., :, None] * table.sum(axis=-2)[..., None, :] / total
    by_chance = (cost * chance).sum(axis=(-2, -1))
    disagreed = (cost * table).sum(axis=(-2, -1))
    return np.where(by_chance > 0, 1.0 - disagreed / np.where(by_chance > 0, by_chance, 1.0), 0.0)


def kappa(truth: Labels, given: Labels, classes: int, *, quadratic: bool = False) -> float:
    """Return Cohen's kappa of two labellings; see `kappas`."""
    return float(kappas(confusion(truth, given, classes), quadratic=quadratic))


def bin_of(probability: Array) -> Labels:
    """Return the bin, 0..BINS-1, of each probability."""
    return np.minimum((probability * BINS).astype(np.int64), BINS - 1)


def calibration_error(probability: Array, correct: Labels) -> float:
    """Return the expected calibration error of n probabilities against 0/1 outcomes, in 0..1; nan of none."""
    if not len(probability):
        return float("nan")
    gaps = np.bincount(bin_of(probability), weights=probability - correct, minlength=BINS)
    return float(np.abs(gaps).sum()) / len(probability)


def _agreed(table: Array) -> Array:
    return np.diagonal(table, axis1=-2, axis2=-1)
