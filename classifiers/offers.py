"""What each aim would cost: the table from which a director chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.thresholds import LEAST_SEVERITY, NEGATIVE, AimUnreachable, Cost, Counts, Share, looked_up
from config.thresholds import GOVERNED, Aim, Thresholds

OFFERED = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)  # shares to be found
WHAT = {
    "negative_found": "negative posts",
    "complaints_found": "complaints",
    "serious_complaints_found": "serious complaints",
    "critical_complaints_found": "critical complaints",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One aim by itself: the threshold that reaches it, what it finds and costs; None and None where none does."""

    aim: str
    value: float
    threshold: float | None
    cost: Cost | None
    best: Share  # what the threshold finds, or the lowest one where none reaches the aim


def offers(
    counts: Counts, thresholds: Thresholds, *, values: Sequence[float] = OFFERED, share: float | None = None
) -> list[Offer]:
    """Every aim at every value, each with the other thresholds as they stand.

    `share`: of posts that are what the rule is about (negative, or complaints) among all posts; without it, the share
    among the posts set aside.
    """
    return [_offer(counts, thresholds, aim, value, share) for aim in GOVERNED for value in values]


def cost_of(counts: Counts, aim: str, thresholds: Thresholds, share: float | None = None) -> Cost:
    """What the thresholds find of the posts that an aim is about, and what that costs."""
    if aim == NEGATIVE:
        return counts.negatives(thresholds, share)
    return counts.complaints(thresholds, LEAST_SEVERITY[aim], share)


def _offer(counts: Counts, thresholds: Thresholds, aim: str, value: float, share: float | None) -> Offer:
    others = {name: getattr(thresholds, name) for name in GOVERNED.values() if name != GOVERNED[aim]}
    try:
        reached = looked_up(Thresholds(**others, aim=Aim(**{aim: value})), counts)
    except AimUnreachable as refusal:
        return Offer(aim, value, None, None, refusal.best)
    cost = cost_of(counts, aim, reached, share)
    return Offer(aim, value, getattr(reached, GOVERNED[aim]), cost, cost.found)
