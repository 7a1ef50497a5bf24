"""The figures of a trained model, by the measures of the data README."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from classifiers.calibration import Calibration, write_calibration
from classifiers.engine import Engine, Precision
from classifiers.text import prepare
from classifiers.training.data import Corpus
from classifiers.training.evaluate import (
    Measured,
    Metrics,
    complaint_metrics,
    cross_judged,
    fit_for_use,
    judged,
    measured,
    pooled,
    sentiment_metrics,
    types_metrics,
)
from classifiers.training.sources import NON_COMMERCIAL, Example
from classifiers.verdicts import Scores

COMPLAINT_SOURCES = ("complaints_tweets", "complaints_airline_tweets", "complaints_product_reviews")
SENTIMENT_SOURCES = (
    "tweeteval_sentiment",
    "tweet_sentiment_extraction",
    "brand_sanders",
    "brand_apple",
    "brand_sxsw",
)


def calibrate_and_measure(folder: Path, corpus: Corpus) -> Metrics:
    """Fit the calibration of the exported model in `folder` on the posts set aside, write it, and measure.

    Posts that fitted a calibration are judged under one fitted on the other half; published validation files and
    non-commercial sources fit nothing and are judged under the shipped one.
    """
    engine = Engine(folder, Precision.FLOAT32)

    def score(texts: Sequence[str]) -> Scores:
        return engine.scores([prepare(text) for text in texts])

    held = measured([row for rows in corpus.held.values() for row in rows], score)
    calibration = fit_for_use(held)
    write_calibration(folder, calibration)
    published = {name: measured(rows, score) for name, rows in corpus.published.items() if rows}
    return metrics_of(held, published, calibration)


def metrics_of(held: Measured, published: Mapping[str, Measured], calibration: Calibration) -> Metrics:
    """Return every figure, by measure and source."""
    commercial = held.where(lambda row: row.source not in NON_COMMERCIAL)
    parts = cross_judged(commercial)
    found: Metrics = {}
    for name, part in published.items():
        found[f"sentiment, {name} (published validation)"] = sentiment_metrics(judged(part, calibration))
    airline = held.where(lambda row: row.source == "airline_sentiment")
    if airline.examples:
        found["sentiment, airline_sentiment (never trained on)"] = sentiment_metrics(judged(airline, calibration))
    for name in (*SENTIMENT_SOURCES, *COMPLAINT_SOURCES[::2]):
        found[f"sentiment, {name}"] = sentiment_metrics(pooled(parts, _is(name)))
    own = (*SENTIMENT_SOURCES, "brand_entity_sentiment", *COMPLAINT_SOURCES[::2])
    found["sentiment, all own validation"] = sentiment_metrics(pooled(parts, lambda row: row.source in own))
    for name in COMPLAINT_SOURCES:
        found[f"complaint, {name}"] = complaint_metrics(pooled(parts, _is(name)))
    found["complaint, complaint_types"] = complaint_metrics(pooled(parts, _is_guideline))
    found["complaint, all own validation"] = complaint_metrics(pooled(parts, lambda row: row.complaint is not None))
    found["types, complaint_types"] = types_metrics(pooled(parts, _is_guideline))
    found["types, complaint_types without non-commercial sources"] = types_metrics(pooled(parts, _is_free))
    return {name: value for name, value in found.items() if value["n"]}


def _is(source: str) -> Callable[[Example], bool]:
    return lambda row: row.source == source


def _is_guideline(row: Example) -> bool:
    return row.source.startswith("complaint_types/")


def _is_free(row: Example) -> bool:
    return _is_guideline(row) and row.source.rpartition("/")[2] not in NON_COMMERCIAL
