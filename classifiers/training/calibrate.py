"""Fitting the calibration on posts set aside: temperature and bias, Platt's scaling, thresholds, cuts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from classifiers.calibration import Array, Calibration, Sigmoid, Softmax
from classifiers.training.arrays import UNKNOWN, Ints, Truth
from classifiers.training.measures import confusion, f1_scores, kappa
from classifiers.verdicts import Scores, severity_levels
from config.vocabulary import Severity

MILD_WIDTH, SERIOUS_WIDTH = 0.5, 0.3  # least distance of severity cuts, so that each level can be met
RIDGE = 1e-3  # pull towards "change nothing": a label with a dozen posts must not run away
THRESHOLDS = np.round(np.arange(0.15, 0.76, 0.01), 2)  # outside, a handful of posts decides


def take(scores: Scores, rows: Ints) -> Scores:
    """Return the rows named of every score."""
    return Scores(*(getattr(scores, name)[rows] for name in Scores.__slots__))


def fit(scores: Scores, truth: Truth) -> Calibration:
    """Fit every head on the posts that have its label; a head without any keeps what the network says."""
    severity = fit_softmax(scores.severity, truth.severity)
    return Calibration(
        sentiment=fit_softmax(scores.sentiment, truth.sentiment, balanced=True),
        complaint=fit_sigmoid(scores.complaint, truth.complaint[:, None], best_by_f1),
        types=fit_sigmoid(scores.types, truth.types, best_by_f1),
        severity=severity,
        severity_cuts=fit_cuts(severity(scores.severity), truth.severity),
        flags=fit_sigmoid(scores.flags, truth.flags, best_by_kappa),
    )


def fit_softmax(scores: Array, labels: Ints, *, balanced: bool = False) -> Softmax:
    """Fit temperature and biases by likelihood.

    `balanced` lets every class weigh alike, however many posts it has: the shares of the classes differ from
    source to source, and a rare class that matters, such as negative among general tweets, is not given up.
    """
    rows = np.flatnonzero(labels != UNKNOWN)
    classes = scores.shape[1]
    if not len(rows):
        return Softmax(1.0, (0.0,) * classes)
    raw, target = torch.from_numpy(scores[rows]), torch.from_numpy(labels[rows])
    counts = torch.bincount(target, minlength=classes).double()
    weight = len(rows) / counts.clamp(min=1.0) / classes if balanced else None
    found = torch.zeros(classes + 1, dtype=torch.float64, requires_grad=True)  # log temperature, biases

    def cost() -> Tensor:
        likelihood = functional.cross_entropy(raw / found[0].exp() + found[1:], target, weight=weight)
        return likelihood + RIDGE * found.square().sum()

    values = _minimum(found, cost)
    bias = values[1:] - np.mean(values[1:])
    return Softmax(float(np.exp(values[0])), tuple(round(float(value), 5) for value in bias))


def fit_sigmoid(scores: Array, labels: Ints, best: Callable[[Array, Ints], float]) -> Sigmoid:
    """Fit scale, shift and threshold of each column."""
    fitted = [_fit_column(scores[:, column], labels[:, column], best) for column in range(scores.shape[1])]
    scale, shift, threshold = zip(*fitted, strict=True)
    return Sigmoid(scale, shift, threshold)


def _fit_column(scores: Array, labels: Ints, best: Callable[[Array, Ints], float]) -> tuple[float, float, float]:
    rows = np.flatnonzero(labels != UNKNOWN)
    if not labels[rows].any() or labels[rows].all():
        return 1.0, 0.0, 0.5
    raw, target = torch.from_numpy(scores[rows]), torch.from_numpy(labels[rows]).double()
    found = torch.zeros(2, dtype=torch.float64, requires_grad=True)  # log scale, shift

    def cost() -> Tensor:
        shifted = raw * found[0].exp() + found[1]
        return functional.binary_cross_entropy_with_logits(shifted, target) + RIDGE * found.square().sum()

    values = _minimum(found, cost)
    scale, shift = float(np.exp(values[0])), float(values[1])
    calibrated = Sigmoid((scale,), (shift,), (0.5,))(scores[rows][:, None])[:, 0]
    return round(scale, 5), round(shift, 5), best(calibrated, labels[rows])


def best_by_f1(probability: Array, labels: Ints) -> float:
    """Return the threshold of the best F1, in the middle of equals."""
    return _best(lambda given: float(f1_scores(confusion(labels, given, 2))[1]), probability)


def best_by_kappa(probability: Array, labels: Ints) -> float:
    """Return the threshold of the best kappa, in the middle of equals."""
    return _best(lambda given: kappa(labels, given, 2), probability)


def _best(measure: Callable[[Ints], float], probability: Array) -> float:
    values = np.array([measure((probability >= threshold).astype(np.int64)) for threshold in THRESHOLDS])
    smooth = np.convolve(np.pad(values, 2, mode="edge"), np.ones(5) / 5, mode="valid")  # not the luck of one post
    equal = np.flatnonzero(smooth >= smooth.max() - 1e-12)
    return float(THRESHOLDS[equal[len(equal) // 2]])


def fit_cuts(severities: Array, labels: Ints) -> tuple[float, float, float]:
    """Find the cuts of expected severity with the best quadratic kappa."""
    rows = np.flatnonzero(labels != UNKNOWN)
    if not len(rows):
        return (0.5, 1.5, 2.5)
    grid = np.round(np.arange(0.3, 2.61, 0.1), 2)
    allowed = [
        cuts
        for cuts in combinations(grid.tolist(), 3)
        if cuts[1] - cuts[0] >= MILD_WIDTH and cuts[2] - cuts[1] >= SERIOUS_WIDTH
    ]

    def agreement(cuts: tuple[float, float, float]) -> float:
        given = severity_levels(severities[rows], cuts).astype(np.int64)
        return kappa(labels[rows], given, len(Severity), quadratic=True)

    return max(allowed, key=agreement)


def _minimum(found: Tensor, cost: Callable[[], Tensor]) -> Array:
    search = torch.optim.LBFGS([found], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        search.zero_grad()
        value = cost()
        value.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return value

    search.step(closure)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return np.asarray(found.detach().numpy(), dtype=np.float64)
