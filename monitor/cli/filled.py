"""monitor sample --read: a sheet that somebody has filled in, row by row."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import plain

if TYPE_CHECKING:
    from config.settings import Settings
    from monitor.cli.tables import Tell
    from monitor.store.corrections import Correction
    from monitor.store.engine import Store

OBLIGATORY = ("sentiment", "complaint")  # a post is labelled once these are: the digest measures them
_LONGEST_NUMBER = 18  # digits of a number that both databases hold


@dataclass(frozen=True, slots=True)
class Filled:
    """One row: the correction in it, or what is wrong with it; neither where nothing is filled in."""

    line: int
    correction: Correction | None = None
    flaw: str = ""


def read_filled(settings: Settings, store: Store, file: Path, who: str) -> None:
    """Store the labels of a sheet; exit status 1 if a row was bad, all others being stored.

    Reading it again stores nothing twice. Rows without labels are left for later.
    """
    from monitor.cli.tables import NoTable
    from monitor.clock import wall_clock
    from monitor.store.corrections import Fate

    notes: list[str] = []
    try:
        rows = list(filled_rows(file, settings.type_names, notes.append))
    except (NoTable, csv.Error, UnicodeError, EOFError, OSError, zlib.error) as error:
        words = str(error) if isinstance(error, NoTable) else f"{type(error).__name__}: {error}"
        raise click.ClickException(plain(f"{file}: {words}")) from None
    given = [row for row in rows if row.correction is not None]
    outcomes = store.corrections.add([row.correction for row in given if row.correction], who=who, now=wall_clock())
    flaws = {row.line: row.flaw for row in rows if row.flaw}
    for row, outcome in zip(given, outcomes, strict=True):
        if outcome.fate not in (Fate.STORED, Fate.KNOWN):
            flaws[row.line] = f"column post: {outcome.post_id}: {outcome.fate.value}"
    for note in notes:
        click.echo(f"{file}: {plain(note)}", err=True)
    for line, flaw in sorted(flaws.items()):
        click.echo(f"{file}: line {line}, {plain(flaw)}", err=True)
    stored = sum(outcome.fate is Fate.STORED for outcome in outcomes)
    known = sum(outcome.fate is Fate.KNOWN for outcome in outcomes)
    empty = len(rows) - len(given) - sum(bool(row.flaw) for row in rows)
    click.echo(f"{stored} labelled, {known} known already, {empty} not filled in, {len(flaws)} bad")
    if flaws:
        raise SystemExit(1)


def filled_rows(file: Path, types: Collection[str], tell: Tell) -> Iterator[Filled]:
    """Every row of a sheet, in order.

    Raises:
        NoTable: the file is no sheet: no rows, or no column "post", "sentiment" or "complaint".
    """
    from monitor.cli.label_words import COLUMNS
    from monitor.cli.tables import Table, form_of, opened_text

    form = form_of(file, "post", tell, encoding=None, delimiter=None)
    with opened_text(file, form.encoding) as stream:
        table = Table(stream, form.delimiter, tell)
        at = {name: table.column(name) for name in ("post", *OBLIGATORY)}
        names = [cell.strip() for cell in table.header]
        at |= {name: names.index(name) for name in (*COLUMNS, "note") if name in names}
        for cells in table:
            yield _row(table.line, {name: cells[column].strip() for name, column in at.items()}, types)


def _row(line: int, cells: dict[str, str], types: Collection[str]) -> Filled:
    from monitor.cli.label_words import COLUMNS, BadLabel, labels_from
    from monitor.store.corrections import Correction

    if not any(cells.get(name) for name in COLUMNS):
        return Filled(line)
    number = cells["post"]
    if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
        return Filled(line, flaw=f'column post: "{number}" is no number of a post')
    for name in OBLIGATORY:
        if not cells[name]:
            return Filled(line, flaw=f"column {name}: is empty")
    try:
        labels = labels_from(cells, types)
    except BadLabel as error:
        return Filled(line, flaw=f"column {error.column}: {error}")
    return Filled(line, Correction(post_id=int(number), labels=labels, note=cells.get("note", ""), drawn=True))
