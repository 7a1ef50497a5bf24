"""Direction: words that mean something do not move the verdict the wrong way."""

from __future__ import annotations

from collections.abc import Sequence

from classifiers.base import Verdict
from classifiers.behaviour import words
from classifiers.behaviour.cases import BehaviourTest, balance, expected_severity, not_below
from config.vocabulary import Flag

_BAD = words.filled(words.NEGATIVE)
_PLAIN = words.filled(words.NEUTRAL)
_GOOD = words.filled(words.POSITIVE)

_HARDER = (
    ("the Acme app is bad", "the Acme app is really bad"),
    ("I am unhappy with Brightloop", "I am extremely unhappy with Brightloop"),
    ("the Harrowgate room was dirty", "the Harrowgate room was absolutely filthy"),
    ("Northwick is slow", "Northwick is unbearably slow"),
    ("poor service at Quillmark", "incredibly poor service at Quillmark"),
    ("Zentrova annoys me", "Zentrova annoys me so much!!!"),
)
_WARMER = (
    ("the Acme app is good", "the Acme app is really good"),
    ("I am happy with Brightloop", "I am extremely happy with Brightloop"),
    ("the Harrowgate room was nice", "the Harrowgate room was absolutely gorgeous"),
    ("friendly service at Quillmark", "incredibly friendly service at Quillmark"),
    ("I like Zentrova", "I like Zentrova so much!!!"),
    ("Northwick was quick", "Northwick was wonderfully quick"),
)


def _added(texts: Sequence[str], *endings: str) -> list[tuple[str, str]]:
    return [(text, f"{text}{ending}") for text in texts for ending in endings]


def _complaint(verdict: Verdict) -> float:
    return verdict.p_complaint


def _leaves(verdict: Verdict) -> float:
    return verdict.flag_probabilities.get(Flag.LEAVES.value, 0.0)


def _wants_answer(verdict: Verdict) -> float:
    return verdict.flag_probabilities.get(Flag.NEEDS_REPLY.value, 0.0)


def _gladness(verdict: Verdict) -> float:
    return -balance(verdict)


def tests() -> tuple[BehaviourTest, ...]:
    """Every test of this file."""
    never = _added((*_BAD, *_PLAIN), ". Never again", ". Never again! #NeverAgain")
    refund = _added((*_BAD, *_PLAIN), ". I want a refund", ". I want my money back now")
    thanks = _added((*_GOOD, *_PLAIN), ". Thank you so much", ". Thank you so much, I love it")
    ignored = _added(_BAD, ". Nobody answers me", ". Please help me")
    danger = _added(_BAD, ". My son was hurt", ". I am calling my lawyer")
    return (
        not_below("added 'never again': mood", "'Never again' makes no post gladder.", never, balance),
        not_below("added 'never again': leaves", "Nor less like leaving.", never, _leaves),
        not_below("added 'I want a refund'", "Nor does it make it less of a complaint.", refund, _complaint),
        not_below("added 'thank you so much'", "Thanks make no post sadder.", thanks, _gladness),
        not_below("added plea", "A plea makes an answer no less needed.", ignored, _wants_answer),
        not_below("added danger", "Harm and lawyers make no complaint lighter.", danger, expected_severity),
        not_below("stronger blame", "A stronger word is no less negative.", _HARDER, balance),
        not_below("stronger praise", "A stronger word is no less positive.", _WARMER, _gladness),
    )
