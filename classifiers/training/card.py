"""The model card, written from the JSON files beside the weights: no figure in it is typed by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

from classifiers.evaluation.plots import reliability
from classifiers.thresholds import Counts, read_counts
from classifiers.training import card_tables as tables
from classifiers.training.further import ANNOTATED, WRITTEN
from classifiers.training.report import BEHAVIOUR

CARD = "MODEL_CARD.md"
PLOT = "reliability.png"
NOTES = "notes.md"  # what no file can say of itself: written by hand, taken as it is
ABLATIONS = "ablations.json"
WIDTH = 118  # characters of a line of prose

_HEAD = """# Model card: the embedded classifier

A small multi-task transformer that judges public English posts about companies: sentiment (negative, neutral,
positive), complaint yes or no, complaint types (eleven), severity (0 to 3) and four flags, each with a calibrated
probability. It is the default judge of this monitor and runs offline on a processor.

- **Network**: all-MiniLM-L6-v2 (6 layers, 384 wide, Apache-2.0; Wang et al. 2020, Reimers & Gurevych 2019), mean
  pooling, one linear layer for all heads. Weights in half precision, safetensors.
- **Input**: handles and links masked, HTML and written-out escapes undone, emoji written out by name, hashtags cut
  at capitals (`classifiers/text.py`, version `{preparation}`). Posts of more than 128 word pieces are read in windows.
{made}

## Intended use
Sorting public posts for a customer-relations team: finding complaints, routing them, counting moods over a week.
A person reads what it finds. Not for decisions about the authors of posts, not for medical, legal or safety
monitoring on which somebody relies, not for texts in other languages (the monitor keeps those, unjudged).

## Data
{terms}

| source | licence stated there | trained on | set aside | published validation |
|---|---|---|---|---|
{sources}

{labels}

**Training.** {stages} The whole plan stands in `manifest.json`.

**Split.** Own validation rows were set aside before training by the hash of their group (variants of one post
together, otherwise the text without case and punctuation; split seed `{split}`); training rows equal to any row set
aside were dropped. Rows of `complaint_types` are set aside from its plain sample only.
"""

_FIGURES = """
## Figures
{how}

### Aims
| measure | n | measured | aim | |
|---|---|---|---|---|
{aims}

The four-way figure of the Sanders posts (with *irrelevant*) is not among them: no head tells whether a post is about a
brand, aliases and context words do.

### Sentiment
| posts | n | unjudged | macro-recall | macro-F1 | accuracy | ECE |
|---|---|---|---|---|---|---|
{sentiment}

### Complaint
| posts | n | complaints | unjudged | F1 of complaint | macro-F1 | ECE |
|---|---|---|---|---|---|---|
{complaint}

### Types, severity, flags
| posts | n | main type, accuracy | as served | main type, macro-F1 | all types, macro-F1 | severity, kappa |
|---|---|---|---|---|---|---|
{types}

Main type where there is a complaint: by the likeliest type, whether or not the model sees a complaint; *as served* a
complaint that it does not see has no type. "All types" counts the types given, none where it sees no complaint.

| type | F1 | | flag | kappa | F1 |
|---|---|---|---|---|---|
{kinds}
"""

_LABELS = """Rows of `complaint_types` were labelled by a large language model under a written guideline, not by people;
types, severity and flags are learned from these{further}. The sentiment of complaint posts without a sentiment label of
their own (airline complaint tweets, app reviews, consumer narratives) is derived from these labels, with half
weight."""
_ALONE = " alone"
_FURTHER = """ and from two sets made for this project in the same way: `annotated_posts`, posts of the sources named
that were chosen by an earlier model for their rare types and read under the same guideline (their labels lie in
`classifiers/training/posts/annotated.csv`, by digest), and `written_posts`, invented posts thought up one by one by a
large language model that had seen the guideline and no labelled post (`written.csv` beside it)"""
_TERMS = """{terms} Most sources are collections of public posts whose authors' and platforms' terms apply; where
*none stated* stands, the collection names no licence. No row of them is part of this repository."""
_HOW = """`n` posts, none trained on, judged by the classifier as it serves (`monitor evaluate` measures the same).
{halves} In brackets: bootstrap 95 % intervals, {resamples:,} resamples (seed {seed}) of the groups of posts that belong
together (authors, variants of one post). A post left unjudged counts as neutral and as no complaint, as it acts in the
product. ECE: expected calibration error, 15 bins, of the posts judged; a resample's ECE lies above that of the whole,
so that these intervals lean upwards. The kappa of severity is quadratic."""
_LIMITS = """
## Limits
- English only. Another language is recognised and left unjudged only where the detector is sure; mixed and romanised
  posts (Hinglish) are often judged as if they were English.
- Sarcasm, and posts whose sense lies in an image or an earlier post, are often misread.
- Training posts are from 2009 to 2020, many about airlines, phones and games: other trades and newer words are known
  less well. Calibration holds for a mix like the one above; among posts with far fewer complaints, probabilities
  are too high, among posts that are nearly all complaints, too low (see the sources one by one).
- Types are learned from {complaint_rows} posts; the rare ones (see the table) are the weakest.
- Where no source has human labels (types, severity, flags) the figures say how well the model repeats the
  annotating model under the guideline, which is more than how well it agrees with people.
"""


def write_card(folder: Path) -> None:
    """Write the card of the model in `folder`, and its plot.

    metrics.json and manifest.json must lie there; behaviour.json, ablations.json, notes.md and the counts in
    labels.json each add a section where they are there. The same files give the same card.
    """
    metrics, manifest = _read(folder / "metrics.json"), _read(folder / "manifest.json")
    behaviour, ablations = (
        _read(folder / name) if (folder / name).exists() else None for name in (BEHAVIOUR, ABLATIONS)
    )
    labels = _read(folder / "labels.json")
    counts = read_counts(folder) if "counts" in labels else None
    notes = (folder / NOTES).read_text(encoding="utf-8") if (folder / NOTES).exists() else ""
    (folder / PLOT).write_bytes(reliability(metrics["reliability"]))
    whole = card(metrics, manifest, behaviour=behaviour, ablations=ablations, counts=counts, notes=notes)
    (folder / CARD).write_text(whole, encoding="utf-8")


def card(
    metrics: Mapping[str, Any],
    manifest: Mapping[str, Any],
    *,
    behaviour: Mapping[str, Any] | None = None,
    ablations: list[Mapping[str, Any]] | None = None,
    counts: Counts | None = None,
    notes: str = "",
) -> str:
    """Return the model card, in Markdown."""
    trained = manifest["rows"]["train"]
    rows = sum(count for name, count in trained.items() if name.startswith(("complaint_types/", ANNOTATED, WRITTEN)))
    parts = [_head(manifest), _figures(metrics), tables.calibration(PLOT)]
    parts.append("" if counts is None else tables.thresholds(counts))
    parts.append("" if behaviour is None else tables.behaviour(behaviour))
    parts.append("" if ablations is None else tables.ablations(ablations))
    parts.append(_LIMITS.format(complaint_rows=f"{rows:,}"))
    parts.append(f"\n## About this build\n{notes.strip()}\n" if notes.strip() else "")
    return "".join(parts)


def _head(manifest: Mapping[str, Any]) -> str:
    has_further = {name.partition("/")[0] for name in manifest["rows"]["train"]} & {ANNOTATED, WRITTEN}
    return _HEAD.format(
        preparation=manifest["preparation"],
        made=_item(_made(manifest)),
        split=manifest["seeds"]["split"],
        labels=_paragraph(_LABELS.format(further=_FURTHER if has_further else _ALONE)),
        terms=_paragraph(_TERMS.format(terms=tables.terms(manifest))),
        sources=tables.sources(manifest),
        stages=tables.stages(manifest["plan"]),
    )


def _made(manifest: Mapping[str, Any]) -> str:
    """How the weights came to be: from a plain encoder, or from a model that this package had trained before."""
    before = manifest.get("went_on_from")
    begun = manifest["encoder"]["sha256"][:16]
    how = (
        f"**Made by**: `python -m classifiers.training{' --go-on-from ...' if before else ''}`, seed "
        f"{manifest['seeds']['training']}, torch {manifest['versions']['torch']}, transformers "
        f"{manifest['versions']['transformers']}. "
    )
    if not before:
        return f"{how}Encoder weights sha256 `{begun}`."
    return (
        f"{how}It goes on from a model of the same network (weights sha256 `{begun}`) that was made by "
        f"`python -m classifiers.training` from all-MiniLM-L6-v2 (sha256 `{before['encoder']['sha256'][:16]}`) on "
        f"these posts less `{ANNOTATED}` and `{WRITTEN}`: {tables.stages(before['plan'])} "
        "Both plans stand in `manifest.json`."
    )


def _item(text: str) -> str:
    return fill(f"- {text}", WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


def _figures(metrics: Mapping[str, Any]) -> str:
    measured = metrics["measured"]
    halves = (
        f"Own validation rows are judged under a calibration fitted on the other half of them (seed "
        f"`{measured['halves']}`), published validation and airline sentiment under the shipped one."
        if measured["halves"]
        else "All are judged under the calibration that serves, which some of them fitted."
    )
    return _FIGURES.format(
        how=_paragraph(_HOW.format(halves=halves, resamples=measured["resamples"], seed=measured["seed"])),
        aims=tables.aims(metrics["aims"]),
        sentiment=tables.figures(
            metrics, "sentiment", ("n", "unjudged", "macro_recall", "macro_f1", "accuracy", "ece")
        ),
        complaint=tables.figures(metrics, "complaint", ("n", "complaints", "unjudged", "f1", "macro_f1", "ece")),
        types=tables.figures(
            metrics,
            "types",
            ("n", "main_accuracy", "main_accuracy_served", "main_macro_f1", "types_macro_f1", "severity_kappa"),
        ),
        kinds=tables.kinds(metrics),
    )


def _paragraph(text: str) -> str:
    return fill(text, WIDTH, break_on_hyphens=False, break_long_words=False)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
