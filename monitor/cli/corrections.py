"""monitor corrections: what people have corrected, to be read, exported, and checked against the judge."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import local, opened, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from classifiers.base import Classifier
    from config.settings import Settings
    from monitor.store.corrections import CorrectedPost
    from monitor.store.labels import Labels

LABELS = ("sentiment", "complaint", "types", "severity", "flags")
EXPORTED = (
    "text",
    "types",
    "sentiment",
    "complaint",
    "severity",
    "flags",
    "post",
    "platform",
    "url",
    "drawn",
    "by",
    "at",
)
UNSAID = "?"  # a label of which nobody has spoken; an empty cell would say "none of them"
PIECE = 512  # posts judged at once: some progress to see, long enough batches
LISTED = 20  # disagreements that are printed
QUOTED = 100  # characters of a post in a list


@click.group()
def corrections() -> None:
    """Look at what people have corrected, and hold the judge against it."""


@corrections.command("list")
@click.option("--limit", default=50, show_default=True)
@click.pass_obj
def list_(path: str, limit: int) -> None:
    """List the corrections, the newest first, with what the model had said."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from monitor.store.labels import Labels, in_words

    with opened(path, untrained=True) as (settings, store):
        found = store.corrections.listing(limit)
    table = Table("post", "when", "by", "said by the model", "corrected", "sampled", "note")
    for one in found:
        labels, said = one.correction.labels, one.said or Labels()
        table.add_row(
            str(one.correction.post_id),
            local(one.at, settings),
            Text(plain(one.who)),
            Text("\n".join(plain(f"{name} {in_words(getattr(said, name))}") for name in labels.named)),
            Text("\n".join(plain(f"{name} {in_words(getattr(labels, name))}") for name in labels.named)),
            "yes" if one.correction.drawn else "",
            Text(plain(one.correction.note)),
        )
    Console().print(table if found else Text("No post has been corrected yet."))


@corrections.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option(
    "--all", "every", is_flag=True, help=f'Also posts whose types nobody has named; unnamed labels are "{UNSAID}".'
)
@click.pass_obj
def export(path: str, out: Path, every: bool) -> None:
    """Write every corrected post with the labels that count to a CSV file, as `monitor train --from` reads it.

    An empty cell under types means that the post is no complaint; posts whose types nobody has named are left out
    and counted. Cells that a spreadsheet would run as a formula begin with an apostrophe. The file holds customers'
    posts: delete it when it has served.
    """
    with opened(path, untrained=True) as (_settings, store):
        found = store.corrections.corrected()
    rows = [one for one in found if every or one.labels.types is not None]
    written = out.with_name(out.name + ".part")
    try:
        _write(written, rows)
        written.replace(out)
    except OSError as error:
        raise click.ClickException(plain(f"{out}: {error.strerror}")) from None
    finally:
        written.unlink(missing_ok=True)
    left = len(found) - len(rows)
    click.echo(f"{len(rows)} corrected posts written to {out}" + (f"; {left} without types left out" if left else ""))


def _write(file: Path, rows: Sequence[CorrectedPost]) -> None:
    from alerts.sanitize import csv_cell

    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(EXPORTED)
        for one in rows:
            labels = {name: _cell(one.labels, name) for name in LABELS}
            about = {
                "text": csv_cell(one.text),
                "post": str(one.post_id),
                "platform": one.platform.value,
                "url": csv_cell(one.url or ""),
                "drawn": "yes" if one.drawn else "no",
                "by": csv_cell(one.who),
                "at": one.at.isoformat(timespec="seconds"),
            }
            writer.writerow([(labels | about)[name] for name in EXPORTED])


def _cell(labels: Labels, name: str) -> str:
    from monitor.store.labels import in_words

    value = getattr(labels, name)
    if value is None:
        return UNSAID
    return "" if value == () else in_words(value)


@corrections.command()
@click.option("--strict", is_flag=True, help="Exit status 1 if the judge disagrees with any correction.")
@click.pass_obj
def check(path: str, strict: bool) -> None:
    """Judge every corrected post again with the judge in use: each correction is a case that it must now get right.

    Nothing is stored and nobody is told. A judge that has been trained on these corrections should agree with most;
    how right it is on other posts only a sample tells: monitor sample.
    """
    with opened(path, untrained=True) as (settings, store):
        found = store.corrections.corrected()
    if not found:
        click.echo("No post has been corrected yet.")
        return
    cases, aside = fit_to_check(found, settings.type_names)
    disagreed, lines = judge_again(_classifier(settings), cases)
    _say(cases, disagreed, aside)
    for line in lines[:LISTED]:
        click.echo(line)
    if len(lines) > LISTED:
        click.echo(f"… and {len(lines) - LISTED} more")
    if strict and lines:
        raise SystemExit(1)


def fit_to_check(found: Sequence[CorrectedPost], types: Collection[str]) -> tuple[list[CorrectedPost], int]:
    """The posts with what can be checked of their labels: a judge cannot name a type that is configured no more."""
    cases = [
        replace(one, labels=replace(one.labels, types=None)) if set(one.labels.types or ()) - set(types) else one
        for one in found
    ]
    return cases, sum(one is not other for one, other in zip(cases, found, strict=True))


def _classifier(settings: Settings) -> Classifier:
    from classifiers import registry
    from classifiers.base import ModelUnusable

    try:
        return registry.build(settings.model, settings.complaint_types)
    except ModelUnusable as error:
        raise click.ClickException(plain(str(error))) from None


def judge_again(classifier: Classifier, cases: Sequence[CorrectedPost]) -> tuple[Counter[str], list[str]]:
    """How often each label disagrees, and a line for each post with a disagreement."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from monitor.store.labels import Labels, disagreements, in_words, said_by

    disagreed: Counter[str] = Counter()
    lines = []
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("judging", total=len(cases))
        for start in range(0, len(cases), PIECE):
            piece = cases[start : start + PIECE]
            for one, verdict in zip(piece, classifier.classify([one.text for one in piece]), strict=True):
                said = said_by(verdict)
                wrong = disagreements(one.labels, said)
                disagreed.update(wrong)
                if wrong:
                    pairs = [(name, getattr(said or Labels(), name), getattr(one.labels, name)) for name in wrong]
                    words = [f"{name} {in_words(now)}, should be {in_words(wanted)}" for name, now, wanted in pairs]
                    lines.append(f"post {one.post_id}: {'; '.join(words)}: {_quote(one.text)}")
            bar.advance(task, len(piece))
    click.echo(f"Judge: {plain(classifier.version)}")
    return disagreed, lines


def _quote(text: str) -> str:
    from alerts.sanitize import cut

    return f"“{cut(plain(text), QUOTED)}”"


def _say(cases: Sequence[CorrectedPost], disagreed: Counter[str], aside: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("label", "corrected posts", "agreed", "disagreed")
    named = Counter(name for one in cases for name in one.labels.named)
    for name in LABELS:
        if named[name]:
            table.add_row(name, str(named[name]), str(named[name] - disagreed[name]), str(disagreed[name]))
    Console().print(table)
    if aside:
        click.echo(f"Types of {aside} posts not checked: they name a type that is configured no more.")
