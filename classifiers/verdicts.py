"""From the scores of judged texts to verdicts: pure rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.base import Verdict
from classifiers.calibration import Array, Calibration
from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment, Severity

MAX_TYPES = 3  # the annotation guideline gives one to three
HEAD_SIZES: dict[str, int] = {  # rows of the shipped heads, in the order in which they lie side by side
    "sentiment": len(Sentiment),
    "complaint": 1,
    "types": len(COMPLAINT_TYPES),
    "severity": len(Severity),
    "flags": len(Flag),
}
_SENTIMENTS = tuple(Sentiment)
_TYPES = tuple(COMPLAINT_TYPES)
_FLAGS = tuple(Flag)


@dataclass(frozen=True, slots=True)
class Scores:
    """Raw scores of n texts, a row each."""

    sentiment: Array  # n x 3
    complaint: Array  # n x 1
    types: Array  # n x 11
    severity: Array  # n x 4
    flags: Array  # n x 4

    def __len__(self) -> int:
        return len(self.sentiment)


@dataclass(frozen=True, slots=True)
class TypeCalls:
    """What n texts are about, by k types of the shipped or of the company's own list."""

    names: tuple[str, ...]  # k
    probabilities: Array  # n x k
    chosen: Sequence[tuple[str, ...]]  # n: the types of each text if it is a complaint, the main one first


def unjudged(language: str) -> Verdict:
    """Return the verdict on a text that cannot be judged."""
    return Verdict(Sentiment.NEUTRAL, 0.0, 0.0, 0.0, 0.0, False, language=language, judged=False)


def verdicts(
    scores: Scores,
    languages: Sequence[str],
    calibration: Calibration,
    sentiment: Array | None = None,
    types: TypeCalls | None = None,
) -> list[Verdict]:
    """Return one verdict a row of `scores`.

    `sentiment` (n x 3 probabilities) replaces the network's own, `types` its complaint types. A text below the
    complaint threshold has no types and severity 0; one above it has at least severity 1 and, of the network's own
    types, at least the likeliest.
    """
    if not len(scores):
        return []
    moods = calibration.sentiment(scores.sentiment) if sentiment is None else sentiment
    complaints = calibration.complaint(scores.complaint)[:, 0]
    calls = _shipped(scores.types, calibration) if types is None else types
    severities = calibration.severity(scores.severity)
    flags = calibration.flags(scores.flags)
    rows = zip(
        languages,
        moods.tolist(),
        complaints.tolist(),
        calls.probabilities.tolist(),
        calls.chosen,
        severities.tolist(),
        flags.tolist(),
        strict=True,
    )
    return [_verdict(calibration, calls.names, *row) for row in rows]


def _verdict(
    calibration: Calibration,
    names: Sequence[str],
    language: str,
    mood: list[float],
    p_complaint: float,
    kinds: list[float],
    chosen: tuple[str, ...],
    severities: list[float],
    flags: list[float],
) -> Verdict:
    complaint = p_complaint >= calibration.complaint.threshold[0]
    return Verdict(
        sentiment=_SENTIMENTS[max(range(3), key=mood.__getitem__)],
        p_negative=mood[0],
        p_neutral=mood[1],
        p_positive=mood[2],
        p_complaint=p_complaint,
        complaint=complaint,
        types=chosen if complaint else (),
        type_probabilities=dict(zip(names, kinds, strict=True)),
        severity=_severity(severities, calibration.severity_cuts) if complaint else Severity.NONE,
        severity_probabilities=tuple(severities),
        flags=tuple(
            flag for flag, p, least in zip(_FLAGS, flags, calibration.flags.threshold, strict=True) if p >= least
        ),
        flag_probabilities={flag.value: p for flag, p in zip(_FLAGS, flags, strict=True)},
        language=language,
    )


def _shipped(raw: Array, calibration: Calibration) -> TypeCalls:
    kinds = calibration.types(raw)
    mains, thresholds = raw.argmax(axis=1).tolist(), calibration.types.threshold
    chosen = [_types(row, main, thresholds) for row, main in zip(kinds.tolist(), mains, strict=True)]
    return TypeCalls(_TYPES, kinds, chosen)


def _types(kinds: list[float], main: int, thresholds: Sequence[float]) -> tuple[str, ...]:
    """Put the main type first, then the others above their thresholds, the likeliest first."""
    order = sorted(range(len(kinds)), key=kinds.__getitem__, reverse=True)
    others = [index for index in order if index != main and kinds[index] >= thresholds[index]]
    return tuple(_TYPES[index] for index in [main, *others][:MAX_TYPES])


def _severity(severities: list[float], cuts: Sequence[float]) -> Severity:
    """Weigh a complaint: the expected severity against the cuts, at least mild."""
    expected = sum(step * p for step, p in enumerate(severities))
    return Severity(max(1, sum(expected >= cut for cut in cuts)))


def severity_levels(severities: Array, cuts: Sequence[float]) -> Array:
    """Return the severity 0..3 of each row of probabilities, as `verdicts` would before asking for a complaint."""
    expected = severities @ np.arange(severities.shape[1])
    return np.asarray((expected[:, None] >= np.array(cuts)[None, :]).sum(axis=1))
