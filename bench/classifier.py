"""Posts a second of several ways to judge the same posts with the same weights, and the memory each takes.

(a) a Hugging Face pipeline fed one post after another, (b) the same with `batch_size=32`, both with default
settings over the sentiment head alone, (c) this product's classifier with all its heads and the language; beside
them how pysentimiento and tweetnlp call a model, and VADER (see `ways`).
"""

from __future__ import annotations

import csv
import gzip
import multiprocessing
import os
import resource
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

AIRLINE_POSTS = "data/twacs_airline_support/unlabelled.csv.gz"
MIXED = (
    "airline_sentiment",
    "brand_apple",
    "brand_sanders",
    "complaints_tweets",
    "complaints_product_reviews",
    "app_reviews",
)
ROUNDS = 3  # the best of them counts: on a shared machine the others measure the neighbours
WARM_UP = 64  # posts judged before the clock starts: first calls allocate and pick kernels
MEBIBYTE = 1024  # kibibytes, the unit of ru_maxrss on Linux
LOOK_EVERY = 0.02  # seconds between two looks at the resident memory


def shared_texts(limit: int, default: Path) -> list[str] | None:
    """Return up to `limit` real posts from the shared data (MONITOR_SHARED, else `default`); None where absent."""
    path = Path(os.environ.get("MONITOR_SHARED", default)) / AIRLINE_POSTS
    if not path.exists():
        return None
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        texts = [row["text"] for row in csv.DictReader(lines)]
    step = max(1, len(texts) // limit)
    return texts[::step][:limit]  # spread over the file, not its head


def mixed_texts(each: int, default: Path) -> list[str] | None:
    """Return up to `each` posts of every source in MIXED, as `shared_texts` does."""
    data = Path(os.environ.get("MONITOR_SHARED", default)) / "data"
    texts = []
    for source in MIXED:
        path = data / source / "train.csv.gz"
        if not path.exists():
            return None
        with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
            rows = [row["text"] for row in csv.DictReader(lines)]
        texts += rows[:: max(1, len(rows) // each)][:each]
    return texts


def bench_classifier(texts: Sequence[str], mixed: Sequence[str], *, few: int = 600) -> dict[str, Any]:
    """Measure all ways, each in a process of its own, one after another; `mixed` is what labels are compared on.

    The slow first way, and the one that pads everything to the longest post at once, judge only the first `few`
    texts; speeds are posts a second of wall time.
    """
    whole, some = list(texts), list(texts[:few])
    results: dict[str, Any] = {"posts": len(texts)}
    with tempfile.TemporaryDirectory() as folder:
        _apart(_written, folder)
        for name, given in (
            ("pipeline_one_by_one", some),
            ("pipeline_batch_32", whole),
            ("pysentimiento", whole),
            ("tweetnlp", some),
            ("vader", whole),
        ):
            results[name] = _apart(_other, folder, name, given)
    results["classifier"] = _apart(_classifier, whole)
    results["agreement_with_float32"] = _apart(_agreement, list(mixed))
    speed = results["classifier"]["posts_per_second"]
    for name in ("pipeline_one_by_one", "pipeline_batch_32"):
        results[f"times_{name}"] = round(speed / results[name]["posts_per_second"], 2)
    return results


def _apart(measure: Callable[..., Any], *arguments: object) -> Any:
    """Run in a fresh process: peak memory and thread settings of one way do not colour the next."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, arguments)


def _written(folder: str) -> None:
    from bench.ways import write_sentiment_view

    write_sentiment_view(Path(folder))


def _other(folder: str, name: str, texts: list[str]) -> dict[str, float] | None:
    """Time one of the other ways; None where it is not installed."""
    from bench import ways
    from classifiers.text import prepare

    judge: ways.Judge | None
    match name:
        case "pipeline_one_by_one":
            judge = ways.pipeline(Path(folder), 1)
        case "pipeline_batch_32":
            judge = ways.pipeline(Path(folder), ways.PIPELINE_BATCH)
        case "pysentimiento":
            judge = ways.pysentimiento(Path(folder))
        case "tweetnlp":
            judge = ways.tweetnlp(Path(folder))
        case _:
            judge = ways.vader()
    if judge is None:
        return None
    prepared = [prepare(text) for text in texts]  # all read the same words; this is not on the clock
    judge(prepared[:WARM_UP])
    return _best_of_rounds(len(texts), lambda: judge(prepared))


def _classifier(texts: list[str]) -> dict[str, Any]:
    began = perf_counter()
    from classifiers.transformer import TransformerClassifier

    judge = TransformerClassifier(remembered=0)  # the rounds must not find the verdicts of the first
    load = perf_counter() - began
    from bench.peak import flops, peaks
    from classifiers.text import prepare

    judge.classify(texts[:WARM_UP])
    memory = _Memory()
    with memory:
        result = _best_of_rounds(len(texts), lambda: judge.classify(texts))
    prepared = [prepare(text) for text in texts]
    engine = judge.engine
    alone = _best_of_rounds(len(texts), lambda: engine.pooled(prepared))
    lengths = engine.lengths(prepared)
    work = flops(engine.shape, lengths)
    peak = peaks(engine.shape, engine.way)
    return result | {
        "load_seconds": round(load, 2),
        "memory_while_scoring_mib": memory.most,
        "precision": engine.way.precision.value,
        "word_pieces_per_post": round(sum(lengths) / len(texts), 1),
        "encoder_posts_per_second": alone["posts_per_second"],
        "tflops": round(work / result["seconds"] / 1e12, 3),
        "encoder_tflops": round(work / alone["seconds"] / 1e12, 3),
        "peak_tflops": round(peak["tflops"], 3),
        "peak_tflops_own_operands": round(peak["tflops_own_operands"], 3),
        "share_of_peak": round(work / result["seconds"] / 1e12 / peak["tflops"], 3),
        "encoder_share_of_peak": round(work / alone["seconds"] / 1e12 / peak["tflops"], 3),
    }


def _agreement(texts: list[str]) -> dict[str, float]:
    """Return the shares of posts that the fast way and single precision label alike."""
    from classifiers.precision import Precision
    from classifiers.transformer import TransformerClassifier

    exact = TransformerClassifier(precision=Precision.FLOAT32).classify(texts)
    fast = TransformerClassifier().classify(texts)
    pairs = list(zip(exact, fast, strict=True))
    labels: dict[str, Callable[[Any], object]] = {
        "sentiment": lambda verdict: verdict.sentiment,
        "complaint": lambda verdict: verdict.complaint,
        "severity": lambda verdict: verdict.severity,
        "main_type": lambda verdict: verdict.types[:1],
        "flags": lambda verdict: verdict.flags,
    }
    same = {name: round(sum(of(a) == of(b) for a, b in pairs) / len(pairs), 5) for name, of in labels.items()}
    return {"posts": len(texts), **same}


class _Memory:
    """The most resident memory seen while it is entered, in MiB; 0 where the system does not say."""

    def __init__(self) -> None:
        self.most = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        source = Path("/proc/self/statm")
        while source.exists():
            pages = int(source.read_text(encoding="ascii").split()[1])
            self.most = max(self.most, round(pages * page / 2**20))
            if self._done.wait(LOOK_EVERY):
                return


def _best_of_rounds(posts: int, judge: Callable[[], Any]) -> dict[str, float]:
    seconds = []
    for _ in range(ROUNDS):
        started = perf_counter()
        if len(judge()) != posts:
            raise RuntimeError("a way of judging lost posts")
        seconds.append(perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE
    best = min(seconds)
    return {
        "posts": posts,
        "seconds": round(best, 3),
        "posts_per_second": round(posts / best, 1),
        "peak_memory_mib": round(peak),
    }
