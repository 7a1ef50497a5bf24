"""Running every behavioural test against a classifier, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from classifiers.base import Classifier, Verdict
from classifiers.behaviour import direction, forms, invariance, kinds, minimum, robustness, weights
from classifiers.behaviour.bias import BOUND, Shift, shifts
from classifiers.behaviour.cases import BehaviourTest

PIECE = 512  # texts judged at once
SHOWN = 3  # failing texts kept of each test
SHOWN_CHARS = 160  # of a failing text

Progress = Callable[[int, int], None]  # texts judged, texts in all


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one test."""

    name: str
    kind: str
    asks: str
    n: int
    passed: int
    failing: tuple[str, ...] = ()  # some of the texts

    @property
    def rate(self) -> float:
        """The share of cases that hold, 0..1."""
        return self.passed / self.n


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What came of all tests, and how far terms alone move the sentiment."""

    outcomes: tuple[Outcome, ...]
    shifts: tuple[Shift, ...]

    @property
    def cases(self) -> int:
        """How many cases there are in all."""
        return sum(outcome.n for outcome in self.outcomes)

    def rate(self, kind: str) -> float:
        """The share of all cases of a kind that hold, 0..1; nan of a kind without cases."""
        chosen = [outcome for outcome in self.outcomes if outcome.kind == kind]
        n = sum(outcome.n for outcome in chosen)
        return sum(outcome.passed for outcome in chosen) / n if n else float("nan")

    def content(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "cases": self.cases,
            "tests": [asdict(outcome) for outcome in self.outcomes],
            "bias": {"bound": BOUND, "groups": [asdict(shift) for shift in self.shifts]},
        }


def all_tests() -> tuple[BehaviourTest, ...]:
    """Every test, in the order of the card."""
    parts = (minimum, forms, kinds, weights, invariance, direction, robustness)
    return tuple(test for part in parts for test in part.tests())


def examine(classifier: Classifier, *, progress: Progress = lambda _done, _all: None) -> Behaviour:
    """Put every case to the classifier."""
    tests = all_tests()
    texts = [text for test in tests for case in test.cases for text in case.texts]
    verdicts: list[Verdict] = []
    for begin in range(0, len(texts), PIECE):
        verdicts += classifier.classify(texts[begin : begin + PIECE])
        progress(len(verdicts), len(texts))
    said = iter(verdicts)
    return Behaviour(tuple(_outcome(test, said) for test in tests), shifts(classifier))


def _outcome(test: BehaviourTest, said: Iterator[Verdict]) -> Outcome:
    """Take the verdicts on the test's texts, and see which cases hold."""
    failing = [case for case in test.cases if not case.holds([next(said) for _ in case.texts])]
    shown = tuple(_shown(case.texts) for case in failing[:SHOWN])
    n = len(test.cases)
    return Outcome(test.name, test.kind.value, test.asks, n, n - len(failing), shown)


def _shown(texts: Sequence[str]) -> str:
    return " | ".join(text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…" for text in texts)
