"""The delivery contract: nothing lost, nothing twice, in order, through outages, refusals and kills."""

from __future__ import annotations

from datetime import timedelta

import pytest
from house import House, says

from alerts.base import DeliveryFailed, ErrorClass, MessageKind
from monitor.states import DeliveryState


@pytest.fixture
def house(store):
    return House(store)


def customers(count):
    return [says("awful", author_id=f"c{n}", author_handle=f"c{n}") for n in range(count)]


def told(house):
    return [m.case_id for m in house.care.messages]


def test_an_hour_of_outage_is_survived_in_order_and_once(house):
    down = DeliveryFailed(ErrorClass.TRANSIENT, "connection refused")
    house.care.faults = [down] * 10_000
    house.hears(*customers(12))
    for _ in range(60):
        house.later(minutes=1)
    assert told(house) == []
    tried = house.care.sends
    house.care.faults = []
    for _ in range(20):
        house.later(minutes=1)
    assert told(house) == list(range(1, 13))
    assert house.store.outbox.unfinished() == 0
    # The outage was met with growing pauses, not with a hammer.
    assert tried < 60


def test_a_throttle_pauses_the_destination_and_costs_no_try(house):
    house.care.faults = [DeliveryFailed(ErrorClass.THROTTLE, "slow down", timedelta(seconds=30))]
    house.hears(*customers(3))
    assert told(house) == []
    house.later(seconds=20)
    assert house.care.sends == 1
    house.later(seconds=20)
    assert told(house) == [1, 2, 3]


def test_one_bad_message_does_not_hold_up_the_others(house):
    house.care.faults = [DeliveryFailed(ErrorClass.CONTENT, "invalid_blocks")]
    house.hears(*customers(3))
    assert told(house) == [2, 3]
    (dead,) = house.store.outbox.listing({DeliveryState.DEAD}, limit=9)
    assert (dead.case_id, dead.error) == (1, "invalid_blocks")
    # Told over another channel, because this one may be at fault.
    assert [m.kind for m in house.boss.messages] == [MessageKind.NOTICE]


def test_a_broken_destination_is_parked_and_the_operators_hear_of_it_once_elsewhere(house):
    house.care.faults = [DeliveryFailed(ErrorClass.CREDENTIAL, "token_revoked")] * 100
    house.hears(*customers(3))
    house.later(hours=1)
    assert house.care.sends == 1
    assert [(m.kind, m.subject) for m in house.boss.messages] == [
        (MessageKind.NOTICE, "Channel care is broken and has been parked")
    ]
    house.care.faults = []
    house.store.outbox.unpark("care", house.clock())
    house.works()
    assert [i for i in told(house) if house.care.messages[i - 1].kind is MessageKind.CASE_OPENED] == [1, 2, 3]


def test_a_message_that_may_have_arrived_is_asked_for_and_not_sent_again(house):
    house.care.afterwards = [DeliveryFailed(ErrorClass.AMBIGUOUS, "timed out")]
    house.hears(*customers(1))
    house.later(minutes=1)
    assert told(house) == [1]
    assert house.care.asked >= 1
    assert house.store.outbox.unfinished() == 0


def test_a_message_that_did_not_arrive_after_all_is_sent_again_with_the_same_body(house):
    house.care.faults = [DeliveryFailed(ErrorClass.AMBIGUOUS, "timed out")]
    house.hears(*customers(1))
    house.later(minutes=1)
    assert told(house) == [1]
    assert house.care.sends == 2


def test_a_worker_killed_in_mid_send_asks_first(house):
    class Killed(BaseException):
        pass

    def die(key, body, *, reply_to=None):
        type(house.care).send(house.care, key, body, reply_to=reply_to)
        raise Killed

    house.care.send = die
    with pytest.raises(Killed):
        house.hears(*customers(3))
    del house.care.send
    house.new_workers()
    house.works()
    assert told(house) == [1, 2, 3]
    assert house.care.sends == 3


def test_an_update_waits_for_the_opening(house):
    house.care.faults = [DeliveryFailed(ErrorClass.TRANSIENT, "busy")]
    house.hears(says("awful"), says("still awful"))
    for _ in range(5):
        house.later(minutes=1)
    assert [m.kind for m in house.care.messages] == [MessageKind.CASE_OPENED, MessageKind.CASE_UPDATED]


def test_after_a_day_an_alert_is_given_up_and_the_operators_are_told(house):
    house.care.faults = [DeliveryFailed(ErrorClass.TRANSIENT, "busy")] * 10_000
    house.hears(*customers(1))
    for _ in range(27):
        house.later(hours=1)
    opened = [
        d for d in house.store.outbox.listing({DeliveryState.DEAD}, limit=99) if d.kind is MessageKind.CASE_OPENED
    ]
    assert len(opened) == 1
    assert "Messages to care cannot be delivered" in [m.subject for m in house.boss.messages]


def test_the_pace_of_a_destination_is_kept(store):
    house = House(store)
    house.destinations._per_minute["care"] = 5
    house.new_workers()
    house.hears(*customers(12))
    counts = [len(told(house))]
    for _ in range(2):
        house.later(seconds=61)
        counts.append(len(told(house)))
    assert counts == [5, 10, 12]
