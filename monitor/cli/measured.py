"""Measured figures at a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.cli.opening import plain

COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {  # of each task: figure and heading
    "sentiment": (
        ("macro_recall", "macro-recall"),
        ("macro_f1", "macro-F1"),
        ("accuracy", "accuracy"),
        ("ece", "ECE"),
    ),
    "complaint": (("f1", "F1 of complaint"), ("macro_f1", "macro-F1"), ("ece", "ECE")),
    "types": (
        ("main_accuracy", "main type"),
        ("main_accuracy_served", "as served"),
        ("types_macro_f1", "types, macro-F1"),
        ("severity_kappa", "severity kappa"),
    ),
}
GROUPS = {"types_f1": "F1 of each type", "flags_kappa": "kappa of each flag", "flags_f1": "F1 of each flag"}


def show(found: Mapping[str, Any], version: str) -> None:
    """Print every table that there is something for."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(f"{plain(version)}; in brackets: 95 % intervals", style="bold"))
    for task, columns in COLUMNS.items():
        entries = {name: value for name, value in found.items() if name.startswith(f"{task}, ")}
        if entries:
            console.print(_table(task, entries, columns))
            for name, entry in entries.items():
                for group in GROUPS.keys() & entry.keys():
                    console.print(Text(f"{plain(name)}: {GROUPS[group]}: {_each(entry, group)}"))
    if "aims" in found:
        table = Table("measure", "n", "measured", "aim", "", title="Aims")
        for one in found["aims"]:
            table.add_row(
                one["what"],
                f"{one['n']:,}",
                f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]",
                f"{'<=' if one['at_most'] else '>='} {one['aim']:.3f}",
                Text("met", style="green") if one["met"] else Text("not met", style="bold red"),
            )
        console.print(table)
        _say_how(console, found["measured"])
    if "behaviour" in found:
        _behaviour(console, found["behaviour"])


def _table(task: str, entries: Mapping[str, Any], columns: Sequence[tuple[str, str]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    shown = [column for column in columns if any(column[0] in entry for entry in entries.values())]
    table = Table("posts", "n", "not judged", *(heading for _, heading in shown), title=task.capitalize())
    for name, entry in entries.items():
        cells = (_cell(entry, key) for key, _ in shown)
        unjudged = f"{entry['unjudged'] / entry['n']:.1%}"
        table.add_row(Text(plain(name.removeprefix(f"{task}, "))), f"{entry['n']:,}", unjudged, *cells)
    return table


def _cell(entry: Mapping[str, Any], key: str) -> str:
    if key not in entry:
        return "-"
    low, high = entry["interval"][key]
    return f"{entry[key]:.3f} ({low:.3f}, {high:.3f})"


def _each(entry: Mapping[str, Any], group: str) -> str:
    bounds = entry["interval"][group]
    return ", ".join(
        f"{plain(name)} {value:.2f} ({bounds[name][0]:.2f}, {bounds[name][1]:.2f})"
        for name, value in entry[group].items()
    )


def _say_how(console: Any, measured: Mapping[str, Any]) -> None:
    from rich.text import Text

    if measured["halves"]:
        fit = "Posts that fitted the calibration are judged under one fitted on the other half of them."
    else:
        fit = "All posts are judged as served, some of them under a calibration that they fitted."
    console.print(
        Text(f"{fit} Intervals: {measured['resamples']:,} resamples by author or post, seed {measured['seed']}.")
    )


def _behaviour(console: Any, content: Mapping[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("kind", "test", "cases", "pass", "a failing text", title=f"Behaviour: {content['cases']:,} cases")
    for one in content["tests"]:
        rate = one["passed"] / one["n"]
        failing = plain(one["failing"][0])[:60] if one["failing"] else ""
        table.add_row(one["kind"], one["name"], str(one["n"]), f"{rate:.0%}", Text(failing))
    console.print(table)
    table = Table("terms", "mean shift", "largest", "furthest term", title="How far a term alone moves the sentiment")
    for one in content["bias"]["groups"]:
        table.add_row(
            one["group"], f"{one['mean']:.3f}", f"{one['most']:.3f}", f"{one['term']} ({one['term_mean']:.3f})"
        )
    console.print(table)
    console.print(Text(f"Bound of the mean: {content['bias']['bound']}"))
