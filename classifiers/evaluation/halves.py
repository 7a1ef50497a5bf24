"""Fitting the calibration on posts set aside, and in halves, so that no post is judged by what it fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from classifiers.calibration import Calibration
from classifiers.evaluation.answers import Answers, raw_scores
from classifiers.training import calibrate
from classifiers.training.arrays import UNKNOWN, Ints, truth_of
from classifiers.training.data import share
from classifiers.training.sources import Example, is_non_commercial

HALF = 50  # per cent
HALVES_SEED = "sentiment-monitor calibration halves 1"
DERIVED = ("complaint_types/", "complaints_airline_tweets")  # sources whose sentiment is derived from other labels


def fits(example: Example) -> bool:
    """Whether a post set aside may fit the calibration that ships: not where its terms forbid commercial use."""
    return not is_non_commercial(example)


def halves(examples: Sequence[Example]) -> Ints:
    """Return 0 or 1 for each post: by the hash of its group, so that variants of one post stay together."""
    return np.array([share(example, HALVES_SEED) >= HALF for example in examples], dtype=np.int64)


def fit_for_use(examples: Sequence[Example], answers: Answers, fitted: Calibration) -> Calibration:
    """Fit on the posts among these that may, that are judged, and on sentiment that is labelled, not derived.

    `answers` are those given under `fitted`. A head without any post with its label keeps what the network says.
    """
    may = np.array([fits(example) for example in examples], dtype=np.bool_)
    rows = np.flatnonzero(answers.judged & may)
    chosen = [examples[row] for row in rows.tolist()]
    truth = truth_of(chosen)
    derived = np.array([example.source.startswith(DERIVED) for example in chosen], dtype=np.bool_)
    labelled = replace(truth, sentiment=np.where(derived, UNKNOWN, truth.sentiment))
    return calibrate.fit(raw_scores(answers.take(rows), fitted), labelled)
