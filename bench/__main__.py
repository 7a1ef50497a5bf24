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

from bench.classifier import MEBIBYTE, bench_classifier, mixed_texts, shared_texts
from bench.collecting import bench_collecting, say_collecting
from bench.path import whole_path
from monitor import logs

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results.json"
MIXED_EACH = 500  # posts of each of several sources: on them labels are compared with single precision's
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
    mixed = mixed_texts(MIXED_EACH, ROOT.parent / "shared")
    measured = bench_classifier(texts, texts if mixed is None else mixed)
    from classifiers.transformer import TransformerClassifier  # not before: a process begins with its parent's peak

    path = whole_path(texts, TransformerClassifier(remembered=0))  # each round judges what the last one judged
    path["peak_memory_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE)
    results = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "posts": len(texts),
        **measured,
        "whole_path": path,
        "collecting": bench_collecting(texts),
    }
    _say(results)
    say_collecting(results["collecting"])
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"\nWritten to {RESULTS.relative_to(ROOT)}")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


OTHERS = (
    ("(a) pipeline, one by one", "pipeline_one_by_one"),
    ("(b) pipeline, batch_size=32", "pipeline_batch_32"),
    ("    pysentimiento's predict(list)", "pysentimiento"),
    ("    tweetnlp's predict(list)", "tweetnlp"),
    ("    VADER, a lexicon", "vader"),
)


def _say(results: dict[str, Any]) -> None:
    print(f"{'':34}{'posts/s':>10}{'peak MiB':>10}")
    for name, key in OTHERS:
        if results[key] is None:
            print(f"{name:34}   not measured: pip install vaderSentiment")
        else:
            _row(name, results[key])
    path = results["whole_path"]
    times = (results[f"times_{name}"] for name in ("pipeline_one_by_one", "pipeline_batch_32"))
    _row("(c) this classifier", results["classifier"], "{:.1f} x (a), {:.1f} x (b)".format(*times))
    share = f"{path['share_of_classifier']:.0%} of the classifier alone, measured beside it"
    _row("(d) file to outbox", path, share)
    print(
        f"\n(d) in seconds: collect {path['collect_seconds']:.2f}, score {path['score_seconds']:.2f}, "
        f"decide {path['decide_seconds']:.2f}; {path['messages']} messages queued for {path['posts']} posts"
    )
    _say_of_ours(results["classifier"], results["agreement_with_float32"])


def _row(name: str, result: dict[str, Any], remark: str = "") -> None:
    print(f"{name:34}{result['posts_per_second']:>10.1f}{result['peak_memory_mib']:>10}   {remark}".rstrip())


def _say_of_ours(ours: dict[str, Any], same: dict[str, float]) -> None:
    print(
        f"(c) loads in {ours['load_seconds']:.1f} s, holds {ours['memory_while_scoring_mib']} MiB while scoring, "
        f"reads {ours['word_pieces_per_post']:.1f} word pieces a post\n"
        f"(c) {ours['precision']}: {ours['tflops']:.2f} TFLOP/s, {ours['share_of_peak']:.0%} of the "
        f"{ours['peak_tflops']:.2f} that torch reaches with square matrices "
        f"({ours['peak_tflops_own_operands']:.2f} with the encoder's operands); "
        f"tokenizer and encoder alone {ours['encoder_tflops']:.2f}, {ours['encoder_share_of_peak']:.0%}"
    )
    agreement = ", ".join(f"{name} {share:.2%}" for name, share in same.items() if name != "posts")
    print(f"(c) labels as in single precision, on {same['posts']} posts of several sources: {agreement}")


if __name__ == "__main__":
    sys.exit(main())
