"""A classifier that says what it was told to say: for measuring the measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from classifiers.base import Verdict
from classifiers.verdicts import unjudged
from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment, Severity


def said(
    sentiment: Sentiment = Sentiment.NEUTRAL,
    *,
    sure: float = 0.8,
    p_complaint: float = 0.1,
    types: tuple[str, ...] = (),
    severity: Severity = Severity.NONE,
    flags: tuple[Flag, ...] = (),
) -> Verdict:
    """A verdict that is a complaint where it has types."""
    moods = {name: sure if name is sentiment else (1 - sure) / 2 for name in Sentiment}
    return Verdict(
        sentiment=sentiment,
        p_negative=moods[Sentiment.NEGATIVE],
        p_neutral=moods[Sentiment.NEUTRAL],
        p_positive=moods[Sentiment.POSITIVE],
        p_complaint=p_complaint,
        complaint=bool(types),
        types=types,
        type_probabilities={name: 0.9 if name in types else 0.05 for name in COMPLAINT_TYPES},
        severity=severity,
        severity_probabilities=tuple(0.7 if step == severity else 0.1 for step in range(4)),
        flags=flags,
        flag_probabilities={flag.value: 0.9 if flag in flags else 0.1 for flag in Flag},
        language="en",
    )


UNJUDGED = unjudged("es")


class Canned:
    """Answers by the text, else `otherwise`."""

    version = "canned-1"

    def __init__(self, answers: Mapping[str, Verdict], otherwise: Verdict | None = None) -> None:
        self._answers = answers
        self._otherwise = otherwise or said()
        self.asked: list[str] = []

    def classify(self, texts: Sequence[str], /) -> list[Verdict]:
        self.asked += texts
        return [self._answers.get(text, self._otherwise) for text in texts]
