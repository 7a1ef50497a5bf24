"""A case that nobody answers is told again, handed up, and at last closed, across restarts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from house import NOON, House, says

from alerts.base import MessageKind
from config.vocabulary import Severity
from monitor.states import CaseEvent, CaseState


@pytest.fixture
def house(store):
    return House(store)


def hours_pass(house, hours):
    for _ in range(hours):
        house.new_workers()  # a restart each hour
        house.later(hours=1)


def test_reminders_come_in_office_time_then_the_escalation_then_silence(house):
    house.hears(says("awful"))  # Wednesday noon UTC; the office is open 9 to 18
    hours_pass(house, 72)
    told = [(m.kind, m.written_at) for m in house.care.messages]
    assert told == [
        (MessageKind.CASE_OPENED, NOON),
        (MessageKind.REMINDER, NOON + timedelta(hours=2)),
        (MessageKind.REMINDER, NOON + timedelta(hours=4)),
    ]
    # Eight hours of office time after Wednesday noon: six on that day, two on Thursday from nine.
    assert [(m.kind, m.written_at) for m in house.boss.messages] == [
        (MessageKind.ESCALATION, NOON.replace(day=19, hour=11))
    ]
    assert house.boss.messages[0].mention.text == "acme awful"


def test_a_critical_case_waits_around_the_clock(house):
    house.clock.set(NOON.replace(hour=20))
    house.hears(says("unsafe", published_at=NOON.replace(hour=20)))
    hours_pass(house, 12)
    assert [m.written_at.hour for m in house.boss.messages] == [4]
    assert house.cases()[0].severity is Severity.CRITICAL


def test_an_acknowledged_case_is_reminded_no_more(house):
    house.hears(says("awful"))
    house.store.cases.transition(1, CaseEvent.ACK, who="kim", why="", now=house.clock())
    hours_pass(house, 48)
    assert [m.kind for m in house.care.messages + house.boss.messages] == [MessageKind.CASE_OPENED]


def test_a_backlog_of_reminders_is_one_reminder(house):
    house.hears(says("awful"))
    house.later(hours=5)
    assert [m.kind for m in house.care.messages] == [MessageKind.CASE_OPENED, MessageKind.REMINDER]


def test_a_case_without_news_is_closed_in_the_end(house):
    house.hears(says("awful"))
    house.store.cases.transition(1, CaseEvent.ACK, who="kim", why="", now=house.clock())
    house.later(days=14)
    (case,) = house.cases()
    assert (case.state, case.closed_at) == (CaseState.RESOLVED, NOON + timedelta(days=14))
    assert [line.event for line in house.store.cases.show(1).history] == ["opened", "ack", "auto-close"]


def test_a_reopened_case_is_reminded_anew(house):
    house.hears(says("awful"))
    house.later(hours=2)
    house.store.cases.transition(1, CaseEvent.RESPOND, who="kim", why="", now=house.clock())
    house.clock.advance(timedelta(hours=1))
    house.hears(says("still awful", published_at=house.clock()))
    house.later(hours=2)
    assert [m.kind for m in house.care.messages] == [
        MessageKind.CASE_OPENED,
        MessageKind.REMINDER,
        MessageKind.CASE_UPDATED,
        MessageKind.REMINDER,
    ]
