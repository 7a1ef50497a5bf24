"""make bench: posts a second, in one run over the same texts and weights, against what one would use instead."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.classifier import MEBIBYTE, bench_classifier, shared_texts
from bench.path import whole_path
from classifiers.registry import build
from config.models import Model
from monitor import logs

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results.json"
LIBRARIES = ("torch", "transformers", "tokenizers", "numpy", "sqlalchemy", "sentiment-monitor")


def main() -> None:
    """Measure, print, and write results.json."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--posts", type=int, default=3000, help="how many texts (default 3000)")
    given = parser.parse_args()
    texts = shared_texts(given.posts, ROOT.parent / "shared")
    if texts is None:
        from monitor.demo.run import LAST_DAY
        from monitor.demo.timeline import fortnight

        invented = [post.text for post in fortnight(LAST_DAY)]
        texts = [f"{text} {n}" for n, text in enumerate(invented * (given.posts // len(invented) + 1))][: given.posts]
    logs.set_up("console", level="warning")
    machine = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }
    for name, value in machine.items():
        print(f"{name:18} {value}")
    print(f"{'texts':18} {len(texts)}, {sum(map(len, texts)) / len(texts):.0f} characters on average\n", flush=True)
    measured = bench_classifier(texts)
    path = whole_path(texts, build(Model()))
    path["peak_memory_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE)
    results = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "posts": len(texts),
        **measured,
        "whole_path": path,
    }
    _say(results)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"\nWritten to {RESULTS.relative_to(ROOT)}")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _say(results: dict[str, Any]) -> None:
    path, judge = results["whole_path"], results["classifier"]["posts_per_second"]
    rows = (
        ("(a) pipeline, one by one", results["pipeline_one_by_one"]["posts_per_second"], ""),
        ("(b) pipeline, batch_size=32", results["pipeline_batch_32"]["posts_per_second"], ""),
        (
            "(c) this classifier",
            judge,
            f"{results['times_pipeline_one_by_one']:.1f} x (a), {results['times_pipeline_batch_32']:.1f} x (b)",
        ),
        (
            "(d) file to outbox",
            path["posts_per_second"],
            f"{path['share_of_classifier']:.0%} of the classifier alone, measured beside it",
        ),
    )
    print(f"{'':30}{'posts/s':>10}")
    for name, speed, ratio in rows:
        print(f"{name:30}{speed:>10.1f}   {ratio}")
    print(
        f"\n(d) in seconds: collect {path['collect_seconds']:.2f}, score {path['score_seconds']:.2f}, "
        f"decide {path['decide_seconds']:.2f}; {path['messages']} messages queued for {path['posts']} posts"
    )
    memory = {
        name: results[name]["peak_memory_mib"] for name in ("pipeline_one_by_one", "pipeline_batch_32", "classifier")
    }
    print(
        "peak memory, MiB: "
        + ", ".join(f"{name} {mib}" for name, mib in memory.items())
        + f", whole path {results['whole_path']['peak_memory_mib']}"
    )


if __name__ == "__main__":
    sys.exit(main())
