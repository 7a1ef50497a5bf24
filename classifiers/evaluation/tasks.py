"""What is measured of each task, on the posts that have its label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.calibration import Array
from classifiers.evaluation.answers import Answers, Bools
from classifiers.evaluation.bootstrap import Figure, Statistic, counted, figures
from classifiers.training.arrays import UNKNOWN, Ints, Truth
from classifiers.training.measures import BINS, accuracies, bin_of, f1_scores, kappas, recalls
from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment, Severity


@dataclass(frozen=True, slots=True, eq=False)
class Posts:
    """n posts: what they are, what was answered, and which of them belong together."""

    truth: Truth
    answers: Answers
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.groups)

    def take(self, rows: Ints) -> Posts:
        """Return the rows named, in that order."""
        return Posts(self.truth.take(rows), self.answers.take(rows), tuple(self.groups[row] for row in rows))


@dataclass(frozen=True, slots=True)
class Entry:
    """The figures of one task on one set of posts."""

    task: str  # sentiment, complaint, types
    posts: str  # which posts
    n: int
    groups: int  # groups of posts that belong together: authors, variants of one post
    unjudged: int  # posts that the classifier leaves unjudged; they count as neutral and as no complaint
    positives: int | None  # complaints among them, where that is asked
    figures: Mapping[str, Figure]  # those of each type or flag as group.name

    @property
    def name(self) -> str:
        """Task and posts."""
        return f"{self.task}, {self.posts}"


def sentiment(posts: Posts, name: str) -> Entry | None:
    """Three-way sentiment of the posts that have a label; None if there are none."""
    rows = np.flatnonzero(posts.truth.sentiment != UNKNOWN)
    part = posts.take(rows)
    truth, given = part.truth.sentiment, part.answers.sentiment_given
    classes = len(Sentiment)
    return _entry(
        "sentiment",
        name,
        part,
        {
            "macro_recall": _by_table(truth, given, classes, lambda table: recalls(table).mean(axis=-1)),
            "macro_f1": _by_table(truth, given, classes, lambda table: f1_scores(table).mean(axis=-1)),
            "accuracy": _by_table(truth, given, classes, accuracies),
            "ece": _calibration(part.answers.sentiment.max(axis=1), truth == given, part.answers.judged),
        },
    )


def complaint(posts: Posts, name: str) -> Entry | None:
    """Complaint yes or no of the posts that have a label; None if there are none."""
    rows = np.flatnonzero(posts.truth.complaint != UNKNOWN)
    part = posts.take(rows)
    truth, given = part.truth.complaint, part.answers.complaint_given
    return _entry(
        "complaint",
        name,
        part,
        {
            "f1": _by_table(truth, given, 2, lambda table: f1_scores(table)[..., 1]),
            "macro_f1": _by_table(truth, given, 2, lambda table: f1_scores(table).mean(axis=-1)),
            "ece": _calibration(part.answers.complaint, truth == 1, part.answers.in_full),
        },
        positives=int(truth.sum()),
    )


def types(posts: Posts, name: str, names: Sequence[str] = tuple(COMPLAINT_TYPES)) -> Entry | None:
    """Types, severity and flags, each of the posts that have its label; None if no post has any.

    `names` are the complaint types in the order of the columns; none where the classifier has other types.
    """
    truth = posts.truth
    known = {
        "types": truth.types[:, 0] != UNKNOWN if names else np.zeros(len(posts), dtype=np.bool_),
        "severity": truth.severity != UNKNOWN,
        "flags": truth.flags[:, 0] != UNKNOWN,
    }
    part = posts.take(np.flatnonzero(known["types"] | known["severity"] | known["flags"]))
    found: dict[str, Statistic] = {}
    if known["types"].any():
        found |= _types(part.truth, part.answers, names)
    if known["severity"].any():
        levels = len(Severity)
        found["severity_kappa"] = _by_table(
            part.truth.severity, part.answers.severity_given, levels, lambda table: kappas(table, quadratic=True)
        )
    for column, flag in enumerate(Flag if known["flags"].any() else ()):
        found |= _flag(flag, part.truth.flags[:, column], part.answers.flags_given[:, column])
    complaints = (part.truth.main != UNKNOWN) | (part.truth.severity > 0)
    return _entry("types", name, part, found, positives=int(complaints.sum()))


def _types(truth: Truth, given: Answers, names: Sequence[str]) -> dict[str, Statistic]:
    size = len(names)
    main, known = truth.main, truth.types[:, 0] != UNKNOWN
    is_complaint = main != UNKNOWN
    both = truth.types * given.types_given
    counts = np.hstack([both, truth.types + given.types_given]) * known[:, None].astype(np.float64)
    # the table of main types has one more column: where none is given
    place = np.where(is_complaint, main * (size + 1) + given.main_given % (size + 1), -1)
    found = {
        "main_accuracy": _share(main == given.main_given, is_complaint),
        "main_accuracy_served": _share(main == given.main_served, is_complaint),
        "main_macro_f1": Statistic(counted(place, size * (size + 1)), lambda sums: _main_f1(sums, size)),
        "types_macro_f1": Statistic(counts, lambda sums: _each_f1(sums, size).mean(axis=-1)),
    }
    for column, name in enumerate(names):
        pair = counts[:, [column, size + column]]
        found[f"types_f1.{name}"] = Statistic(pair, lambda sums: _each_f1(sums, 1)[..., 0])
    return found


def _main_f1(sums: Array, size: int) -> Array:
    table = sums.reshape(*sums.shape[:-1], size, size + 1)
    agreed = np.diagonal(table, axis1=-2, axis2=-1)
    either = table.sum(axis=-1) + table[..., :size].sum(axis=-2)
    return np.asarray((2.0 * agreed / np.maximum(either, 1.0)).mean(axis=-1))


def _each_f1(sums: Array, size: int) -> Array:
    return np.asarray(2.0 * sums[..., :size] / np.maximum(sums[..., size:], 1.0))


def _flag(flag: Flag, truth: Ints, given: Ints) -> dict[str, Statistic]:
    return {
        f"flags_kappa.{flag.value}": _by_table(truth, given, 2, kappas),
        f"flags_f1.{flag.value}": _by_table(truth, given, 2, lambda table: f1_scores(table)[..., 1]),
    }


def _by_table(truth: Ints, given: Ints, classes: int, measure: Callable[[Array], Array]) -> Statistic:
    rows = counted(truth * classes + given, classes * classes)
    return Statistic(rows, lambda sums: measure(sums.reshape(*sums.shape[:-1], classes, classes)))


def _share(holds: Bools, asked: Bools) -> Statistic:
    rows = np.stack([holds & asked, asked], axis=1).astype(np.float64)
    return Statistic(rows, lambda sums: np.asarray(sums[..., 0] / np.maximum(sums[..., 1], 1.0)))


def _calibration(probability: Array, outcome: Bools, judged: Bools) -> Statistic:
    """The expected calibration error over the posts that were judged: the others were given no probability."""
    gaps = counted(np.where(judged, bin_of(probability), -1), BINS) * (probability - outcome)[:, None]
    rows = np.hstack([gaps, judged[:, None].astype(np.float64)])
    return Statistic(rows, lambda sums: np.abs(sums[..., :-1]).sum(axis=-1) / np.maximum(sums[..., -1], 1.0))


def _entry(
    task: str, name: str, part: Posts, statistics: Mapping[str, Statistic], *, positives: int | None = None
) -> Entry | None:
    if not len(part):
        return None
    return Entry(
        task=task,
        posts=name,
        n=len(part),
        groups=len(set(part.groups)),
        unjudged=int((~part.answers.judged).sum()),
        positives=positives,
        figures=figures(statistics, part.groups),
    )
