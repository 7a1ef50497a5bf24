"""The past of a source, read at a terminal: killed anywhere, the same command brings every post once."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from desk import Desk, desk, kill
from faulty_server import Answer
from hackernews_server import HackerNewsServer, comment

from config.settings import Database

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
SINCE = (NOW - 40 * DAY).date()
COUNT = 1_300  # seven pages

SOURCE = """
[[sources]]
kind = "hackernews"
name = "hn"
queries = ["acme"]
base_url = "{base}"
allow_private_address = true
"""


@pytest.fixture
def server() -> Iterator[HackerNewsServer]:
    with HackerNewsServer() as one:
        start = int((NOW - 30 * DAY).timestamp())
        one.items = [comment(number, start + number * 60, "acme is awful") for number in range(1, COUNT + 1)]
        yield one


@pytest.fixture
def here(tmp_path, server):
    with desk(tmp_path, Database(url=f"sqlite:///{tmp_path}/monitor.db")) as one:
        one.write(posts=tmp_path / "none.csv", more=SOURCE.format(base=server.base))
        yield one


def stored(here: Desk) -> int:
    [(count,)] = here.rows("select count(*) from post")
    return int(count)


def test_killed_between_any_pages_it_brings_every_post_once(here, server):
    here.run("status")
    command = ("backfill", "hn", "--since", str(SINCE))
    chance, answer = random.Random(20261121), server.answer
    server.answer = lambda asked: (time.sleep(0.1), answer(asked))[1]
    counts = []
    for _ in range(4):
        before, program = stored(here), here.start(*command)
        deadline = time.monotonic() + 30
        while stored(here) == before and program.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.12))
        kill(program)
        counts.append(stored(here))
    assert counts[0] < COUNT, counts
    assert counts == sorted(set(counts)), counts  # each life went on
    said = here.run(*command)
    assert said.stdout.startswith("Done: ")
    ids = here.rows("select count(*), count(distinct native_id) from post")
    assert ids == [(COUNT, COUNT)]
    assert here.rows("select state, stored, read = stored + duplicates from backfill") == [("done", COUNT, 1)]
    assert here.rows("select name from source_state") == []  # the live source was never called
    asked = len(server.asked)
    assert here.run(*command).stdout.startswith("This was read on ")
    assert len(server.asked) == asked
    assert "done" in here.run("backfill", "--list").stdout


def test_what_cannot_be_done_is_said_in_a_line(here, server):
    def refused(*words: str, expect: int) -> str:
        said = here.run("backfill", *words, expect=expect)
        assert "Traceback" not in said.stderr
        return said.stderr

    since = ("--since", str(SINCE))
    assert '"export" cannot read its past; these can: hn' in refused("export", *since, expect=1)
    assert 'no source is named "nope"; these can: hn' in refused("nope", *since, expect=1)
    assert "costs no money" in refused("hn", *since, "--budget", "20", expect=1)
    assert "is no date" in refused("hn", "--since", "yesterday", expect=2)
    assert "in the future" in refused("hn", *since, "--until", "2999-01-01", expect=2)
    assert "must lie before" in refused("hn", *since, "--until", str(SINCE), expect=2)
    assert "--list" in refused("hn", expect=2)
    server.answer = lambda _: Answer(b"", 429, {"Retry-After": "900"})
    said = refused("hn", *since, expect=3)
    assert "Run it again after" in said
    assert "The same command goes on." in said
    server.answer = lambda _: Answer(b"", 403)
    assert "access denied" in refused("hn", *since, expect=1)
    assert "No backfill" not in here.run("backfill", "--list").stdout
