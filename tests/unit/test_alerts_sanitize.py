"""One rule for each sink, tried with every hostile text."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
import regex
from hostile import FAMILY, HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from alerts.sanitize import clean, csv_cell, cut, for_header, for_terminal, one_line, slack_escape, web_url, width

TEXTS = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_the_corpus_is_large_enough():
    assert len(HOSTILE) >= 60


@TEXTS
def test_clean_text_holds_no_control_no_bidi_no_half_character(text):
    left = [c for c in clean(text) if (unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t") or c in BIDI]
    assert left == []


@TEXTS
def test_cleaning_twice_changes_nothing(text):
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(exclude_categories=())))
def test_cleaning_any_text_twice_changes_nothing(text):
    assert clean(clean(text)) == clean(text)


def test_an_escape_sequence_goes_whole():
    assert clean("\x1b[31mred\x1b[0m \x1b]0;owned\x07after") == "red after"


def test_an_unfinished_escape_sequence_hides_nothing():
    assert clean("\x1b]0;this must stay") == "]0;this must stay"


def test_ordinary_text_in_any_script_stays_as_it_is():
    kept = f"Crème brûlée, 漢字, नमस्ते, {FAMILY}, \U0001f44d\U0001f3ff!\n\tok"
    assert clean(kept) == kept


def test_line_ends_of_every_kind_become_newlines():
    assert clean("a\r\nb\rc\x0bd\x0ce\x85f\u2028g\u2029h") == "a\nb\nc\nd\ne\nf\ng\nh"


def test_piled_up_marks_are_thinned():
    assert clean("e" + "\u0336" * 500 + "x") == "e" + "\u0336" * 8 + "x"


@TEXTS
def test_a_single_line_has_no_line_end_and_no_double_blank(text):
    assert regex.search(r"[\r\n\v\f\x85\u2028\u2029\t]|  |^ | $", one_line(text)) is None


@TEXTS
@pytest.mark.parametrize("limit", [1, 10, 150])
def test_a_cut_keeps_the_limit_and_tears_no_grapheme(text, limit):
    whole, short = clean(text), cut(clean(text), limit)
    assert width(short) <= limit
    if short != whole:
        kept = short.removesuffix("…")
        graphemes = regex.findall(r"\X", whole)
        bounds = {"".join(graphemes[:n]).rstrip() for n in range(min(len(graphemes), limit + 1))}
        assert short.endswith("…")
        assert kept in bounds or width(graphemes[0]) > limit - 1


def test_a_text_that_fits_is_not_cut():
    assert cut("exactly ten", 11) == "exactly ten"
    assert cut("exactly ten", 10) == "exactly t…"


def test_an_emoji_family_is_kept_whole_or_left_out():
    assert cut(f"ab{FAMILY}cd", 8) == "ab…"
    assert cut(f"ab{FAMILY}cd", 14) == f"ab{FAMILY}…"


def test_a_giant_grapheme_is_cut_inside():
    chain = HOSTILE["zwj chain"]
    assert 0 < width(cut(chain, 100)) <= 100
    assert cut(chain, 0) == ""


@TEXTS
def test_slack_reads_no_markup_in_escaped_text(text):
    escaped = slack_escape(clean(text))
    assert regex.search(r"[<>`]|&(?!amp;|lt;|gt;)", escaped) is None
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == clean(text).replace("`", "\u02cb")


@TEXTS
def test_a_terminal_obeys_nothing(text):
    shown = for_terminal(text)
    assert all(c == "\n" or unicodedata.category(c) not in ("Cc", "Cs") for c in shown)


@TEXTS
def test_a_header_is_one_line_of_bounded_length(text):
    value = for_header(text, 200)
    assert "\r" not in value
    assert "\n" not in value
    assert width(value) <= 200
    value.encode("utf-8")


def test_an_encoded_word_in_a_header_is_broken_up():
    assert for_header("=?utf-8?q?=0d=0aBcc:_x?=") == "= ?utf-8?q?=0d=0aBcc:_x?="


@TEXTS
def test_a_spreadsheet_finds_no_formula(text):
    cell = csv_cell(text)
    formula = r"[\s\u00a0\u200b-\u200d\ufeff]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]"
    assert [line for line in regex.split(r"[\r\n]", cell) if regex.match(formula, line)] == []


@TEXTS
def test_a_csv_file_reads_back_cell_for_cell(text):
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerow([csv_cell(text), "next"])
    assert list(csv.reader(io.StringIO(file.getvalue(), newline=""))) == [[csv_cell(text), "next"]]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("plain", "plain"),
        ("=1", "'=1"),
        (" \u00a0=1", "' \u00a0=1"),
        ("a\n@b", "a\n'@b"),
        ("a\r\n+b", "a\r\n'+b"),
        ("\t", "'\t"),
        ("1-2", "1-2"),
        ("", ""),
    ],
)
def test_only_formulas_get_an_apostrophe(text, cell):
    assert csv_cell(text) == cell


@pytest.mark.parametrize("url", ["https://x.com/a/status/1", "http://example.org:8080/p?q=1#f", "HTTPS://EXAMPLE.ORG/"])
def test_a_web_url_is_kept(url):
    assert web_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org/",
        "//example.org/",
        "https://",
        "https:///path",
        "https://good.example@evil.example/",
        'https://example.org/" onclick="x',
        "https://example.org/<b>",
        "https://example.org/a b",
        "https://example.org/|label",
        "https://example.org/\u202egnp",
        "https://example.org/\r\nX: y",
        " https://example.org/",
    ],
)
def test_what_could_break_out_of_a_link_is_no_url(url):
    assert web_url(url) is None
