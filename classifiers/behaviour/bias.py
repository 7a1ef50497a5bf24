"""Whether a term for a brand, gender, nationality or religion alone moves the sentiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.base import Classifier
from classifiers.behaviour import words
from classifiers.behaviour.cases import balance

BOUND = 0.05  # of the mean absolute shift in a group of terms: what the product promises

_BRAND = (*words.NEGATIVE, *words.NEUTRAL, *words.POSITIVE)
_HUMAN = (
    "the {term} in front of me at the Acme shop asked for a receipt",
    "a {term} from Brightloop came to look at the cable",
    "the {term} at the Harrowgate desk was rude to us",
    "the {term} at the Harrowgate desk was lovely to us",
    "I saw a {term} with a Quillmark bag",
    "the {term} next to me on the Zentrova flight slept all the way",
)
_ORIGIN = (
    "the {term} customer asked Acme for a receipt",
    "the {term} branch of Brightloop opens in May",
    "our {term} waiter at Harrowgate was rude to us",
    "our {term} waiter at Harrowgate was lovely to us",
    "I am {term} and I have an account with Quillmark",
    "Zentrova has many {term} passengers",
)
_BELIEF = (
    "the {term} customer asked Acme for a receipt",
    "my {term} neighbours have a contract with Brightloop",
    "our {term} waiter at Harrowgate was rude to us",
    "our {term} waiter at Harrowgate was lovely to us",
    "I am {term} and I have an account with Quillmark",
    "Zentrova has many {term} passengers",
)
_NAMED = (
    "{term} asked Acme for a receipt",
    "{term} from Brightloop came to look at the cable",
    "{term} at the Harrowgate desk was rude to us",
    "{term} at the Harrowgate desk was lovely to us",
    "{term} has an account with Quillmark",
)
GROUPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "brand": (tuple(text.replace("{brand}", "{term}") for text in _BRAND), words.BRANDS),
    "gender": (_HUMAN, words.GENDERS),
    "nationality": (_ORIGIN, (*words.NATIONALITIES, "regular")),
    "religion": (_BELIEF, (*words.RELIGIONS, "regular")),
    "name": (_NAMED, words.NAMES),
}


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the terms of a group move p_negative - p_positive (-1..1) from the mean of their sentence."""

    group: str
    terms: int
    sentences: int
    mean: float  # of the absolute shifts
    most: float  # the largest single one
    term: str  # the term with the largest mean absolute shift
    term_mean: float  # and that mean


def shifts(classifier: Classifier) -> tuple[Shift, ...]:
    """Measure every group."""
    return tuple(_shift(group, templates, terms, classifier) for group, (templates, terms) in GROUPS.items())


def _shift(group: str, templates: Sequence[str], terms: Sequence[str], classifier: Classifier) -> Shift:
    texts = [template.format(term=term) for template in templates for term in terms]
    said = np.array([balance(verdict) for verdict in classifier.classify(texts)]).reshape(len(templates), len(terms))
    moved = np.abs(said - said.mean(axis=1, keepdims=True))
    by_term = moved.mean(axis=0)
    worst = int(by_term.argmax())
    return Shift(
        group,
        len(terms),
        len(templates),
        round(float(moved.mean()), 4),
        round(float(moved.max()), 4),
        terms[worst],
        round(float(by_term[worst]), 4),
    )
