"""The digest reaches each reader once, and the preview shows exactly what was sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from desk import desk, invented_posts, write_csv
from house import WordClassifier
from slack_server import TOKEN

from config.load import load
from monitor.clock import SetClock
from monitor.digest import make
from monitor.digest.period import Week
from monitor.store.engine import open_store
from monitor.wiring import House

WEDNESDAY = datetime(2026, 11, 11, 12, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 16, 7, 29, tzinfo=UTC)  # 08:29 in Berlin


@pytest.fixture
def house(tmp_path, database, monkeypatch):
    monkeypatch.setenv("ACME_SLACK_TOKEN", TOKEN)
    with desk(tmp_path, database) as one:
        one.write(posts=write_csv(tmp_path / "posts.csv", invented_posts(40, day="2026-11-11")), digest=True)
        settings = load(tmp_path / "monitor.toml")
        store = open_store(settings.database, migrate=True)
        yield one, House(settings, store, SetClock(WEDNESDAY), Random(3))
        store.close()


def digests(desk):
    return [m for m in desk.mail.mails if m.recipients == ("director@acme.example",)]


def test_a_finished_week_is_reported_once_and_as_previewed(house, tmp_path):
    desk, house = house
    (collect,) = house.collectors()
    while collect.piece()[1]:
        pass

    def work():
        destinations = house.destinations()  # everything anew, as after a restart
        batches = [house.score(WordClassifier()).batch, house.decide(destinations).batch, house.digest().batch]
        batches += [worker.batch for worker in house.deliver(destinations)]
        while sum(batch() for batch in batches):
            pass

    work()
    house.clock.set(MONDAY)
    work()
    assert digests(desk) == []
    house.clock.advance(timedelta(minutes=1))
    for _ in range(3):
        work()
    house.clock.advance(timedelta(days=2))
    work()
    (sent,) = digests(desk)
    assert sent.mail["Subject"].startswith("Acme, week 46")
    assert sent.mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in sent.mail.walk()].count("image/png") == 2
    # Long after, and although a case has been worked on since: what is shown is what was sent.
    make.preview(house.store, house.settings, Week(2026, 46), house.clock(), tmp_path / "preview")
    shown = (tmp_path / "preview" / "digest.eml").read_bytes().decode("ascii")
    assert sent.text.replace("\r\n", "\n").rstrip("\n") == shown.replace("\r\n", "\n").rstrip("\n")


def test_a_week_before_the_first_post_was_heard_is_not_reported(house):
    desk, house = house
    house.clock.set(MONDAY + timedelta(hours=1))
    assert house.digest().batch() == 0
    assert digests(desk) == []
