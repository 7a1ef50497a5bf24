"""monitor doctor: what is missing is said with what to do about it, and nothing is spent or shown that is secret."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from desk import desk
from faulty_server import Answer
from hackernews_server import HackerNewsServer
from slack_server import TOKEN

from config.settings import Database

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
        yield one


@pytest.fixture
def here(tmp_path, server):
    with desk(tmp_path, Database(url=f"sqlite:///{tmp_path}/monitor.db")) as one:
        (tmp_path / "posts.csv").write_text("text,id,created_at,author,thread\n")
        one.write(posts=tmp_path / "posts.csv", more=SOURCE.format(base=server.base))
        yield one


def looked(here, *, expect: int) -> dict[tuple[str, str], tuple[bool, str]]:
    said = json.loads(here.run("doctor", "--json", expect=expect).stdout)
    assert said["ok"] is (expect == 0)
    assert said["spent"] == []
    return {(one["place"], one["what"]): (one["ok"], one["detail"]) for one in said["findings"]}


def test_a_house_in_order_is_well(here, server):
    said = here.run("doctor").stdout
    assert "Spent: nothing." in said
    assert "All is well." in said
    assert TOKEN not in said
    assert not (here.folder / "monitor.db").exists()  # it only looks
    here.run("status")
    found = looked(here, expect=0)
    assert found["database", "reach and schema"] == (True, "")
    assert found["source hn", "reach"] == (True, "")
    assert found["channel care", "secrets"] == (True, "")
    assert found["packages", "names"] == (True, "")
    assert found["time zone", "Europe/Berlin"][0]
    assert " s" in found["model", "loads"][1]
    assert {place for place, _ in found} >= {"disk", "clock", "source export"}


def test_everything_that_is_wrong_is_named_with_what_to_do(here, server):
    here.run("status")
    here.environment["ACME_SLACK_TOKEN"] = ""
    slow = datetime.now(UTC) - timedelta(minutes=10)
    server.answer = lambda _: Answer(b"", 403, {"Date": format_datetime(slow, usegmt=True)})
    (here.folder / "posts.csv").unlink()
    found = looked(here, expect=1)
    assert not found["channel care", "secrets"][0]
    assert "ACME_SLACK_TOKEN" in found["channel care", "secrets"][1]
    assert not found["source hn", "credentials"][0]
    assert "403" in found["source hn", "credentials"][1]
    assert not found["clock", "time"][0]
    assert "s fast: switch on" in found["clock", "time"][1]


def test_a_database_of_another_version_is_not_touched(here):
    here.run("status")
    with sqlite3.connect(here.folder / "monitor.db") as db:
        db.execute("update alembic_version set version_num = '0001'")
    found = looked(here, expect=1)
    assert "monitor db upgrade" in found["database", "reach and schema"][1]
    with sqlite3.connect(here.folder / "monitor.db") as db:
        assert db.execute("select version_num from alembic_version").fetchall() == [("0001",)]
