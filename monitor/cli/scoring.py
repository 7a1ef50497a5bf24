"""monitor score: the judge at a terminal, or over a file."""

from __future__ import annotations

import csv
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import plain
from monitor.cli.verdicts import ADDED, row_of, say, summary

if TYPE_CHECKING:
    from classifiers.base import Classifier
    from monitor.cli.tables import Form, Table
    from monitor.store.languages import Languages

PREFIX = "monitor_"  # before the names of the added columns where the input has one of them already
PIECE = 2048  # rows judged at once: enough to sort by length, little memory
LISTED = 20  # notes about the input that are printed; a file that is wrong throughout is so in the same way


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
@click.option("--encoding", help="If it is not recognised.")
@click.option("--delimiter", help="If it is not recognised.")
@click.option("--for-spreadsheet", is_flag=True, help="Put an apostrophe before cells that a spreadsheet would run.")
@click.pass_obj
def score(
    path: str,
    texts: tuple[str, ...],
    *,
    file: Path | None,
    text_column: str,
    out: Path | None,
    encoding: str | None,
    delimiter: str | None,
    for_spreadsheet: bool,
) -> None:
    """Judge TEXTs, or every row of a file.

    With --file the output has the input's columns and order, then the verdict's: sentiment, p_negative, p_neutral,
    p_positive, p_complaint, types, severity, flags, language, model. Where the input has one of these already, each
    of the ten begins with "monitor_". Cells are written as they were read, in UTF-8, with the input's delimiter: a
    cell that looks like a formula stays one, unless the file is written --for-spreadsheet.

    A row that is not judged (no words, or no model for its language) has an empty sentiment, empty probabilities and
    severity 0; where only the sentiment is judged in its language, p_complaint is empty and severity 0.

    No row is dropped. A row with too few cells is padded; of one with too many, the surplus is joined to its last
    cell; a line that is no row stands in the first column. Each is reported with its line. Blank lines are no rows.
    """
    if bool(texts) == bool(file) or bool(file) != bool(out):
        raise click.UsageError("give some texts, or --file together with --out")
    delimiter = "\t" if delimiter == r"\t" else delimiter  # as one types it in a shell
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise click.BadParameter("must be one character, such as ; or \\t", param_hint="--delimiter")
    if file is not None and out is not None:
        from alerts.sanitize import csv_cell

        cell = csv_cell if for_spreadsheet else str
        _score_file(path, file, text_column, out, encoding=encoding, delimiter=delimiter, cell=cell)
        return
    for text, verdict in zip(texts, _classifier(path).classify(texts), strict=True):
        say(text, verdict)


def _classifier(path: str) -> Classifier:
    """The configured judge; the embedded one where there is no configuration yet."""
    from classifiers import registry
    from classifiers.base import ModelUnusable
    from config.models import Model
    from monitor.cli.opening import read_settings

    settings = read_settings(path) if Path(path).exists() else None
    try:
        return registry.build(settings.model, settings.complaint_types) if settings else registry.build(Model())
    except ModelUnusable as error:
        raise click.ClickException(plain(str(error))) from None


class Notes:
    """What is to be said about the input, on standard error; at most LISTED of it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._count = 0

    def tell(self, note: str) -> None:
        """Say it, if not too much has been said."""
        self._count += 1
        if self._count <= LISTED:
            click.echo(f"{self._file}: {plain(note)}", err=True)

    def close(self) -> None:
        """Say how much has been left out."""
        if self._count > LISTED:
            click.echo(f"{self._file}: … and {self._count - LISTED} more such lines", err=True)


def _score_file(
    path: str,
    file: Path,
    text_column: str,
    out: Path,
    *,
    encoding: str | None,
    delimiter: str | None,
    cell: Callable[[str], str],
) -> None:
    from monitor.cli.tables import NoTable, Table, form_of, opened_text

    notes = Notes(file)
    written = out.with_name(out.name + ".part")
    try:
        if out.exists() and out.samefile(file):
            raise click.UsageError("--out names the input itself")
        form = form_of(file, text_column, notes.tell, encoding=encoding, delimiter=delimiter)
        with opened_text(file, form.encoding) as source:
            table = Table(source, form.delimiter, notes.tell)
            column = table.column(text_column)  # what is wrong with the file is told before the model is loaded
            seen = _judge(_classifier(path), table, column, form, written, notes, cell)
        written.replace(out)
    except (NoTable, csv.Error, UnicodeError, EOFError, OSError, zlib.error) as error:
        raise click.ClickException(plain(f"{file}: {_words(error)}")) from None
    finally:
        written.unlink(missing_ok=True)
    notes.close()
    click.echo(f"{summary(seen)}; written to {out}", err=True)


def _words(error: Exception) -> str:
    from monitor.cli.tables import NoTable

    return str(error) if isinstance(error, NoTable) else f"{type(error).__name__}: {error}"


def _judge(
    classifier: Classifier,
    table: Table,
    column: int,
    form: Form,
    written: Path,
    notes: Notes,
    cell: Callable[[str], str],
) -> Languages:
    """Write every row with its verdict; what was judged of them."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from monitor.store.languages import counted

    kinds = Counter[tuple[bool, bool, str]]()
    columns = (SpinnerColumn(), TextColumn("judging"), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        written.open("w", encoding="utf-8", newline="") as target,
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
    ):
        writer = csv.writer(target, delimiter=form.delimiter)
        writer.writerow([*map(cell, table.header), *_names(table.header, notes)])
        task = progress.add_task("judging", total=None)
        for piece in _pieces(table):
            verdicts = classifier.classify([row[column] for row in piece])
            for row, verdict in zip(piece, verdicts, strict=True):
                writer.writerow([*map(cell, row), *row_of(verdict, classifier.version).values()])
            kinds.update((said.judged, said.sentiment_only, said.language) for said in verdicts)
            progress.advance(task, len(piece))
    return counted((*kind, rows) for kind, rows in kinds.items())


def _names(header: Sequence[str], notes: Notes) -> list[str]:
    """The names of the added columns: none that the input has already."""
    taken = {name.strip() for name in header}
    prefix = ""
    while taken & {prefix + name for name in ADDED}:
        prefix += PREFIX
    if prefix:
        notes.tell(f'has columns of the verdict\'s names already; the added ones begin with "{prefix}"')
    return [prefix + name for name in ADDED]


def _pieces(rows: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    coming = iter(rows)
    while piece := list(islice(coming, PIECE)):
        yield piece
