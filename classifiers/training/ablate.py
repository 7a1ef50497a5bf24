"""What each source and each trick adds: `python -m classifiers.training.ablate --data DIR --run DIR`.

Every variant trains the joint stage once, on a share of its rows, from the end of the first stage of a finished
run (all but one, which leaves that stage out), and is measured with a calibration of its own, fitted on the other
half of the posts set aside. The figures compare variants with each other; the shipped model trained longer.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.progress import Progress

from classifiers.training.arrays import labelled, side_labels
from classifiers.training.card_tables import ABLATED
from classifiers.training.data import Corpus, load_corpus
from classifiers.training.encoder import packaged_encoder, start
from classifiers.training.export import export, write_json
from classifiers.training.invented import SOURCE, with_sentences
from classifiers.training.loop import mixed, train
from classifiers.training.plan import Plan, default_plan
from classifiers.training.report import calibrate_and_measure
from classifiers.training.sources import NON_COMMERCIAL, SOURCES
from classifiers.training.trainee import Trainee

SHARE = 0.25  # of the joint stage's rows in one epoch
AIRLINE_HELD = 20  # per cent of the airline posts that measure; the others train in the one variant that may
TWEETS = 1000  # of the general tweets set aside that fit the calibration: enough, and soon scored
BRANDS = ("brand_sanders", "brand_apple", "brand_sxsw", "brand_entity_sentiment")
COMPLAINTS = ("complaints_tweets", "complaints_airline_tweets", "complaints_product_reviews")
SIDES = (
    "tweeteval_emotion",
    "tweeteval_irony",
    "tweeteval_offensive",
    "tweeteval_hate",
    "isarcasm",
    "banking77",
    "app_reviews",
    "bitext_support_intents",
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One change to the joint stage."""

    name: str
    without: tuple[str, ...] = ()
    hidden: bool = True
    first_stage: bool = True
    non_commercial: bool = False


VARIANTS = (
    Variant("everything"),
    Variant("without complaint_types (types, severity, flags)", ("complaint_types", SOURCE)),
    Variant("without the three sets of human complaint labels", COMPLAINTS),
    Variant("without the four brand sets", BRANDS),
    Variant("without the first stage", first_stage=False),
    Variant("with non-commercial rows", non_commercial=True),
    Variant("without invented sentences", (SOURCE,)),
    Variant("without side tasks in the joint stage", SIDES),
    Variant("without hiding words", hidden=False),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and measure every variant that the output does not hold yet; 2 where the run is not there."""
    asked = _parser().parse_args(arguments)
    if not (asked.run / "stage-0-0.pt").exists():
        sys.stderr.write(f"ablate: no finished first stage under {asked.run}\n")
        return 2
    torch.set_num_threads(asked.threads)
    done: list[dict[str, Any]] = json.loads(asked.out.read_text()) if asked.out.exists() else []
    for variant in VARIANTS:
        if any(entry["name"] == variant.name for entry in done):
            continue
        done.append(_measured(variant, asked.data, asked.run, asked.threads))
        write_json(asked.out, done)
    return 0


def _measured(variant: Variant, data: Path, run: Path, threads: int) -> dict[str, Any]:
    corpus = _corpus(data, allow_nc=variant.non_commercial)
    plan = _plan(variant, threads)
    rows = {name: part for name, part in corpus.train.items() if name not in variant.without}
    rows[SOURCE] = [] if SOURCE in variant.without else with_sentences(rows.get("complaint_types", []), plan.seed)
    network, tokenizer = start(packaged_encoder(), plan.seed)
    every = [*corpus.train.values(), rows[SOURCE]]
    sides = side_labels(example for part in every for example in part)
    trainee = Trainee(network, sides, plan.seed)
    if variant.first_stage:
        trainee.load_state_dict(torch.load(run / "stage-0-0.pt", weights_only=True))
    posts = labelled([example for part in rows.values() for example in part], tokenizer, sides)
    out = run / "ablation"
    out.mkdir(exist_ok=True)
    steps = 0
    with Progress() as bar:
        task = bar.add_task(variant.name, total=None)

        def progress(step: int, total: int, _loss: float) -> None:
            nonlocal steps
            steps = total
            bar.update(task, completed=step, total=total)

        sizes = {name: len(part) for name, part in rows.items()}
        train(trainee, tokenizer, posts, sizes, plan, out, resume=False, progress=progress)
    trainee.load_state_dict(mixed(out, plan))
    export(network, tokenizer, out / "model")
    metrics = calibrate_and_measure(out / "model", _to_measure(corpus))
    shown: dict[str, dict[str, float]] = {}
    for entry, figure in ABLATED.values():
        group, _, key = figure.rpartition(".")
        values = metrics.get(entry, {})
        values = values.get(group, {}) if group else values
        if key in values:
            shown.setdefault(entry, {})[figure] = values[key]
    return {"name": variant.name, "steps": steps, "seed": plan.seed, "metrics": shown}


def _corpus(data: Path, *, allow_nc: bool) -> Corpus:
    """Set the same posts aside in every variant, the airline posts' authors apart."""
    sources = [
        replace(source, held=AIRLINE_HELD, stage2=0.5) if source.name == "airline_sentiment" else source
        for source in SOURCES
    ]
    return load_corpus(data, sources=sources, allow_nc=allow_nc)


def _plan(variant: Variant, threads: int) -> Plan:
    plan = default_plan()
    joint = plan.stages[-1]
    shares: Mapping[str, float] = {**joint.shares, "airline_sentiment": 0.5}
    stage = replace(
        joint,
        epochs=1,
        branches=1,
        taught=0,
        shares={name: share * SHARE for name, share in shares.items()},
        hidden=joint.hidden if variant.hidden else 0.0,
    )
    return replace(plan, stages=(stage,), threads=threads, checkpoint_steps=10_000)


def _to_measure(corpus: Corpus) -> Corpus:
    """Keep what the table shows: general sentiment by the published file alone."""
    kept = {"complaint_types", *COMPLAINTS, *NON_COMMERCIAL, "brand_sanders", "brand_apple"}
    held = {name: rows for name, rows in corpus.held.items() if name in kept}
    held["tweeteval_sentiment"] = corpus.held.get("tweeteval_sentiment", [])[:TWEETS]
    published = {name: rows for name, rows in corpus.published.items() if name == "tweeteval_sentiment"}
    return Corpus({}, held, published)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m classifiers.training.ablate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with one folder a source")
    parser.add_argument("--run", type=Path, required=True, help="--out of a finished training run")
    parser.add_argument("--out", type=Path, required=True, help="ablations.json, added to where it exists")
    parser.add_argument("--threads", type=int, default=2, help="of torch (default 2)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
