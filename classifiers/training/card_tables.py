"""The tables of the model card, each from what a JSON file holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from classifiers.offers import WHAT, offers
from classifiers.thresholds import Counts
from classifiers.training.sources import NON_COMMERCIAL
from config.thresholds import GOVERNED, Thresholds

ABLATED: dict[str, tuple[str, str]] = {  # heading: entry and figure
    "TweetEval macro-recall": ("sentiment, tweeteval_sentiment (published validation)", "macro_recall"),
    "airline macro-F1": ("sentiment, airline_sentiment (never trained on)", "macro_f1"),
    "complaint tweets F1": ("complaint, complaints_tweets", "f1"),
    "all complaints F1": ("complaint, all own validation", "f1"),
    "main type": ("types, complaint_types", "main_accuracy"),
    "types macro-F1": ("types, complaint_types", "types_macro_f1"),
    "severity kappa": ("types, complaint_types", "severity_kappa"),
    "leaves kappa": ("types, complaint_types", "flags_kappa.leaves"),
    "names kappa": ("types, complaint_types", "flags_kappa.names_staff_or_place"),
}

_CALIBRATION = """
## Calibration
Temperature and biases for sentiment and severity, Platt's scale and shift for each yes-or-no label, fitted on the own
validation rows. On the diagonal a probability means what it says; the area of a point is its number of posts.

![How often what was said with each probability came true]({plot})
"""
_THRESHOLDS = """
## Thresholds
What share is to be found, from which probability on a post then counts, and what that costs in the mix of the posts
set aside (`monitor thresholds` prints it for another mix). *Right*: of the posts that the rule alerts, those that are
negative, or complaints.

| to be found | at least | threshold | found | right | alerts per 1,000 posts |
|---|---|---|---|---|---|"""
_BEHAVIOUR = """
## Behaviour
{cases:,} invented cases in {tests} tests, after CheckList (Ribeiro et al. 2020), in `classifiers/behaviour`; nothing
was trained or chosen on them.

| kind | test | cases | pass |
|---|---|---|---|"""
_BIAS = """
How far a term alone moves p(negative) - p(positive), which lies in -1..1, from the mean of its sentence over all terms
(bound of the mean: {bound}):

| terms | number | sentences | mean | largest | furthest term, its mean |
|---|---|---|---|---|---|"""
_ABLATIONS = """
## What each source and trick adds
Short runs that compare with each other, not with the shipped model, each calibrated and measured as above
(`python -m classifiers.training.ablate`).
"""


def terms(manifest: Mapping[str, Any]) -> str:
    """Whether rows that allow no commercial use are in the weights."""
    trained = {name.rpartition("/")[2] for name in manifest["rows"]["train"]} & NON_COMMERCIAL
    names = " and ".join(f"`{name}`" for name in sorted(NON_COMMERCIAL))
    if trained:
        return f"**Not for commercial use:** rows of {names} are in the training rows."
    return (
        f"No source that forbids commercial use (NC) is in the training rows: {names}, and the rows of "
        "`complaint_types` whose text comes from them, are only measured on."
    )


def sources(manifest: Mapping[str, Any]) -> str:
    """A row a source: licence and rows."""
    rows = manifest["rows"]
    lines = []
    for name in sorted({name for part in rows.values() for name in part}):
        licence = manifest["licences"].get(name.partition("/")[0], "NC: not trained on")
        counts = " | ".join(f"{rows[part].get(name, 0):,}" for part in ("train", "held", "published"))
        lines.append(f"| `{name}` | {licence} | {counts} |")
    return "\n".join(lines)


def stages(plan: Mapping[str, Any]) -> str:
    """The plan in a sentence or two."""
    said = []
    for stage in plan["stages"]:
        epochs = f"{stage['epochs']} epoch{'s' if stage['epochs'] != 1 else ''}"
        branches = stage.get("branches", 1)
        said.append(f"*{stage['name']}* ({epochs}{f', {branches} times over, averaged' if branches > 1 else ''})")
    anchor = plan.get("anchor", 0.0)
    drawn = (
        f" The shipped weights are {1 - anchor:.0%} those of the last stage, {anchor:.0%} those after the first."
        if anchor
        else ""
    )
    kept = plan.get("kept", 0.0)
    mixed = f" Of these, {kept:.0%} are the weights that the run began with." if kept else ""
    return f"Stages: {', then '.join(said)}.{drawn}{mixed}"


def aims(held: Iterable[Mapping[str, Any]]) -> str:
    """A row an aim: measured, wanted, met or not."""
    return "\n".join(
        f"| {one['what']} | {one['n']:,} | {one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}] | "
        f"{'at most' if one['at_most'] else 'at least'} {one['aim']:.3f} | {'met' if one['met'] else '**not met**'} |"
        for one in held
    )


def figures(metrics: Mapping[str, Any], task: str, columns: Sequence[str]) -> str:
    """A row an entry of a task."""
    lines = []
    for name, entry in metrics.items():
        if name.startswith(f"{task}, "):
            cells = (_cell(entry[key], entry["interval"].get(key)) for key in columns)
            lines.append(f"| {name.removeprefix(f'{task}, ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def kinds(metrics: Mapping[str, Any]) -> str:
    """Types and flags of the first entry that has them, side by side."""
    entry = next((value for name, value in metrics.items() if name.startswith("types, ")), None)
    if entry is None:
        return ""
    types = [
        f"`{name}` | {_cell(value, entry['interval']['types_f1'][name])}"
        for name, value in entry.get("types_f1", {}).items()
    ]
    flags = [
        f"`{name}` | {_cell(value, entry['interval']['flags_kappa'][name])} | "
        f"{_cell(entry['flags_f1'][name], entry['interval']['flags_f1'][name])}"
        for name, value in entry["flags_kappa"].items()
    ]
    pairs = zip_longest(types, flags, fillvalue=None)
    return "\n".join(f"| {left or ' | '} | | {right or ' |  | '} |" for left, right in pairs)


def calibration(plot: str) -> str:
    """The section with the plot."""
    return _CALIBRATION.format(plot=plot)


def thresholds(counts: Counts) -> str:
    """What each aim costs, with the other thresholds at their defaults."""
    lines = [_THRESHOLDS]
    for offer in offers(counts, Thresholds(), values=(0.8, 0.85, 0.9)):
        name = f"{WHAT[offer.aim]} (`{GOVERNED[offer.aim]}`)"
        if offer.cost is None:
            lines.append(f"| {name} | {offer.value:.0%} | not reached: {offer.best.value:.1%} at best | | | |")
            continue
        low, high = offer.cost.found.interval
        lines.append(
            f"| {name} | {offer.value:.0%} | {offer.threshold:.2f} | {offer.cost.found.value:.1%} "
            f"[{low:.1%}, {high:.1%}] of {offer.cost.found.of:,.0f} | {offer.cost.right.value:.0%} | "
            f"{offer.cost.alerts:,.0f} |"
        )
    return "\n".join(lines) + "\n"


def behaviour(content: Mapping[str, Any]) -> str:
    """Pass rates of the behavioural tests, and how far single terms move the sentiment."""
    lines = [_BEHAVIOUR.format(cases=content["cases"], tests=len(content["tests"]))]
    lines += [
        f"| {one['kind']} | {one['name']} | {one['n']} | {one['passed'] / one['n']:.0%} |" for one in content["tests"]
    ]
    lines.append(_BIAS.format(bound=content["bias"]["bound"]))
    lines += [
        f"| {one['group']} | {one['terms']} | {one['sentences']} | {one['mean']:.3f} | {one['most']:.3f} | "
        f"{one['term']}, {one['term_mean']:.3f} |"
        for one in content["bias"]["groups"]
    ]
    return "\n".join(lines) + "\n"


def ablations(content: Sequence[Mapping[str, Any]]) -> str:
    """What each source and each trick adds."""
    lines = [
        _ABLATIONS,
        f"| variant | steps | seed | {' | '.join(ABLATED)} |",
        f"|---|---|---|{'---|' * len(ABLATED)}",
    ]
    for one in content:
        cells = (_ablated(one["metrics"], *place) for place in ABLATED.values())
        lines.append(f"| {one['name']} | {one['steps']:,} | {one['seed']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _ablated(metrics: Mapping[str, Any], entry: str, figure: str) -> str:
    value = metrics.get(entry, {}).get(figure)
    return "-" if value is None else f"{value:.3f}"


def _cell(value: float, interval: Sequence[float] | None) -> str:
    if interval is None:
        return f"{value:,}"
    return f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"
