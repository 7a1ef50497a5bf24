"""monitor evaluate: how good the judge is, on labelled posts."""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import plain

if TYPE_CHECKING:
    from classifiers.base import Classifier
    from classifiers.calibration import Calibration
    from classifiers.evaluation.tasks import Entry


@dataclass(frozen=True, slots=True)
class Judge:
    """What is measured."""

    classifier: Classifier
    types: tuple[str, ...]  # complaint types that it gives
    fitted: Calibration | None  # fitted on the posts of --data that were set aside, where that is known


@click.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of labelled sources, one folder each: the posts set aside and the published validation files.",
)
@click.option(
    "--csv",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Your own labelled posts: columns text, and any of sentiment, complaint, types, severity, flags, author.",
)
@click.option(
    "--model",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of another trained model; default: the configured one, or the embedded one.",
)
@click.option("--behaviour", is_flag=True, help="Also put the behavioural tests to it (invented texts).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write every figure as JSON.")
@click.pass_obj
def evaluate(
    path: str,
    data: Path | None,
    files: tuple[Path, ...],
    model: Path | None,
    *,
    behaviour: bool,
    out: Path | None,
) -> None:
    """Measure the judge on labelled posts, each figure with its 95 % interval, and beside its aim.

    Posts that a judge was trained on say nothing: of --data only those count that training sets aside, and those that
    it never takes. A post left unjudged counts as neutral and as no complaint, as it acts in the product.
    """
    if data is None and not files and not behaviour:
        raise click.UsageError("give --data, --csv or --behaviour")
    from monitor.cli import measured

    judge = _judge(path, model)
    found: dict[str, Any] = {}
    if data is not None:
        found |= _on_data(judge, data)
    for file in files:
        found |= _on_file(judge, file)
    if behaviour:
        from classifiers.behaviour.suite import examine

        with _bar("behavioural tests") as progress:
            examined = examine(judge.classifier, progress=progress)
        found["behaviour"] = examined.content()
    measured.show(found, judge.classifier.version)
    if out is not None:
        _write(out, found | {"model": judge.classifier.version})


def _judge(path: str, folder: Path | None) -> Judge:
    from classifiers import registry
    from classifiers.base import ModelUnusable
    from classifiers.calibration import SHIPPED, read_calibration
    from config.models import EMBEDDED, Model
    from config.vocabulary import COMPLAINT_TYPES
    from monitor.cli.opening import read_settings

    shipped_types = tuple(COMPLAINT_TYPES)
    try:
        if folder is not None:
            from classifiers.transformer import TransformerClassifier

            return Judge(TransformerClassifier(folder), shipped_types, read_calibration(folder))
        if not Path(path).exists():
            return Judge(registry.build(Model()), shipped_types, read_calibration(SHIPPED))
        settings = read_settings(path)
        model, types = settings.model, tuple(settings.type_names)
        is_shipped = model.sentiment_model == EMBEDDED and not model.by_language and not settings.complaint_types
        fitted = read_calibration(SHIPPED) if is_shipped else None
        return Judge(registry.build(model, settings.complaint_types), types, fitted)
    except ModelUnusable as error:
        raise click.ClickException(plain(str(error))) from None


def _on_data(judge: Judge, data: Path) -> dict[str, Any]:
    from classifiers.evaluation.content import content
    from classifiers.evaluation.report import measure
    from classifiers.training.data import load_corpus

    try:
        click.echo("reading the labelled posts …", err=True)
        corpus = load_corpus(data, to_train=False)
        with _bar("judging") as progress:
            report = measure(judge.classifier, corpus, fitted=judge.fitted, types=judge.types, progress=progress)
    except (OSError, EOFError, KeyError, ValueError, csv.Error, zlib.error) as error:
        raise click.ClickException(plain(f"{data}: {type(error).__name__}: {error}")) from None
    return content(report)


def _on_file(judge: Judge, file: Path) -> dict[str, Any]:
    from classifiers.evaluation import own_posts
    from classifiers.evaluation.content import entry_content
    from monitor.cli.scoring import Notes
    from monitor.cli.tables import NoTable

    notes = Notes(file)
    try:
        posts = own_posts.read(_rows(file, notes.tell), judge.types, notes.tell)
    except NoTable as error:
        raise click.ClickException(plain(f"{file}: {error}")) from None
    except (csv.Error, UnicodeError, EOFError, OSError, zlib.error) as error:
        raise click.ClickException(plain(f"{file}: {type(error).__name__}: {error}")) from None
    notes.close()
    with _bar(f"judging {plain(file.name)}") as progress:
        entries: Sequence[Entry] = own_posts.entries(judge.classifier, posts, file.name, judge.types, progress)
    if not entries:
        raise click.ClickException(plain(f"{file}: no row has a label to measure by"))
    return {entry.name: entry_content(entry) for entry in entries}


def _rows(file: Path, tell: Callable[[str], None]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each row by the names of its columns, those that are known alone, with its line."""
    from classifiers.evaluation.own_posts import AUTHOR, LABELS, TEXT
    from monitor.cli.tables import NoTable, Table, form_of, opened_text

    form = form_of(file, TEXT, tell, encoding=None, delimiter=None)
    with opened_text(file, form.encoding) as stream:
        table = Table(stream, form.delimiter, tell)
        table.column(TEXT)
        names = [cell.strip().casefold() for cell in table.header]
        wanted = {name: names.index(name) for name in (TEXT, AUTHOR, *LABELS) if name in names}
        if not set(wanted) & set(LABELS):
            raise NoTable(f"no column of labels ({', '.join(LABELS)}); columns: {', '.join(names)}")
        for cells in table:
            yield table.line, {name: cells[place] for name, place in wanted.items()}


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, every: bar.update(task, completed=done, total=every)


def _write(out: Path, content: Mapping[str, Any]) -> None:
    part = out.with_name(out.name + ".part")
    try:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        part.replace(out)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    click.echo(f"written to {out}", err=True)
