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
    (collect,) = house.collectors(house.destinations())
    while collect.piece()[1]:
        pass

    def work():
        destinations = house.destinations()  # everything anew, as after a restart
        batches = [
            house.score(WordClassifier(), destinations).batch,
            house.decide(destinations).batch,
            house.digest().batch,
        ]
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


def read_all(house):
    for collect in house.collectors(house.destinations()):
        while collect.piece()[1]:
            pass


def judge(house):
    destinations = house.destinations()
    score, decide = house.score(WordClassifier(), destinations), house.decide(destinations)
    while score.batch() + decide.batch():
        pass


def deliver(house):
    for worker in house.deliver(house.destinations()):
        while worker.batch():
            pass


def test_after_two_weeks_off_both_weeks_are_sent_once_each_and_say_that_they_are_late(house, tmp_path):
    desk, house = house
    read_all(house)
    judge(house)
    # Off from Sunday to the Tuesday after next; the sources have brought more meanwhile.
    house.clock.set(datetime(2026, 11, 24, 12, 0, tzinfo=UTC))
    write_csv(tmp_path / "posts.csv", invented_posts(40, day="2026-11-11") + later_posts("2026-11-18"))
    digest = house.digest()
    assert digest.batch() == 0  # the sources have not been asked since: what they hold of these weeks is yet to come
    read_all(house)
    assert [digest.batch() for _ in range(2)] == [1, 0]  # posts of the second week have not been judged yet
    judge(house)
    assert [digest.batch() for _ in range(2)] == [1, 0]
    house.clock.advance(timedelta(days=3))
    assert house.digest().batch() == 0
    deliver(house)
    first, second = digests(desk)
    assert [sent.mail["Subject"].split(":")[0] for sent in (first, second)] == ["Acme, week 46", "Acme, week 47"]
    assert "This digest is late: it was due on Mon 16 Nov, 08:30 and was made on Tue 24 Nov, 13:00." in plain(first)
    assert "This digest is late: it was due on Mon 23 Nov, 08:30 and was made on Tue 24 Nov, 13:00." in plain(second)
    assert "7 posts" in plain(second)


def later_posts(day):
    return [post | {"id": f"later-{post['id']}"} for post in invented_posts(7, day=day)]


def plain(sent):
    """The mail's plain text, its folded lines joined."""
    return " ".join(sent.mail.get_body(("plain",)).get_content().split())


def test_posts_of_the_new_week_do_not_hold_the_digest_up_and_those_of_its_own_do(house, tmp_path):
    desk, house = house
    read_all(house)
    house.clock.set(MONDAY + timedelta(minutes=2))
    assert house.digest().batch() == 0
    judge(house)
    write_csv(tmp_path / "posts.csv", invented_posts(40, day="2026-11-11") + later_posts("2026-11-16"))
    read_all(house)
    assert house.store.posts.backlog()["collected"] == 7
    assert house.digest().batch() == 1
    deliver(house)
    (sent,) = digests(desk)
    assert "late" not in plain(sent)


def test_posts_that_nobody_judges_hold_the_digest_up_for_six_hours_only(house):
    _, house = house
    read_all(house)
    house.clock.set(MONDAY + timedelta(minutes=1))
    digest = house.digest()
    house.clock.advance(timedelta(hours=5, minutes=59))
    assert digest.batch() == 0
    house.clock.advance(timedelta(minutes=1))
    assert digest.batch() == 1


def test_a_reader_who_is_added_gets_the_newest_digest_and_no_heap_of_old_ones(house):
    _, house = house
    read_all(house)
    judge(house)
    for week in range(3):
        house.clock.set(MONDAY + timedelta(weeks=week, hours=1))
        assert house.digest().batch() == 1
    more = house.settings.digest.model_copy(update={"recipients": ("director@acme.example", "board@acme.example")})
    house = House(house.settings.model_copy(update={"digest": more}), house.store, house.clock, Random(3))
    assert [house.digest().batch() for _ in range(2)] == [1, 0]
    waiting = [channel for channel, _ in house.store.outbox.depth()]
    assert waiting.count("leads:board@acme.example") == 1
    assert house.store.outbox.depth()["leads:board@acme.example", "pending"] == 1


def test_a_late_digest_is_previewed_as_late(house, tmp_path):
    _, house = house
    read_all(house)
    judge(house)
    house.clock.set(MONDAY + timedelta(days=1))
    make.preview(house.store, house.settings, Week(2026, 46), house.clock(), tmp_path / "preview")
    assert "This digest is late" in (tmp_path / "preview" / "digest.txt").read_text()
    make.preview(house.store, house.settings, Week(2026, 45), house.clock(), tmp_path / "before")
    assert "late" not in (tmp_path / "before" / "digest.txt").read_text()


def test_a_week_before_the_first_post_was_heard_is_not_reported(house):
    desk, house = house
    house.clock.set(MONDAY + timedelta(hours=1))
    assert house.digest().batch() == 0
    assert digests(desk) == []
