"""What a classifier says of n posts, as arrays: taken from its verdicts alone, so that what is measured is served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from classifiers.base import Verdict
from classifiers.calibration import Array, Calibration, Sigmoid, Softmax
from classifiers.training.arrays import UNKNOWN, Ints
from classifiers.verdicts import Scores, verdicts
from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment, Severity

Bools = npt.NDArray[np.bool_]
_SENTIMENTS = {name: index for index, name in enumerate(Sentiment)}
_LEAST = 1e-15  # a probability nearer to 0 or 1 than this is taken as this near


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """A row a post. Where it is not judged: probabilities 0, neutral, no complaint, no type, severity 0, no flag.

    That is how a post left unjudged acts in the product: nobody is told of it.
    """

    judged: Bools  # n
    in_full: Bools  # n: judged, and not for the sentiment alone
    sentiment: Array  # n x 3 probabilities
    sentiment_given: Ints  # n
    complaint: Array  # n
    complaint_given: Ints  # n
    types: Array  # n x types
    types_given: Ints  # n x types, 0/1
    main_given: Ints  # n: the main type, or the likeliest where no complaint is seen; -1 where not judged
    main_served: Ints  # n: the main type, -1 where no complaint is seen
    severity: Array  # n x 4
    severity_given: Ints  # n
    flags: Array  # n x 4
    flags_given: Ints  # n x 4, 0/1

    def __len__(self) -> int:
        return len(self.judged)

    def take(self, rows: Ints) -> Answers:
        """Return the rows named, in that order."""
        return Answers(*(getattr(self, field.name)[rows] for field in fields(self)))


def answers_of(given: Sequence[Verdict], types: Sequence[str] = tuple(COMPLAINT_TYPES)) -> Answers:
    """Line verdicts up; `types` are the complaint types in the order of the columns."""
    places = {name: index for index, name in enumerate(types)}
    kinds = np.array([[v.type_probabilities.get(name, 0.0) for name in types] for v in given])
    kinds = kinds.reshape(len(given), len(types))
    judged = np.array([v.judged for v in given], dtype=np.bool_)
    served = np.array([places[v.types[0]] if v.types else UNKNOWN for v in given], dtype=np.int64)
    likeliest = kinds.argmax(axis=1) if len(types) else served
    return Answers(
        judged=judged,
        in_full=np.array([v.judged and not v.sentiment_only for v in given], dtype=np.bool_),
        sentiment=_table([(v.p_negative, v.p_neutral, v.p_positive) for v in given], 3),
        sentiment_given=np.array([_SENTIMENTS[v.sentiment] for v in given], dtype=np.int64),
        complaint=np.array([v.p_complaint for v in given], dtype=np.float64),
        complaint_given=np.array([v.complaint for v in given], dtype=np.int64),
        types=kinds,
        types_given=np.array([[name in v.types for name in types] for v in given], dtype=np.int64).reshape(kinds.shape),
        main_given=np.where(served != UNKNOWN, served, np.where(judged, likeliest, UNKNOWN)),
        main_served=served,
        severity=_table([v.severity_probabilities or (0.0,) * len(Severity) for v in given], len(Severity)),
        severity_given=np.array([int(v.severity) for v in given], dtype=np.int64),
        flags=_table([[v.flag_probabilities.get(f.value, 0.0) for f in Flag] for v in given], len(Flag)),
        flags_given=_table([[f in v.flags for f in Flag] for v in given], len(Flag)).astype(np.int64),
    )


def joined(parts: Sequence[Answers]) -> Answers:
    """Put several sets of answers one after another."""
    return Answers(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Answers)))


def raw_scores(answers: Answers, calibration: Calibration) -> Scores:
    """Return the scores from which `calibration` made the answers' probabilities, up to what it cannot tell apart."""
    return Scores(
        sentiment=_unsoftened(answers.sentiment, calibration.sentiment),
        complaint=_unsquashed(answers.complaint[:, None], calibration.complaint),
        types=_unsquashed(answers.types, calibration.types),
        severity=_unsoftened(answers.severity, calibration.severity),
        flags=_unsquashed(answers.flags, calibration.flags),
    )


def recalibrated(answers: Answers, before: Calibration, after: Calibration) -> Answers:
    """Return what would have been answered under `after` instead of `before`; posts not judged stay so."""
    rows = np.flatnonzero(answers.judged)
    scores = raw_scores(answers.take(rows), before)
    given = answers_of(verdicts(scores, ["en"] * len(rows), after))
    changed = {}
    for field in fields(Answers):
        values = getattr(answers, field.name).copy()
        values[rows] = getattr(given, field.name)
        changed[field.name] = values
    return Answers(**changed)


def _table(rows: Sequence[Sequence[float]], width: int) -> Array:
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def _unsoftened(probability: Array, softmax: Softmax) -> Array:
    return np.asarray(softmax.temperature * (np.log(np.maximum(probability, _LEAST)) - np.array(softmax.bias)))


def _unsquashed(probability: Array, sigmoid: Sigmoid) -> Array:
    inside = np.clip(probability, _LEAST, 1.0 - _LEAST)
    return np.asarray((np.log(inside / (1.0 - inside)) - np.array(sigmoid.shift)) / np.array(sigmoid.scale))
