"""Cases: decided in one transaction, moved by people, by customers and by time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import (
    MINUTE,
    NOW,
    a_case,
    a_decision,
    a_delivery,
    a_post,
    a_receipt,
    judge,
    keep,
    keep_judged,
    open_cases,
)
from sqlalchemy import select

from alerts.base import MessageKind
from config.vocabulary import Platform, Severity
from monitor.states import CaseEvent, CaseState, DeliveryState, IllegalTransition, PostState
from monitor.store.cases import NoSuchCase
from monitor.store.engine import Store
from monitor.store.tables import decision
from monitor.store.transactions import Stale
from monitor.store.values import CaseFacts, CasePost, CaseStep, Decisions, JudgedPost

HOUR = timedelta(hours=1)


def case_of(store: Store, case_id: int = 1) -> CaseFacts:
    seen = store.cases.show(case_id)
    assert seen is not None
    return seen.case


def move(store: Store, event: CaseEvent, case_id: int = 1, **given) -> CaseFacts:
    return store.cases.transition(case_id, event, **({"who": "kim", "why": "called", "now": NOW + HOUR} | given))


def events(store: Store, case_id: int = 1) -> list[tuple[str, str, str, str, str]]:
    return [(h.event, h.before, h.after, h.who, h.why) for h in store.cases.show(case_id).history]


def test_numbers_are_never_given_twice(store):
    assert [list(store.cases.reserve_ids(2)), list(store.cases.reserve_ids(0)), list(store.cases.reserve_ids(3))] == [
        [1, 2],
        [],
        [3, 4, 5],
    ]


def test_a_batch_of_decisions_is_stored_whole(store):
    (post_id,) = keep_judged(store, a_post())
    case = a_case(1, channels=("care", "mail:x@example.org"), routes=("billing", "default"))
    delivery = a_delivery(case_id=1)
    store.cases.save_decisions(
        Decisions(
            post_ids=[post_id],
            decisions=[a_decision(post_id)],
            new_cases=[case],
            case_posts=[CasePost(1, post_id, "customer")],
            deliveries=[delivery],
        ),
        now=NOW,
    )
    seen = store.cases.show(1)
    assert seen.case == case
    assert [(post.id, post.state, role) for post, role in seen.posts] == [(post_id, PostState.DECIDED, "customer")]
    assert [(d.key, d.state, d.case_id) for d in seen.deliveries] == [(delivery.key, DeliveryState.PENDING, 1)]
    assert events(store) == [("opened", "", "open", "monitor", "negative at 90 %")]
    assert store.posts.to_decide(10) == []


def test_there_is_nothing_to_show_of_an_unknown_case(store):
    assert store.cases.show(7) is None


def test_a_post_that_has_gone_on_makes_the_whole_batch_stale(store):
    one, two = keep_judged(store, a_post(), a_post())
    store.cases.save_decisions(Decisions(post_ids=[one], decisions=[a_decision(one)]), now=NOW)
    batch = Decisions(
        post_ids=[one, two], decisions=[a_decision(two)], new_cases=[a_case(1)], deliveries=[a_delivery(case_id=1)]
    )
    with pytest.raises(Stale):
        store.cases.save_decisions(batch, now=NOW)
    assert store.posts.backlog() == {PostState.DECIDED: 1, PostState.SCORED: 1}
    assert (store.cases.show(1), store.outbox.unfinished()) == (None, 0)


def test_an_edited_post_makes_the_batch_stale(store):
    post = a_post()
    (post_id,) = keep_judged(store, post)
    keep(store, replace(post, text="I take it back"))
    with pytest.raises(Stale):
        store.cases.save_decisions(Decisions(post_ids=[post_id], decisions=[a_decision(post_id)]), now=NOW)
    assert store.posts.backlog() == {PostState.COLLECTED: 1}


def test_a_post_that_was_edited_and_judged_again_makes_the_batch_stale(store):
    post = a_post()
    keep_judged(store, post)
    read = store.posts.to_decide(10)
    keep(store, replace(post, text="I take it back"))
    judge(store)
    with pytest.raises(Stale):
        decide(store, read)
    assert store.posts.backlog() == {PostState.SCORED: 1}


def decide(store: Store, waiting: list[JudgedPost]) -> None:
    """Alert about every brand that was not alerted about yet, as it was read."""
    store.cases.save_decisions(
        Decisions(
            post_ids=[one.post.id for one in waiting],
            revisions={one.post.id: one.revision for one in waiting},
            decisions=[
                a_decision(one.post.id, brand=brand)
                for one in waiting
                for brand in one.aliases
                if brand not in one.decided_brands
            ],
        ),
        now=NOW,
    )


@pytest.mark.parametrize("ours", [False, True])
def test_a_brand_heard_while_a_batch_is_decided_makes_it_stale_and_is_decided_too(store, ours):
    post = a_post()
    keep(store, post, ours=ours)
    judge(store)
    read = store.posts.to_decide(10)
    keep(store, post, ours=ours, brand="Bmce")
    with pytest.raises(Stale):
        decide(store, read)
    assert decided_brands(store) == []
    decide(store, store.posts.to_decide(10))
    assert (decided_brands(store), store.posts.backlog()) == (["Acme", "Bmce"], {PostState.DECIDED: 1})


def decided_brands(store: Store) -> list[str]:
    with store._engine.connect() as connection:
        return list(connection.scalars(select(decision.c.brand).order_by(decision.c.brand)))


def test_an_unknown_post_makes_the_batch_stale(store):
    with pytest.raises(Stale):
        store.cases.save_decisions(Decisions(post_ids=[404]), now=NOW)


def test_own_posts_are_decided_without_a_verdict(store):
    keep(store, a_post("acme"), ours=True)
    (mine,) = store.posts.to_decide(10)
    store.cases.save_decisions(Decisions(post_ids=[mine.post.id]), now=NOW)
    assert store.posts.backlog() == {PostState.DECIDED: 1}


def test_a_decision_that_alerted_stays(store):
    post = a_post()
    (post_id,) = keep_judged(store, post)
    store.cases.save_decisions(Decisions(post_ids=[post_id], decisions=[a_decision(post_id)]), now=NOW)
    keep(store, replace(post, text="edited"))
    judge(store)
    again = a_decision(post_id, alert=False, reason="neither")
    store.cases.save_decisions(Decisions(post_ids=[post_id], decisions=[again]), now=NOW)
    with store._engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT alert, reason FROM decision").all()
    assert [tuple(row) for row in rows] == [(True, "negative_complaint")]


def test_a_decision_that_stayed_quiet_is_replaced_by_the_one_on_the_edited_post(store):
    post = a_post()
    (post_id,) = keep_judged(store, post)
    quiet = a_decision(post_id, alert=False, reason="neither", detail="neutral at 80 %", routes=())
    store.cases.save_decisions(Decisions(post_ids=[post_id], decisions=[quiet]), now=NOW)
    keep(store, replace(post, text="now it is worse"))
    judge(store, model="m2")
    loud = a_decision(post_id, model="m2", routes=("billing", "default"))
    store.cases.save_decisions(Decisions(post_ids=[post_id], decisions=[loud]), now=NOW + MINUTE)
    with store._engine.connect() as connection:
        (row,) = connection.execute(select(decision)).all()
    assert (row.alert, row.reason, row.detail, row.model, row.routes, row.decided_at) == (
        True,
        "negative_complaint",
        "negative at 90 %",
        "m2",
        "billing default",
        NOW + MINUTE,
    )


def join(store: Store, case: CaseFacts, **given) -> int:
    (post_id,) = keep_judged(store, a_post())
    batch = Decisions(
        post_ids=[post_id],
        decisions=[a_decision(post_id)],
        changed_cases=[replace(case, posts=case.posts + 1, **given)],
        case_posts=[CasePost(case.id, post_id, "customer")],
        deliveries=[a_delivery(case_id=case.id)],
    )
    store.cases.save_decisions(batch, now=NOW + MINUTE)
    return post_id


def test_a_further_post_joins_the_case(store):
    open_cases(store, a_case(1))
    post_id = join(store, case_of(store), severity=Severity.CRITICAL, last_post_at=NOW)
    case = case_of(store)
    assert (case.posts, case.severity, case.last_post_at, case.version) == (2, Severity.CRITICAL, NOW, 1)
    assert events(store)[1:] == [("customer_posted", "open", "open", "monitor", f"post {post_id}")]
    assert len(store.cases.show(1).posts) == 2


def test_a_case_that_a_person_moved_meanwhile_makes_the_batch_stale(store):
    open_cases(store, a_case(1))
    read = case_of(store)
    move(store, CaseEvent.ACK)
    with pytest.raises(Stale):
        join(store, read)
    assert (case_of(store).state, case_of(store).posts) == (CaseState.ACKNOWLEDGED, 1)
    assert store.posts.backlog() == {PostState.DECIDED: 1, PostState.SCORED: 1}


def test_an_answer_of_our_own_calls_reminders_back(store):
    open_cases(store, a_case(1), deliveries=[a_delivery(case_id=1), a_delivery(case_id=1, kind=MessageKind.REMINDER)])
    keep(store, a_post("acme"), ours=True)
    (mine,) = store.posts.to_decide(10)
    answered = replace(case_of(store), state=CaseState.RESPONDED, first_response_at=NOW)
    store.cases.save_decisions(
        Decisions(post_ids=[mine.post.id], changed_cases=[answered], case_posts=[CasePost(1, mine.post.id, "ours")]),
        now=NOW,
    )
    seen = store.cases.show(1)
    assert [d.state for d in seen.deliveries] == [DeliveryState.PENDING, DeliveryState.CANCELLED]
    assert events(store)[1] == ("company_posted", "open", "responded", "monitor", f"post {mine.post.id}")


def test_cases_are_joined_by_thread_or_author_on_the_same_platform_for_the_same_brand(store):
    open_cases(
        store,
        a_case(1, thread="t", author="a"),
        a_case(2, thread="other", author="a"),
        a_case(3, thread="t", author="x"),
        a_case(4, thread="z", author="z"),
        a_case(5, thread="t", author="a", brand="Bmce"),
        a_case(6, thread="t", author="a", platform=Platform.REDDIT),
        a_case(7, thread=None, author=None),
    )
    found = lambda *keys: [case.id for case in store.cases.joinable(keys, since=NOW - 2 * HOUR)]  # noqa: E731
    assert found(("Acme", "x", "t", "a")) == [1, 2, 3]
    assert found(("Acme", "x", "t", None)) == [1, 3]
    assert found(("Acme", "x", None, "a"), ("Bmce", "x", "t", None)) == [1, 2, 5]
    assert found(("Acme", "x", None, None)) == []
    assert found() == []


def test_a_closed_or_old_case_is_not_joined(store):
    open_cases(store, a_case(1), a_case(2), a_case(3, last_post_at=NOW - 9 * HOUR))
    move(store, CaseEvent.RESOLVE)
    keys = [("Acme", "x", f"t{number}", None) for number in (1, 2, 3)]
    assert [case.id for case in store.cases.joinable(keys, since=NOW - 2 * HOUR)] == [2]


def test_more_keys_than_one_query_takes_are_all_looked_up(store):
    open_cases(store, *(a_case(number) for number in range(1, 1203)))
    keys = {("Acme", "x", f"t{number}", None) for number in range(1, 2000)}
    assert len(store.cases.joinable(keys, since=NOW - 2 * HOUR)) == 1202


def own_ids(store: Store, *keys: tuple[str, str], since=NOW - 2 * HOUR) -> list[str]:
    return [post.native_id for post in store.cases.own_posts(keys, since=since)]


def test_own_posts_of_a_thread_are_found_whether_decided_or_not(store):
    early, late = NOW - HOUR, NOW - MINUTE
    decided = a_post("acme", native_id="decided", thread="t", published_at=late)
    keep(store, decided, ours=True)
    store.cases.save_decisions(Decisions(post_ids=[1]), now=NOW)
    keep(
        store,
        a_post("acme", native_id="waiting", thread="t", published_at=early),
        a_post("acme", native_id="root", thread=None, published_at=early + MINUTE),
        a_post("acme", native_id="t", thread="another"),
        a_post("acme", native_id="before", thread="t", published_at=NOW - 3 * HOUR),
        a_post("acme", native_id="elsewhere", thread="t", platform=Platform.REDDIT),
        ours=True,
    )
    keep(store, a_post(native_id="customer", thread="t"))
    assert own_ids(store, ("x", "t")) == ["waiting", "decided"]
    assert own_ids(store, ("x", "t"), ("x", "root"), ("x", "t")) == ["waiting", "root", "decided"]
    assert own_ids(store, (Platform.REDDIT, "t")) == ["elsewhere"]
    assert own_ids(store, ("x", "t"), since=late) == ["decided"]
    assert own_ids(store, ("x", "unknown")) == own_ids(store) == []


def test_own_posts_that_were_withdrawn_answer_nothing(store):
    keep(store, a_post("acme", thread="t"), ours=True)
    with store._engine.execution_options(writing=True).begin() as connection:
        connection.exec_driver_sql("UPDATE post SET state = 'withdrawn'")
    assert own_ids(store, ("x", "t")) == []


def test_own_posts_of_more_threads_than_one_query_takes_are_all_found(store):
    names = [f"thread-{number}" for number in range(1100)]
    own = [a_post("acme", thread=name) for name in names]
    keep(store, *own, ours=True)
    assert len(own_ids(store, *(("x", name) for name in names))) == 1100


def test_acknowledging_is_noted_and_calls_reminders_back(store):
    nudges = [a_delivery(case_id=1, kind=kind) for kind in (MessageKind.REMINDER, MessageKind.ESCALATION)]
    open_cases(store, a_case(1), deliveries=[a_delivery(case_id=1), *nudges])
    moved = move(store, CaseEvent.ACK)
    assert moved == case_of(store)
    assert (moved.state, moved.acked_at, moved.next_step_at) == (CaseState.ACKNOWLEDGED, NOW + HOUR, NOW + HOUR)
    assert events(store)[1:] == [("ack", "open", "acknowledged", "kim", "called")]
    states = [d.state for d in store.cases.show(1).deliveries]
    assert states == [DeliveryState.PENDING, DeliveryState.CANCELLED, DeliveryState.CANCELLED]


def test_a_reminder_that_is_leaving_is_not_called_back(store):
    open_cases(store, a_case(1), deliveries=[a_delivery(case_id=1, kind=MessageKind.REMINDER)])
    (one,) = store.outbox.claim("care", 1, lease=MINUTE, now=NOW)
    store.outbox.begin(one.id, one.attempt, "body", NOW)
    move(store, CaseEvent.ACK)
    assert store.outbox.complete(one.id, one.attempt, a_receipt(), took=0.1, now=NOW)


def test_a_leased_reminder_that_was_called_back_does_not_leave(store):
    open_cases(store, a_case(1), deliveries=[a_delivery(case_id=1, kind=MessageKind.REMINDER)])
    (one,) = store.outbox.claim("care", 1, lease=MINUTE, now=NOW)
    move(store, CaseEvent.ACK)
    assert not store.outbox.begin(one.id, one.attempt, "body", NOW)


def test_the_first_answer_counts(store):
    open_cases(store, a_case(1))
    move(store, CaseEvent.RESPOND, answered_at=NOW + MINUTE)
    move(store, CaseEvent.CUSTOMER_POSTS, now=NOW + 2 * HOUR)
    assert (case_of(store).state, case_of(store).waits_since) == (CaseState.OPEN, NOW + 2 * HOUR)
    move(store, CaseEvent.RESPOND, now=NOW + 3 * HOUR)
    assert case_of(store).first_response_at == NOW + MINUTE


@pytest.mark.parametrize(("event", "state"), [("resolve", "resolved"), ("dismiss", "dismissed")])
def test_a_closed_case_needs_no_next_step(store, event, state):
    open_cases(store, a_case(1))
    moved = move(store, CaseEvent(event))
    assert (moved.state, moved.closed_at, moved.next_step_at) == (CaseState(state), NOW + HOUR, None)
    assert store.cases.due(NOW + 1000 * HOUR, 10) == []


def test_an_impossible_step_stores_nothing_and_says_what_is_possible(store):
    open_cases(store, a_case(1))
    move(store, CaseEvent.RESOLVE)
    before = store.cases.show(1)
    with pytest.raises(IllegalTransition, match="nothing, it is closed"):
        move(store, CaseEvent.ACK)
    assert store.cases.show(1) == before


def test_an_unknown_case_is_refused(store):
    with pytest.raises(NoSuchCase, match="there is no case 9"):
        move(store, CaseEvent.ACK, 9)
    with pytest.raises(NoSuchCase):
        store.cases.assign(9, "kim", by="lee", now=NOW)


def test_a_case_is_given_to_somebody(store):
    open_cases(store, a_case(1))
    assert store.cases.assign(1, "kim", by="lee", now=NOW) == case_of(store)
    assert case_of(store).assignee == "kim"
    store.cases.assign(1, None, by="kim", now=NOW)
    assert case_of(store).assignee is None
    assert events(store)[1:] == [
        ("assigned", "open", "open", "lee", "to kim"),
        ("assigned", "open", "open", "kim", "to nobody"),
    ]


def test_the_worst_and_longest_waiting_stand_first(store):
    open_cases(
        store,
        a_case(1, severity=Severity.MILD),
        a_case(2, waits_since=NOW + MINUTE),
        a_case(3),
        a_case(4, severity=Severity.CRITICAL, waits_since=NOW + HOUR),
        a_case(5),
    )
    move(store, CaseEvent.DISMISS, 5)
    store.cases.assign(3, "kim", by="lee", now=NOW)
    listed = lambda *args, **given: [case.id for case in store.cases.listing(*args, **given)]  # noqa: E731
    assert listed({CaseState.OPEN}) == [4, 3, 2, 1]
    assert listed({CaseState.OPEN}, limit=2) == [4, 3]
    assert listed({CaseState.OPEN, CaseState.DISMISSED}, assignee="kim") == [3]
    assert listed({CaseState.DISMISSED}) == [5]


def test_the_longest_due_cases_come_first(store):
    open_cases(
        store, a_case(1), a_case(2, next_step_at=NOW), a_case(3, next_step_at=NOW - HOUR), a_case(4, next_step_at=None)
    )
    assert [case.id for case in store.cases.due(NOW, 10)] == [3, 2]
    assert [case.id for case in store.cases.due(NOW, 1)] == [3]


def remind(case: CaseFacts, **given) -> CaseStep:
    after = replace(case, reminders=case.reminders + 1, next_step_at=NOW + 9 * HOUR, **given)
    delivery = a_delivery(case_id=case.id, kind=MessageKind.REMINDER)
    return CaseStep(before=case, after=after, event="remind", why="nobody has answered", deliveries=[delivery])


def test_a_step_is_stored_with_its_messages(store):
    open_cases(store, a_case(1), a_case(2))
    steps = [remind(case_of(store, 1)), remind(case_of(store, 2))]
    assert store.cases.save_steps(steps, now=NOW) == [1, 2]
    assert (case_of(store).reminders, case_of(store).next_step_at) == (1, NOW + 9 * HOUR)
    assert [d.key for d in store.cases.show(2).deliveries] == [steps[1].deliveries[0].key]
    assert events(store)[1:] == [("remind", "open", "open", "monitor", "nobody has answered")]


def test_a_step_of_a_case_that_changed_meanwhile_is_left_out(store):
    open_cases(store, a_case(1), a_case(2))
    steps = [remind(case_of(store, 1)), remind(case_of(store, 2))]
    move(store, CaseEvent.ACK)
    assert store.cases.save_steps(steps, now=NOW) == [2]
    assert (case_of(store).reminders, case_of(store).state, store.cases.show(1).deliveries) == (
        0,
        CaseState.ACKNOWLEDGED,
        (),
    )
    assert store.cases.save_steps(steps, now=NOW) == []  # the same again: both have changed now
    assert case_of(store, 2).reminders == 1


def test_looking_at_a_case_leaves_no_line(store):
    open_cases(store, a_case(1))
    case = case_of(store)
    later = replace(case, next_step_at=NOW + 5 * HOUR)
    store.cases.save_steps([CaseStep(before=case, after=later, event="", why="")], now=NOW)
    assert (case_of(store).next_step_at, len(events(store))) == (NOW + 5 * HOUR, 1)


def test_closing_by_time_calls_reminders_back(store):
    open_cases(store, a_case(1), deliveries=[a_delivery(case_id=1, kind=MessageKind.REMINDER)])
    case = case_of(store)
    closed = replace(case, state=CaseState.RESOLVED, closed_at=NOW, next_step_at=None)
    store.cases.save_steps([CaseStep(before=case, after=closed, event="auto-close", why="silence")], now=NOW)
    assert [d.state for d in store.cases.show(1).deliveries] == [DeliveryState.CANCELLED]
    assert case_of(store).state is CaseState.RESOLVED


def test_hostile_words_are_kept_as_words(store):
    words = "Robert'); DROP TABLE post;-- \x00 \ud800 \u202e"
    (post_id,) = keep_judged(store, a_post(author_id=words, thread=words))
    case = a_case(1, author=words, thread=words, handle=words)
    store.cases.save_decisions(
        Decisions(post_ids=[post_id], decisions=[a_decision(post_id, detail=words)], new_cases=[case]), now=NOW
    )
    assert [found.id for found in store.cases.joinable([("Acme", "x", words, None)], since=NOW - 2 * HOUR)] == [1]
    assert case_of(store).handle == "Robert'); DROP TABLE post;-- \ufffd \ufffd \u202e"
