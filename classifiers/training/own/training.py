"""Heads for a company's own complaint types, fitted on the vectors of the shipped model, which stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from classifiers import text
from classifiers.calibration import Array, Calibration, Sigmoid, read_calibration
from classifiers.engine import Engine
from classifiers.heads import Chosen, Heads, Inherited, choice, prior
from classifiers.pooled import Pooled, averaged, highest
from classifiers.precision import usable_cores
from classifiers.training.own.figures import Report, report_of
from classifiers.training.own.fitting import PULLS, Rows, best_pull, calibrated, log_loss
from classifiers.training.own.folds import FOLDS, Ints, folds_of
from classifiers.training.own.posts import LabelledPost, to_fit
from classifiers.transformer import EMBEDDED, model_digest
from config.complaint_types import ComplaintType
from config.vocabulary import COMPLAINT_TYPES

ENCODED_AT_ONCE = 256  # posts between two steps of the progress bar
FITS = len(PULLS) * FOLDS + 1

Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Heads ready to be written, what they were measured at, and which model they belong to."""

    types: tuple[ComplaintType, ...]
    heads: Heads
    report: Report
    encoder: str


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The posts as the shipped model sees them."""

    pooled: Pooled
    vectors: Array  # a post: the mean of its windows
    raw: Array  # windows x 11
    priors: Array  # windows x k
    complaint: Chosen  # a post: whether it is taken for a complaint
    labels: Array  # posts x k


def train(
    posts: Sequence[LabelledPost], types: Sequence[ComplaintType], *, progress: Progress, model: Path = EMBEDDED
) -> Fitted:
    """Fit, check on posts not fitted on, and calibrate heads for the types; the same posts give the same heads.

    The posts are those that `usable` gives. A type of shipped ones with too few posts stays as shipped.

    Raises:
        TooFewExamples: a new type has too few posts, or all types have.
        ModelUnusable: the shipped model cannot be loaded.
    """
    fit = to_fit(posts, types)
    torch.set_num_threads(usable_cores())
    calibration = read_calibration(model)
    seen = _seen(posts, types, Engine(model), calibration, progress)
    columns = np.array([one.name in fit for one in types])
    folds = folds_of(posts)
    scores = _unseen(seen, columns, folds, progress)
    heads, likely, given = _judged(seen, scores, folds, types, columns, calibration, progress)
    inherited = [one for one in types if one.shipped]
    shipped = Inherited(inherited, calibration).calls(seen.raw, seen.pooled).chosen if inherited else [()] * len(posts)
    report = report_of(
        posts, types, fit, chosen=_named(likely, given, types), shipped=shipped, complaint=seen.complaint
    )
    return Fitted(tuple(types), heads, report, model_digest(model))


def _seen(
    posts: Sequence[LabelledPost],
    types: Sequence[ComplaintType],
    engine: Engine,
    calibration: Calibration,
    progress: Progress,
) -> _Seen:
    parts = []
    for begin in range(0, len(posts), ENCODED_AT_ONCE):
        progress("reading", begin, len(posts))
        parts.append(engine.pooled([text.prepare(post.text) for post in posts[begin : begin + ENCODED_AT_ONCE]]))
    progress("reading", len(posts), len(posts))
    starts = np.cumsum([0, *map(len, parts)])
    pooled = Pooled(
        np.concatenate([part.vectors for part in parts]),
        np.concatenate([part.owner + start for part, start in zip(parts, starts, strict=False)]),
    )
    raw = engine.heads(pooled.apart).types
    likely = calibration.complaint(engine.heads(pooled).complaint)[:, 0]
    return _Seen(
        pooled=pooled,
        vectors=averaged(pooled.vectors.astype(np.float64), pooled),
        raw=raw,
        priors=prior(raw, types, calibration.types),
        complaint=likely >= calibration.complaint.threshold[0],
        labels=np.array([[one.name in post.types for one in types] for post in posts], dtype=np.float64),
    )


def _rows(seen: _Seen, columns: Chosen, rows: Chosen) -> Rows:
    priors = highest(seen.priors, seen.pooled)
    return Rows(seen.vectors[rows], seen.labels[rows][:, columns], priors[rows][:, columns])


def _fitted(part: Rows, columns: Chosen, pull: float) -> tuple[Array, Array]:
    """Weights and biases for all types; zero for those that stay as shipped."""
    found, bias = part.fitted(pull)
    weights, biases = np.zeros((len(columns), found.shape[1])), np.zeros(len(columns))
    weights[columns], biases[columns] = found, bias
    return weights, biases


def _scores(seen: _Seen, weights: Array, biases: Array) -> Array:
    return highest(seen.priors + seen.pooled.vectors @ weights.T + biases, seen.pooled)


def _unseen(seen: _Seen, columns: Chosen, folds: Ints, progress: Progress) -> Array:
    """Scores of each post by heads that have not seen it, for each pull: pulls x posts x k."""
    found = np.zeros((len(PULLS), *seen.labels.shape))
    for fold in range(FOLDS):
        test = folds == fold
        part = _rows(seen, columns, ~test)
        for place, pull in enumerate(PULLS):
            progress("fitting", fold * len(PULLS) + place, FITS)
            found[place, test] = _scores(seen, *_fitted(part, columns, pull))[test]
    return found


def _judged(
    seen: _Seen,
    scores: Array,
    folds: Ints,
    types: Sequence[ComplaintType],
    columns: Chosen,
    calibration: Calibration,
    progress: Progress,
) -> tuple[Heads, Array, Chosen]:
    """The heads that are kept, and each post's probabilities and types by what had not seen it.

    Pull, calibration and thresholds are chosen on posts like the heads themselves: those of one part on the other
    four, those that are kept on all five.
    """
    likely, given = np.zeros_like(seen.labels), np.zeros(seen.labels.shape, dtype=bool)
    for fold in range(FOLDS):
        test = folds == fold
        pull, scale = _chosen(seen, scores[:, ~test], ~test, types, columns, calibration)
        likely[test] = scale(scores[pull, test])
        given[test] = choice(likely[test], scale.threshold, types)
    every = np.ones(len(folds), dtype=bool)
    pull, scale = _chosen(seen, scores, every, types, columns, calibration)
    weights, biases = _fitted(_rows(seen, columns, every), columns, PULLS[pull])
    progress("fitting", FITS, FITS)
    return Heads(weights.astype(np.float32), biases.astype(np.float32), scale), likely, given


def _chosen(
    seen: _Seen,
    scores: Array,
    rows: Chosen,
    types: Sequence[ComplaintType],
    columns: Chosen,
    calibration: Calibration,
) -> tuple[int, Sigmoid]:
    """The place of the best pull, and the calibration of the scores that it gave."""
    labels = seen.labels[rows]
    scales = [calibrated(one, labels, seen.complaint[rows]) for one in scores]
    losses = [log_loss(scale(one)[:, columns], labels[:, columns]) for scale, one in zip(scales, scores, strict=True)]
    best = best_pull(losses)
    return best, _as_shipped(scales[best], types, columns, calibration)


def _as_shipped(scale: Sigmoid, types: Sequence[ComplaintType], columns: Chosen, calibration: Calibration) -> Sigmoid:
    """The calibration with that of the shipped model for the types that are not fitted.

    The priors are calibrated already; the threshold of a merged type is the mean of its parts' own.
    """
    shipped = dict(zip(COMPLAINT_TYPES, calibration.types.threshold, strict=True))
    own = zip(scale.scale, scale.shift, scale.threshold, strict=True)
    kept = [
        numbers if fitted else (1.0, 0.0, float(np.mean([shipped[word] for word in one.shipped])))
        for numbers, one, fitted in zip(own, types, columns, strict=True)
    ]
    return Sigmoid(*zip(*kept, strict=True))


def _named(likely: Array, given: Chosen, types: Sequence[ComplaintType]) -> list[tuple[str, ...]]:
    names = [one.name for one in types]
    order = np.argsort(-likely, axis=1, kind="stable")
    return [tuple(names[k] for k in row if own[k]) for row, own in zip(order, given, strict=True)]
