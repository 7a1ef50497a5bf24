"""Posts whose complaint types people have named: from a CSV file, from corrections, from the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classifiers.training.own.posts import LabelledPost, Words
    from config.complaint_types import ComplaintType
    from monitor.store.corrections import CorrectedPost

Found = tuple["list[LabelledPost]", list[str]]  # what can be used, and what is wrong with the rest


def from_file(file: Path, words: Words) -> Found:
    """The rows of a CSV file (plain or gzip) with the columns "text" and "types"; others are not read.

    `types` holds complaint types separated by blanks, the main one first; empty: no complaint. A bad row is left out
    and named with its line and column.

    Raises:
        NoTable: the file is no table, or lacks one of the columns.
        OSError: it cannot be read.
    """
    from classifiers.training.own.posts import LabelledPost, Origin
    from monitor.cli.tables import Table, form_of, opened_text

    posts: list[LabelledPost] = []
    flaws: list[str] = []
    notes: list[str] = []
    form = form_of(file, "types", notes.append, encoding=None, delimiter=None)
    with opened_text(file, form.encoding) as stream:
        table = Table(stream, form.delimiter, notes.append)
        text, types = table.column("text"), table.column("types")
        flaws += notes
        notes.clear()
        for cells in table:
            if notes:  # mended, which may do for judging, but not for learning
                flaws += [f"{note.partition(';')[0]}; left out" for note in notes]
                notes.clear()
            elif not cells[text].strip():
                flaws.append(f"line {table.line}, column text: is empty")
            else:
                try:
                    posts.append(LabelledPost(cells[text], words.read(cells[types].split()), Origin.FILE))
                except ValueError as error:
                    flaws.append(f"line {table.line}, column types: {error}")
    return posts, flaws


def from_corrections(corrected: Sequence[CorrectedPost], words: Words) -> Found:
    """The corrected posts whose types somebody has named; a correction of other labels says nothing of types."""
    from classifiers.training.own.posts import LabelledPost, Origin

    posts: list[LabelledPost] = []
    flaws: list[str] = []
    for one in corrected:
        if one.labels.types is None:
            continue
        try:
            posts.append(LabelledPost(one.text, words.read(one.labels.types), Origin.CORRECTION))
        except ValueError as error:
            flaws.append(f"post {one.post_id}: {error}")
    return posts, flaws


def from_examples(types: Sequence[ComplaintType]) -> list[LabelledPost]:
    """The examples that stand in the configuration."""
    from classifiers.training.own.posts import LabelledPost, Origin

    return [LabelledPost(text, (one.name,), Origin.EXAMPLE) for one in types for text in one.examples]
