from __future__ import annotations

import pytest

from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment, Severity
from monitor.cli.filled import Filled, filled_rows
from monitor.cli.label_words import BadLabel, labels_from
from monitor.cli.tables import NoTable
from monitor.store.corrections import Correction
from monitor.store.labels import Labels, given

HEAD = "post,text,sentiment,complaint,types,severity,flags,note\n"


def read(tmp_path, content: str) -> list[Filled]:
    file = tmp_path / "sample.csv"
    file.write_text(content, encoding="utf-8")
    return list(filled_rows(file, COMPLAINT_TYPES, lambda _: None))


def test_a_filled_in_row_is_a_correction_of_a_drawn_post(tmp_path):
    rows = read(
        tmp_path, HEAD + '7,"late, again",Negative, YES ,"delay, staff",serious,leaves,sure\n8,x,positive,no,,,,\n'
    )
    complaint = given(
        sentiment=Sentiment.NEGATIVE, types=("delay", "staff"), severity=Severity.SERIOUS, flags=(Flag.LEAVES,)
    )
    assert rows == [
        Filled(2, Correction(post_id=7, labels=complaint, note="sure", drawn=True)),
        Filled(3, Correction(post_id=8, labels=given(sentiment=Sentiment.POSITIVE, complaint=False), drawn=True)),
    ]


def test_a_row_that_is_not_filled_in_is_left_for_later(tmp_path):
    assert read(tmp_path, HEAD + "7,text,,,,,,a note alone says nothing\n") == [Filled(2)]


@pytest.mark.parametrize(
    ("cells", "flaw"),
    [
        ("x7,t,negative,yes,,,,", 'column post: "x7" is no number of a post'),
        (f"{10**18},t,negative,yes,,,,", f'column post: "{10**18}" is no number of a post'),
        ("7,t,,yes,,,,", "column sentiment: is empty"),
        ("7,t,negative,,,,,", "column complaint: is empty"),
        ("7,t,angry,yes,,,,", 'column sentiment: "angry" is none of negative, neutral, positive'),
        ("7,t,negative,maybe,,,,", 'column complaint: "maybe" is neither yes nor no'),
        ("7,t,negative,yes,delay dely,,,", 'column types: no complaint type is named "dely"; there are quality, delay'),
        ("7,t,negative,no,delay,,,", "column types: what is no complaint has none"),
        ("7,t,negative,yes,,4,,", 'column severity: "4" is none of 0 (no complaint), 1 (mild)'),
        ("7,t,negative,yes,,0,,", "column severity: 0 means no complaint"),
        ("7,t,negative,yes,,,rude,", 'column flags: no flag is named "rude"; there are leaves'),
    ],
)
def test_a_bad_row_is_named_with_line_and_column_and_the_next_is_read(tmp_path, cells, flaw):
    bad, good = read(tmp_path, f"{HEAD}{cells}\n8,t,neutral,no,,,,\n")
    assert (bad.line, bad.correction) == (2, None)
    assert bad.flaw.startswith(flaw)
    assert good.correction.post_id == 8


def test_the_line_is_that_of_the_file_where_texts_go_over_several(tmp_path):
    rows = read(tmp_path, HEAD + '7,"one\ntwo\nthree",negative,yes,,,,\n8,t,angry,no,,,,\n')
    assert [row.line for row in rows] == [2, 5]


def test_a_sheet_from_a_spreadsheet_with_semicolons_and_without_further_columns_is_read(tmp_path):
    assert read(tmp_path, "post;sentiment;complaint\n7;neutral;no\n")[0].correction.post_id == 7


def test_a_file_without_the_columns_is_no_sheet(tmp_path):
    with pytest.raises(NoTable, match='no column "complaint"'):
        read(tmp_path, "post,sentiment\n7,neutral\n")


def test_none_means_an_empty_list_and_an_empty_cell_says_nothing():
    words = {"sentiment": "neutral", "types": "", "flags": "none"}
    assert labels_from(words, COMPLAINT_TYPES) == Labels(sentiment=Sentiment.NEUTRAL, flags=())
    assert labels_from({"types": "none"}, COMPLAINT_TYPES) == given(complaint=False)


def test_no_word_at_all_is_refused():
    with pytest.raises(BadLabel) as refused:
        labels_from({"sentiment": " "}, COMPLAINT_TYPES)
    assert refused.value.column == "sentiment"
