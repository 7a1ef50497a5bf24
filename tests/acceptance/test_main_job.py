"""The main job with the real program, the real model, real servers: from a file to Slack, mail and digest."""

from __future__ import annotations

import json
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest
from desk import as_json, desk, invented_posts, wait_for, write_csv
from http_faults import Fault

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()


@pytest.fixture
def here(tmp_path, database):
    with desk(tmp_path, database) as one:
        one.write(posts=write_csv(tmp_path / "posts.csv", invented_posts(60, day=YESTERDAY)))
        yield one


def test_posts_travel_from_a_file_to_slack_and_mail_once(here):
    here.run("run", "--once")
    first = here.outcome()
    assert sum(first.posts.values()) == 60
    assert {state for _, _, state in first.posts} == {"decided"}
    assert len(first.verdicts) == 60
    alerts = [key for key in first.decisions if key[2]]
    assert 20 <= len(alerts) <= 50
    assert {state for _, state, _ in first.deliveries} == {"sent"}
    assert (
        len(here.slack.keys)
        == len(set(here.slack.keys))
        == sum(n for (channel, _, _), n in first.deliveries.items() if channel == "care")
    )
    mails = list(here.mail.mails)
    assert mails
    assert {m.recipients for m in mails} == {("lead@acme.example",)}

    here.run("run", "--once")
    assert here.outcome() == first
    assert len(here.mail.mails) == len(mails)

    (source,) = as_json(here.run("status", "--json"))["sources"]
    assert (source["name"], source["health"], source["facts"]["total"]["stored"]) == ("export", "healthy", 60)


def test_people_can_work_on_a_case_from_the_terminal(here):
    here.run("run", "--once")
    number = str(as_json(here.run("cases", "list", "--json"))[0]["id"])
    shown = here.run("cases", "show", number).stdout
    assert "case_opened to care: sent" in shown
    here.run("cases", "ack", number, "--by", "kim")
    here.run("cases", "assign", number, "kim")
    here.run("cases", "respond", number, "--by", "kim", "--why", "called back")
    refused = here.run("cases", "ack", number, expect=1)
    assert "cannot ack a case that is responded; possible now: resolve, dismiss" in refused.stderr
    here.run("cases", "resolve", number)
    shown = here.run("cases", "show", number).stdout
    assert "respond: acknowledged -> responded, by kim: called back" in shown
    assert here.run("cases", "show", "9999", expect=1).stderr == "Error: there is no case 9999\n"


def test_the_daemon_delivers_and_stops_cleanly_within_ten_seconds(here):
    program = here.start("run", "--log", "json")
    wait_for('"event": "delivered"', program, here)
    asked = datetime.now(UTC)
    program.send_signal(signal.SIGTERM)
    assert program.wait(timeout=10) == 0
    assert datetime.now(UTC) - asked < timedelta(seconds=10)
    lines = [json.loads(line) for line in here.log().splitlines() if line.startswith("{")]
    assert lines[-1]["event"] == "stopped"
    assert not [line for line in lines if line["level"] == "error"]
    # No lease is left behind, and a post's text is in no log line.
    assert here.rows("select count(*) from delivery where state in ('leased', 'sending')") == [(0,)]
    assert "unacceptable" not in here.log()
    here.run("run", "--once")
    keys = here.slack.keys
    assert len(keys) == len(set(keys))


def test_a_place_that_hangs_does_not_hold_up_the_stop_and_gets_its_message_once(here):
    here.slack.fail(Fault("accept_hang"))  # it takes the message, and never says so
    program = here.start("run", "--log", "json")
    deadline = time.monotonic() + 60
    while not here.slack.asked and time.monotonic() < deadline:
        time.sleep(0.02)
    program.send_signal(signal.SIGTERM)
    assert program.wait(timeout=10) == 0
    assert "stopped in the middle of work" in here.log()
    here.run("run", "--once")
    keys = here.slack.keys
    assert len(keys) == len(set(keys)) > 1
    assert here.rows("select count(*) from delivery where state <> 'sent'") == [(0,)]


def test_a_second_daemon_is_refused(here):
    program = here.start("run")
    wait_for("running", program, here)
    refused = here.run("run", "--once", expect=1)
    assert "already runs on this database" in refused.stderr
    program.send_signal(signal.SIGTERM)
    program.wait(timeout=10)
