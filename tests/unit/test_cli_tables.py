from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.tables import Form, NoTable, Table, form_of, opened_text


def read(path: Path, *, delimiter: str = ",", encoding: str = "utf-8") -> tuple[list[str], list[list[str]], list[str]]:
    """Header, rows, and what was told."""
    told: list[str] = []
    with opened_text(path, encoding) as stream:
        table = Table(stream, delimiter, told.append)
        return table.header, list(table), told


def file(folder: Path, content: str | bytes) -> Path:
    path = folder / "posts.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ("id,text\n1,hé\n".encode(), Form("utf-8", ",")),
        ("\ufeffid;text\n1;hé\n".encode(), Form("utf-8-sig", ";")),
        ("id\ttext\n1\thé\n".encode("utf-16"), Form("utf-16", "\t")),
        (gzip.compress("id|text\n1|hé\n".encode()), Form("utf-8", "|")),
    ],
)
def test_a_file_is_taken_as_it_looks(tmp_path, content, form):
    path = file(tmp_path, content)
    told: list[str] = []
    assert form_of(path, "text", told.append, encoding=None, delimiter=None) == form
    assert told == []
    header, rows, _ = read(path, delimiter=form.delimiter, encoding=form.encoding)
    assert (header, rows) == (["id", "text"], [["1", "hé"]])


def test_a_guess_is_told_and_what_is_said_is_believed(tmp_path):
    path = file(tmp_path, "id;text\n1;Ärger, größer als je\n".encode("cp1252"))
    told: list[str] = []
    assert form_of(path, "text", told.append, encoding=None, delimiter=None).delimiter == ";"
    assert "guess" in told[0]
    assert form_of(path, "text", told.append, encoding="cp437", delimiter="|") == Form("cp437", "|")
    assert len(told) == 1


def test_every_row_is_kept_and_made_as_wide_as_the_header(tmp_path):
    path = file(tmp_path, 'id,text,note\n1,a\n2,a,b,c, d\n3,"two\nlines",n\n\n4,a,b\n')
    _, rows, told = read(path)
    assert rows == [["1", "a", ""], ["2", "a", "b,c, d"], ["3", "two\nlines", "n"], ["4", "a", "b"]]
    assert [note.split(":")[0] for note in told] == ["line 2", "line 3"]


def test_a_quote_that_is_never_closed_costs_no_row(tmp_path):
    path = file(tmp_path, 'id,text\n1,"open\n2,"also open, and longer\n3,fine\n')
    _, rows, told = read(path)
    assert rows == [["1", '"open'], ["2", '"also open, and longer'], ["3", "fine"]]
    assert [note.split(":")[0] for note in told] == ["line 2", "line 3"]


def test_bytes_that_cannot_be_read_are_told_and_the_row_is_kept(tmp_path):
    path = file(tmp_path, b"id,text\n1,caf\xe9 here\n2,good\n")
    _, rows, told = read(path)
    assert rows == [["1", "caf\ufffd here"], ["2", "good"]]
    assert [note.split(":")[0] for note in told] == ["line 2"]


def test_a_column_is_found_by_its_name_and_the_first_of_two_is_taken(tmp_path):
    told: list[str] = []
    with opened_text(file(tmp_path, " text ,a,a\n"), "utf-8") as stream:
        table = Table(stream, ",", told.append)
        assert (table.column("text"), told) == (0, [])
        assert (table.column("a"), len(told)) == (1, 1)
        with pytest.raises(NoTable, match="columns: text, a, a"):
            table.column("b")


def test_an_unknown_encoding_is_refused(tmp_path):
    with pytest.raises(NoTable, match="no encoding"):
        opened_text(file(tmp_path, "text\n"), "nope")


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\ufffd\ufeff"), min_size=1, max_size=12)


@given(rows=st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=8))
def test_what_a_csv_writer_wrote_comes_back_whole(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rows") / "posts.csv"
    with path.open("w", newline="", encoding="utf-8") as target:
        csv.writer(target).writerows([["a", "b", "c"], *rows])
    assert read(path) == (["a", "b", "c"], rows, [])
