"""Measuring a network on posts set aside: the figures of the model card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from classifiers.calibration import Array, Calibration
from classifiers.training import calibrate
from classifiers.training.arrays import UNKNOWN, Ints, Truth, joined_truth, truth_of
from classifiers.training.data import share
from classifiers.training.measures import calibration_error, confusion, f1_scores, kappa, recalls
from classifiers.training.sources import Example, is_non_commercial
from classifiers.verdicts import Scores, severity_levels
from config.vocabulary import COMPLAINT_TYPES, Flag, Severity

HALF = 50  # per cent
HALVES_SEED = "sentiment-monitor calibration halves 1"
Metrics = dict[str, Any]
NOTHING: Metrics = {"n": 0}  # no post has the label


@dataclass(frozen=True, slots=True)
class Measured:
    """Posts set aside, what the network says of them, and what they are."""

    examples: Sequence[Example]
    scores: Scores
    truth: Truth

    def where(self, chosen: Callable[[Example], bool]) -> Measured:
        """Return the posts for which `chosen` holds."""
        return self.take(np.flatnonzero([chosen(example) for example in self.examples]))

    def take(self, rows: Ints) -> Measured:
        """Return the rows named, in that order."""
        return Measured([self.examples[row] for row in rows], calibrate.take(self.scores, rows), self.truth.take(rows))


@dataclass(frozen=True, slots=True)
class Judged:
    """Calibrated probabilities and labels given, row by row beside the truth."""

    truth: Truth
    sentiment: Array
    complaint: Array
    complaint_given: Ints
    types_given: Ints
    main_given: Ints
    severity_given: Ints
    flags_given: Ints


def measured(examples: Sequence[Example], score: Callable[[Sequence[str]], Scores]) -> Measured:
    """Score the examples' texts and line their labels up."""
    return Measured(examples, score([example.text for example in examples]), truth_of(examples))


def fit_for_use(held: Measured) -> Calibration:
    """Fit on all posts set aside whose terms allow it and whose sentiment is labelled, not derived."""
    usable = held.where(lambda example: not is_non_commercial(example))
    derived = np.array([_is_derived(example) for example in usable.examples], dtype=bool)
    labelled = np.where(derived, UNKNOWN, usable.truth.sentiment)
    return calibrate.fit(usable.scores, replace(usable.truth, sentiment=labelled))


def cross_judged(held: Measured) -> list[tuple[Measured, Judged]]:
    """Judge each half of the posts set aside under a calibration fitted on the other half alone."""
    first = held.where(lambda example: share(example, HALVES_SEED) < HALF)
    second = held.where(lambda example: share(example, HALVES_SEED) >= HALF)
    return [(first, judged(first, fit_for_use(second))), (second, judged(second, fit_for_use(first)))]


def judged(part: Measured, calibration: Calibration) -> Judged:
    """Apply a calibration, by the same rules as a verdict."""
    complaint = calibration.complaint(part.scores.complaint)[:, 0]
    is_complaint = complaint >= calibration.complaint.threshold[0]
    types = calibration.types(part.scores.types) >= np.array(calibration.types.threshold)
    main = part.scores.types.argmax(axis=1)
    types[np.arange(len(main)), main] = True
    severity = severity_levels(calibration.severity(part.scores.severity), calibration.severity_cuts)
    flags = calibration.flags(part.scores.flags) >= np.array(calibration.flags.threshold)
    return Judged(
        truth=part.truth,
        sentiment=calibration.sentiment(part.scores.sentiment),
        complaint=complaint,
        complaint_given=is_complaint.astype(np.int64),
        types_given=(types & is_complaint[:, None]).astype(np.int64),
        main_given=main.astype(np.int64),
        severity_given=np.where(is_complaint, np.maximum(severity, 1), 0).astype(np.int64),
        flags_given=flags.astype(np.int64),
    )


def pooled(parts: Sequence[tuple[Measured, Judged]], chosen: Callable[[Example], bool]) -> Judged:
    """Put the chosen posts of several judged parts together."""
    rows = [np.flatnonzero([chosen(example) for example in part.examples]) for part, _ in parts]
    truth = [part.truth.take(kept) for (part, _), kept in zip(parts, rows, strict=True)]
    names = [name for name in Judged.__slots__ if name != "truth"]
    arrays = {
        name: np.concatenate([getattr(given, name)[kept] for (_, given), kept in zip(parts, rows, strict=True)])
        for name in names
    }
    return Judged(truth=joined_truth(truth), **arrays)


def sentiment_metrics(given: Judged) -> Metrics:
    """Three-way sentiment of the posts that have a label."""
    rows = np.flatnonzero(given.truth.sentiment != UNKNOWN)
    if not len(rows):
        return NOTHING
    truth, probability = given.truth.sentiment[rows], given.sentiment[rows]
    label = probability.argmax(axis=1)
    table = confusion(truth, label, 3)
    return {
        "n": len(rows),
        "macro_recall": _round(recalls(table).mean()),
        "macro_f1": _round(f1_scores(table).mean()),
        "accuracy": _round(np.mean(truth == label)),
        "ece": _round(calibration_error(probability.max(axis=1), (truth == label).astype(np.int64))),
    }


def complaint_metrics(given: Judged) -> Metrics:
    """Complaint yes or no of the posts that have a label."""
    rows = np.flatnonzero(given.truth.complaint != UNKNOWN)
    if not len(rows):
        return NOTHING
    truth = given.truth.complaint[rows]
    scores = f1_scores(confusion(truth, given.complaint_given[rows], 2))
    return {
        "n": len(rows),
        "complaints": int(truth.sum()),
        "f1": _round(scores[1]),
        "macro_f1": _round(scores.mean()),
        "ece": _round(calibration_error(given.complaint[rows], truth)),
    }


def types_metrics(given: Judged) -> Metrics:
    """Types, severity and flags of the posts annotated under the guideline."""
    rows = np.flatnonzero(given.truth.severity != UNKNOWN)
    if not len(rows):
        return NOTHING
    truth = given.truth.take(rows)
    complaints = np.flatnonzero(truth.main != UNKNOWN)
    main, main_given = truth.main[complaints], given.main_given[rows][complaints]
    by_type = [_f1_of(truth.types[:, k], given.types_given[rows][:, k]) for k in range(len(COMPLAINT_TYPES))]
    severity = given.severity_given[rows]
    flags = [kappa(truth.flags[:, k], given.flags_given[rows][:, k], 2) for k in range(len(Flag))]
    return {
        "n": len(rows),
        "complaints": len(complaints),
        "main_accuracy": _round(np.mean(main == main_given)) if len(main) else 0.0,
        "main_macro_f1": _round(f1_scores(confusion(main, main_given, len(COMPLAINT_TYPES))).mean()),
        "types_macro_f1": _round(float(np.mean(by_type))),
        "types_f1": {name: _round(value) for name, value in zip(COMPLAINT_TYPES, by_type, strict=True)},
        "severity_kappa": _round(kappa(truth.severity, severity, len(Severity), quadratic=True)),
        "flags_kappa": {flag.value: _round(value) for flag, value in zip(Flag, flags, strict=True)},
    }


def _f1_of(truth: Ints, given: Ints) -> float:
    return float(f1_scores(confusion(truth, given, 2))[1])


def _is_derived(example: Example) -> bool:
    return example.source.startswith(("complaint_types/", "complaints_airline_tweets"))


def _round(value: float) -> float:
    return round(float(value), 4)
