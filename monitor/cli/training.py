"""monitor train: heads for the company's own complaint types, from posts that people have labelled."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import opened, plain, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from classifiers.training.own.figures import Report, TypeReport
    from classifiers.training.own.posts import LabelledPost, Words
    from classifiers.training.own.training import Fitted
    from config.complaint_types import ComplaintType
    from config.settings import Settings

COLUMNS = ("posts", "found", "right", "precision", "recall", "F1", "shipped F1")
WHERE = {"correction": "corrections", "file": "files", "example": "the configuration"}
LISTED = 20  # bad rows that are printed; a file that is wrong throughout is so in the same way


@click.command()
@click.option(
    "--from",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV file with the columns text and types; may be given again.",
)
@click.option("--from-corrections", is_flag=True, help="Also from the corrections that are kept.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the new folder is made; default: heads, beside the configuration.",
)
@click.pass_obj
def train(path: str, files: tuple[Path, ...], from_corrections: bool, out: Path | None) -> None:
    """Fit heads for the configured complaint types on labelled posts, and write them to a new folder.

    In a file, the column types holds complaint types separated by blanks, the main one first; empty: no complaint.
    The examples of the configuration are always used. The shipped model stays as it is, and no earlier folder is
    written to. Figures are of posts that the heads had not seen.
    """
    from classifiers.base import ModelUnusable
    from classifiers.training.own.artefact import write
    from classifiers.training.own.posts import TooFewExamples, Words, usable
    from config.complaint_types import types_in_force
    from monitor.clock import wall_clock

    settings = read_settings(path, untrained=True)
    types = types_in_force(settings.complaint_types)
    posts = usable(_labelled(path, settings, files, Words(types), corrections=from_corrections))
    try:
        fitted = _fitted(posts, types)
        folder = write(fitted, out or Path(path).absolute().parent / "heads", wall_clock())
    except TooFewExamples as error:
        for name, (have, needed) in error.lacking.items():
            click.echo(f"  {name}: {have} labelled posts, {needed} are needed", err=True)
        raise click.ClickException("nothing was trained: too few labelled posts of the types above") from None
    except (ModelUnusable, OSError) as error:
        raise click.ClickException(plain(str(error))) from None
    _say(fitted.report)
    _say_how_to_use(folder, Path(path))


def _labelled(
    path: str, settings: Settings, files: Sequence[Path], words: Words, *, corrections: bool
) -> list[LabelledPost]:
    """All that is labelled; what is wrong with the rest is told."""
    import csv
    import zlib

    from monitor.cli import labelled
    from monitor.cli.tables import NoTable

    posts = labelled.from_examples(settings.complaint_types)
    for file in files:
        try:
            found, flaws = labelled.from_file(file, words)
        except (NoTable, csv.Error, UnicodeError, EOFError, OSError, zlib.error) as error:
            raise click.ClickException(plain(f"{file}: {error}")) from None
        _tell(flaws, f"{file}: ")
        posts += found
    if corrections:
        with opened(path, untrained=True) as (_settings, store):
            found, flaws = labelled.from_corrections(store.corrections.corrected(), words)
        _tell(flaws, "corrections: ")
        posts += found
    if not posts:
        raise click.UsageError("nothing to learn from: give --from FILE or --from-corrections, or examples")
    return posts


def _tell(flaws: Sequence[str], place: str) -> None:
    for flaw in flaws[:LISTED]:
        click.echo(plain(f"{place}{flaw}"), err=True)
    if len(flaws) > LISTED:
        click.echo(plain(f"{place}… and {len(flaws) - LISTED} more such lines"), err=True)


def _fitted(posts: Sequence[LabelledPost], types: Sequence[ComplaintType]) -> Fitted:
    from classifiers.training.own.training import train as fit

    with _progress() as progress:
        return fit(posts, types, progress=progress)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield progress


def _say(report: Report) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    from classifiers.training.own.folds import FOLDS

    origins = ", ".join(f"{count:,} from {WHERE[origin]}" for origin, count in report.origins.items() if count)
    click.echo(f"{report.posts:,} labelled posts: {origins}. In {FOLDS} parts, each judged by what had not seen it:")
    table = Table(Column("type", no_wrap=True), *(Column(name, justify="right") for name in COLUMNS))
    for line in report.types:
        table.add_row(*_cells(line))
    Console().print(table)
    click.echo(
        f"Main type right: {report.main_right:,} of {report.main_of:,} complaints"
        f" (as shipped: {report.main_right_shipped:,})."
    )
    kept = [line for line in report.types if not line.fitted]
    for line in kept:
        click.echo(f"{line.name} stays as shipped: too few labelled posts, or too few without it.")


def _cells(line: TypeReport) -> tuple[str, ...]:
    own, shipped = line.own, line.shipped
    counts = (str(count) for count in (own.meant, own.given, own.right))
    shares = (_share(share) for share in (own.precision, own.recall, own.f1))
    return (line.name, *counts, *shares, "new" if shipped is None else _share(shipped.f1))


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.2f}"


def _say_how_to_use(folder: Path, path: Path) -> None:
    from config.toml_text import quoted

    beside = path.absolute().parent
    named = folder.relative_to(beside) if folder.is_relative_to(beside) else folder.absolute()
    click.echo(f"\nWrote {plain(str(folder))}. To use it, write in {plain(str(path))} and start the monitor again:\n")
    click.echo(f"[model]\nheads = {plain(quoted(str(named)))}\n")
    click.echo("Posts that are stored keep their types until:  monitor rescore --since 30d")
