"""The model card, written from what was measured: no figure in it is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from classifiers.training.evaluate import Metrics

CARD = """# Model card: the embedded classifier

A small multi-task transformer that judges public English posts about companies: sentiment (negative, neutral,
positive), complaint yes or no, complaint types (eleven), severity (0 to 3) and four flags, each with a calibrated
probability. It is the default judge of this monitor and runs offline on a processor.

- **Network**: all-MiniLM-L6-v2 (6 layers, 384 wide, Apache-2.0; Wang et al. 2020, Reimers & Gurevych 2019), mean
  pooling, one linear layer for all heads. Weights in half precision, safetensors.
- **Input**: handles and links masked, HTML and written-out escapes undone, emoji written out by name, hashtags cut
  at capitals (`classifiers/text.py`, version `{preparation}`). At most 128 word pieces are read: of longer posts
  the first 94 and the last 32.
- **Made by**: `python -m classifiers.training --data DIR --out DIR --install`, seed {seed}, torch {torch},
  transformers {transformers}. Encoder weights sha256 `{encoder}`.

## Intended use
Sorting public posts for a customer-relations team: finding complaints, routing them, counting moods over a week.
A person reads what it finds. Not for decisions about the authors of posts, not for medical, legal or safety
monitoring on which somebody relies, not for texts in other languages (the monitor keeps those, unjudged).

## Data
No source that forbids commercial use (NC) is in the training rows: `airline_sentiment` and
`twacs_airline_support`, and the rows of `complaint_types` whose text comes from them, are only measured on. Most
sources are collections of public posts whose authors' and platforms' terms apply; where *none stated* stands, the
collection names no licence. No row of them is part of this repository.

| source | licence stated there | trained on | set aside | published validation |
|---|---|---|---|---|
{sources}

Rows of `complaint_types` were labelled by a large language model under a written guideline, not by people; types,
severity and flags are learned from these alone. The sentiment of complaint posts without a sentiment label of
their own (airline complaint tweets, app reviews, consumer narratives) is derived from these labels, with half weight.

**Training.** Sentiment alone first, then all tasks together (the plan stands in `manifest.json`); the shipped weights
are {kept:.0%} those of the last step and {anchor:.0%} those of the first stage's last checkpoint. That share was
chosen, among four, on the own validation rows below, whose figures are that much too kind.

**Split.** Own validation rows were set aside before training by the hash of their group (variants of one post
together, otherwise the text without case and punctuation; split seed `{split}`); training rows equal to any row set
aside were dropped. Rows of `complaint_types` are set aside from its plain sample only.

## Figures
`n` posts, none trained on. Own validation rows are judged under a calibration fitted on the other half of them
(seed `{halves}`), published validation and airline sentiment under the shipped one. ECE: expected calibration
error, 15 bins. The kappa of severity is quadratic.

| sentiment | n | macro-recall | macro-F1 | accuracy | ECE |
|---|---|---|---|---|---|
{sentiment}

| complaint | n | complaints | F1 of complaint | macro-F1 | ECE |
|---|---|---|---|---|---|
{complaint}

| types, severity | n | main type, accuracy | main type, macro-F1 | all types, macro-F1 | severity, kappa |
|---|---|---|---|---|---|
{types}

| flag | kappa |
|---|---|
{flags}

| type | F1 |
|---|---|
{by_type}

Type figures take the main type where there is a complaint; "all types" counts the types given, none where the model
sees no complaint.

## Limits
- English only. Another language is recognised and left unjudged only where the detector is sure; mixed and romanised
  posts (Hinglish) are judged as if they were English.
- Sarcasm, and posts whose sense lies in an image or an earlier post, are often misread.
- Training posts are from 2009 to 2020, many about airlines, phones and games: other trades and newer words are known
  less well. Calibration holds for a mix like the one above; among posts with far fewer complaints, probabilities
  are too high.
- Types are learned from {complaint_rows} posts; the rare ones (see the table) are the weakest.
- Where no source has human labels (types, severity, flags) the figures say how well the model repeats the
  annotating model under the guideline, which is more than how well it agrees with people.
"""


def card(metrics: Metrics, manifest: Mapping[str, Any]) -> str:
    """Return the model card, in Markdown."""
    types = {name: value for name, value in metrics.items() if name.startswith("types, ")}
    whole: Metrics = next(iter(types.values()), {"flags_kappa": {}, "types_f1": {}})
    trained = manifest["rows"]["train"]
    return CARD.format(
        preparation=manifest["preparation"],
        seed=manifest["seeds"]["training"],
        anchor=manifest["plan"]["anchor"],
        kept=1.0 - manifest["plan"]["anchor"],
        split=manifest["seeds"]["split"],
        halves=manifest["seeds"]["calibration halves"],
        encoder=manifest["encoder"]["sha256"][:16],
        **manifest["versions"],
        sources=_sources(manifest),
        sentiment=_rows(metrics, "sentiment, ", ("n", "macro_recall", "macro_f1", "accuracy", "ece")),
        complaint=_rows(metrics, "complaint, ", ("n", "complaints", "f1", "macro_f1", "ece")),
        types=_rows(metrics, "types, ", ("n", "main_accuracy", "main_macro_f1", "types_macro_f1", "severity_kappa")),
        flags=_pairs(whole["flags_kappa"]),
        by_type=_pairs(whole["types_f1"]),
        complaint_rows=f"{sum(rows for name, rows in trained.items() if name.startswith('complaint_types/')):,}",
    )


def _sources(manifest: Mapping[str, Any]) -> str:
    rows = manifest["rows"]
    names = sorted({name for part in rows.values() for name in part})
    licences = manifest["licences"]
    lines = []
    for name in names:
        licence = licences.get(name.partition("/")[0], "NC: not trained on")
        counts = " | ".join(f"{rows[part].get(name, 0):,}" for part in ("train", "held", "published"))
        lines.append(f"| `{name}` | {licence} | {counts} |")
    return "\n".join(lines)


def _rows(metrics: Metrics, prefix: str, columns: tuple[str, ...]) -> str:
    lines = []
    for name, value in metrics.items():
        if name.startswith(prefix):
            lines.append(f"| {name.removeprefix(prefix)} | {' | '.join(_cell(value[key]) for key in columns)} |")
    return "\n".join(lines)


def _pairs(values: Mapping[str, float]) -> str:
    return "\n".join(f"| `{name}` | {value:.3f} |" for name, value in values.items())


def _cell(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
