"""The whole path: posts in a file, through collecting, judging and deciding, to messages in the outbox."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from bench.classifier import ROUNDS, WARM_UP
from classifiers.base import Classifier
from config.load import load
from monitor.clock import wall_clock
from monitor.store.engine import open_store
from monitor.wiring import House

SETTINGS = """
company = "Bench"

[database]
url = "sqlite:///bench.db"

[[brands]]
name = "Bench"
aliases = [{{ text = "bench" }}]

[[sources]]
kind = "files"
name = "bench"
path = {path}
brand = "Bench"
columns = {{ text = "text", id = "id", author = "author" }}

[[channels]]
kind = "slack"
name = "care"
token = "env:BENCH_SLACK_TOKEN"
conversation = "C0BENCH"

[default_route]
name = "everything"
channels = ["care"]

[digest]
enabled = false
"""


def whole_path(texts: Sequence[str], classifier: Classifier) -> dict[str, float]:
    """The best of ROUNDS runs, each into an empty database; nothing is sent, the messages stay queued.

    Before each run the same classifier judges the same texts alone, in this process, so that `share_of_classifier`
    compares what was measured side by side.
    """
    classifier.classify(texts[:WARM_UP])  # a daemon judges with a warm model, and so do the ways beside this one
    alone, runs = [], []
    for _ in range(ROUNDS):
        began = perf_counter()
        classifier.classify(texts)
        alone.append(perf_counter() - began)
        runs.append(_run(texts, classifier))
    best = min(runs, key=lambda run: run["seconds"])
    return best | {"classifier_seconds": min(alone), "share_of_classifier": min(alone) / best["seconds"]}


def _run(texts: Sequence[str], classifier: Classifier) -> dict[str, float]:
    """Seconds of each stage and posts/s of the whole."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "posts.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "author", "text"])
            writer.writerows([number, f"author{number}", text] for number, text in enumerate(texts))
        (folder / "monitor.toml").write_text(SETTINGS.format(path=json.dumps(str(folder / "posts.csv"))))
        settings = load(folder / "monitor.toml")
        store = open_store(settings.database)
        house = House(settings, store, wall_clock)
        destinations = house.destinations()
        (collect,) = house.collectors(destinations)
        score, decide = house.score(classifier, destinations), house.decide(destinations)
        marks = [perf_counter()]
        stored, more = 0, True
        while more:
            tally, more = collect.piece()
            stored += tally.stored
        marks.append(perf_counter())
        while score.batch():
            pass
        marks.append(perf_counter())
        while decide.batch():
            pass
        marks.append(perf_counter())
        messages = store.outbox.unfinished()
        store.close()
    if stored == 0:
        raise RuntimeError("the bench stored no post")
    return {
        "posts": stored,
        "messages": messages,
        "collect_seconds": marks[1] - marks[0],
        "score_seconds": marks[2] - marks[1],
        "decide_seconds": marks[3] - marks[2],
        "seconds": marks[3] - marks[0],
        "posts_per_second": stored / (marks[3] - marks[0]),
    }
