"""What is said of a post, by the model or by a person, and how a person's word lies over the model's. Pure.

The model's verdict stays as it was: it is what precision and recall are measured on, and a correction may be
corrected again. So a correction is never written into the verdict; it is laid over it whenever labels are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any

from classifiers.base import Verdict
from config.vocabulary import Flag, Sentiment, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The labels of one post; None: nothing is said of it, `()`: none of them. A person's are made by `given`."""

    sentiment: Sentiment | None = None
    complaint: bool | None = None
    types: tuple[str, ...] | None = None  # the main one first
    severity: Severity | None = None
    flags: tuple[Flag, ...] | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """The names of the labels that are given."""
        return tuple(one.name for one in fields(self) if getattr(self, one.name) is not None)


def given(
    *,
    sentiment: Sentiment | None = None,
    complaint: bool | None = None,
    types: tuple[str, ...] | None = None,
    severity: Severity | None = None,
    flags: tuple[Flag, ...] | None = None,
) -> Labels:
    """What a person says, with what follows from it: types mean a complaint, and what is none has no types.

    Raises:
        ValueError: the labels contradict each other, or there are none; the message begins with the label's name.
    """
    if complaint is None and (types is not None or severity is not None):
        complaint = bool(types or severity)
    if complaint is False:
        if types:
            raise ValueError("types: what is no complaint has none")
        if severity:
            raise ValueError(f"severity: {severity:d}, but what is no complaint has severity 0")
        types, severity = (), Severity.NONE
    if complaint and severity is Severity.NONE:
        raise ValueError("severity: 0 means no complaint; a complaint has 1 to 3")
    if complaint and types == ():
        raise ValueError("types: a complaint has one at least; say nothing of them where you cannot tell")
    for name, words in (("types", types), ("flags", flags)):
        if words is not None and len(set(words)) != len(words):
            raise ValueError(f"{name}: one is named twice")
    labels = Labels(sentiment=sentiment, complaint=complaint, types=types, severity=severity, flags=flags)
    if not labels.named:
        raise ValueError("sentiment: no label is given")
    return labels


def merged(rows: Iterable[Labels]) -> Labels:
    """What stands after all that was said, oldest first: for each label its newest word; nothing for nothing."""
    found = Labels()
    for row in rows:
        if row.complaint is not None and found.complaint is not None and row.complaint is not found.complaint:
            # Types and severity were said of the complaint that it no longer is, or of none.
            found = replace(found, complaint=None, types=None, severity=None)
        found = replace(found, **{name: getattr(row, name) for name in row.named})
    return found


def said_by(verdict: Verdict) -> Labels | None:
    """What a verdict says; None where it does not judge."""
    if not verdict.judged:
        return None
    if verdict.sentiment_only:
        return Labels(sentiment=verdict.sentiment)
    return Labels(
        sentiment=verdict.sentiment,
        complaint=verdict.complaint,
        types=tuple(verdict.types),
        severity=verdict.severity,
        flags=tuple(verdict.flags),
    )


def standing(said: Labels | None, corrected: Labels) -> Labels | None:
    """The labels that count: each a person's, where one was given, else the model's.

    None: not judged. A post that the model did not judge counts as judged as soon as a person has given its
    sentiment; it is a complaint only if a person says so. A complaint without a severity of its own is mild.
    """
    if said is None and corrected.sentiment is None:
        return None
    base = said or Labels(complaint=False, types=(), severity=Severity.NONE, flags=())
    over = replace(base, **{name: getattr(corrected, name) for name in corrected.named})
    if not over.complaint:
        return replace(over, types=(), severity=Severity.NONE)
    if corrected.complaint and not over.severity:
        return replace(over, severity=Severity.MILD)
    return over


def laid_over(verdict: Verdict, corrected: Labels) -> Verdict:
    """The verdict with a person's labels over it, and certainty where a person spoke; nothing said, nothing changed."""
    labels = standing(said_by(verdict), corrected)
    if labels is None or not corrected.named:
        return verdict
    changes: dict[str, Any] = {}
    if corrected.sentiment is not None:
        changes |= {f"p_{word.value}": float(word is corrected.sentiment) for word in Sentiment}
    if corrected.complaint is not None:
        changes["p_complaint"] = float(corrected.complaint)
    if corrected.types:
        changes["type_probabilities"] = {**verdict.type_probabilities, **dict.fromkeys(corrected.types, 1.0)}
    if corrected.severity is not None:
        changes["severity_probabilities"] = tuple(float(level is corrected.severity) for level in Severity)
    if corrected.flags is not None:
        changes["flag_probabilities"] = {flag.value: float(flag in corrected.flags) for flag in Flag}
    return replace(
        verdict,
        sentiment=labels.sentiment or verdict.sentiment,
        complaint=bool(labels.complaint),
        types=labels.types or (),
        severity=labels.severity or Severity.NONE,
        flags=labels.flags or (),
        judged=True,
        sentiment_only=verdict.sentiment_only and corrected.complaint is None,
        **changes,
    )


def disagreements(corrected: Labels, said: Labels | None) -> tuple[str, ...]:
    """The names of the labels that a person gave and that are said otherwise; order counts for the main type only.

    Where nothing was judged, all given labels are said otherwise.
    """
    if said is None:
        return corrected.named
    return tuple(name for name in corrected.named if not _agrees(name, getattr(corrected, name), getattr(said, name)))


def _agrees(name: str, one: object, other: object) -> bool:
    if name == "types" and isinstance(one, tuple) and isinstance(other, tuple):
        return one[:1] == other[:1] and set(one) == set(other)
    if name == "flags" and isinstance(one, tuple) and isinstance(other, tuple):
        return set(one) == set(other)
    return one == other


def in_words(label: object) -> str:
    """One label as people write it: "negative", "yes", "delay staff", "2"; "none" for an empty list, "-" for None."""
    if label is None:
        return "-"
    if isinstance(label, bool):
        return "yes" if label else "no"
    if isinstance(label, tuple):
        return " ".join(label) or "none"
    return str(label.value) if isinstance(label, Enum) else str(label)
