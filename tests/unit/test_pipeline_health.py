"""The rule that tells quiet from broken, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.source_app_store import AppStoreSource
from config.sources import FilesSource
from monitor.pipeline.health import Alarm, Health, condition
from monitor.store.values import Pace, SourceFacts

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


PLAIN = FilesSource(name="inbox", path="x.csv", every=15 * MINUTE)
STEADY = AppStoreSource(name="inbox", apps=("1",), every=15 * MINUTE)
WELL = SourceFacts(
    name="inbox",
    first_run_at=NOON - timedelta(days=9),
    last_try_at=NOON - MINUTE,
    last_success_at=NOON - MINUTE,
    last_new_at=NOON - MINUTE,
    next_due_at=NOON + 14 * MINUTE,
)
FAILED = replace(WELL, last_try_at=NOON, last_error="SourceDown: no answer")


@pytest.mark.parametrize(
    ("facts", "health", "alarm"),
    [
        (SourceFacts(name="inbox"), Health.NEW, None),
        (WELL, Health.HEALTHY, None),
        (replace(FAILED, failures=2), Health.HEALTHY, None),
        (replace(FAILED, failures=3), Health.BROKEN, Alarm.BROKEN),
        (replace(FAILED, failures=1, stopped=True), Health.STOPPED, Alarm.STOPPED),
        (replace(FAILED, blocked_until=NOON + MINUTE), Health.STOPPED, Alarm.BUDGET),
        (replace(FAILED, blocked_until=NOON), Health.HEALTHY, None),
        (replace(WELL, last_new_at=NOON - timedelta(days=3)), Health.QUIET, None),
        (replace(WELL, empties=500), Health.HEALTHY, None),
    ],
)
def test_a_source_is_what_its_calls_say(facts: SourceFacts, health: Health, alarm: Alarm | None) -> None:
    seen = condition(PLAIN, facts, NOON)
    assert (seen.health, seen.alarm) == (health, alarm)


def test_a_source_without_a_success_for_three_intervals_is_late() -> None:
    hour_ago = replace(WELL, last_try_at=NOON - 46 * MINUTE, last_success_at=NOON - 46 * MINUTE)
    assert condition(PLAIN, hour_ago, NOON).alarm is Alarm.LATE
    assert condition(PLAIN, hour_ago, NOON).why == "no call has ended since"
    asked = replace(hour_ago, last_try_at=NOON - MINUTE, last_error="RateLimited: later", next_due_at=NOON + MINUTE)
    assert condition(PLAIN, asked, NOON).health is Health.HEALTHY  # the platform asked for patience
    assert condition(PLAIN, asked, NOON).why == "RateLimited: later"
    longer = replace(asked, last_success_at=NOON - 61 * MINUTE)
    assert condition(PLAIN, longer, NOON).alarm is Alarm.LATE


@pytest.mark.parametrize(
    ("empties", "pace", "blind"),
    [
        (4, Pace(50, 50.0), False),
        (5, Pace(50, 50.0), True),
        (10, Pace(50, 50.0, longest_run=1), False),
        (11, Pace(50, 50.0, longest_run=1), True),
        (40, Pace(50, 0.0, longest_run=30), False),  # most calls never brought anything
        (40, Pace(), False),  # it never brought anything at all
    ],
)
def test_a_steady_source_that_brings_nothing_for_unusually_long_is_blind(empties: int, pace: Pace, blind: bool) -> None:
    facts = replace(WELL, empties=empties)
    assert (condition(STEADY, facts, NOON, pace).alarm is Alarm.EMPTY) is blind
    assert condition(PLAIN, facts, NOON, pace).alarm is None  # one that only shows what is new may be silent
