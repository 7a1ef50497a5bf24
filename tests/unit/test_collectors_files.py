from __future__ import annotations

import csv
import gzip
import json
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.base import MAX_TEXT, AccessDenied, Harvest, Post, Reject, SourceDown
from collectors.dates import parse_date
from collectors.files import FilesCollector
from config.layout import Columns
from config.sources import FilesSource
from config.vocabulary import Platform

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def a_collector(path: Path, *, piece: int = 500, **more: object) -> FilesCollector:
    more.setdefault("columns", Columns(id="id"))
    source = FilesSource(name="inbox", path=str(path), **more)  # type: ignore[arg-type]
    return FilesCollector(source, clock=lambda: NOON, piece=piece)


def read_all(collector: FilesCollector, cursor: str | None = None) -> Harvest:
    """All pieces as one harvest."""
    posts: list[Post] = []
    rejects: list[Reject] = []
    notes: list[str] = []
    for _ in range(10_000):
        harvest = collector.collect(cursor)
        posts, rejects, notes = [*posts, *harvest.posts], [*rejects, *harvest.rejects], [*notes, *harvest.notes]
        cursor = harvest.cursor
        if not harvest.more:
            return Harvest(posts=posts, rejects=rejects, notes=notes, cursor=cursor)
    raise AssertionError("never ends")


def outcome(path: Path, content: str | bytes, **more: object) -> tuple[list[str], list[tuple[str, str]]]:
    """Write a file and read it: the texts, and the rejects by place."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    harvest = read_all(a_collector(path, **more))
    return [post.text for post in harvest.posts], [(reject.place, reject.reason) for reject in harvest.rejects]


def test_a_csv_row_becomes_a_post_by_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "Nr,Text,When,Who,Name,Fans,Link,Head,Conv,Lang,Stars\n"
        '7," My bag, ""lost"" &amp; gone ",2026-11-20T10:00:00+01:00,@mia,Mia M,"1,200",https://x.example/7,Sad,5,en-GB,2\n'
    )
    columns = Columns(
        text="Text", id="Nr", created_at="When", author="Who", author_name="Name", followers="Fans", url="Link",
        title="Head", thread="Conv", language="Lang", rating="Stars",
    )  # fmt: skip
    harvest = a_collector(path, columns=columns, platform=Platform.X, rating_max=5).collect(None)
    assert list(harvest.posts) == [
        Post(
            platform=Platform.X,
            native_id="7",
            text='My bag, "lost" & gone',
            published_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
            kind="review",
            title="Sad",
            author_handle="mia",
            author_name="Mia M",
            followers=1200,
            url="https://x.example/7",
            language="en",
            thread="5",
            rating=2.0,
            rating_max=5,
        )
    ]
    assert (harvest.rejects, harvest.more, harvest.requests) == ([], False, 0)


def test_a_json_line_becomes_a_post(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"id": 12, "text": "late", "at": 1763719200000, "stars": 4.0, "new": {"a": [1]}}\n\n')
    columns = Columns(id="id", created_at="at", rating="stars")
    harvest = a_collector(path, columns=columns).collect(None)
    assert list(harvest.posts) == [
        Post(
            platform=Platform.FILE,
            native_id="12",
            text="late",
            published_at=datetime(2025, 11, 21, 10, tzinfo=UTC),
            kind="review",
            rating=4.0,
        )
    ]


def test_a_row_without_a_date_column_is_dated_by_our_clock_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,text\n1,late\n")
    post = a_collector(path).collect(None).posts[0]
    assert (post.published_at, post.dated_by) == (NOON, "first_seen")


BAD_ROWS = (
    b"id,text,at\n"
    b"1,good one,2026-11-20T10:00:00Z\n"
    b"2,too few\n"
    b"3,too,many,2026-11-20T10:00:00Z\n"
    b"4,caf\xe9,2026-11-20T10:00:00Z\n"
    b"5,nul\x00byte,2026-11-20T10:00:00Z\n"
    b"6,naive,2026-11-20 10:00:00\n"
    b"7,no date,yesterday\n"
    b"8,empty date,\n"
    b"9,   ,2026-11-20T10:00:00Z\n"
    b",no id,2026-11-20T10:00:00Z\n"
    b"\n"
    b'10,"two\nlines",2026-11-20T10:00:00Z\n'
    b"11,=HYPERLINK(A1),2026-11-20T10:00:00Z\n"
    b"12," + b"x" * 1_000_000 + b",2026-11-20T10:00:00Z\n"
    b'13,"' + b"y\n" * 400_000 + b'",2026-11-20T10:00:00Z\n'
    b"14,\xc3\xa4nd good,Mon Dec 01 19:30:03 +0000 2014\n"
)  # fmt: skip


def test_each_bad_row_is_reported_and_disturbs_no_other(tmp_path: Path) -> None:
    texts, rejects = outcome(tmp_path / "x.csv", BAD_ROWS, columns=Columns(id="id", created_at="at"))
    assert texts == ["good one", "two\nlines", "=HYPERLINK(A1)", "änd good"]
    assert rejects == [
        ("x.csv line 3", "has 2 columns, the header has 3"),
        ("x.csv line 4", "has 4 columns, the header has 3"),
        ("x.csv line 5", "holds bytes that are not utf-8"),
        ("x.csv line 6", "holds a NUL byte"),
        ("x.csv line 7", 'at: "2026-11-20 10:00:00" has no time zone, and the source sets no time_zone'),
        ("x.csv line 8", 'at: "yesterday" is no date'),
        ("x.csv line 9", "at: is empty"),
        ("x.csv line 10", "text: is empty"),
        ("x.csv line 11", "id: is empty"),
        ("x.csv line 16", "text: has 1000000 characters, more than 100000"),
        ("x.csv line 17", "text: has 799999 characters, more than 100000"),
    ]


def test_a_row_beyond_every_limit_costs_one_reject(tmp_path: Path) -> None:
    assert outcome(tmp_path / "x.csv", "id,text\n1,ok\n2," + "x" * 9_000_000 + "\n3,fine\n") == (
        ["ok", "fine"],
        [("x.csv line 3", "is longer than 8388608 bytes")],
    )


def test_sloppy_quotes_within_one_line_are_read(tmp_path: Path) -> None:
    assert outcome(tmp_path / "x.csv", 'id,text\n1,"say "hi" now"\n2,fine\n') == (['say hi" now"', "fine"], [])


def test_line_numbers_are_physical(tmp_path: Path) -> None:
    content = 'id,text\n1,"a\nb\nc"\n\n2,x,y\n3,"d\n\ne"\n4,\n'
    assert outcome(tmp_path / "x.csv", content) == (
        ["a\nb\nc", "d\n\ne"],
        [("x.csv line 6", "has 3 columns, the header has 2"), ("x.csv line 10", "text: is empty")],
    )


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    content = 'id,text\n1,good\n2,"open\n3,good too\n4,better\n'
    assert outcome(tmp_path / "x.csv", content) == (
        ["good", "good too", "better"],
        [("x.csv line 3", "opens a quote that is never closed")],
    )


def test_a_stray_quote_that_meets_another_costs_no_good_row(tmp_path: Path) -> None:
    content = 'id,text,x\n1,"open,a\n2,good,b\n3,"fine",c\n4,good,d\n'
    texts, rejects = outcome(tmp_path / "x.csv", content)
    assert texts == ["good", "fine", "good"]
    assert [place for place, _ in rejects] == ["x.csv line 2"]


def test_an_unreadable_line_inside_quotes_costs_no_row_after_it(tmp_path: Path) -> None:
    content = b'id,text\n1,"a\nb\xff"\n2,good\n'
    texts, rejects = outcome(tmp_path / "x.csv", content, encoding="utf-8")
    assert texts == ["good"]
    assert rejects == [
        ("x.csv line 2", "its quoted cell runs into a line that holds bytes that are not utf-8"),
        ("x.csv line 3", "holds bytes that are not utf-8"),
    ]


def test_a_missing_column_is_reported_once_and_other_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,body\n1,x\n2,y\n")
    (tmp_path / "b.csv").write_text("id,text\n3,z\n")
    collector = a_collector(tmp_path / "*.csv")
    harvest = read_all(collector)
    assert [post.native_id for post in harvest.posts] == ["3"]
    assert harvest.rejects == [
        Reject("a.csv line 1", "has no column 'text'; its first line names 'id', 'body'"),
    ]
    assert read_all(collector, harvest.cursor).rejects == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.csv", b"PK\x03\x04" + b"\0" * 50, "is a ZIP or Excel file; save it as CSV"),
        ("x.csv", b"%PDF-1.7 ...", "is no text file"),
        ("x.json", b'[{"id": 1, "text": "a"}]', "is one JSON array; JSON Lines has one object on each line"),
    ],
)
def test_a_file_of_another_kind_is_reported_once(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    assert outcome(tmp_path / name, content) == ([], [(name, reason)])


def test_each_bad_json_line_is_reported(tmp_path: Path) -> None:
    lines = [
        b'{"id": 1, "text": "good"}',
        b'{"id": 2, "text": ',
        b'["id"]',
        b'{"id": 4, "text": "half \\ud83d"}',
        b'{"id": 5, "text": "nul \\u0000"}',
        b'{"id": 6, "text": {"a": 1}}',
        b'{"id": 7, "text": 7}',
        b'{"id": true, "text": "x"}',
        b'{"text": "x"}',
        b'{"id": 10}',
        b"[" * 100_000,
        b'{"id": ' + b"9" * 10_000 + b', "text": "x"}',
        b'{"id": 13, "text": "caf\xe9"}',
        b'{"id": 14, "text": "\xc3\xa4lso good"}',
    ]
    texts, rejects = outcome(tmp_path / "x.jsonl", b"\n".join(lines))
    assert texts == ["good", "älso good"]
    assert rejects == [
        ("x.jsonl line 2", "is no JSON"),
        ("x.jsonl line 3", "is no JSON object"),
        ("x.jsonl line 4", "text: holds a NUL or half a character"),
        ("x.jsonl line 5", "text: holds a NUL or half a character"),
        ("x.jsonl line 6", "text: is neither text nor a number"),
        ("x.jsonl line 7", "text: is no text"),
        ("x.jsonl line 8", "id: is neither text nor a number"),
        ("x.jsonl line 9", "id: is empty"),
        ("x.jsonl line 10", "text: is empty"),
        ("x.jsonl line 11", "is no JSON"),
        ("x.jsonl line 12", "is no JSON"),
        ("x.jsonl line 13", "holds bytes that are not utf-8"),
    ]


def test_stars_alone_are_a_post(tmp_path: Path) -> None:
    content = "id,text,stars\n1,,2\n2,ok,\n3,,\n4,x,many\n5,x,9\n"
    path = tmp_path / "x.csv"
    path.write_text(content)
    harvest = a_collector(path, columns=Columns(id="id", rating="stars"), rating_max=5).collect(None)
    assert [(p.native_id, p.text, p.kind, p.rating, p.rating_max) for p in harvest.posts] == [
        ("1", "", "review", 2.0, 5),
        ("2", "ok", "post", None, None),
    ]
    assert [reject.reason for reject in harvest.rejects] == [
        "text: is empty",
        'stars: "many" is no number',
        'stars: "9" is outside the scale',
    ]


TEXT = "Grüße, naïve „Façade“ – 5 €, çela était très déçu"
POLISH = "Zażółć gęślą jaźń, przesyłka się spóźniła, proszę o pomoc, już trzeci dzień czekam"
RUSSIAN = "Посылка опоздала, поддержка не отвечает, очень плохо"
JAPANESE = "配達が遅れています。とても残念です。サポートに連絡しても返事がありません。"


@pytest.mark.parametrize(
    ("encoding", "text", "guessed"),
    [
        ("utf-8", TEXT, False),
        ("utf-8-sig", TEXT, False),
        ("utf-16", TEXT, False),
        ("utf-16-le", TEXT, True),
        ("utf-16-be", TEXT, True),
        ("utf-32", TEXT, False),
        ("cp1252", TEXT, True),
        ("cp1250", POLISH, True),
        ("cp1251", RUSSIAN, True),
        ("cp932", JAPANESE, True),
    ],
)
def test_the_encoding_is_found_out(tmp_path: Path, encoding: str, text: str, guessed: bool) -> None:
    path = tmp_path / "x.csv"
    rows = "".join(f'{number},"{text} {number}"\n' for number in range(30))
    path.write_bytes(("id,text\n" + rows).encode(encoding))
    harvest = read_all(a_collector(path))
    assert [post.text for post in harvest.posts] == [f"{text} {number}" for number in range(30)]
    assert (harvest.rejects, bool(harvest.notes)) == ([], guessed)


def test_a_configured_encoding_is_taken_at_its_word(tmp_path: Path) -> None:
    assert outcome(tmp_path / "x.csv", "id,text\n1,é\n".encode("cp437"), encoding="cp437") == (["é"], [])


def test_an_encoding_that_does_not_exist_stops_the_source(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,text\n")
    with pytest.raises(AccessDenied, match="there is no encoding klingon"):
        a_collector(tmp_path / "x.csv", encoding="klingon").collect(None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_and_line_ends_are_found_out(tmp_path: Path, delimiter: str, end: str) -> None:
    lines = ["id,text,more", '1,"a; b, c | d",x', "2,plain,y"]
    content = end.join([lines[0].replace(",", delimiter), '1#"a; b, c | d"#x'.replace("#", delimiter),
                        lines[2].replace(",", delimiter)]) + end  # fmt: skip
    assert outcome(tmp_path / "x.csv", content) == (["a; b, c | d", "plain"], [])


def test_a_configured_delimiter_is_taken_at_its_word(tmp_path: Path) -> None:
    assert outcome(tmp_path / "x.csv", "id^text\n1^a,b\n", delimiter="^") == (["a,b"], [])


def test_a_gzip_file_is_known_by_its_content(tmp_path: Path) -> None:
    assert outcome(tmp_path / "x.csv", gzip.compress(b"id,text\n1,a\n")) == (["a"], [])


def test_a_truncated_gzip_file_is_reported_with_what_was_read_kept(tmp_path: Path) -> None:
    rows = "".join(f"{number},{os.urandom(20).hex()}\n" for number in range(5_000))
    whole = gzip.compress(f"id,text\n{rows}".encode())
    path = tmp_path / "x.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    collector = a_collector(path)
    harvest = read_all(collector)
    assert len(harvest.posts) > 1_000
    assert [reject.reason for reject in harvest.rejects] == [
        "the compressed file ends too early; the rows before are kept"
    ]
    again = read_all(collector, harvest.cursor)
    assert (again.posts, again.rejects) == ([], [])
    path.write_bytes(whole)
    assert len({p.native_id for p in (*harvest.posts, *read_all(collector, harvest.cursor).posts)}) == 5_000


def test_a_damaged_gzip_file_is_reported(tmp_path: Path) -> None:
    whole = bytearray(
        gzip.compress(b"id,text\n" + b"".join(b"%d,%s\n" % (n, os.urandom(20).hex().encode()) for n in range(9_000)))
    )
    whole[len(whole) // 2 : len(whole) // 2 + 200] = b"\0" * 200
    path = tmp_path / "x.csv.gz"
    path.write_bytes(bytes(whole))
    reasons = [reject.reason for reject in read_all(a_collector(path)).rejects]
    assert reasons[-1] == "the compressed file is damaged; the rows before are kept"


def ids(harvest: Harvest) -> list[str]:
    return [post.native_id for post in harvest.posts]


def test_a_row_without_an_id_is_known_by_its_content_in_whatever_file(tmp_path: Path) -> None:
    columns = Columns()
    rows = [["text", "who"], ["late again", "mia"], ["lost", "tom"], ["late again", "mia"]]
    for name, delimiter, encoding in (("a.csv", ",", "utf-8"), ("copy.csv", ";", "utf-16")):
        with (tmp_path / name).open("w", encoding=encoding, newline="") as stream:
            csv.writer(stream, delimiter=delimiter).writerows(rows)
    first = ids(read_all(a_collector(tmp_path / "a.csv", columns=columns)))
    assert first[0] == first[2] != first[1]
    assert ids(read_all(a_collector(tmp_path / "copy.csv", columns=columns))) == first


def test_json_rows_without_an_id_are_known_whatever_the_order_of_their_keys(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "a", "n": 1}\n{"n": 1, "text": "a"}\n{"n": 2, "text": "a"}\n')
    one, other, third = ids(read_all(a_collector(path, columns=Columns())))
    assert one == other != third


def test_a_finished_file_is_not_read_again_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,text\n1,a\n")
    collector = a_collector(path)
    cursor = read_all(collector).cursor
    assert ids(read_all(collector, cursor)) == []
    with path.open("a") as stream:
        stream.write("2,b\n")
    harvest = read_all(collector, cursor)
    assert ids(harvest) == ["2"]
    with path.open("a") as stream:
        stream.write("3\n")
    assert read_all(collector, harvest.cursor).rejects == [Reject("x.csv line 4", "has 1 columns, the header has 2")]


def test_a_replaced_file_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,text\n1,a\n")
    collector = a_collector(path)
    cursor = read_all(collector).cursor
    path.write_text("id,text\n8,b\n9,c\n10,d\n")
    assert ids(read_all(collector, cursor)) == ["8", "9", "10"]


def test_a_last_line_without_an_end_is_read_and_read_again_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,text\n1,a\n2,hal")
    collector = a_collector(path)
    harvest = read_all(collector)
    assert [post.text for post in harvest.posts] == ["a", "hal"]
    with path.open("a") as stream:
        stream.write("f a word\n3,c")
    after = read_all(collector, harvest.cursor)
    assert [(post.native_id, post.text) for post in after.posts] == [("2", "half a word"), ("3", "c")]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("piece", [1, 2, 7])
def test_every_piece_is_bounded_and_resumed_at_its_place_by_another_process(
    tmp_path: Path, piece: int, packed: bool
) -> None:
    content = "id,text\n" + "".join(f'{number},"row\n{number}"\n' for number in range(20)) + "bad\n20,last"
    path = tmp_path / "x.csv"
    path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
    seen: list[str] = []
    rejects: list[str] = []
    cursor = None
    while True:
        harvest = a_collector(path, piece=piece).collect(cursor)
        assert len(harvest.posts) + len(harvest.rejects) <= piece
        seen += ids(harvest)
        rejects += [reject.place for reject in harvest.rejects]
        cursor = harvest.cursor
        if not harvest.more:
            break
    assert (seen, rejects) == ([str(number) for number in range(21)], ["x.csv line 42"])


def test_files_of_a_pattern_are_read_in_order_and_new_ones_found(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.csv").write_text(f"id,text\n{name},x\n")
    (tmp_path / "c.csv").mkdir()
    collector = a_collector(tmp_path / "*.csv")
    harvest = read_all(collector)
    assert ids(harvest) == ["a", "b"]
    (tmp_path / "0.csv").write_text("id,text\n0,x\n")
    assert ids(read_all(collector, harvest.cursor)) == ["0"]


def test_a_path_with_brackets_is_a_path(tmp_path: Path) -> None:
    assert outcome(tmp_path / "x[1].csv", "id,text\n1,a\n") == (["a"], [])


def test_a_file_that_is_not_there_is_an_error_and_an_empty_folder_is_not(tmp_path: Path) -> None:
    with pytest.raises(SourceDown, match=r"there is no file x\.csv"):
        a_collector(tmp_path / "x.csv").collect(None)
    with pytest.raises(SourceDown, match="is no file"):
        a_collector(tmp_path).collect(None)
    assert read_all(a_collector(tmp_path / "*.csv")).posts == []


def test_a_file_that_may_not_be_read_is_reported_once_and_read_when_it_may(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    path = tmp_path / "a.csv"
    path.write_text("id,text\n1,a\n")
    path.chmod(0)
    collector = a_collector(tmp_path / "*.csv")
    harvest = read_all(collector)
    assert harvest.rejects == [Reject("a.csv", "cannot be read: Permission denied")]
    harvest = read_all(collector, harvest.cursor)
    assert harvest.rejects == []
    path.chmod(0o600)
    assert ids(read_all(collector, harvest.cursor)) == ["1"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"id,text", b"id,text\n", b"\xef\xbb\xbf", b"\x1f\x8b"])
def test_a_file_without_rows_brings_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    assert read_all(a_collector(path)).posts == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(
    [b"id,text\n", b"1,a\n", b'"', b",", b"\n", b"\r", b"\xff", b"\x00", b"2,b\n", b'3,"c\n', b"\xef\xbb\xbf", b"\x1f\x8b"]
), max_size=20).map(b"".join)), piece=st.integers(1, 4))  # fmt: skip
def test_no_content_makes_the_reader_fail_or_go_round_in_circles(tmp_path: Path, content: bytes, piece: int) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    cursor = None
    for _ in range(400):
        harvest = a_collector(path, piece=piece).collect(cursor)
        cursor = harvest.cursor
        if not harvest.more:
            return
    raise AssertionError("never ends")


ROWS = st.lists(st.tuples(st.integers(0, 999), st.text("ab\n\",;é😡'", min_size=1, max_size=12)), max_size=15)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=ROWS, piece=st.integers(1, 5))
def test_whatever_a_csv_writer_writes_is_read_back(tmp_path: Path, rows: list[tuple[int, str]], piece: int) -> None:
    path = tmp_path / "x.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("id", "text"), *rows])
    harvest = read_all(a_collector(path, piece=piece, encoding="utf-8", delimiter=","))
    assert [(p.native_id, p.text) for p in harvest.posts] == [(str(n), t.strip()) for n, t in rows if t.strip()]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20 10:00:00.5+01:30", datetime(2026, 11, 20, 8, 30, 0, 500000, tzinfo=UTC)),
        ("2026-11-20 10:00:00 UTC", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 10:00:00 -0500", datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ("20 Nov 2026 10:00:00 GMT", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("Mon Dec 01 19:30:03 +0000 2014", datetime(2014, 12, 1, 19, 30, 3, tzinfo=UTC)),
        ("1763719200", datetime(2025, 11, 21, 10, tzinfo=UTC)),
        ("1763719200.25", datetime(2025, 11, 21, 10, 0, 0, 250000, tzinfo=UTC)),
        ("1763719200000", datetime(2025, 11, 21, 10, tzinfo=UTC)),
    ],
)
def test_the_usual_dates_are_read(text: str, moment: datetime) -> None:
    assert parse_date(f" {text} ", None) == moment


def test_a_date_without_a_zone_is_taken_in_the_configured_one(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,text,at\n1,a,2026-07-01 10:00\n2,b,2026-12-01\n3,c,2026-07-01T10:00+00:00\n")
    harvest = a_collector(path, columns=Columns(id="id", created_at="at"), time_zone="Europe/Berlin").collect(None)
    assert [post.published_at for post in harvest.posts] == [
        datetime(2026, 7, 1, 8, tzinfo=UTC),
        datetime(2026, 11, 30, 23, tzinfo=UTC),
        datetime(2026, 7, 1, 10, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("yesterday", "2026-13-01T00:00Z", "31/12/2026", "1 Foo 2026 ", "9" * 500, "-1"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00Z"),  # in the calendar, but nothing can be reckoned with it
    ],
)
def test_what_is_no_date_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no date"):
        parse_date(text, None)


@given(st.text(max_size=70))
def test_no_text_makes_the_date_reader_fail(text: str) -> None:
    with suppress(ValueError):
        assert parse_date(text, None).utcoffset() is not None


def test_an_export_is_read_fast(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "text", "at", "who"])
        writer.writerows(
            [n, f"@acme my bag {n} is lost", "Mon Dec 01 19:30:03 +0000 2014", f"u{n}"] for n in range(10_000)
        )
    begun = time.perf_counter()
    harvest = read_all(a_collector(path, columns=Columns(id="id", created_at="at", author="who")))
    assert len(harvest.posts) == 10_000
    assert time.perf_counter() - begun < 5  # 0.3 s on an idle core; quadratic seeking takes minutes


def test_json_numbers_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"id": 539500000000000001, "text": "x"}))
    assert ids(read_all(a_collector(path))) == ["539500000000000001"]


def test_a_text_of_the_greatest_length_is_kept(tmp_path: Path) -> None:
    assert outcome(tmp_path / "x.csv", "id,text\n1," + "x" * MAX_TEXT + "\n") == (["x" * MAX_TEXT], [])
