"""Backfill: a job of its own, that neither moves the live cursor nor wakes anybody for what is long past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from house import NOON, House, says

from collectors.base import (
    AccessDenied,
    BudgetSpent,
    Harvest,
    Outlay,
    RateLimited,
    Reject,
    SourceDown,
    SourceError,
    Spend,
)
from collectors.matching import Matcher
from monitor.pipeline.backfill import PAUSE, Backfill, Progress, Stopped

SINCE = NOON - timedelta(days=40)
DAY = date(2026, 11, 18)


class Past:
    """A collector of the past with a script; remembers the cursors that it was asked with."""

    def __init__(self, *script: Harvest | SourceError) -> None:
        self.script = list(script)
        self.asked: list[tuple[str | None, datetime, datetime]] = []

    def backfill(self, cursor: str | None, since: datetime, until: datetime, /) -> Harvest:
        self.asked.append((cursor, since, until))
        step = self.script.pop(0)
        if isinstance(step, SourceError):
            raise step
        return step


@pytest.fixture
def house(store):
    return House(store)


def old(number: int, text: str = "awful") -> object:
    return says(text, native_id=f"old{number}", published_at=NOON - timedelta(days=30, minutes=number))


def page(*numbers: int, cursor: str = "", more: bool = True, cost: int = 0) -> Harvest:
    spent = [Spend(day=DAY, resource="post_read", units=cost, micros=10_000)] if cost else []
    return Harvest(posts=[old(n) for n in numbers], cursor=cursor, more=more, requests=1, spent=spent)


def works(
    house: House, past: Past, *, budget: int | None = None, told: Callable[[Progress], None] = lambda _: None
) -> tuple[object, list[timedelta]]:
    """One run of the job to its end; the job, and how long it waited."""
    waits: list[timedelta] = []
    job = house.store.backfills.begin("inbox", SINCE, NOON, budget=budget, now=house.clock())
    work = Backfill(
        house.settings.sources[0],
        past,
        Matcher(house.settings.brands),
        house.store,
        house.clock,
        wait=lambda how_long, _why: waits.append(how_long),
    )
    with house.store.hold("backfill-inbox") as held:
        return work.run(job, held, told), waits


def the_job(house: House) -> object:
    [job] = house.store.backfills.all()
    return job


def test_a_job_reads_page_after_page_and_leaves_the_live_source_alone(house):
    house.source(Harvest(posts=[says("fine")], cursor="live")).piece()
    before = house.store.sources.get("inbox")
    steps: list[Progress] = []
    past = Past(
        page(1, 2, cursor="p2"),
        Harvest(posts=[old(2), replace(old(3), text="nobody")], rejects=[Reject("r", "bad")], cursor="p3", requests=2),
    )
    job, _ = works(house, past, told=steps.append)
    assert past.asked == [(None, SINCE, NOON), ("p2", SINCE, NOON)]
    assert (job.done, job.cursor, job.requests, job.ended_at) == (True, "p3", 3, NOON)
    assert (job.total.stored, job.total.duplicates, job.total.unmatched, job.total.rejected) == (2, 1, 1, 1)
    assert house.store.sources.get("inbox") == before
    assert len(house.store.sources.polls(NOON - timedelta(days=1), NOON + timedelta(days=1))) == 1
    assert [step.oldest for step in steps] == [old(2).published_at, old(3).published_at]


def test_what_is_long_past_is_judged_and_alerts_nobody(house):
    works(house, Past(page(1, 2, more=False)))
    house.works()
    assert house.cases() == []
    assert house.care.messages == []
    assert {state.value: count for state, count in house.store.posts.backlog().items()} == {"decided": 2}


def test_a_job_that_died_goes_on_where_it_was_committed(house):
    with pytest.raises(KeyboardInterrupt):
        works(house, Past(page(1, cursor="p2"), page(2, cursor="p3")), told=interrupt_at(2))
    past = Past(page(3, cursor="p4", more=False))
    job, _ = works(house, past)
    assert past.asked[0][0] == "p3"
    assert (job.done, job.total.stored) == (True, 3)


def interrupt_at(call: int) -> Callable[[Progress], None]:
    seen: list[Progress] = []

    def told(step: Progress) -> None:
        seen.append(step)
        if len(seen) == call:
            raise KeyboardInterrupt

    return told


def test_a_short_wait_is_waited_and_a_long_one_is_for_another_day(house):
    soon = RateLimited("slow down", NOON + timedelta(seconds=40))
    _, waits = works(house, Past(soon, SourceDown("hiccup"), page(1, more=False)))
    assert waits == [timedelta(seconds=40), PAUSE]
    job = house.store.backfills.begin("inbox", SINCE, NOON - timedelta(days=1), budget=None, now=NOON)
    assert not job.done
    later = NOON + timedelta(minutes=15)
    for error in (RateLimited("slow down", later), BudgetSpent("the day's budget is spent", later)):
        with pytest.raises(Stopped) as stop:
            run_second(house, Past(error))
        assert (stop.value.again_at, stop.value.denied) == (later, False)
    with pytest.raises(Stopped, match="failed 3 times in a row: no route"):
        run_second(house, Past(*[SourceDown("no route")] * 3))
    with pytest.raises(Stopped) as stop:
        run_second(house, Past(AccessDenied("401")))
    assert stop.value.denied


def run_second(house: House, past: Past) -> None:
    job = house.store.backfills.begin("inbox", SINCE, NOON - timedelta(days=1), budget=None, now=NOON)
    source, matcher = house.settings.sources[0], Matcher(house.settings.brands)
    work = Backfill(source, past, matcher, house.store, house.clock, wait=lambda _how_long, _why: None)
    with house.store.hold("backfill-inbox") as held:
        work.run(job, held, lambda _: None)


def test_a_job_stops_before_it_passes_its_own_budget_and_goes_on_with_a_higher_one(house):
    pages = [page(n, cursor=f"p{n}", cost=4) for n in range(1, 6)]
    with pytest.raises(Stopped, match="budget is spent"):
        works(house, Past(*pages), budget=100_000)
    assert (the_job(house).spent, the_job(house).total.stored) == (80_000, 2)
    assert house.store.ledger.spent("inbox", DAY) == [
        Outlay(day=DAY, resource="post_read", query="", units=8, micros=80_000)
    ]
    job, _ = works(house, Past(page(9, cost=1, more=False)), budget=200_000)
    assert (job.done, job.spent) == (True, 90_000)


def test_what_a_failed_call_has_cost_is_written_down(house):
    error = SourceDown("half an answer")
    error.spent = (Spend(day=DAY, resource="post_read", units=3, micros=10_000),)
    job, _ = works(house, Past(error, page(1, more=False)))
    assert job.spent == 30_000
    assert house.store.ledger.spent("inbox", DAY)[0].units == 3
