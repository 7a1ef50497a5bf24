"""What people do at a terminal: set up, check, import, score, try routes, look at the digest."""

from __future__ import annotations

import csv
import gzip
import time

import pytest
from desk import desk, write_csv

from config.settings import Database

TEN_MISTAKES = """
company = ""
time_zone = "Mars/Olympus"
colour = "red"

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
    for place in (
        "company",
        "time_zone",
        "colour",
        "brands[0].aliases[0].kind",
        "sources[0].brand",
        "sources[1].name",
        "sources[1].url",
        "channels[0].token",
        "routes[0].when.types",
        "routes[0].channels",
        "thresholds.negative",
    ):
        assert place in said, said
    assert "xoxb-in-the-open" not in said
    assert "line 4" in said


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
