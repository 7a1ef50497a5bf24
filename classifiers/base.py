"""The seam of every judge of posts: text in, one verdict a text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from config.vocabulary import Flag, Sentiment, Severity


class ModelUnusable(Exception):
    """The configured model cannot be loaded or does not fit; the monitor refuses to start."""


ROUNDING = 1e-3  # by how much three rounded probabilities may miss 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a classifier says of one text.

    `judged` is False where the text is in a language that the model does not serve, or says nothing in words
    (empty, symbols only): then every probability is 0.0, `types` and `flags` are empty, `severity` is NONE, and
    `sentiment` is NEUTRAL by convention and must not be counted. Otherwise the three sentiment probabilities sum
    to 1 within 1e-3 and every probability is calibrated on held-aside posts (see the model card).
    """

    sentiment: Sentiment
    p_negative: float
    p_neutral: float
    p_positive: float
    p_complaint: float
    complaint: bool  # p_complaint reached the model's own threshold
    types: tuple[str, ...] = ()  # complaint types above threshold, the main one first; empty if no complaint
    type_probabilities: Mapping[str, float] = field(default_factory=dict)  # every type the model knows
    severity: Severity = Severity.NONE
    severity_probabilities: tuple[float, ...] = ()  # P(severity = 0..3), or () if the model has no such head
    flags: tuple[Flag, ...] = ()
    flag_probabilities: Mapping[str, float] = field(default_factory=dict)
    language: str = "und"  # ISO 639-1, or "und" where the text is too short to tell
    judged: bool = True
    sentiment_only: bool = False  # complaint, types, severity and flags were not asked: no model here reads them

    def __post_init__(self) -> None:
        """Refuse what cannot be a verdict."""
        total = self.p_negative + self.p_neutral + self.p_positive
        if self.judged and abs(total - 1.0) > ROUNDING:
            raise ValueError(f"sentiment probabilities sum to {total}, not to 1")
        if not 0.0 <= self.p_complaint <= 1.0:
            raise ValueError(f"p_complaint is {self.p_complaint}, not in 0..1")

    @property
    def confidence(self) -> float:
        """The probability of the sentiment given, 0.0 where not judged."""
        return {
            Sentiment.NEGATIVE: self.p_negative,
            Sentiment.NEUTRAL: self.p_neutral,
            Sentiment.POSITIVE: self.p_positive,
        }[self.sentiment]


class Classifier(Protocol):
    """Judges posts. Thread-safe for one caller at a time; holds no database."""

    @property
    def version(self) -> str:
        """Names weights, labels and preprocessing: two classifiers with one version judge alike."""
        ...

    def classify(self, texts: Sequence[str], /) -> Sequence[Verdict]:
        """Judge each text.

        Same length and order as `texts`; empty in, empty out; any text is taken (empty, huge, hostile).
        Raises nothing on account of a text's content.
        """
        ...
