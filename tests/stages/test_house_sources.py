"""Sources: broken and quiet are told apart, the operators hear of it once, and nothing is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from house import NOON, House, says

from collectors.base import AccessDenied, Harvest, RateLimited, Reject, SourceDown
from monitor.pipeline.health import Health, condition
from monitor.pipeline.overview import overview


@pytest.fixture
def house(store):
    return House(store)


def state(house):
    return overview(house.store, house.settings, house.clock()).sources[0].health


def test_posts_and_cursor_are_stored_together(house):
    house.source(Harvest(posts=[says("awful")], cursor="page-2", more=True)).piece()
    facts = house.store.sources.get("inbox")
    assert (facts.cursor, facts.total.stored, facts.next_due_at) == ("page-2", 1, NOON)


def test_every_item_is_accounted_for(house):
    known = says("awful")
    other = replace(says("x"), text="about somebody else")
    harvest = Harvest(posts=[known, known, says("fine"), other], rejects=[Reject("line 4", "no date")])
    tally, _ = house.source(harvest).piece()
    assert (tally.stored, tally.duplicates, tally.unmatched, tally.rejected, tally.read) == (2, 1, 1, 1, 5)


def test_a_failing_source_is_put_off_longer_each_time_and_told_once(house):
    source = house.source(*[SourceDown("no route to host")] * 6, Harvest())
    pauses = []
    for _ in range(6):
        source.piece()
        facts = house.store.sources.get("inbox")
        pauses.append((facts.next_due_at - house.clock()).total_seconds())
        house.clock.set(facts.next_due_at)
    assert all(later > 0 for later in pauses)
    assert pauses[-1] > pauses[0]
    assert state(house) is Health.BROKEN
    house.works()
    assert [m.subject for m in house.boss.messages] == ["Source inbox has failed 3 times in a row"]
    source.piece()
    house.works()
    assert state(house) is Health.HEALTHY
    assert [m.subject for m in house.boss.messages][1:] == ["Source inbox works again"]


def test_a_rate_limit_is_kept_and_nobody_is_bothered(house):
    until = NOON + timedelta(minutes=40)
    source = house.source(*[RateLimited("slow down", until)] * 4)
    for _ in range(4):
        source.piece()
    assert house.store.sources.get("inbox").next_due_at == until
    house.works()
    assert house.boss.messages == []


def test_refused_access_stops_the_source_and_is_told_at_once(house):
    source = house.source(AccessDenied("401"))
    source.piece()
    house.works()
    assert state(house) is Health.STOPPED
    assert not source.due()
    assert [m.subject for m in house.boss.messages] == ["Source inbox has stopped: access denied"]


def test_a_source_that_answers_and_brings_nothing_is_quiet_not_broken(house):
    house.source(Harvest(posts=[says("fine")])).piece()
    house.clock.advance(timedelta(days=3))
    house.source(Harvest()).piece()
    assert state(house) is Health.QUIET


def test_a_source_that_is_not_asked_is_late(house):
    house.source(Harvest(posts=[says("fine")])).piece()
    house.clock.advance(timedelta(hours=2))
    assert state(house) is Health.LATE


def test_a_source_never_asked_is_new(house):
    assert state(house) is Health.NEW
    facts = house.store.sources.get("inbox")
    disabled = house.settings.sources[0].model_copy(update={"enabled": False})
    assert condition(disabled, facts, NOON).health is Health.DISABLED
