"""One training run from folders of posts to a model folder ready to ship."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import PreTrainedTokenizerBase

from classifiers import text
from classifiers.evaluation.content import Metrics
from classifiers.evaluation.halves import HALVES_SEED
from classifiers.network import PostNetwork
from classifiers.training.arrays import labelled, side_labels
from classifiers.training.card import write_card
from classifiers.training.data import SPLIT_SEED, Corpus, load_corpus
from classifiers.training.encoder import start
from classifiers.training.export import digest_of, export, write_json
from classifiers.training.further import LICENCES
from classifiers.training.invented import SOURCE, with_sentences
from classifiers.training.loop import Progress, train
from classifiers.training.plan import Plan
from classifiers.training.report import calibrate_and_measure, write_behaviour
from classifiers.training.sources import TrainingSource
from classifiers.training.trainee import Trainee

MODEL = "model"  # the folder under `out` that ships


def run(
    data: Path,
    out: Path,
    encoder: Path,
    plan: Plan,
    sources: Sequence[TrainingSource],
    *,
    progress: Progress,
    resume: bool = False,
    allow_nc: bool = False,
) -> Metrics:
    """Train, export, calibrate and measure; return the metrics.

    `out/model` holds weights, tokenizer, labels.json, metrics.json, manifest.json and the model card. Run
    again with `resume` it goes on after the last checkpoint, and after the last step only measures again.
    """
    out.mkdir(parents=True, exist_ok=True)
    corpus = load_corpus(data, sources=sources, allow_nc=allow_nc)
    network, tokenizer = start(encoder, plan.seed)
    rows = dict(corpus.train)
    if plan.invented:
        rows[SOURCE] = with_sentences(rows.get("complaint_types", []), plan.seed)
    sides = side_labels(example for part in rows.values() for example in part)
    posts = labelled([example for part in rows.values() for example in part], tokenizer, sides)
    sizes = {name: len(part) for name, part in rows.items()}
    trainee = Trainee(network, sides, plan.seed)
    train(trainee, tokenizer, posts, sizes, plan, out, resume=resume, progress=progress)
    return finish(network, tokenizer, corpus, out / MODEL, made_of=manifest(corpus, encoder, plan, sources))


def finish(
    network: PostNetwork,
    tokenizer: PreTrainedTokenizerBase,
    corpus: Corpus,
    model: Path,
    *,
    made_of: dict[str, Any],
) -> Metrics:
    """Export, calibrate and measure a trained network; write everything that ships to `model`."""
    export(network, tokenizer, model)
    metrics = calibrate_and_measure(model, corpus)
    write_json(model / "metrics.json", metrics)
    write_json(model / "manifest.json", made_of)
    write_behaviour(model)
    write_card(model)
    return metrics


def manifest(corpus: Corpus, encoder: Path, plan: Plan, sources: Sequence[TrainingSource]) -> dict[str, Any]:
    """Say what the weights were made of: sources with licences and rows, seeds, plan, encoder, versions."""
    licences = {source.name: source.licence for source in sources} | LICENCES
    used = {name: licence for name, licence in licences.items() if name in corpus.train}
    before = encoder / "manifest.json"  # the encoder was trained here: what it was made of goes on record
    return {
        "rows": corpus.manifest,
        "licences": used,
        "seeds": {"training": plan.seed, "split": SPLIT_SEED, "calibration halves": HALVES_SEED},
        "held_per_cent": {source.name: source.held for source in sources if source.name in corpus.held},
        "plan": asdict(plan),
        "encoder": {
            "folder": f"{encoder.parent.name}/{encoder.name}",
            "sha256": digest_of(encoder / "model.safetensors"),
        },
        "went_on_from": json.loads(before.read_text(encoding="utf-8")) if before.exists() else None,
        "preparation": text.VERSION,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    }
