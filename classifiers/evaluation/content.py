"""A report as plain JSON: what metrics.json and `monitor evaluate --out` hold."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from classifiers.evaluation.bootstrap import LEVEL, RESAMPLES, SEED
from classifiers.evaluation.halves import HALVES_SEED
from classifiers.evaluation.report import Report
from classifiers.evaluation.tasks import Entry

Metrics = dict[str, Any]


def content(report: Report) -> Metrics:
    """One key an entry, with its values and their intervals; and the aims, the bins, and how it was measured."""
    found: dict[str, Any] = {entry.name: entry_content(entry) for entry in report.entries}
    found["aims"] = [
        {
            "what": held.aim.what,
            "aim": held.aim.value,
            "at_most": held.aim.at_most,
            "n": held.entry.n,
            **asdict(held.figure),
            "met": held.met,
        }
        for held in report.aims
    ]
    found["reliability"] = {
        "sentiment": [asdict(one) for one in report.sentiment_bins],
        "complaint": [asdict(one) for one in report.complaint_bins],
    }
    found["measured"] = {
        "model": report.model,
        "interval": LEVEL,
        "resamples": RESAMPLES,
        "seed": SEED,
        "halves": HALVES_SEED if report.cross_judged else None,
    }
    return found


def entry_content(entry: Entry) -> Metrics:
    """The values of an entry and, under "interval", the same names with [low, high]."""
    values: Metrics = {}
    intervals: Metrics = {}
    for name, figure in entry.figures.items():
        group, _, key = name.rpartition(".")
        into = values.setdefault(group, {}) if group else values
        bounds = intervals.setdefault(group, {}) if group else intervals
        into[key] = figure.value
        bounds[key] = [figure.low, figure.high]
    counts = {"n": entry.n, "groups": entry.groups, "unjudged": entry.unjudged}
    if entry.positives is not None:
        counts["complaints"] = entry.positives
    return counts | values | {"interval": intervals}
