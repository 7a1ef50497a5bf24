"""From a post to a case: who is told, once, and what joins what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from house import NOON, House, says

from alerts.base import MessageKind
from config.vocabulary import Platform, Severity
from monitor.states import CaseEvent, CaseState


@pytest.fixture
def house(store):
    return House(store)


def kinds(messages):
    return [m.kind for m in messages]


def test_a_complaint_opens_a_case_and_is_told_once(house):
    house.hears(says("billing is awful"))
    house.works()
    house.later(minutes=1)
    (case,) = house.cases()
    assert (case.state, case.severity, case.main_type, case.handle, case.posts) == (
        CaseState.OPEN,
        Severity.MILD,
        "billing",
        "mia",
        1,
    )
    assert kinds(house.care.messages) == [MessageKind.CASE_OPENED]
    assert house.care.messages[0].guidance == "Offer to look at the bill together."
    assert house.boss.messages == []


def test_second_post_joins_the_open_case(house):
    house.hears(says("awful"), says("still awful"))
    assert [case.posts for case in house.cases()] == [2]
    assert kinds(house.care.messages) == [MessageKind.CASE_OPENED, MessageKind.CASE_UPDATED]
    assert house.care.replies == [None, "1"]


def test_second_post_in_a_later_harvest_joins_too_and_raises_the_severity(house):
    house.hears(says("awful"))
    house.clock.advance(timedelta(hours=1))
    house.hears(says("furious now", published_at=NOON + timedelta(hours=1)))
    (case,) = house.cases()
    assert (case.posts, case.severity) == (2, Severity.SERIOUS)


def test_another_customer_in_the_same_thread_has_a_case_of_their_own(house):
    house.hears(says("awful", thread="t1"), says("awful too", thread="t1", author_id="ben-1", author_handle="ben"))
    assert [(c.handle, c.posts) for c in house.cases()] == [("mia", 1), ("ben", 1)]


def test_unknown_authors_are_joined_by_thread_alone(house):
    nobody = {"author_id": None, "author_handle": None}
    house.hears(
        says("awful", thread="t1", **nobody), says("awful again", thread="t1", **nobody), says("awful", **nobody)
    )
    assert [c.posts for c in house.cases()] == [2, 1]


def test_same_handle_on_another_platform_is_another_customer(house):
    house.hears(says("awful"), says("awful", platform=Platform.REDDIT))
    assert len(house.cases()) == 2


def test_a_post_after_the_window_opens_a_new_case(house):
    house.hears(says("awful"))
    house.clock.advance(timedelta(days=3))
    house.hears(says("awful again", published_at=NOON + timedelta(days=3)))
    assert [c.posts for c in house.cases()] == [1, 1]


def test_a_closed_case_stays_closed_and_a_new_one_opens(house):
    house.hears(says("awful"))
    house.store.cases.transition(1, CaseEvent.RESOLVE, who="kim", why="", now=house.clock())
    house.hears(says("awful again"))
    assert [(c.state, c.posts) for c in house.cases()] == [(CaseState.RESOLVED, 1), (CaseState.OPEN, 1)]


def test_an_answered_customer_who_complains_again_reopens_the_case(house):
    house.hears(says("awful"))
    house.clock.advance(timedelta(hours=1))
    house.store.cases.transition(1, CaseEvent.RESPOND, who="kim", why="", now=house.clock())
    house.clock.advance(timedelta(hours=1))
    house.hears(says("still awful", published_at=NOON + timedelta(hours=2)))
    (case,) = house.cases()
    assert case.state is CaseState.OPEN
    assert case.waits_since == NOON + timedelta(hours=2)
    assert case.first_response_at == NOON + timedelta(hours=1)


def test_thanks_after_the_answer_do_not_reopen_it(house):
    house.hears(says("awful"))
    house.store.cases.transition(1, CaseEvent.RESPOND, who="kim", why="", now=house.clock())
    house.hears(says("lovely, thanks"))
    assert [c.state for c in house.cases()] == [CaseState.RESPONDED]


def test_praise_and_questions_are_kept_with_a_reason_and_told_nobody(house):
    house.hears(says("is lovely"), says("opens when?"))
    assert house.cases() == []
    assert house.care.messages == []
    assert house.store.posts.backlog() == {"decided": 2}


def test_an_own_account_opens_no_case_and_its_answer_stops_the_clock(house):
    house.hears(says("awful", thread="t1"))
    answer = says(
        "awful to hear, we will help",
        author_id="own",
        author_handle="acme_help",
        thread="t1",
        published_at=NOON + timedelta(minutes=20),
    )
    house.clock.advance(timedelta(minutes=21))
    house.hears(answer)
    (case,) = house.cases()
    assert (case.state, case.first_response_at) == (CaseState.RESPONDED, NOON + timedelta(minutes=20))
    assert kinds(house.care.messages) == [MessageKind.CASE_OPENED]


def test_an_own_answer_in_a_busy_thread_answers_the_customer_it_names(house):
    house.hears(says("awful", thread="t1"), says("awful", thread="t1", author_id="ben-1", author_handle="ben"))
    house.hears(says("@ben sorry!", author_id="own", author_handle="acme_help", thread="t1"))
    assert [(c.handle, c.state) for c in house.cases()] == [("mia", CaseState.OPEN), ("ben", CaseState.RESPONDED)]


def test_an_own_answer_need_not_name_the_brand(house):
    house.hears(says("awful", thread="t1"))
    house.hears(replace(says("x", author_id="own", author_handle="acme_help", thread="t1"), text="Sorry, on our way!"))
    assert [c.state for c in house.cases()] == [CaseState.RESPONDED]


def test_question_and_answer_in_one_harvest_are_taken_in_order(house):
    house.hears(
        says("awful", thread="t1"),
        says(
            "sorry", author_id="own", author_handle="acme_help", thread="t1", published_at=NOON + timedelta(minutes=5)
        ),
    )
    assert [c.state for c in house.cases()] == [CaseState.RESPONDED]


def test_an_old_post_is_judged_and_nobody_alerted(house):
    house.hears(says("awful", published_at=NOON - timedelta(days=8)))
    assert (house.cases(), house.care.messages) == ([], [])


def test_a_post_in_a_language_that_is_not_served_is_kept_and_not_judged(house):
    house.hears(says("hola awful"))
    assert house.cases() == []
    assert house.store.posts.backlog() == {"decided": 1}


def test_the_same_post_again_changes_nothing(house):
    post = says("awful")
    house.hears(post)
    house.hears(post)
    assert len(house.classifier.judged) == 1
    assert len(house.care.messages) == 1


def test_an_edited_post_is_judged_again_and_alerts_nobody_twice(house):
    post = says("awful")
    house.hears(post)
    house.hears(replace(post, text="acme is furious now"))
    assert len(house.classifier.judged) == 2
    assert kinds(house.care.messages) == [MessageKind.CASE_OPENED]
    assert [c.posts for c in house.cases()] == [1]


def test_a_text_that_breaks_the_model_is_set_aside_and_the_others_are_judged(house):
    house.hears(says("awful"), says("poison"), says("furious", author_id="ben-1", author_handle="ben"))
    assert house.store.posts.backlog() == {"decided": 2, "quarantined": 1}
    assert len(house.cases()) == 2


def test_a_quiet_route_opens_a_case_and_tells_nobody(store):
    house = House(store, routes=[{"name": "mild", "when": {"types": ["delay"]}, "quiet": True}])
    house.hears(says("awful delay"))
    assert len(house.cases()) == 1
    assert house.care.messages == []
    house.later(days=1)
    assert house.boss.messages == []
