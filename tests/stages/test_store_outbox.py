"""The outbox: leases, fencing, order, pauses, and what people can do about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from builders import MINUTE, NOW, a_case, a_delivery, a_mention, a_message, a_receipt, open_cases
from sqlalchemy import select

from alerts.base import ErrorClass
from monitor.states import DeliveryState
from monitor.store.engine import Store
from monitor.store.tables import delivery
from monitor.store.values import Claimed

S = DeliveryState
LEASE = timedelta(seconds=60)


def claim(store: Store, channel: str = "care", limit: int = 10, now=NOW) -> list[Claimed]:
    return store.outbox.claim(channel, limit, lease=LEASE, now=now)


def claim_one(store: Store, now=NOW) -> Claimed:
    (one,) = claim(store, now=now)
    return one


def send(store: Store, one: Claimed, now=NOW, receipt=None) -> bool:
    assert store.outbox.begin(one.id, one.attempt, "body", now)
    return store.outbox.complete(one.id, one.attempt, receipt or a_receipt(), took=0.1, now=now)


def fail(store: Store, one: Claimed, now=NOW, **given) -> bool:
    values = {"not_before": now, "error_class": ErrorClass.TRANSIENT, "why": "refused", "took": 0.1}
    return store.outbox.postpone(one.id, one.attempt, now=now, **(values | given))


def states(store: Store) -> list[DeliveryState]:
    return [d.state for d in store.outbox.listing(frozenset(S), 100)]


def attempts(store: Store) -> list[tuple[int, str, str]]:
    with store._engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT attempt, outcome, detail FROM delivery_attempt ORDER BY id")
        return [tuple(row) for row in rows]


def test_a_delivery_goes_out_once_with_its_body_and_receipt(store):
    delivery = a_delivery()
    assert store.outbox.enqueue([delivery], NOW) == 1
    one = claim_one(store)
    assert (one.key, one.message, one.body, one.attempt, one.ambiguous) == (
        delivery.key,
        delivery.message,
        None,
        1,
        False,
    )
    assert send(store, one)
    (sent,) = store.outbox.listing({S.SENT}, 10)
    assert (sent.sent_at, sent.error, store.outbox.unfinished()) == (NOW, None, 0)
    assert claim(store, now=NOW + timedelta(days=1)) == []
    assert attempts(store) == [(1, "sent", "1699.0001")]


def test_the_same_key_is_queued_once(store):
    delivery = a_delivery()
    assert [store.outbox.enqueue([delivery, a_delivery()], NOW), store.outbox.enqueue([delivery], NOW)] == [2, 0]
    assert store.outbox.unfinished() == 2


def test_a_body_given_with_the_message_is_kept(store):
    store.outbox.enqueue([a_delivery(body="mail")], NOW)
    one = claim_one(store)
    store.outbox.begin(one.id, one.attempt, "other", NOW)
    fail(store, one)
    assert (one.body, claim_one(store).body) == ("mail", "mail")


def test_the_first_body_stays_for_all_attempts(store):
    store.outbox.enqueue([a_delivery()], NOW)
    one = claim_one(store)
    store.outbox.begin(one.id, one.attempt, "first", NOW)
    fail(store, one)
    two = claim_one(store)
    store.outbox.begin(two.id, two.attempt, "second", NOW + MINUTE / 2)
    fail(store, two)
    three = claim_one(store)
    assert (three.body, three.attempt, three.tries, three.first_tried_at) == ("first", 3, 2, NOW)


def test_a_leased_delivery_is_not_claimed_twice(store):
    store.outbox.enqueue([a_delivery()], NOW)
    claim_one(store)
    assert claim(store) == []


def test_claims_take_the_oldest_first_up_to_the_limit(store):
    deliveries = [a_delivery() for _ in range(5)]
    store.outbox.enqueue(deliveries, NOW)
    assert [one.key for one in claim(store, limit=3)] == [d.key for d in deliveries[:3]]


def test_nothing_is_claimed_before_its_time_or_for_another_place(store):
    store.outbox.enqueue([a_delivery(not_before=NOW + MINUTE), a_delivery(channel="boss")], NOW)
    assert claim(store) == []
    assert len(claim(store, now=NOW + MINUTE)) == 1


def test_a_postponed_delivery_waits_and_its_failures_count(store):
    store.outbox.enqueue([a_delivery()], NOW)
    one = claim_one(store)
    store.outbox.begin(one.id, one.attempt, "body", NOW)
    assert fail(store, one, not_before=NOW + MINUTE)
    assert (states(store), claim(store)) == ([S.WAITING], [])
    again = claim_one(store, now=NOW + MINUTE)
    assert (again.attempt, again.tries) == (2, 1)
    assert attempts(store) == [(1, "transient", "refused")]


def test_a_throttle_does_not_count_but_still_fences(store):
    store.outbox.enqueue([a_delivery()], NOW)
    one = claim_one(store)
    fail(store, one, counts=False, error_class=ErrorClass.THROTTLE)
    again = claim_one(store)
    assert (again.attempt, again.tries) == (2, 0)


def test_a_stale_worker_can_do_nothing(store):
    store.outbox.enqueue([a_delivery()], NOW)
    stale = claim_one(store)
    later = NOW + 2 * LEASE
    assert store.outbox.expire("care", later) == (1, 0)
    fresh = claim_one(store, now=later)
    assert not store.outbox.begin(stale.id, stale.attempt, "stale", later)
    assert not store.outbox.complete(stale.id, stale.attempt, a_receipt(), took=0, now=later)
    assert not fail(store, stale, now=later)
    assert not store.outbox.bury(stale.id, stale.attempt, "x", ErrorClass.CONTENT, 0.0, later)
    assert not store.outbox.give_back(stale.id, stale.attempt, later)
    assert (states(store), attempts(store)) == ([S.LEASED], [])
    assert send(store, fresh, now=later)


def test_a_request_must_not_leave_after_the_lease_has_ended(store):
    store.outbox.enqueue([a_delivery()], NOW)
    one = claim_one(store)
    assert not store.outbox.begin(one.id, one.attempt, "body", NOW + LEASE)
    assert states(store) == [S.LEASED]


def test_beginning_renews_the_lease(store):
    store.outbox.enqueue([a_delivery()], NOW)
    one = claim_one(store)
    store.outbox.begin(one.id, one.attempt, "body", NOW + LEASE - timedelta(seconds=1))
    assert store.outbox.expire("care", NOW + LEASE) == (0, 0)
    assert store.outbox.expire("care", NOW + 2 * LEASE) == (0, 1)


def test_a_worker_takes_back_only_ended_leases_of_its_own_place(store):
    store.outbox.enqueue([a_delivery(), a_delivery(channel="boss"), a_delivery(channel="boss")], NOW)
    claim(store)
    sending, _ = claim(store, "boss")
    store.outbox.begin(sending.id, sending.attempt, "body", NOW)
    assert store.outbox.expire("care", NOW + LEASE) == (1, 0)
    assert states(store) == [S.PENDING, S.SENDING, S.LEASED]
    assert store.outbox.expire("boss", NOW + LEASE) == (1, 1)
    assert states(store) == [S.PENDING, S.AMBIGUOUS, S.PENDING]


def test_what_may_have_left_comes_back_as_ambiguous(store):
    store.outbox.enqueue([a_delivery(), a_delivery()], NOW)
    one, _ = claim(store)
    store.outbox.begin(one.id, one.attempt, "body", NOW)
    assert store.outbox.release("boss", NOW) == (0, 0)
    assert store.outbox.release("care", NOW) == (1, 1)
    assert states(store) == [S.AMBIGUOUS, S.PENDING]
    assert [again.ambiguous for again in claim(store)] == [True, False]
    assert attempts(store) == [(1, "ambiguous", "the process stopped while it was sending")]


def test_an_ambiguous_delivery_stays_so_until_it_was_asked_for(store):
    store.outbox.enqueue([a_delivery()], NOW)
    one = claim_one(store)
    store.outbox.begin(one.id, one.attempt, "body", NOW)
    store.outbox.release("care", NOW)
    claim_one(store)
    store.outbox.release("care", NOW)  # stopped before it could ask
    two = claim_one(store)
    assert two.ambiguous
    fail(store, two)  # the question failed, nothing was sent
    three = claim_one(store)
    assert three.ambiguous
    assert store.outbox.give_back(three.id, three.attempt, NOW)
    assert states(store) == [S.AMBIGUOUS]
    four = claim_one(store)
    assert store.outbox.complete(four.id, four.attempt, a_receipt(), outcome="found", took=0, now=NOW)
    assert (states(store), attempts(store)[-1]) == ([S.SENT], (5, "found", "1699.0001"))


def test_an_attempt_that_surely_failed_ends_the_doubt(store):
    store.outbox.enqueue([a_delivery()], NOW)
    one = claim_one(store)
    store.outbox.begin(one.id, one.attempt, "body", NOW)
    fail(store, one, state=S.AMBIGUOUS, error_class=ErrorClass.AMBIGUOUS)
    two = claim_one(store)
    assert two.ambiguous
    store.outbox.begin(two.id, two.attempt, "body", NOW)  # asked, not there, sent anew, refused
    fail(store, two)
    assert not claim_one(store).ambiguous


def test_a_receipt_that_comes_late_still_counts(store):
    store.outbox.enqueue([a_delivery()], NOW)
    one = claim_one(store)
    store.outbox.begin(one.id, one.attempt, "body", NOW)
    store.outbox.expire("care", NOW + 2 * LEASE)
    assert store.outbox.complete(one.id, one.attempt, a_receipt(), took=90, now=NOW + 2 * LEASE)
    assert states(store) == [S.SENT]
    assert not store.outbox.complete(one.id, one.attempt, a_receipt("other"), took=90, now=NOW + 2 * LEASE)


def test_messages_of_a_case_keep_their_order_at_each_place(store):
    deliveries = [
        a_delivery(case_id=1),
        a_delivery(case_id=1),
        a_delivery(case_id=2),
        a_delivery(case_id=1, channel="boss"),
    ]
    open_cases(store, a_case(1), a_case(2), deliveries=deliveries)
    first, other = claim(store)
    assert [first.key, other.key] == [deliveries[0].key, deliveries[2].key]
    assert [one.key for one in claim(store, "boss")] == [deliveries[3].key]
    fail(store, first, not_before=NOW + MINUTE)
    assert claim(store) == []  # the second must not overtake the first
    again = claim_one(store, now=NOW + MINUTE)
    send(store, again, now=NOW + MINUTE)
    assert [one.key for one in claim(store, now=NOW + MINUTE)] == [deliveries[1].key]


@pytest.mark.parametrize("end", ["dead", "cancelled"])
def test_a_message_that_is_given_up_lets_the_next_go(store, end):
    open_cases(store, a_case(1), deliveries=[a_delivery(case_id=1), a_delivery(case_id=1)])
    if end == "dead":
        one = claim_one(store)
        assert store.outbox.bury(one.id, one.attempt, "no such channel", ErrorClass.RECIPIENT, 0.1, NOW)
    else:
        assert store.outbox.drop([1], "kim", "wrong", NOW) == 1
    assert [one.id for one in claim(store)] == [2]


def test_a_reply_knows_the_first_message_of_its_case_at_its_place(store):
    open_cases(store, a_case(1), deliveries=[a_delivery(case_id=1, channel="boss"), a_delivery(case_id=1)])
    (boss,) = claim(store, "boss")
    send(store, boss, receipt=a_receipt("b1"))
    first = claim_one(store)
    assert first.reply_to is None
    send(store, first, receipt=a_receipt("c1"))
    store.outbox.enqueue([a_delivery(case_id=1)], NOW)
    second = claim_one(store)
    assert second.reply_to == a_receipt("c1")
    send(store, second, receipt=a_receipt("c2"))
    store.outbox.enqueue([a_delivery(case_id=1)], NOW)
    assert claim_one(store).reply_to == a_receipt("c1")


def test_a_paused_place_gets_nothing_until_then(store):
    store.outbox.enqueue([a_delivery()], NOW)
    store.outbox.pause("care", NOW + MINUTE, "slow down", NOW)
    assert (claim(store), store.outbox.next_due("care")) == ([], NOW + MINUTE)
    assert len(claim(store, now=NOW + MINUTE)) == 1


def test_a_parked_place_gets_nothing_until_it_is_mended(store):
    store.outbox.enqueue([a_delivery(), a_delivery(channel="boss")], NOW)
    assert store.outbox.park("care", "invalid_auth", NOW)
    assert not store.outbox.park("care", "another reason", NOW + MINUTE)
    store.outbox.pause("care", NOW + MINUTE, "slow down", NOW)
    (place,) = store.outbox.destinations()
    assert (place.name, place.parked_at, place.why) == ("care", NOW, "invalid_auth")
    assert claim(store, now=NOW + timedelta(days=9)) == []
    assert store.outbox.next_due("care") is None
    assert store.outbox.depth() == {("care", S.PARKED): 1, ("boss", S.PENDING): 1}
    assert (store.outbox.unpark("care", NOW), store.outbox.unpark("care", NOW)) == (True, False)
    assert len(claim(store)) == 1


def queued_at(store: Store) -> list[timedelta]:
    """How long after NOW the horizon of each delivery starts, in the order of the deliveries."""
    with store._engine.connect() as connection:
        return [at - NOW for at in connection.scalars(select(delivery.c.queued_at).order_by(delivery.c.id))]


def test_the_time_in_which_a_place_was_broken_does_not_count(store):
    store.outbox.enqueue([a_delivery(), a_delivery(), a_delivery(), a_delivery(), a_delivery(channel="boss")], NOW)
    sent, failed, doubtful, _ = claim(store)
    send(store, sent)
    fail(store, failed)
    store.outbox.begin(doubtful.id, doubtful.attempt, "body", NOW)
    store.outbox.release("care", NOW)
    none, days = timedelta(), timedelta(days=3)
    store.outbox.unpark("care", NOW + days)  # it was not parked: time went on as it should
    assert queued_at(store) == [none] * 5
    store.outbox.park("care", "invalid_auth", NOW)
    store.outbox.unpark("care", NOW + days)
    assert queued_at(store) == [none, days, days, days, none]
    assert [one.queued_at for one in claim(store, now=NOW + days)] == [NOW + days] * 3


def test_next_due_is_when_a_claim_can_bring_something(store):
    assert store.outbox.next_due("care") is None
    store.outbox.enqueue([a_delivery(not_before=NOW + 5 * MINUTE), a_delivery(not_before=NOW + 3 * MINUTE)], NOW)
    assert store.outbox.next_due("care") == NOW + 3 * MINUTE
    (one,) = claim(store, now=NOW + 3 * MINUTE)
    assert store.outbox.next_due("care") == NOW + 3 * MINUTE + LEASE
    send(store, one, now=NOW + 3 * MINUTE)
    assert store.outbox.next_due("care") == NOW + 5 * MINUTE


def test_next_due_looks_past_messages_that_wait_for_an_earlier_one(store):
    open_cases(store, a_case(1), deliveries=[a_delivery(case_id=1, not_before=NOW + MINUTE), a_delivery(case_id=1)])
    assert store.outbox.next_due("care") == NOW + MINUTE


def test_the_dead_are_listed_and_can_be_tried_again(store):
    store.outbox.enqueue([a_delivery()], NOW)
    one = claim_one(store)
    store.outbox.begin(one.id, one.attempt, "body", NOW)
    store.outbox.bury(one.id, one.attempt, "mailbox gone", ErrorClass.RECIPIENT, 0.2, NOW)
    (dead,) = store.outbox.listing({S.DEAD}, 10)
    assert (dead.error, store.outbox.unfinished(), attempts(store)) == (
        "mailbox gone",
        0,
        [(1, "recipient", "mailbox gone")],
    )
    later = NOW + timedelta(days=3)
    assert store.outbox.retry([one.id], later) == 1
    again = claim_one(store, now=later)
    assert (again.queued_at, again.created_at, again.tries, again.ambiguous) == (later, NOW, 0, False)


def test_a_dead_one_that_may_have_arrived_is_asked_for_when_tried_again(store):
    store.outbox.enqueue([a_delivery()], NOW)
    one = claim_one(store)
    store.outbox.begin(one.id, one.attempt, "body", NOW)
    store.outbox.release("care", NOW)
    two = claim_one(store)
    store.outbox.bury(two.id, two.attempt, "gave up after 24 h", ErrorClass.AMBIGUOUS, 0.2, NOW)
    store.outbox.retry([two.id], NOW)
    assert claim_one(store).ambiguous


def test_sent_and_leased_deliveries_are_neither_retried_nor_dropped(store):
    store.outbox.enqueue([a_delivery(), a_delivery()], NOW)
    one, _ = claim(store)
    send(store, one)
    assert store.outbox.retry([1, 2, 99], NOW) == 0
    assert store.outbox.drop([1, 2, 99], "kim", "no", NOW) == 0
    assert states(store) == [S.SENT, S.LEASED]


def test_what_people_and_time_did_to_a_delivery_is_in_the_history(store):
    store.outbox.enqueue([a_delivery()], NOW)
    one = claim_one(store)
    store.outbox.bury(one.id, one.attempt, "refused", ErrorClass.CONTENT, 0.2, NOW)
    store.outbox.retry([one.id], NOW, who="kim")
    store.outbox.drop([one.id], "lee", "settled by phone", NOW)
    with store._engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT entity, entity_id, before, after, who, why FROM history ORDER BY id")
        assert [tuple(row) for row in rows] == [
            ("delivery", "1", "leased", "dead", "monitor", "refused"),
            ("delivery", "1", "dead", "waiting", "kim", "tried again by hand"),
            ("delivery", "1", "waiting", "cancelled", "lee", "settled by phone"),
        ]


def test_counts_name_each_place_and_state(store):
    store.outbox.enqueue([a_delivery(), a_delivery(), a_delivery(channel="boss")], NOW - MINUTE)
    send(store, claim(store, limit=1)[0])
    assert store.outbox.depth() == {("care", S.SENT): 1, ("care", S.PENDING): 1, ("boss", S.PENDING): 1}
    assert store.outbox.unfinished() == 2
    assert (store.outbox.oldest_due(NOW), store.outbox.oldest_due(NOW - timedelta(days=1))) == (NOW - MINUTE, None)


def test_known_keys_are_those_ever_queued(store):
    deliveries = [a_delivery(), a_delivery()]
    store.outbox.enqueue(deliveries[:1], NOW)
    assert store.outbox.known({d.key for d in deliveries}) == {deliveries[0].key}
    assert store.outbox.known(()) == set()


def test_the_last_message_of_a_case_about_a_post_is_the_one_queued_last(store):
    first, last, erased = (
        a_delivery(case_id=1, message=a_message(mention=mention).to_json())
        for mention in (a_mention(), a_mention(), None)
    )
    open_cases(store, a_case(1), a_case(2), deliveries=[first, last, erased])
    assert store.outbox.last_messages([1, 2]) == {1: last.message}
    assert store.outbox.last_messages([]) == {}


def test_empty_calls_do_nothing(store):
    assert (store.outbox.enqueue([], NOW), store.outbox.retry([], NOW), claim(store), store.outbox.depth()) == (
        0,
        0,
        [],
        {},
    )
