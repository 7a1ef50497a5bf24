"""Counting posts set aside for the look-up of thresholds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.calibration import Calibration
from classifiers.evaluation.answers import Answers, recalibrated
from classifiers.evaluation.halves import DERIVED
from classifiers.thresholds import Counts, counts_of
from classifiers.training.arrays import UNKNOWN, truth_of
from classifiers.training.sources import Example

NEGATIVE = 0  # the place of negative among the sentiments


def sample_of(examples: Sequence[Example], answers: Answers, given: Calibration, shipped: Calibration) -> Counts:
    """Count the posts under the calibration that ships; `answers` were given under `given`.

    Complaints are counted on the posts with a severity (annotated under the guideline), negative posts on those with a
    labelled sentiment. The calibration was fitted on these posts: it orders them as the network does, so that what
    share is found at what precision does not depend on the fit, but for the cuts between severities.
    """
    served = recalibrated(answers, given, shipped)
    truth = truth_of(examples)
    derived = np.array([example.source.startswith(DERIVED) for example in examples], dtype=bool)
    weighed = np.flatnonzero(truth.severity != UNKNOWN)
    moods = np.flatnonzero((truth.sentiment != UNKNOWN) & ~derived)
    p_negative = np.where(served.sentiment_given == NEGATIVE, served.sentiment[:, NEGATIVE], 0.0)
    return counts_of(
        true_severity=truth.severity[weighed].tolist(),
        severity=served.severity_given[weighed].tolist(),
        complaint=served.complaint[weighed],
        is_negative=(truth.sentiment[moods] == NEGATIVE).astype(int).tolist(),
        negative=p_negative[moods],
    )
