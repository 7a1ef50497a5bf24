"""Fitting linear heads on fixed vectors: all types at once, pulled towards what the shipped heads say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from classifiers.calibration import Array, Sigmoid
from classifiers.heads import Chosen, sigmoid

# Chosen on 2,799 posts of airlines' customers that the shipped model neither learnt from nor was measured on: with 200
# to 2,000 labelled posts the best of these is 10 to 100; the fourth is for fewer.
PULLS = (10.0, 30.0, 100.0, 300.0)
MOST_WEIGHT = 10.0  # of a post of a rare type against one of another type
STEPS = 60  # of the search: within 0.001 of where Newton's method ends, for every post
MEMORY = 30  # steps that the search remembers
LEAST_CURVE = 0.01  # of the loss of a type that hardly ever occurs
PLATT_PULL = 1e-3  # towards "change nothing": a type with a dozen posts must not run away
PLATT_STEPS = 50
THRESHOLDS = np.round(np.arange(0.1, 0.81, 0.01), 2)  # outside, a handful of posts decides
SMOOTHED = 5  # neighbouring thresholds averaged: not the luck of one post


class Rows:
    """Labelled posts as numbers: n vectors, n x k labels 0/1, and n x k logits of what the shipped heads say."""

    def __init__(self, vectors: Array, labels: Array, priors: Array) -> None:
        self.labels = torch.from_numpy(labels)
        self.priors = torch.from_numpy(priors)
        self.weights = torch.from_numpy(_weights(labels))
        self._centre = vectors.mean(axis=0)
        apart = torch.from_numpy(vectors - self._centre)
        spread, self._turn = torch.linalg.eigh(apart.T @ apart)
        self._turned = apart @ self._turn  # along the axes of their spread
        often = (self.weights * self.labels).mean(dim=0)
        self._curve = spread.clamp(min=0.0)[:, None] * (often * (1 - often) + LEAST_CURVE)[None, :]

    def fitted(self, pull: float) -> tuple[Array, Array]:
        """The correction to the priors with the least loss: weights k x hidden, biases k.

        The loss is the weighted cross-entropy of all posts plus `pull`/2 times the squared weights; biases are free.
        The search runs in steps that are about equally steep in all directions, or it would not come to its end.
        """
        step = 1.0 / torch.sqrt(self._curve + pull)  # hidden x k
        step = torch.cat([step, 1.0 / torch.sqrt(self._curve.mean(dim=0, keepdim=True) + 1.0)])
        found = torch.zeros_like(step, requires_grad=True)
        search = torch.optim.LBFGS(
            [found], max_iter=STEPS, tolerance_grad=1e-5, history_size=MEMORY, line_search_fn="strong_wolfe"
        )

        def closure() -> Tensor:
            search.zero_grad()
            values = found * step
            scores = self.priors + self._turned @ values[:-1] + values[-1]
            each = functional.binary_cross_entropy_with_logits(scores, self.labels, reduction="none")
            loss = (self.weights * each).sum() + pull / 2 * values[:-1].square().sum()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            return torch.as_tensor(loss)

        search.step(closure)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        with torch.no_grad():
            values = found * step
            weights = (self._turn @ values[:-1]).T.numpy()
            return weights, values[-1].numpy() - weights @ self._centre


def _weights(labels: Array) -> Array:
    """Weigh the posts of a rare type up, by the square root of how rare it is; a mean of 1 for each type."""
    present = np.maximum(labels.sum(axis=0), 1.0)
    rare = np.minimum(np.sqrt(np.maximum(len(labels) - present, 1.0) / present), MOST_WEIGHT)
    weights = np.where(labels > 0, rare, 1.0)
    return np.asarray(weights / weights.mean(axis=0))


def calibrated(scores: Array, labels: Array, counted: Chosen) -> Sigmoid:
    """Platt's scale and shift and the threshold of the best F1 for each column of scores not seen in fitting.

    `counted` (n) says which posts are taken for complaints: only these get types, so only they count for F1.
    """
    columns = [_platt(scores[:, k], labels[:, k]) for k in range(scores.shape[1])]
    scale, shift = zip(*columns, strict=True)
    likely = Sigmoid(scale, shift, (0.5,) * len(scale))(scores) * counted[:, None]
    return Sigmoid(scale, shift, tuple(_threshold(likely[:, k], labels[:, k]) for k in range(len(scale))))


def _platt(scores: Array, labels: Array) -> tuple[float, float]:
    """Newton's method with halved steps: the loss is convex and never rises."""
    inputs = np.stack([scores, np.ones_like(scores)], axis=1)
    start = np.array([1.0, 0.0])

    def loss(values: Array) -> float:
        logits = inputs @ values
        fit = np.logaddexp(0.0, logits) - labels * logits
        return float(fit.mean() + PLATT_PULL * np.square(values - start).sum())

    values = start
    for _ in range(PLATT_STEPS):
        p = sigmoid(inputs @ values)
        slope = inputs.T @ (p - labels) / len(labels) + 2 * PLATT_PULL * (values - start)
        curve = (inputs * (p * (1 - p))[:, None]).T @ inputs / len(labels) + 2 * PLATT_PULL * np.eye(2)
        step = np.linalg.solve(curve, slope)
        while loss(values - step) > loss(values) and np.abs(step).max() > 1e-9:  # noqa: PLR2004 - no step at all
            step = step / 2
        values = values - step
        if np.abs(step).max() < 1e-7:  # noqa: PLR2004 - far below the five digits kept
            break
    return max(0.05, round(float(values[0]), 5)), round(float(values[1]), 5)  # a head is never turned round


def _threshold(likely: Array, labels: Array) -> float:
    given = likely[:, None] >= THRESHOLDS[None, :]
    right = (given & (labels[:, None] > 0)).sum(axis=0)
    f1 = 2 * right / np.maximum(given.sum(axis=0) + labels.sum(), 1.0)
    around = SMOOTHED // 2
    smooth = np.convolve(np.pad(f1, around, mode="edge"), np.ones(SMOOTHED) / SMOOTHED, mode="valid")
    equal = np.flatnonzero(smooth >= smooth.max() - 1e-12)
    return float(THRESHOLDS[equal[len(equal) // 2]])


def log_loss(likely: Array, labels: Array) -> float:
    """Return the mean cross-entropy of n x k probabilities."""
    p = np.clip(likely, 1e-9, 1 - 1e-9)
    return float(-(labels * np.log(p) + (1 - labels) * np.log(1 - p)).mean())


def best_pull(losses: Sequence[float]) -> int:
    """Return the index of the pull with the least loss; the stronger one of equals."""
    return max(range(len(losses)), key=lambda index: (-losses[index], index))
