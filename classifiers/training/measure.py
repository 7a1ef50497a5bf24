"""Calibrate and measure a finished model again: `python -m classifiers.training.measure --data DIR FOLDER`.

For a folder whose weights stand and whose labels.json, metrics.json, behaviour.json or card do not: nothing is trained.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from classifiers.base import ModelUnusable
from classifiers.training.card import write_card
from classifiers.training.data import load_corpus
from classifiers.training.export import write_json
from classifiers.training.report import calibrate_and_measure, write_behaviour


def main(arguments: Sequence[str] | None = None) -> int:
    """Calibrate, measure, put the behavioural tests and write the card; 2 where model or posts cannot be used."""
    asked = _parser().parse_args(arguments)
    if asked.data is None and not asked.card_only:
        sys.stderr.write("measure: say where the labelled posts are: --data DIR\n")
        return 2
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        if not asked.card_only:
            corpus = load_corpus(asked.data, to_train=False)
            with Progress(*columns) as bar:
                task = bar.add_task("posts judged", total=None)

                def progress(done: int, every: int) -> None:
                    bar.update(task, completed=done, total=every)

                write_json(
                    asked.folder / "metrics.json", calibrate_and_measure(asked.folder, corpus, progress=progress)
                )
            write_behaviour(asked.folder)
        write_card(asked.folder)
    except (OSError, ValueError, KeyError, ModelUnusable) as problem:
        sys.stderr.write(f"measure: {type(problem).__name__}: {problem}\n")
        return 2
    content = json.loads((asked.folder / "metrics.json").read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps(content["aims"], indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m classifiers.training.measure", description=__doc__)
    parser.add_argument("folder", type=Path, help="of an exported model, with its manifest.json")
    parser.add_argument("--data", type=Path, help="folder with one folder a source")
    parser.add_argument("--card-only", action="store_true", help="write the card again from the JSON files beside it")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
