"""What the operators hear of a source: each trouble once, its end once, whoever dies in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from house import NOON, House, says

from collectors.base import AccessDenied, BudgetSpent, Harvest, Loss, SourceDown, Spend
from config.source_app_store import AppStoreSource
from config.source_x import XBudget, XSource
from monitor.pipeline.health import Health
from monitor.pipeline.overview import overview
from monitor.pipeline.watch import Watch

MINUTE = timedelta(minutes=1)


def with_source(store, source):
    house = House(store)
    house.settings = house.settings.model_copy(update={"sources": (source,)})
    house.new_workers()
    return house


@pytest.fixture
def house(store):
    return House(store)


@pytest.fixture
def reviews(store):
    """A kind of source that always shows its newest items."""
    return with_source(store, AppStoreSource(name="inbox", apps=("1",)))


@pytest.fixture
def paid(store):
    """A source that may spend a dollar a day, and thirty a month."""
    budget = XBudget(daily=Decimal(1), monthly=Decimal(30))
    return with_source(store, XSource(name="inbox", bearer_token="env:UNUSED", terms=("acme",), budget=budget))


def watch(house):
    """A new one: what a restart leaves of it."""
    return Watch(house.store, house.settings, house.notices, house.clock)


def heard(house):
    house.works()
    return [message.subject for message in house.boss.messages]


def test_a_source_whose_thread_hangs_is_told_of_by_the_watch(house):
    house.source(Harvest(posts=[says("fine")])).piece()
    looker = watch(house)
    house.clock.advance(timedelta(hours=2))
    assert looker.batch() == 0  # it may be called at any moment: the machine may just have woken
    house.clock.advance(5 * MINUTE)
    assert [looker.batch(), looker.batch(), watch(house).batch()] == [1, 0, 0]
    assert heard(house) == ["Source inbox is late"]
    house.clock.advance(timedelta(hours=9))
    again = watch(house)
    again.batch()
    house.clock.advance(5 * MINUTE)
    assert again.batch() == 0
    house.source(Harvest()).piece()
    assert heard(house) == ["Source inbox is late", "Source inbox works again"]


def test_what_a_kill_left_untold_is_told_by_the_watch_once(house):
    for failures in range(3):
        house.store.posts.save_failure(
            "inbox", error="SourceDown: x", retry_at=NOON, stopped=False, now=NOON + failures * MINUTE
        )
    assert [watch(house).batch(), watch(house).batch()] == [1, 0]
    assert heard(house) == ["Source inbox has failed 3 times in a row"]


def test_two_who_notice_the_same_tell_it_once(house):
    source = house.source(*[SourceDown("no route")] * 3)
    for _ in range(3):
        source.piece()
    facts = replace(house.store.sources.get("inbox"), alarm=None)  # as somebody saw it a moment ago
    assert not house.store.sources.change_alarm("inbox", facts.alarm, "broken", [], NOON)
    assert watch(house).batch() == 0
    assert heard(house) == ["Source inbox has failed 3 times in a row"]


def test_waking_a_source_is_not_its_recovery(house):
    source = house.source(AccessDenied("401"), AccessDenied("401"), Harvest())
    source.piece()
    house.store.sources.wake("inbox")
    assert watch(house).batch() == 0
    source.piece()
    assert heard(house) == ["Source inbox has stopped: access denied"]
    source.piece()
    assert heard(house) == ["Source inbox has stopped: access denied", "Source inbox works again"]


def test_a_spent_budget_is_told_once_a_period_with_its_end(house):
    until = NOON + timedelta(hours=12)
    source = house.source(
        BudgetSpent("the day's budget for X is spent", until),
        BudgetSpent("the day's budget for X is spent", until),
        Harvest(posts=[says("fine")]),
        BudgetSpent("the day's budget for X is spent", until + timedelta(days=1)),
    )
    source.piece()
    source.piece()
    line = overview(house.store, house.settings, house.clock()).sources[0]
    assert (line.health, line.facts.failures) == (Health.STOPPED, 0)
    assert heard(house) == ["Source inbox has stopped: its budget is spent"]
    assert "nothing is read until 2026-11-19 00:00." in house.boss.bodies[0]
    house.clock.set(until + MINUTE)
    source.piece()
    assert len(heard(house)) == 1  # that it goes on was said with its end
    source.piece()
    assert len(heard(house)) == 2


def test_a_review_source_that_suddenly_shows_nothing_is_an_alarm(reviews):
    full = Harvest(posts=[replace(says("fine"), native_id=f"r{n}") for n in range(3)])
    source = reviews.source(*[full] * 6, *[Harvest()] * 6, full)
    for _ in range(10):
        source.piece()
    assert heard(reviews) == []
    source.piece()
    source.piece()
    assert heard(reviews) == ["Source inbox answers, but with nothing"]
    line = overview(reviews.store, reviews.settings, reviews.clock()).sources[0]
    assert (line.health, line.why) == (
        Health.BROKEN,
        "6 calls in a row brought nothing, where 3 items were usual",
    )
    source.piece()
    assert heard(reviews) == ["Source inbox answers, but with nothing", "Source inbox works again"]


def test_a_source_that_shows_only_what_is_new_may_be_silent(house):
    source = house.source(*[Harvest(posts=[says("fine")])] * 6, *[Harvest()] * 60)
    for _ in range(66):
        source.piece()
    assert heard(house) == []


def test_most_of_a_budget_spent_is_told_once_a_period(paid):
    def spends(units: int) -> None:
        paid.source(
            Harvest(spent=[Spend(day=paid.clock().date(), resource="post_read", units=units, micros=5_000)])
        ).piece()

    spends(150)
    assert watch(paid).batch() == 0
    spends(20)
    looker = watch(paid)
    assert [looker.batch(), looker.batch()] == [1, 0]
    watch(paid).batch()
    assert heard(paid) == ["Source inbox: most of its budget is spent"]
    assert overview(paid.store, paid.settings, paid.clock()).sources[0].budget == "0.85 of 1.00 USD today"
    paid.clock.advance(timedelta(days=1))
    assert overview(paid.store, paid.settings, paid.clock()).sources[0].budget == "0.85 of 30.00 USD this month"


def test_losses_are_told_once_each_and_together(house):
    def loses(*hours: int) -> None:
        lost = [Loss("acme", NOON - timedelta(hours=h), NOON - timedelta(hours=h - 1), "out of reach") for h in hours]
        house.source(Harvest(lost=lost)).piece()

    loses(5, 4)
    assert watch(house).batch() == 0
    house.clock.advance(9 * MINUTE)
    loses(5, 3)
    house.clock.advance(MINUTE)
    assert [watch(house).batch(), watch(house).batch()] == [1, 0]
    assert heard(house) == ["Posts are lost for good: inbox"]
    assert house.boss.bodies[0].count("out of reach") == 3
    loses(2)
    house.clock.advance(10 * MINUTE)
    assert watch(house).batch() == 1
    assert heard(house)[1:] == ["Posts are lost for good: inbox"]


def test_gaps_and_lag_are_in_the_overview(house):
    house.source(Harvest(posts=[says("fine", published_at=NOON - MINUTE)], gaps=2)).piece()
    line = overview(house.store, house.settings, house.clock()).sources[0]
    assert (line.facts.gaps, line.lag_seconds, line.pace.last, line.budget) == (2, 60.0, 1, "")
