"""How sure a small number is. Pure functions on counts; shares lie in 0..1, net sentiment in -1..1.

Sampling error only: neither the classifier's mistakes nor the choice of the sources are in these intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, lgamma, sqrt

Z95 = 1.959963984540054  # the normal distribution's 97.5 % point: intervals are 95 %, two-sided
FEW = 10  # under so many posts only counts are shown, no share and no arrow
FALSE_MOVERS = 0.05  # share of false ones tolerated among the complaint types called movers
_ROUNDING = 1e-9  # two products of the same shares, taken in another order, differ by less


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


class Trend(StrEnum):
    """What can be said of a change."""

    UP = "up"
    DOWN = "down"
    UNCLEAR = "unclear"  # the interval holds 0
    TOO_FEW = "too_few"  # under ten posts on either side: nothing is said


def wilson(count: int, of: int) -> Estimate:
    """A share with Wilson's score interval.

    Raises:
        ValueError: `of` is not positive, or `count` is not in 0..of.
    """
    if of <= 0 or not 0 <= count <= of:
        raise ValueError(f"{count} of {of} is no share")
    return _score_interval(count / of, of)


def weighted_share(hits: Sequence[bool], weights: Sequence[float]) -> Estimate:
    """A share in which each counts by its weight (one over the chance with which it was drawn), with its interval.

    Wilson's, at Kish's effective number (sum of weights) squared / sum of squared weights: unequal weights are worth
    fewer observations. Equal weights give `wilson`. That draws were without replacement is left out: the interval is
    rather too wide than too narrow.

    Raises:
        ValueError: nothing is given, or not as many weights as hits, or a weight is not positive.
    """
    if not hits or len(hits) != len(weights) or min(weights) <= 0:
        raise ValueError(f"{len(hits)} observations with {len(weights)} weights are no share")
    total = sum(weights)
    share = sum(weight for hit, weight in zip(hits, weights, strict=True) if hit) / total
    return _score_interval(min(1.0, share), total * total / sum(weight * weight for weight in weights))


def _score_interval(share: float, of: float) -> Estimate:
    spread = Z95 * Z95 / of
    centre = (share + spread / 2) / (1 + spread)
    half = Z95 / (1 + spread) * sqrt(share * (1 - share) / of + spread / (4 * of))
    return Estimate(share, max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))


def net(positive: int, negative: int, of: int) -> Estimate:
    """Net sentiment (positive - negative) / of, with Newcombe's interval (MOVER) of two shares of one whole.

    Both shares are counted on the same posts, so that one rises where the other falls: the multinomial
    correlation enters, without it the interval is too narrow. A Wald interval would cover 64 % at n = 5.
    """
    up, down = wilson(positive, of), wilson(negative, of)
    spread = sqrt(up.value * (1 - up.value) * down.value * (1 - down.value))
    correlation = -up.value * down.value / spread if spread > 0 else 0.0
    value = up.value - down.value
    below = _reach(up.value - up.low, down.high - down.value, correlation)
    above = _reach(up.high - up.value, down.value - down.low, correlation)
    return Estimate(value, max(-1.0, value - below), min(1.0, value + above))


def difference(now: Estimate, before: Estimate) -> Estimate:
    """How much an independent estimate has changed (MOVER)."""
    value = now.value - before.value
    below = _reach(now.value - now.low, before.high - before.value, 0.0)
    above = _reach(now.high - now.value, before.value - before.low, 0.0)
    return Estimate(value, value - below, value + above)


def trend(change: Estimate) -> Trend:
    """Up or down where the whole interval lies on one side of 0."""
    if change.low > 0:
        return Trend.UP
    return Trend.DOWN if change.high < 0 else Trend.UNCLEAR


def share_differs(count: int, of: int, count_before: int, of_before: int) -> float:
    """How surprising two counts are if the share behind them were one: Fisher's exact test, two-sided, mid-p.

    1.0 where there is nothing to compare. Mid-p: the plain exact test calls too little at small counts.
    """
    successes, total = count + count_before, of + of_before
    if not of or not of_before or not successes or successes == total:
        return 1.0
    lowest, highest = max(0, successes - of_before), min(of, successes)
    weights = [_log_ways(of, k) + _log_ways(of_before, successes - k) for k in range(lowest, highest + 1)]
    shift = _log_ways(total, successes)
    chances = [exp(weight - shift) for weight in weights]
    seen = chances[count - lowest]
    near = seen * 1e-7  # as likely as the one seen, up to rounding
    rarer = sum(chance for chance in chances if chance < seen - near)
    alike = sum(chance for chance in chances if abs(chance - seen) <= near)
    return min(1.0, rarer + alike / 2)


def movers(p_values: Mapping[str, float], false_share: float = FALSE_MOVERS) -> frozenset[str]:
    """The names whose change stands out among all compared (Benjamini-Hochberg); empty in, empty out."""
    ranked = sorted(p_values, key=lambda name: p_values[name])
    kept = 0
    for rank, name in enumerate(ranked, start=1):
        if p_values[name] <= false_share * rank / len(ranked):
            kept = rank
    return frozenset(ranked[:kept])


def waiting_quantile(answered: Sequence[float], waiting: Sequence[float], share: float) -> float | None:
    """The time within which this share is answered; None: not reached, too many still wait (or no values).

    `waiting` are the times waited so far by those without an answer: dropping them would make the slowest
    weeks look the fastest (Kaplan-Meier). With nobody waiting it is the ordinary quantile, midway between two
    values where the share falls exactly between them.
    """
    events = sorted([(time, False) for time in answered] + [(time, True) for time in waiting])
    unanswered, at_risk = 1.0, len(events)
    reached: float | None = None
    for time, waits in events:
        if waits:
            at_risk -= 1
            continue
        if reached is not None:
            return (reached + time) / 2
        unanswered *= 1 - 1 / at_risk
        at_risk -= 1
        if abs(unanswered - (1 - share)) < _ROUNDING:
            reached = time
        elif unanswered < 1 - share:
            return time
    return reached


def _reach(one: float, other: float, correlation: float) -> float:
    return sqrt(max(0.0, one * one - 2 * correlation * one * other + other * other))


def _log_ways(of: int, count: int) -> float:
    return lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
