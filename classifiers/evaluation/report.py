"""Every figure of a classifier on the labelled posts: one code for training, model card and `monitor evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.base import Classifier
from classifiers.calibration import Calibration
from classifiers.evaluation import tasks
from classifiers.evaluation.aims import ALL_OWN, GUIDELINE, NEVER_TRAINED, PUBLISHED, Held, held_against
from classifiers.evaluation.answers import Answers, answers_of, joined, recalibrated
from classifiers.evaluation.halves import fit_for_use, fits, halves
from classifiers.evaluation.reliability import Bin, complaint_bins, sentiment_bins
from classifiers.evaluation.tasks import Entry, Posts
from classifiers.training.arrays import truth_of
from classifiers.training.data import Corpus, letters
from classifiers.training.sources import NON_COMMERCIAL, Example, is_non_commercial
from config.vocabulary import COMPLAINT_TYPES

PIECE = 1024  # posts judged between two signs of progress

Progress = Callable[[int, int], None]  # posts judged, posts in all
Chosen = Callable[[Example], bool]


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured of one classifier."""

    model: str  # its version
    entries: tuple[Entry, ...]
    sentiment_bins: tuple[Bin, ...]  # of the own validation posts
    complaint_bins: tuple[Bin, ...]
    cross_judged: bool  # whether posts that fitted the calibration were judged under one fitted on the other half

    @property
    def aims(self) -> tuple[Held, ...]:
        """The aims beside what was measured."""
        return tuple(held_against(self.entries))


def measure(
    classifier: Classifier,
    corpus: Corpus,
    *,
    fitted: Calibration | None,
    types: Sequence[str] = tuple(COMPLAINT_TYPES),
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Measure a classifier on all posts set aside and on the sources' own validation files.

    `fitted` is the calibration of a model whose calibration was fitted on these very posts: those posts are then
    judged under one fitted on the other half of them. None: every post counts as served. `types` are the complaint
    types that the classifier gives; its types are measured only where they are the shipped ones.
    """
    published, held = (
        [row for rows in part.values() for row in rows if _has_label(row)] for part in (corpus.published, corpus.held)
    )
    names = tuple(types) if tuple(types) == tuple(COMPLAINT_TYPES) else ()
    served = answered(classifier, [row.text for row in (*published, *held)], tuple(types), progress)
    fair = served.take(np.arange(len(published), len(served)))
    if fitted is not None:
        fair = _cross_judged(held, fair, fitted)
    answers = joined([served.take(np.arange(len(published))), fair])
    found = _Found([*published, *held], answers, len(published))
    own = found.posts(lambda row: _has_own_sentiment(row) and row.source not in NON_COMMERCIAL, published=False)
    complaints = found.posts(lambda row: row.complaint is not None, published=False)
    return Report(
        model=classifier.version,
        entries=tuple(entry for entry in _entries(found, corpus, names) if entry is not None),
        sentiment_bins=sentiment_bins(own),
        complaint_bins=complaint_bins(complaints),
        cross_judged=fitted is not None,
    )


def answered(
    classifier: Classifier,
    texts: Sequence[str],
    types: Sequence[str] = tuple(COMPLAINT_TYPES),
    progress: Progress = lambda _done, _all: None,
) -> Answers:
    """Judge texts piece by piece; none in, none out."""
    parts = [answers_of([], types)]
    for begin in range(0, len(texts), PIECE):
        parts.append(answers_of(classifier.classify(texts[begin : begin + PIECE]), types))
        progress(min(begin + PIECE, len(texts)), len(texts))
    return joined(parts)


class _Found:
    """Examples with their answers, to choose from."""

    def __init__(self, examples: Sequence[Example], answers: Answers, published: int) -> None:
        self._examples = examples
        self._published = published
        groups = tuple(row.group or letters(row.text) for row in examples)
        self._all = Posts(truth_of(examples), answers, groups)

    def posts(self, chosen: Chosen, *, published: bool) -> Posts:
        """Return the published or the own posts for which `chosen` holds."""
        begin, end = (0, self._published) if published else (self._published, len(self._examples))
        rows = [row for row in range(begin, end) if chosen(self._examples[row])]
        return self._all.take(np.array(rows, dtype=np.int64))


def _entries(found: _Found, corpus: Corpus, names: Sequence[str]) -> Iterator[Entry | None]:
    own = _sources(corpus.held)
    brands = sorted({(row.source, row.about) for rows in corpus.held.values() for row in rows if row.about})
    for name in corpus.published:
        yield tasks.sentiment(found.posts(_is(name), published=True), f"{name} {PUBLISHED}")
    yield tasks.sentiment(found.posts(_is("airline_sentiment"), published=False), NEVER_TRAINED)
    for name in own:
        yield tasks.sentiment(found.posts(_with_sentiment(name), published=False), name)
    for name, brand in brands:
        yield tasks.sentiment(found.posts(_about(name, brand), published=False), f"{name}, {brand}")
    all_own = found.posts(lambda row: row.source in own and _has_own_sentiment(row), published=False)
    yield tasks.sentiment(all_own, ALL_OWN)
    for name in own:
        yield tasks.complaint(found.posts(_is(name), published=False), name)
    yield tasks.complaint(found.posts(_is_guideline, published=False), GUIDELINE)
    yield tasks.complaint(found.posts(lambda row: row.complaint is not None, published=False), ALL_OWN)
    yield tasks.types(found.posts(_is_guideline, published=False), GUIDELINE, names)
    free = found.posts(lambda row: _is_guideline(row) and not is_non_commercial(row), published=False)
    yield tasks.types(free, f"{GUIDELINE} without non-commercial sources", names)


def _cross_judged(held: Sequence[Example], served: Answers, fitted: Calibration) -> Answers:
    """Judge each half of the posts that fit a calibration under one fitted on the other half; others as served."""
    eligible = np.array([fits(row) for row in held], dtype=bool)
    halved = halves(held)
    parts, order = [served.take(np.flatnonzero(~eligible))], [np.flatnonzero(~eligible)]
    for half in (0, 1):
        mine, other = (np.flatnonzero(eligible & (halved == side)) for side in (half, 1 - half))
        fair = fit_for_use([held[row] for row in other.tolist()], served.take(other), fitted)
        parts.append(recalibrated(served.take(mine), fitted, fair))
        order.append(mine)
    return joined(parts).take(np.argsort(np.concatenate(order), kind="stable"))


def _sources(held: Mapping[str, Sequence[Example]]) -> tuple[str, ...]:
    """The sources with labels of their own, but for those that are only measured on."""
    return tuple(sorted(name for name in held if name not in (*NON_COMMERCIAL, GUIDELINE)))


def _has_label(row: Example) -> bool:
    return row.sentiment is not None or row.complaint is not None or row.severity is not None


def _has_own_sentiment(row: Example) -> bool:
    """Whether people labelled the sentiment; elsewhere it is derived from another label."""
    return row.sentiment is not None and not row.source.startswith((f"{GUIDELINE}/", "complaints_airline_tweets"))


def _is(source: str) -> Chosen:
    return lambda row: row.source == source


def _with_sentiment(source: str) -> Chosen:
    return lambda row: row.source == source and _has_own_sentiment(row)


def _about(source: str, brand: str) -> Chosen:
    return lambda row: row.source == source and row.about == brand


def _is_guideline(row: Example) -> bool:
    return row.source.startswith(f"{GUIDELINE}/")
