"""From an aim in a director's words to the probability from which a post counts: looked up in what was measured.

With the weights travel counts of the posts that were set aside before training, without their texts. From them
follows, for any thresholds, what share of the serious complaints is found, and what that costs in other alerts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.base import ModelUnusable
from classifiers.calibration import FILE, SHIPPED
from config.models import EMBEDDED, Model
from config.thresholds import COMPLAINT_THRESHOLDS, GOVERNED, Thresholds
from config.vocabulary import Severity

Array = npt.NDArray[np.float64]
HUNDREDTHS = 101  # bins of a probability: 0.00-0.01, ..., 0.99-1.00, and 1
GRID = range(1, 100)  # hundredths: the thresholds looked at
LEAST_SEVERITY = {  # of the posts that an aim is about
    "complaints_found": Severity.MILD,
    "serious_complaints_found": Severity.SERIOUS,
    "critical_complaints_found": Severity.CRITICAL,
}
NEGATIVE = "negative_found"
_Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many posts."""

    hits: float
    of: float

    @property
    def value(self) -> float:
        """0..1; 0 of none."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval; all of 0..1 where there are no posts."""
        if not self.of:
            return 0.0, 1.0
        square = _Z * _Z / self.of
        middle = (self.value + square / 2) / (1 + square)
        half = _Z / (1 + square) * math.sqrt(self.value * (1 - self.value) / self.of + square / (4 * self.of))
        return max(0.0, middle - half), min(1.0, middle + half)


class AimUnreachable(ModelUnusable):
    """No threshold finds the share that is asked for; `best` is what the lowest one finds."""

    def __init__(self, aim: str, value: float, best: Share, rest: str) -> None:
        """Say it in one sentence."""
        low, high = best.interval
        super().__init__(
            f"thresholds.aim.{aim}: {value:g} cannot be reached: the best is {best.value:.3f} "
            f"({low:.3f} to {high:.3f}, of {best.of:g} posts){rest}"
        )
        self.best = best


@dataclass(frozen=True, slots=True)
class Cost:
    """What a rule finds and costs."""

    found: Share  # of the posts that it is to find
    right: Share  # of the posts that it alerts: those that are what the rule is about
    alerts: float  # a thousand posts


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Posts set aside, counted."""

    complaint: Array  # true severity x severity given x hundredths of p_complaint
    negative: Array  # 0 or 1, whether truly negative, x hundredths of p_negative (0 where not the sentiment given)

    def __post_init__(self) -> None:
        """Refuse counts of another shape."""
        levels = len(Severity)
        if self.complaint.shape != (levels, levels, HUNDREDTHS) or self.negative.shape != (2, HUNDREDTHS):
            raise ValueError(f"counts of {self.complaint.shape} and {self.negative.shape}")

    def content(self) -> dict[str, Any]:
        """As JSON, a line of counts by hundredths for each pair of severities."""
        complaint = [[" ".join(f"{count:g}" for count in given) for given in true] for true in self.complaint]
        return {"complaint": complaint, "negative": [" ".join(f"{count:g}" for count in row) for row in self.negative]}

    def complaints(self, thresholds: Thresholds, least: Severity, share: float | None = None) -> Cost:
        """What the complaint rule finds of complaints of at least this severity.

        `share`: of complaints among all posts; without it, the share among the posts set aside.
        """
        alerted = np.zeros(self.complaint.shape[0])
        for severity in Severity:
            begin = math.ceil(round(100 * thresholds.for_complaint(severity), 6))
            alerted += self.complaint[:, severity, begin:].sum(axis=-1)
        every = self.complaint.sum(axis=(1, 2))
        found = Share(float(alerted[least:].sum()), float(every[least:].sum()))
        return _cost(found, alerted, every, share)

    def negatives(self, thresholds: Thresholds, share: float | None = None) -> Cost:
        """What the negative rule finds of negative posts; `share` of negative posts among all."""
        begin = max(1, math.ceil(round(100 * thresholds.negative, 6)))
        alerted = self.negative[:, begin:].sum(axis=-1)
        every = self.negative.sum(axis=-1)
        return _cost(Share(float(alerted[1]), float(every[1])), alerted, every, share)


def _cost(found: Share, alerted: Array, every: Array, share: float | None) -> Cost:
    """Weigh the posts so that `share` of them are what the rule is about; class 0 is what it is not about."""
    total = every.sum()
    weights = np.ones(len(every))
    if share is not None and every[0] and total > every[0]:
        weights[0] = (1 - share) * total / every[0]
        weights[1:] = share * total / (total - every[0])
    weighed = alerted * weights
    alerts = 1000 * float(weighed.sum()) / float(total) if total else 0.0
    return Cost(found, Share(float(weighed[1:].sum()), float(weighed.sum())), alerts)


def in_force(thresholds: Thresholds, model: Model, folder: Path = SHIPPED) -> Thresholds:
    """Return the thresholds that act: those said, and those that follow from an aim; without an aim, as they are.

    Raises:
        ModelUnusable: an aim cannot be reached, or nothing is known of the model that judges.
    """
    aims = thresholds.aims_in_force
    if not aims:
        return thresholds
    if NEGATIVE in aims and model.sentiment_model != EMBEDDED:
        raise ModelUnusable(
            f"thresholds.aim.{NEGATIVE}: known for the embedded model alone, and another one judges the sentiment; "
            "say thresholds.negative"
        )
    return looked_up(thresholds, read_counts(folder))


def read_counts(folder: Path) -> Counts:
    """Read the counts that travel with the weights in `folder`; ModelUnusable where there are none."""
    path = folder / FILE
    try:
        written = json.loads(path.read_text(encoding="utf-8")).get("counts")
    except (OSError, ValueError) as problem:
        raise ModelUnusable(f"{path}: {problem}") from None
    if written is None:
        raise ModelUnusable(
            f"{path}: holds no counts to look a threshold up in; say the thresholds, or measure the model again: "
            f"python -m classifiers.training.measure --data DIR {folder}"
        )
    try:
        complaint = [[_line(line) for line in lines] for lines in written["complaint"]]
        return Counts(np.array(complaint), np.array([_line(line) for line in written["negative"]]))
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ModelUnusable(f"{path}: counts: {problem!r}") from None


def _line(written: str) -> list[float]:
    return [float(count) for count in written.split()]


def counts_of(
    *,
    true_severity: Sequence[int],
    severity: Sequence[int],
    complaint: Array,
    is_negative: Sequence[int],
    negative: Array,
) -> Counts:
    """Count posts: those with a true severity, and those with a true sentiment.

    `negative` holds p_negative where negative is the sentiment given, else 0.
    """
    levels = len(Severity)
    complaints = np.zeros((levels, levels, HUNDREDTHS))
    np.add.at(complaints, (np.array(true_severity, int), np.array(severity, int), _hundredth(complaint)), 1.0)
    negatives = np.zeros((2, HUNDREDTHS))
    np.add.at(negatives, (np.array(is_negative, int), _hundredth(negative)), 1.0)
    return Counts(complaints, negatives)


def _hundredth(probability: Array) -> npt.NDArray[np.int64]:
    # 0.29 * 100 is 28.999...: a figure at a threshold must lie at or above it
    return np.floor(np.asarray(probability, dtype=np.float64) * 100 + 1e-9).astype(np.int64)


def looked_up(thresholds: Thresholds, counts: Counts) -> Thresholds:
    """Return the thresholds with every value said: as written, or from its aim, or the default.

    Of all thresholds that reach the aims, those with the fewest alerts for posts that are no complaints; a more
    severe complaint never needs more certainty than a milder one with an aim of its own.

    Raises:
        AimUnreachable: an aim cannot be reached; says what is the best that can.
    """
    known = {name: getattr(thresholds, name) for name in GOVERNED.values()}
    aims = thresholds.aims_in_force
    if NEGATIVE in aims:
        known |= {"negative": _negative(aims.pop(NEGATIVE), counts)}
    if aims:
        known |= _complaints(aims, known, counts)
    return thresholds.model_copy(update=known)


def _negative(aim: float, counts: Counts) -> float:
    best = Share(0.0, 0.0)
    for hundredth in reversed(GRID):
        best = counts.negatives(Thresholds(negative=hundredth / 100)).found
        if best.value >= aim:
            return hundredth / 100
    raise AimUnreachable(NEGATIVE, aim, best, "")


def _complaints(aims: Mapping[str, float], known: Mapping[str, float], counts: Counts) -> dict[str, float]:
    """Search all combinations of the governed thresholds: what they find adds up over the severities given."""
    governed = [GOVERNED[aim] for aim in aims]
    axes = [[h / 100 for h in GRID] if name in governed else [known[name]] for name in COMPLAINT_THRESHOLDS]
    tables = [_alerted(counts, name, axis) for name, axis in zip(COMPLAINT_THRESHOLDS, axes, strict=True)]
    mild, serious, critical = np.meshgrid(*(np.arange(len(axis)) for axis in axes), indexing="ij")
    alerted = tables[0][mild] + tables[1][serious] + tables[2][critical]  # ... x true severity
    every = counts.complaint.sum(axis=(1, 2))
    fits = np.ones(mild.shape, dtype=bool)
    for aim, value in aims.items():
        least = LEAST_SEVERITY[aim]
        found = alerted[..., least:].sum(axis=-1)
        most = Share(float(found.max()), float(every[least:].sum()))
        if most.value < value:
            fixed = ", ".join(f"{name} = {known[name]:g}" for name in COMPLAINT_THRESHOLDS if name not in governed)
            raise AimUnreachable(aim, value, most, f" with {fixed}" if fixed else "")
        fits &= found >= value * most.of - 1e-9
    values = [np.array(axis)[place] for axis, place in zip(axes, (mild, serious, critical), strict=True)]
    for milder, graver in product(range(3), repeat=2):
        if milder < graver and {COMPLAINT_THRESHOLDS[milder], COMPLAINT_THRESHOLDS[graver]} <= set(governed):
            fits &= values[milder] >= values[graver]
    chosen = np.flatnonzero(fits.ravel())
    total = values[0] + values[1] + values[2]
    wrong, every_alert, highest = (table.ravel()[chosen] for table in (alerted[..., 0], alerted.sum(axis=-1), -total))
    best = chosen[np.lexsort((highest, every_alert, wrong))[0]]
    return {name: float(value.ravel()[best]) for name, value in zip(COMPLAINT_THRESHOLDS, values, strict=True)}


def _alerted(counts: Counts, name: str, thresholds: Sequence[float]) -> Array:
    """Thresholds x true severity: posts alerted among those whose severity given has this threshold."""
    given = [severity for severity in Severity if COMPLAINT_THRESHOLDS[max(severity - 1, 0)] == name]
    table = counts.complaint[:, given].sum(axis=1)
    return np.stack([table[:, math.ceil(round(100 * value, 6)) :].sum(axis=-1) for value in thresholds])
