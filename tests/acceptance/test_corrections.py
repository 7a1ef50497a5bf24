"""What a team does at a terminal to put the judge right, and to learn how right it is."""

from __future__ import annotations

import csv
import os
import sys
from datetime import UTC, datetime, timedelta

import pytest
from desk import ROOT, Desk, desk
from digest_rows import Rows
from keyboard import Keyboard
from slack_server import TOKEN
from sqlalchemy import create_engine

from config.settings import Database
from monitor.store.engine import open_store

NOW = datetime.now(UTC)  # the commands look at the clock
POSTS = 12
ENTER = "\r"


@pytest.fixture
def here(tmp_path):
    with desk(tmp_path, Database(url=f"sqlite:///{tmp_path}/monitor.db")) as one:
        one.write(posts=tmp_path / "posts.csv")
        open_store(one.database).close()
        engine = create_engine(one.database.url)
        rows = Rows(engine)
        for n in range(POSTS):
            words = "=1+1 you lost my parcel" if n % 2 else "@acme you lost my parcel"
            rows.post(
                NOW - timedelta(days=n / 4),
                text=f"{words}, box {n // 4}",
                sentiment="negative",
                types="delay",
                severity=2,
            )
        engine.dispose()
        yield one


def corrections(at: Desk) -> list[tuple[object, ...]]:
    return at.rows("SELECT post_id, sentiment, complaint, types, severity, drawn, who FROM correction ORDER BY id")


def test_a_post_is_corrected_by_number_by_id_and_by_address(here):
    said = here.run("correct", "1", "--no-complaint", "--by", "anna", "--note", "a joke").stdout
    assert said == (
        "post 1: complaint yes -> no, types delay -> none, severity 2 -> 0\n"
        "1 more stored post with the same text: not changed by this.\n"
    )
    here.run("correct", "x:n2", "--types", "staff, delay", "--severity", "3", "--by", "anna")
    here.run("correct", "https://social.example/3", "--sentiment", "neutral", "--by", "ben")
    assert corrections(here) == [
        (1, None, 0, "", 0, 0, "anna"),
        (2, None, 1, "staff delay", 3, 0, "anna"),
        (3, "neutral", None, None, None, 0, "ben"),
    ]
    assert "nothing was stored" in here.run("correct", "1", "--no-complaint").stdout
    assert "confirmed as it is" in here.run("correct", "4", "--sentiment", "negative").stdout
    listed = here.run("corrections", "list").stdout
    assert all(word in listed for word in ("anna", "ben", "a joke", "staff", "complaint"))


REFUSED = [
    (("1",), 2, "say what is to be corrected"),
    (("1", "--types", "dely"), 2, 'no complaint type is named "dely"; there are quality, delay'),
    (("1", "--severity", "2", "--no-complaint"), 2, "--severity: 2, but what is no complaint has severity 0"),
    (("1", "--sentiment", "angry"), 2, '"angry" is none of negative, neutral, positive'),
    (("9" * 30, "--sentiment", "neutral"), 1, "there is no post 999"),
    (("x:nobody", "--sentiment", "neutral"), 1, "there is no post x:nobody"),
    (("what\x1b[31m", "--sentiment", "neutral"), 2, "give a post's number, platform:id"),
]


def test_what_cannot_be_corrected_is_refused_in_words(here):
    for arguments, status, said in REFUSED:
        shown = here.run("correct", *arguments, expect=status).stderr
        assert said in " ".join(shown.split())
        assert "Traceback" not in shown
        assert "\x1b" not in shown
    assert corrections(here) == []


def test_corrections_are_exported_for_training_and_safe_for_a_spreadsheet(here):
    here.run("correct", "2", "--types", "staff delay", "--flags", "none", "--by", "anna")
    here.run("correct", "3", "--no-complaint", "--by", "anna")
    here.run("correct", "4", "--sentiment", "neutral", "--by", "anna")
    said = here.run("corrections", "export", "--out", "mine.csv").stdout
    assert said == "2 corrected posts written to mine.csv; 1 without types left out\n"
    with (here.folder / "mine.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [
        (r["text"], r["types"], r["sentiment"], r["complaint"], r["severity"], r["flags"], r["by"]) for r in rows
    ] == [
        ("'=1+1 you lost my parcel, box 0", "staff delay", "?", "yes", "?", "", "anna"),
        ("'@acme you lost my parcel, box 0", "", "?", "no", "0", "?", "anna"),
    ]
    here.run("corrections", "export", "--out", "all.csv", "--all")
    with (here.folder / "all.csv").open(encoding="utf-8", newline="") as file:
        assert [(r["post"], r["types"]) for r in csv.DictReader(file)] == [("2", "staff delay"), ("3", ""), ("4", "?")]


def test_a_sample_is_drawn_blind_filled_in_and_read_once(here):
    said = here.run("sample", "--size", "5", "--since", "2d", "--seed", "7", "--by", "anna").stdout
    assert said.startswith("Draw 1: 5 of 8 judged posts of the last 2d, seed 7.\n5 posts to label in sample.csv.")
    sheet = here.folder / "sample.csv"
    assert "exists already" in here.run("sample", "--size", "1", expect=1).stderr
    assert here.rows("SELECT count(*) FROM draw") == [(1,)]  # refused before anything was drawn
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {"post", "platform", "published", "text", "url"} | {
        "sentiment", "complaint", "types", "severity", "flags", "note"
    }  # fmt: skip
    assert not any(word in sheet.read_text(encoding="utf-8") for word in ("negative", "delay", "m1"))
    assert all(row["text"].startswith("'") for row in rows)  # "=" and "@" run in a spreadsheet
    for row in rows[:4]:
        row |= {"sentiment": "negative", "complaint": "yes", "types": "delay", "severity": "2"}
    rows[1]["sentiment"] = "angry"
    rows[2]["types"] = "dely"
    filled = here.folder / "filled.csv"
    with filled.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    first = here.run("sample", "--read", "filled.csv", "--by", "anna", expect=1)
    assert first.stdout == "2 labelled, 0 known already, 1 not filled in, 2 bad\n"
    assert [line.split(";")[0] for line in first.stderr.splitlines()] == [
        'filled.csv: line 3, column sentiment: "angry" is none of negative, neutral, positive',
        'filled.csv: line 4, column types: no complaint type is named "dely"',
    ]
    again = here.run("sample", "--read", "filled.csv", "--by", "anna", expect=1).stdout
    assert again == "0 labelled, 2 known already, 1 not filled in, 2 bad\n"
    assert [row[1:] for row in corrections(here)] == [("negative", 1, "delay", 2, 1, "anna")] * 2
    assert here.run("sample", "--rest", "--out", "rest.csv").stdout.startswith("3 posts to label in rest.csv.")


def test_a_sheet_with_posts_that_were_never_drawn_stores_the_others(here):
    here.run("sample", "--size", "50", "--out", "s.csv", "--since", "1d")
    lines = ["post,sentiment,complaint", "1,neutral,no", "9,neutral,no", "99,neutral,no", ""]
    (here.folder / "f.csv").write_text("\n".join(lines))
    done = here.run("sample", "--read", "f.csv", expect=1)
    assert done.stderr.splitlines() == [
        "f.csv: line 3, column post: 9: it is in no sample",
        "f.csv: line 4, column post: 99: there is no such post",
    ]
    assert [row[0] for row in corrections(here)] == [1]


def test_what_does_not_go_together_is_refused_and_draws_nothing(here):
    for arguments in (
        ("--rest", "--label"),
        ("--label", "--size", "3"),
        ("--rest", "--seed", "3"),
        ("--since", "soon"),
    ):
        here.run("sample", *arguments, expect=2)
    assert here.rows("SELECT count(*) FROM draw") == [(0,)]


def test_where_nothing_is_left_to_draw_that_is_said(here):
    here.run("sample", "--since", "1h", "--out", "all.csv")
    assert "no judged post of the last 1h is left" in here.run("sample", "--since", "1h", expect=1).stderr


def at_the_keyboard(here: Desk) -> Keyboard:
    environment = os.environ | {"ACME_SLACK_TOKEN": TOKEN, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-m", "monitor", "--config", "monitor.toml", "sample", "--label", "--by", "anna"]
    return Keyboard(command, here.folder, environment)


def test_a_sample_is_labelled_with_one_key_for_each_answer_and_taken_up_again(here):
    here.run("sample", "--size", "3")
    with at_the_keyboard(here) as keys:
        keys.waits("1 of 3")
        keys.press(f"ny2{ENTER}2{ENTER}")  # negative, a complaint, delay, nothing else, serious, no flag
        keys.waits("2 of 3")
        keys.press("pb")  # positive, and the post anew
        keys.waits("from the beginning")
        keys.press("q")
        assert keys.ends() == 0
    assert "1 labelled, 2 left." in keys.shown
    asked_about = keys.shown.partition("1 of 3")[2].partition("How does")[0]
    assert "box" in asked_about
    assert not any(word in asked_about for word in ("negative", "delay", "m1"))
    assert [row[1:] for row in corrections(here)] == [("negative", 1, "delay", 2, 1, "anna")]
    with at_the_keyboard(here) as keys:
        keys.waits("1 of 2")
        keys.press("s")
        keys.waits("2 of 2")
        keys.press(f"unr{ENTER}")
        assert keys.ends() == 0
    assert "1 labelled, 1 left." in keys.shown
    assert here.rows("SELECT sentiment, complaint, flags FROM correction ORDER BY id DESC LIMIT 1") == [
        ("neutral", 0, "needs_reply")
    ]


def test_killed_while_labelling_what_was_answered_is_kept(here):
    here.run("sample", "--size", "2")
    with at_the_keyboard(here) as keys:
        keys.press(f"pn{ENTER}")
        keys.waits("2 of 2")
        keys.program.kill()
    assert [row[1:3] for row in corrections(here)] == [("positive", 0)]
    assert here.run("sample", "--rest", "--out", "rest.csv").stdout.startswith("1 posts to label")


def test_without_a_terminal_labelling_says_what_to_do_instead(here):
    assert "--rest --out FILE" in here.run("sample", "--label", expect=1).stderr


def test_corrected_posts_are_held_against_the_judge_in_use(here):
    assert here.run("corrections", "check").stdout == "No post has been corrected yet.\n"
    here.run("correct", "1", "--sentiment", "negative", "--by", "anna")
    assert "agreed" in here.run("corrections", "check", "--strict").stdout
    here.run("correct", "1", "--sentiment", "positive", "--by", "anna")
    said = here.run("corrections", "check").stdout
    assert "post 1: sentiment negative, should be positive: “@acme you lost my parcel, box 0”" in said
    here.run("corrections", "check", "--strict", expect=1)
    assert here.rows("SELECT count(*) FROM verdict") == [(POSTS,)]
