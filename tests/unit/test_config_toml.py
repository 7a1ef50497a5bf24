from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.problems import Finding, spelled
from config.toml_source import read_toml
from config.toml_text import quoted, toml_text

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
KEY = st.one_of(st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True), TEXT)
PLAIN = st.one_of(TEXT, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False))
VALUE = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3), max_leaves=8
)
TREE = st.dictionaries(KEY, VALUE, max_size=5)


@given(TEXT)
def test_any_text_is_quoted_so_that_it_reads_back(text: str) -> None:
    assert tomllib.loads(f"key = {quoted(text)}")["key"] == text


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        quoted("\ud800")


@given(TREE)
def test_any_tree_is_written_so_that_it_reads_back(tree: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(tree)) == tree


def test_a_value_without_a_form_in_toml_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no TOML form"):
        toml_text({"key": object()})


@given(TREE)
def test_our_own_reading_agrees_with_tomllib_and_knows_the_line_of_every_value(tree: dict[str, Any]) -> None:
    text = toml_text(tree)
    # The last line is a mistake, so the tree that comes back is put together from our own statements.
    source = read_toml(text + "[!]\n")
    assert source.tree == tree
    assert [line for _finding, line in source.mistakes] == [text.count("\n") + 1]
    assert all(1 <= line <= text.count("\n") for line in source.lines.values())
    assert {place[0] for place in source.lines} == set(tree)


@given(st.text(max_size=60))
def test_no_text_upsets_the_reading(text: str) -> None:
    source = read_toml(text)
    try:
        expected = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError:
        assert source.mistakes
    else:
        assert (source.tree, source.mistakes) == (expected, [])


LINES = """\
one = 1
two.three = '''
four = 4  # inside a text
[table]
'''
list = [
  "[[not a header]]",  # nor ] here
  { a = "x", b = ["}", 'y'] },
  { a = "z" },
]

[[table]]
"quoted key" = \"\"\"
a "" b\"\"\"
[[table]]
[table.inner]
key = 2
"""


def test_strings_and_lists_over_several_lines_do_not_move_the_lines() -> None:
    source = read_toml(LINES)
    assert source.mistakes == []
    assert {spelled(place): line for place, line in source.lines.items()} == {
        "one": 1,
        "two": 2,
        "two.three": 2,
        "list": 6,
        "list[0]": 7,
        "list[1]": 8,
        "list[1].a": 8,
        "list[1].b": 8,
        "list[1].b[0]": 8,
        "list[1].b[1]": 8,
        "list[2]": 9,
        "list[2].a": 9,
        "table": 12,
        "table[0]": 12,
        'table[0]."quoted key"': 13,
        "table[1]": 15,
        "table[1].inner": 16,
        "table[1].inner.key": 17,
    }
    assert source.line_of(("table", 1, "inner", "missing")) == 16
    assert source.line_of(("missing",)) is None


def test_every_mistake_of_syntax_is_told_and_the_rest_is_read() -> None:
    source = read_toml('a = 1\na = 2\nb = high\nc = "open\nd = 4\n[t]\nx = 1\n[t]\ny = 2\ny = 3\nfree words\n')
    assert [(spelled(finding.place), line) for finding, line in source.mistakes] == [
        ("a", 2),
        ("b", 3),
        ("c", 4),
        ("t", 8),
        ("t.y", 10),
        ("t.free", 11),
    ]
    assert source.tree == {"a": 1, "d": 4, "t": {"x": 1, "y": 2}}
    assert source.mistakes[0][0] == Finding(("a",), "is written twice, first on line 1; keep one of them")


def test_a_table_and_a_value_of_one_name_are_told() -> None:
    source = read_toml("a = 1\n[a]\nb = 2\n[[c]]\nd = 1\n[c.d]\ne = 1\n")
    assert [(spelled(finding.place), line, finding.message) for finding, line in source.mistakes] == [
        ("a", 2, "is written both as a value and as a table"),
        ("c[0].d", 6, "is written both as a value and as a table"),
    ]


def test_what_only_the_parser_finds_is_told_in_its_words() -> None:
    source = read_toml("a.b = 1\n[a]\nc = 2\n")
    assert [(f.place, f.message, line) for f, line in source.mistakes] == [
        ((), "not valid TOML: cannot declare ('a',) twice", 2)
    ]


def test_a_value_nested_without_end_is_a_mistake_and_not_a_crash() -> None:
    source = read_toml("a = " + "[" * 5000 + "]" * 5000 + "\nb = 1\n")
    assert ([f.message for f, _line in source.mistakes], source.tree) == (["not valid TOML: nested too deep"], {"b": 1})
