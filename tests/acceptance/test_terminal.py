"""What people do at a terminal: set up, check, import, score, try routes, look at the digest."""

from __future__ import annotations

import csv
import gzip
import re
import time
from datetime import UTC, datetime

import pytest
from desk import desk, write_csv
from digest_rows import Rows
from sqlalchemy import create_engine, insert, text

from config.settings import Database
from monitor.store import tables

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
EVIL = "mia\x1b[31m\x1b]0;owned\x07\nforged line\u202e"

TEN_MISTAKES = """
company = ""
time_zone = "Mars/Olympus"

[[brands]]
name = "Acme"
aliases = [{ text = "acme", kind = "wrod" }]

[[sources]]
kind = "files"
name = "export"
path = "posts.csv"
brand = "Akme"

[[sources]]
kind = "feed"
name = "export"
url = "ftp://acme.example/feed"

[[channels]]
kind = "slack"
name = "care"
token = "xoxb-in-the-open"
conversation = "C1"

[[routes]]
name = "billing"
when = { types = ["biling"] }
channels = ["carre"]

[default_route]
name = "all"
channels = ["care"]

[thresholds]
negative = 1.5

[digest]
enabled = false
"""


@pytest.fixture
def here(tmp_path):
    with desk(tmp_path, Database(url=f"sqlite:///{tmp_path}/monitor.db")) as one:
        yield one


def test_a_configuration_with_ten_mistakes_names_all_ten(here):
    (here.folder / "monitor.toml").write_text(TEN_MISTAKES)
    said = here.run("config", "check", expect=2).stderr
    header, *problems = said.splitlines()
    assert header == "monitor.toml: 10 problems"
    places = [
        "company",
        "time_zone",
        "brands[0].aliases[0].kind",
        "sources[0].brand",
        "sources[1].name",
        "sources[1].url",
        "channels[0].token",
        "routes[0].when.types",
        "routes[0].channels",
        "thresholds.negative",
    ]
    begun = [re.match(r" {2}line (\d+): ([^ :]+): \S", problem) for problem in problems]
    assert all(begun), said
    assert [match[2] for match in begun] == places
    lines = TEN_MISTAKES.splitlines()
    keys = [lines[int(match[1]) - 1] for match in begun]
    for place, line in zip(places, keys, strict=True):
        assert re.sub(r"\[\d+\]", "", place).split(".")[-1] in line, (place, line)
    assert "xoxb-in-the-open" not in said


def test_a_missing_configuration_says_how_to_write_one(here):
    assert "monitor init" in here.run("run", "--once", expect=2).stderr


def test_init_writes_a_file_that_is_good_at_once_and_is_never_overwritten(here):
    here.run("init", "--company", "Acme & Sons")
    written = (here.folder / "monitor.toml").read_text()
    assert "good" in here.run("config", "check").stdout
    assert "exists already" in here.run("init", "--company", "Other", expect=1).stderr
    assert (here.folder / "monitor.toml").read_text() == written


def test_show_masks_secrets(here):
    here.write(posts=here.folder / "posts.csv")
    shown = here.run("config", "show").stdout
    assert 'token = "env:ACME_SLACK_TOKEN"' in shown
    assert "xoxb" not in shown


def odd_file(folder):
    rows = [
        b"id;created_at;author;thread;text",
        b"1;2026-11-18T10:00:00Z;mia;;acme caf\xe9 was closed, awful",
        b"2;2026-11-18 11:00:00;mia;;acme without a zone",
        b"3;yesterday;mia;;acme with no date",
        b"4;2026-11-18T12:00:00Z;mia",
        b"5;2026-11-18T12:00:00Z;mia;;" + b"acme " * 250_000,
        b"6;2026-11-18T12:00:00Z;mia;;acme \x00 NUL inside",
        b'7;2026-11-18T12:00:00Z;mia;;=HYPERLINK("http://evil.example") acme',
        b"8;2026-11-18T12:00:00Z;mia;;about somebody else",
        b"1;2026-11-18T10:00:00Z;mia;;acme caf\xe9 was closed, awful",
        "9;2026-11-18T13:00:00Z;jörg;;acme für immer".encode("cp1252"),
    ]
    path = folder / "odd.csv"
    path.write_bytes(b"\r\n".join(rows) + b"\r\n")
    return path


def test_a_file_full_of_trouble_is_reported_row_by_row_and_the_good_rows_are_kept(here):
    here.write(posts=here.folder / "none.csv")
    path = odd_file(here.folder)
    options = ["--platform", "x"]
    for name in ("text", "id", "created_at", "author", "thread"):
        options += ["--column", f"{name}={name}"]
    done = here.run("import", str(path), *options)
    bad = [line for line in done.stderr.splitlines() if line.startswith("  bad:")]
    print(done.stderr, done.stdout)
    kept = {row[0]: row[1] for row in here.rows("select native_id, text from post")}
    assert {"1", "7", "9"} <= set(kept)
    assert kept["1"] == "acme café was closed, awful"
    assert kept["7"].startswith("=HYPERLINK(")
    for line, word in ((3, "zone"), (4, "date"), (5, ""), (6, "")):
        assert any(f"line {line}" in one and word in one for one in bad), bad
    read, stored, known, edited, none, wrong = (
        int(w) for w in done.stdout.replace(":", " ").replace(",", " ").split() if w.isdigit()
    )
    assert read == stored + known + edited + none + wrong == 10
    assert (known, none, wrong) == (1, 1, len(bad))
    again = here.run("import", str(path), *options)
    assert " 0 stored" in again.stdout.replace(":", "")


def test_importing_what_is_no_table_says_so(here):
    here.write(posts=here.folder / "none.csv")
    (here.folder / "bad.csv").write_text("a,b\n1,2\n")
    said = here.run("import", "bad.csv")
    assert "text" in said.stderr
    refused = here.run("import", "bad.csv", "--column", "txt=a", expect=2)
    assert "txt" in refused.stderr


def test_scoring_a_file_keeps_its_columns_and_order(here):
    rows = [
        {"n": "1", "text": "acme charged me twice, I want my money back, this is outrageous", "note": "a,b"},
        {"n": "2", "text": "Thank you so much, the staff were wonderful and friendly!", "note": '"quoted"'},
        {"n": "3", "text": "", "note": ""},
        {
            "n": "4",
            "text": "¿Por qué mi pedido llega tarde otra vez? Es una vergüenza, nunca más compro aquí.",
            "note": "ñ",
        },
    ]
    path = write_csv(here.folder / "posts.csv", rows)
    with gzip.open(here.folder / "posts.csv.gz", "wb") as file:
        file.write(path.read_bytes())
    here.run("score", "--file", "posts.csv.gz", "--text-column", "text", "--out", "scored.csv")
    with (here.folder / "scored.csv").open(newline="", encoding="utf-8") as file:
        scored = list(csv.DictReader(file))
    assert [{k: row[k] for k in ("n", "text", "note")} for row in scored] == rows
    assert [row["sentiment"] for row in scored] == ["negative", "positive", "", ""]
    assert scored[0]["types"].split()[0] == "billing"
    assert int(scored[0]["severity"]) >= 1
    assert sum(float(scored[0][f"p_{s}"]) for s in ("negative", "neutral", "positive")) == pytest.approx(1, abs=2e-3)
    assert [row["language"] for row in scored][3] == "es"
    assert len({row["model"] for row in scored}) == 1
    missing = here.run("score", "--file", "posts.csv", "--text-column", "nope", "--out", "x.csv", expect=1)
    assert "columns: n, text, note" in missing.stderr
    assert not (here.folder / "x.csv").exists()


def scored(here, *options, name="in.csv"):
    done = here.run("score", "--file", name, "--out", "out.csv", *options)
    with (here.folder / "out.csv").open(newline="", encoding="utf-8") as file:
        return done.stderr, file.read()


def test_an_ordinary_export_is_scored_whatever_its_encoding_delimiter_and_headers(here):
    rows = [
        "id;text;severity;note;note",
        "1;the caf\xe9 charged me twice, I want my money back;high;=1+1;b",
        "2;what a lovely day, thank you;;;",
        "3;only two",
        "4;one;too;many;cells;here",
    ]
    (here.folder / "in.csv").write_bytes("\r\n".join(rows).encode("cp1252") + b"\r\n")
    said, written = scored(here)
    header, *found = csv.reader(written.splitlines(), delimiter=";")
    assert header[:5] == ["id", "text", "severity", "note", "note"]
    assert header[5:7] == ["monitor_sentiment", "monitor_p_negative"]
    assert all(name.startswith("monitor_") for name in header[5:])
    assert [row[:5] for row in found] == [
        ["1", "the caf\xe9 charged me twice, I want my money back", "high", "=1+1", "b"],
        ["2", "what a lovely day, thank you", "", "", ""],
        ["3", "only two", "", "", ""],
        ["4", "one", "too", "many", "cells;here"],
    ]
    assert [len(row) for row in found] == [15] * 4
    assert [row[5] for row in found[:2]] == ["negative", "positive"]
    assert "guess" in said
    assert 'begin with "monitor_"' in said
    assert "line 4: has 2 columns" in said
    assert "line 5: has 6 columns" in said


def test_the_output_of_scoring_can_be_scored_again(here):
    (here.folder / "in.csv").write_text("text\nwhat a lovely day\n")
    _, once = scored(here)
    (here.folder / "in.csv").write_text(once)
    _, twice = scored(here)
    first, second = (next(csv.DictReader(content.splitlines())) for content in (once, twice))
    assert list(second) == [*first, *(f"monitor_{name}" for name in first if name != "text")]
    assert second["monitor_sentiment"] == first["sentiment"] == "positive"


def test_what_cannot_be_scored_is_refused_in_a_line_and_nothing_is_written(here):
    (here.folder / "book.xlsx").write_bytes(b"PK\x03\x04 and so on")
    (here.folder / "empty.csv").write_bytes(b"")
    (here.folder / "in.csv").write_text("text\nhello\n")
    torn = gzip.compress(b"text\n" + b"hello, is anybody there?\n" * 2000)[:60]
    (here.folder / "torn.csv.gz").write_bytes(torn)
    for name, word in (("book.xlsx", "Excel"), ("empty.csv", "empty"), ("torn.csv.gz", "EOFError")):
        said = here.run("score", "--file", name, "--out", "out.csv", expect=1).stderr
        assert f"{name}: " in said
        assert word in said
    assert "input itself" in here.run("score", "--file", "in.csv", "--out", "./in.csv", expect=2).stderr
    assert (here.folder / "in.csv").read_text() == "text\nhello\n"
    assert not list(here.folder.glob("out.csv*"))


@pytest.fixture
def stored(here):
    """A desk with a configuration and a database; yields it with an engine to write rows by hand."""
    here.write(posts=here.folder / "posts.csv")
    here.run("status")
    engine = create_engine(here.database.url)
    yield here, engine
    engine.dispose()


def test_nothing_from_outside_commands_the_terminal(stored):
    here, engine = stored
    rows = Rows(engine)
    post = rows.post(NOON, author_handle=EVIL, url=f"https://x.com/{EVIL}", text=EVIL)
    rows.case(1, NOON, handle=EVIL, main_type=EVIL, assignee=EVIL, brand=EVIL)
    rows.poll("export", datetime.now(UTC), ok=False, detail=EVIL)
    sent = {
        "key": "k",
        "kind": "case_opened",
        "channel": f"care{EVIL}",
        "case_id": 1,
        "message": "{}",
        "state": "waiting",
    }
    times = {"queued_at": NOON, "not_before": NOON, "created_at": NOON}
    with engine.begin() as db:
        db.execute(insert(tables.case_post).values(case_id=1, post_id=post, role="customer"))
        db.execute(insert(tables.delivery).values(**sent, **times, error=EVIL))
        db.execute(insert(tables.destination).values(name=f"care{EVIL}", parked_at=NOON, why=EVIL))
        db.execute(insert(tables.source_state).values(name="export", failures=1, last_error=EVIL))
        db.execute(insert(tables.reject).values(source="export", place=EVIL, reason=EVIL, at=NOON))
    for command in (
        ("cases", "list"),
        ("cases", "show", "1"),
        ("deliveries", "list"),
        ("status",),
        ("sources", "log", "export"),
        ("sources", "bad", "export"),
    ):
        said = here.run(*command).stdout
        assert "mia" in said, (command, said)
        assert not set("\x1b\x07\u202e") & set(said), (command, said)
        if command[-1] == "export":
            assert not any(line.startswith("forged") for line in said.splitlines()), (command, said)
    (here.folder / "bad.csv").write_text(f'text,created_at\nacme,"{EVIL}"\n')
    said = here.run("import", "bad.csv", "--column", "created_at=created_at").stderr
    assert "bad: " in said
    assert "\x1b" not in said
    said = here.run("score", "--file", "bad.csv", "--text-column", EVIL, "--out", "out.csv", expect=1).stderr
    assert "\x1b" not in said


def test_run_refuses_to_start_without_the_secrets_that_it_needs(here):
    unused = """
[[channels]]
kind = "slack"
name = "unused"
token = "env:ACME_UNUSED_TOKEN"
conversation = "C0"
"""
    here.write(posts=write_csv(here.folder / "posts.csv", [{"id": "1", "text": "x", "created_at": "", "author": "a"}]))
    path = here.folder / "monitor.toml"
    path.write_text(path.read_text().replace("[[routes]]", unused + "\n[[routes]]", 1))
    here.environment["ACME_SLACK_TOKEN"] = ""
    said = here.run("run", "--once", expect=2).stderr
    assert "channels[0].token: env:ACME_SLACK_TOKEN" in said
    assert "ACME_UNUSED_TOKEN" not in said
    assert not (here.folder / "monitor.db").exists()
    here.run("run", "--once", "--only", "collect")  # tells nobody, and needs no token


def test_unpark_says_what_it_did(stored):
    here, engine = stored
    with engine.begin() as db:
        db.execute(insert(tables.destination).values(name="care", parked_at=NOON, why="invalid_auth"))
        db.execute(insert(tables.destination).values(name="leads", paused_until=datetime(2999, 1, 1, tzinfo=UTC)))
    assert here.run("deliveries", "unpark", "care").stdout == "care: in use again\n"
    assert here.rows("select parked_at from destination where name = 'care'") == [(None,)]
    assert "care is not parked, nothing was changed" in here.run("deliveries", "unpark", "care", expect=1).stderr
    assert "paused until 2999" in here.run("deliveries", "unpark", "leads", expect=1).stderr
    said = here.run("deliveries", "unpark", "carre", expect=1).stderr
    assert "no destination is named carre; known: care, leads" in said


def test_posts_that_could_not_be_judged_are_judged_again_on_request(stored):
    here, engine = stored
    rows = Rows(engine)
    rows.post(NOON, state="quarantined", sentiment=None)
    rows.post(NOON)
    assert here.run("posts", "requeue").stdout == "1 post to be judged again\n"
    assert here.rows("select state from post order by id") == [("collected",), ("decided",)]
    assert here.run("posts", "requeue").stdout == "0 posts to be judged again\n"


def test_a_database_that_fails_in_the_middle_of_a_command_costs_one_line(stored):
    here, engine = stored
    with engine.begin() as db:
        db.execute(text("drop table reject"))
    said = here.run("sources", "bad", "export", expect=1).stderr
    assert said.startswith("Error: the database did not answer")
    assert len(said.splitlines()) == 1


def test_a_scored_file_for_a_spreadsheet_runs_no_formula(here):
    write_csv(here.folder / "posts.csv", [{"text": "=HYPERLINK(1) acme is late again", "n": "1"}])
    here.run("score", "--file", "posts.csv", "--out", "scored.csv", "--for-spreadsheet")
    with (here.folder / "scored.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["text"], row["n"]) == ("'=HYPERLINK(1) acme is late again", "1")


def test_score_speaks_to_a_person(here):
    said = here.run("score", "my parcel never came and nobody answers the phone", "what a lovely day").stdout
    assert "negative" in said
    assert "severity" in said


def test_route_test_prints_the_way_of_a_post_and_fails_where_it_is_not_the_expected_one(here):
    here.write(posts=here.folder / "posts.csv")
    way = ("route", "test", "acme: the router caught fire", "--type", "safety", "--severity", "critical")
    said = here.run(*way, "--expect", "leads,care").stdout
    assert "-> critical" in said
    assert "channels: leads, care" in said
    here.run(*way, "--expect", "care", expect=1)


def test_help_answers_in_half_a_second(here):
    best = min(_timed(here) for _ in range(3))
    assert best < 0.5


def _timed(here):
    began = time.perf_counter()
    here.run("--help")
    return time.perf_counter() - began
