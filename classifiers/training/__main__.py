"""Train the embedded model: `python -m classifiers.training --data DIR --out DIR`.

About an hour on an otherwise idle core with AMX. glibc gives large blocks back to the kernel after every step,
which costs a fifth of the time; `MALLOC_MMAP_THRESHOLD_=1000000000 MALLOC_TRIM_THRESHOLD_=4000000000` keeps them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from classifiers.training.encoder import packaged_encoder
from classifiers.training.export import install
from classifiers.training.plan import default_plan, further_plan
from classifiers.training.run import MODEL, run
from classifiers.training.sources import SOURCES
from classifiers.transformer import EMBEDDED


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as asked and print the metrics; 2 where the data, the encoder or the checkpoint cannot be used."""
    asked = _parser().parse_args(arguments)
    sources = [source for source in SOURCES if source.name not in asked.without]
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        encoder = asked.go_on_from or asked.encoder or packaged_encoder()
        plan = further_plan() if asked.go_on_from else default_plan()
        with bar:
            task = bar.add_task("training", total=None)

            def progress(step: int, steps: int, loss: float) -> None:
                bar.update(task, completed=step, total=steps, description=f"loss {loss:.3f}")

            metrics = run(
                asked.data,
                asked.out,
                encoder,
                replace(plan, threads=asked.threads),
                sources,
                progress=progress,
                resume=asked.resume,
                allow_nc=asked.allow_non_commercial,
            )
        if asked.install:
            install(asked.out / MODEL, EMBEDDED)
    except (FileNotFoundError, ValueError) as problem:
        sys.stderr.write(f"training: {problem}\n")
        return 2
    sys.stdout.write(json.dumps(metrics, indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m classifiers.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with one folder a source")
    parser.add_argument("--out", type=Path, required=True, help="where checkpoints, log and model go")
    parser.add_argument("--encoder", type=Path, help="folder of another BERT encoder to start from")
    parser.add_argument(
        "--go-on-from", type=Path, help="folder of a model trained here: a shorter plan, from its weights"
    )
    parser.add_argument("--threads", type=int, default=2, help="of torch (default 2)")
    parser.add_argument("--resume", action="store_true", help="go on after the last checkpoint in --out")
    parser.add_argument("--install", action="store_true", help="then put the model in the shipped one's place")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=[source.name for source in SOURCES],
        help="leave a source out",
    )
    parser.add_argument(
        "--allow-non-commercial",
        action="store_true",
        help="train on rows whose terms forbid commercial use, too",
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
