"""What a behavioural test is: invented texts, and what any careful reader would ask of the verdicts on them.

After Ribeiro et al. 2020 ("Beyond Accuracy: Behavioral Testing of NLP Models with CheckList"): minimum functionality
asks for a label, invariance for the same label after a change that means nothing, direction for no movement the wrong
way after a change that means something, robustness for an answer whatever the form of the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from classifiers.base import Verdict

SLACK = 0.05  # by how much a figure may move the wrong way before a directional case fails

Reading = Callable[[Verdict], bool]
Figure = Callable[[Verdict], float]


class Kind(StrEnum):
    """What a test asks for."""

    MINIMUM = "minimum functionality"
    INVARIANCE = "invariance"
    DIRECTION = "direction"
    ROBUSTNESS = "robustness"


@dataclass(frozen=True, slots=True)
class Case:
    """One or two texts, and whether the verdicts on them are as they should be."""

    texts: tuple[str, ...]
    holds: Callable[[Sequence[Verdict]], bool]


@dataclass(frozen=True, slots=True)
class BehaviourTest:
    """Cases that ask one thing."""

    name: str
    kind: Kind
    asks: str  # in a sentence, for the card
    cases: tuple[Case, ...]

    def __post_init__(self) -> None:
        """Refuse a test that asks nothing."""
        if not self.cases:
            raise ValueError(f"{self.name}: no cases")


def expects(name: str, asks: str, texts: Sequence[str], reading: Reading, kind: Kind = Kind.MINIMUM) -> BehaviourTest:
    """Each text's verdict reads as it should."""
    return BehaviourTest(name, kind, asks, tuple(Case((text,), lambda said: reading(said[0])) for text in texts))


def same(name: str, asks: str, pairs: Sequence[tuple[str, str]]) -> BehaviourTest:
    """Both texts of a pair get the same sentiment and the same answer to whether it is a complaint."""

    def alike(said: Sequence[Verdict]) -> bool:
        return (said[0].sentiment, said[0].complaint) == (said[1].sentiment, said[1].complaint)

    return BehaviourTest(name, Kind.INVARIANCE, asks, tuple(Case(pair, alike) for pair in pairs))


def not_below(name: str, asks: str, pairs: Sequence[tuple[str, str]], figure: Figure) -> BehaviourTest:
    """The second text's figure is not below the first's by more than SLACK."""

    def holds(said: Sequence[Verdict]) -> bool:
        return figure(said[1]) >= figure(said[0]) - SLACK

    return BehaviourTest(name, Kind.DIRECTION, asks, tuple(Case(pair, holds) for pair in pairs))


def balance(verdict: Verdict) -> float:
    """How negative a verdict is: the probability of negative less that of positive, -1..1."""
    return verdict.p_negative - verdict.p_positive


def expected_severity(verdict: Verdict) -> float:
    """The severity to be expected, 0..3; 0 where the model has no such head."""
    return sum(step * p for step, p in enumerate(verdict.severity_probabilities))
