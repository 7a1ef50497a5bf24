"""monitor score: the judge at a terminal, or over a file."""

from __future__ import annotations

import csv
import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from classifiers.base import Classifier, Verdict
    from config.models import Model

ADDED = (
    "sentiment",
    "p_negative",
    "p_neutral",
    "p_positive",
    "p_complaint",
    "types",
    "severity",
    "flags",
    "language",
    "model",
)
PIECE = 2048  # rows judged at once: enough to sort by length, little memory


@click.command()
@click.argument("texts", nargs=-1)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file (plain or gzip) to judge row by row.",
)
@click.option("--text-column", default="text", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it with the verdicts.")
@click.pass_obj
def score(path: str, texts: tuple[str, ...], file: Path | None, text_column: str, out: Path | None) -> None:
    """Judge TEXTs, or every row of a file.

    With --file the output has the input's columns and order, plus the verdict's.
    """
    if bool(texts) == bool(file) or bool(file) != bool(out):
        raise click.UsageError("give some texts, or --file together with --out")
    classifier = _classifier(path)
    if file is not None and out is not None:
        _score_file(classifier, file, text_column, out)
        return
    for text, verdict in zip(texts, classifier.classify(texts), strict=True):
        _say(text, verdict)


def _classifier(path: str) -> Classifier:
    from classifiers import registry
    from classifiers.base import ModelUnusable

    try:
        return registry.build(_model(path))
    except ModelUnusable as error:
        raise click.ClickException(str(error)) from None


def _model(path: str) -> Model:
    """The configured model; the embedded one where there is no configuration yet."""
    from config.models import Model
    from monitor.cli.opening import read_settings

    return read_settings(path).model if Path(path).exists() else Model()


def _say(text: str, verdict: Verdict) -> None:
    from rich.console import Console
    from rich.text import Text

    from alerts.sanitize import for_terminal

    console = Console(highlight=False)
    console.print(Text(for_terminal(text), style="bold"), soft_wrap=True)
    if not verdict.judged:
        console.print(Text(f"  not judged (language: {verdict.language})"))
        return
    colour = {"negative": "red", "neutral": "yellow", "positive": "green"}[verdict.sentiment]
    console.print(
        Text("  ")
        .append(f"{verdict.sentiment} {verdict.confidence:.0%}", style=colour)
        .append(
            f"   (negative {verdict.p_negative:.2f}, neutral {verdict.p_neutral:.2f}, "
            f"positive {verdict.p_positive:.2f})"
        )
    )
    what = f"  complaint {verdict.p_complaint:.0%}"
    if verdict.complaint:
        kinds = ", ".join(f"{t} {verdict.type_probabilities.get(t, 0.0):.0%}" for t in verdict.types)
        what += f": {kinds or 'no type'}; severity {int(verdict.severity)} ({verdict.severity.name.lower()})"
    console.print(Text(what))
    if verdict.flags:
        console.print(Text(f"  flags: {', '.join(verdict.flags)}"))
    console.print(Text(f"  language: {verdict.language}"))


def row_of(verdict: Verdict, model: str) -> dict[str, str]:
    """The added columns of one row. Not judged: probabilities and sentiment are empty, not invented."""
    if not verdict.judged:
        return dict.fromkeys(ADDED, "") | {"severity": "0", "language": verdict.language, "model": model}
    return {
        "sentiment": verdict.sentiment.value,
        "p_negative": f"{verdict.p_negative:.4f}",
        "p_neutral": f"{verdict.p_neutral:.4f}",
        "p_positive": f"{verdict.p_positive:.4f}",
        "p_complaint": f"{verdict.p_complaint:.4f}",
        "types": " ".join(verdict.types),
        "severity": str(int(verdict.severity)),
        "flags": " ".join(verdict.flags),
        "language": verdict.language,
        "model": model,
    }


def _open(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="", errors="strict")
    return file.open("r", encoding="utf-8-sig", newline="", errors="strict")


def _score_file(classifier: Classifier, file: Path, text_column: str, out: Path) -> None:
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    csv.field_size_limit(sys.maxsize)  # a cell may be as long as it likes; the classifier windows it
    columns = (SpinnerColumn(), TextColumn("judging"), MofNCompleteColumn(), TimeElapsedColumn())
    written = out.with_name(out.name + ".part")
    try:
        with (
            _open(file) as source,
            written.open("w", encoding="utf-8", newline="") as target,
            Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        ):
            reader = csv.DictReader(source, strict=True)
            names = list(reader.fieldnames or ())
            if text_column not in names:
                raise click.ClickException(f'{file}: no column "{text_column}"; columns: {", ".join(names)}')
            clash = [name for name in names if name in ADDED]
            if clash:
                raise click.ClickException(f"{file}: has columns of the verdict's names already: {', '.join(clash)}")
            writer = csv.DictWriter(target, [*names, *ADDED])
            writer.writeheader()
            task = progress.add_task("judging", total=None)
            for piece in _pieces(reader, file):
                verdicts = classifier.classify([row[text_column] or "" for row in piece])
                writer.writerows(
                    row | row_of(verdict, classifier.version) for row, verdict in zip(piece, verdicts, strict=True)
                )
                progress.advance(task, len(piece))
            done = int(progress.tasks[0].completed)
        written.replace(out)
    except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
        raise click.ClickException(f"{file}: {type(error).__name__}: {error}") from None
    finally:
        written.unlink(missing_ok=True)
    click.echo(f"{done} rows judged, written to {out}", err=True)


def _pieces(reader: csv.DictReader[str], file: Path) -> Iterator[list[dict[str, str]]]:
    piece: list[dict[str, str]] = []
    for row in reader:
        if None in row or None in row.values():
            raise click.ClickException(f"{file} line {reader.line_num}: not as many cells as the header has")
        piece.append(row)
        if len(piece) == PIECE:
            yield piece
            piece = []
    if piece:
        yield piece
