"""Slack and the mail server are away for an hour of simulated time: delivered after, once, in order."""

from __future__ import annotations

import os
import re
import socket
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from desk import Desk, write_csv
from house import WordClassifier
from slack_server import TOKEN, SlackServer
from smtp_server import MailServer

from config.load import load
from monitor.clock import SetClock
from monitor.store.engine import open_store
from monitor.wiring import House

START = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
POSTS = 25


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Away:
    """Stands for a server in the settings before it is there."""

    def __init__(self) -> None:
        self.port = free_port()
        self.api_url = f"http://127.0.0.1:{self.port}/api/"


@pytest.fixture
def house(tmp_path, database, monkeypatch):
    monkeypatch.setenv("ACME_SLACK_TOKEN", TOKEN)
    desk = Desk(tmp_path, Away(), Away(), database)
    rows = [
        {
            "id": f"p{n}",
            "text": f"acme is unsafe, number {n:02}.",
            "created_at": (START - timedelta(minutes=POSTS - n)).isoformat(),
            "author": f"demo_{n}",
            "thread": "",
        }
        for n in range(POSTS)
    ]
    desk.write(posts=write_csv(tmp_path / "posts.csv", rows))
    settings = load(tmp_path / "monitor.toml")
    store = open_store(settings.database, migrate=True)
    yield desk, House(settings, store, SetClock(START), Random(3))
    store.close()


def numbers(texts):
    return [int(re.search(r"number (\d\d)", text)[1]) for text in texts]


def test_an_hour_without_slack_and_mail_loses_doubles_and_reorders_nothing(house):
    desk, house = house
    (collect,) = house.collectors(house.destinations())
    while collect.piece()[1]:
        pass
    destinations = house.destinations()
    score, decide, workers = (
        house.score(WordClassifier(), destinations),
        house.decide(destinations),
        house.deliver(destinations),
    )

    def work(minutes):
        for _ in range(minutes):
            while sum(batch() for batch in (score.batch, decide.batch, *(w.batch for w in workers))):
                pass
            house.clock.advance(timedelta(minutes=1))

    work(60)
    assert house.store.outbox.unfinished() == 2 * POSTS
    with SlackServer(port=desk.slack.port) as slack, MailServer(port=desk.mail.port) as mail:
        work(35)  # the longest pause that an outage leads to is fifteen minutes
        assert house.store.outbox.unfinished() == 0
        assert numbers(m["text"] for m in slack.messages) == list(range(POSTS))
        assert numbers(m.mail.get_body(("plain",)).get_content() for m in mail.mails) == list(range(POSTS))
    assert os.environ["ACME_SLACK_TOKEN"] not in (desk.folder / "monitor.toml").read_text()
