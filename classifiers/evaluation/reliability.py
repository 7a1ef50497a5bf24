"""Whether probabilities mean what they say, bin by bin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifiers.calibration import Array
from classifiers.evaluation.tasks import Posts
from classifiers.training.arrays import UNKNOWN
from classifiers.training.measures import BINS, bin_of


@dataclass(frozen=True, slots=True)
class Bin:
    """Posts with probabilities near each other."""

    n: int
    said: float  # their mean probability
    was: float  # the share of them for which it came true


def sentiment_bins(posts: Posts) -> tuple[Bin, ...]:
    """The probability of the sentiment given against how often it is right; posts left unjudged are left out."""
    rows = np.flatnonzero((posts.truth.sentiment != UNKNOWN) & posts.answers.judged)
    right = posts.truth.sentiment[rows] == posts.answers.sentiment_given[rows]
    return _bins(posts.answers.sentiment[rows].max(axis=1, initial=0.0), right)


def complaint_bins(posts: Posts) -> tuple[Bin, ...]:
    """The probability of a complaint against how often it is one; posts left unjudged are left out."""
    rows = np.flatnonzero((posts.truth.complaint != UNKNOWN) & posts.answers.judged)
    return _bins(posts.answers.complaint[rows], posts.truth.complaint[rows] == 1)


def _bins(probability: Array, outcome: npt.NDArray[np.bool_]) -> tuple[Bin, ...]:
    place = bin_of(probability)
    counts, said, was = (np.bincount(place, weights, BINS) for weights in (None, probability, outcome.astype(float)))
    return tuple(
        Bin(int(n), round(float(p / n), 4), round(float(o / n), 4))
        for n, p, o in zip(counts, said, was, strict=True)
        if n
    )
