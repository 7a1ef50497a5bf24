"""What goes wrong inside stays where it is: one message, one post, one source; and somebody is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from house import NOON, House, Inbox, says

from alerts.base import DeliveryFailed, ErrorClass, MessageKind
from collectors.base import Harvest, RateLimited, SourceDown
from monitor.pipeline.destinations import Destinations
from monitor.pipeline.health import Health
from monitor.pipeline.overview import overview
from monitor.states import CaseState, DeliveryState


@pytest.fixture
def house(store):
    return House(store)


def customers(count):
    return [says("awful", author_id=f"c{n}", author_handle=f"c{n}") for n in range(count)]


def test_a_message_that_cannot_be_rendered_is_buried_and_the_others_arrive(house):
    sound = house.care.render

    def render(message):
        if message.case_id == 2:
            raise ValueError("bug")
        return sound(message)

    house.care.render = render
    house.hears(*customers(3))
    assert [m.case_id for m in house.care.messages] == [1, 3]
    assert [m.subject for m in house.boss.messages] == ["Messages to care cannot be delivered"]


def test_a_send_that_breaks_is_asked_for_and_not_stranded(house):
    sound = house.care.send

    def send(key, body, *, reply_to=None):
        sound(key, body, reply_to=reply_to)
        house.care.send = sound
        raise RuntimeError("bug after the fact")

    house.care.send = send
    house.hears(*customers(3))
    house.later(minutes=1)
    assert sorted(m.case_id for m in house.care.messages) == [1, 2, 3]
    assert house.store.outbox.unfinished() == 0


def test_a_slow_place_keeps_no_lease_beyond_its_time(house):
    sound = house.care.send

    def send(key, body, *, reply_to=None):
        house.clock.advance(timedelta(seconds=4))
        return sound(key, body, reply_to=reply_to)

    house.care.send = send
    house.hears(*customers(30))
    assert [m.case_id for m in house.care.messages] == list(range(1, 31))
    assert house.care.sends == 30


def test_a_lease_that_ended_without_a_restart_is_taken_back(house):
    house.source(Harvest(posts=customers(1))).piece()
    house.score.batch()
    house.decide.batch()
    house.store.outbox.claim("care", 5, lease=timedelta(seconds=60), now=house.clock())  # a worker that vanished
    house.works()
    assert house.care.messages == []
    house.later(seconds=61)
    assert [m.case_id for m in house.care.messages] == [1]


def test_two_broken_operator_channels_do_not_tell_of_each_other_for_ever(house):
    refused = DeliveryFailed(ErrorClass.RECIPIENT, "550 no such mailbox")
    house.care.faults = [refused] * 1000
    house.boss.faults = [refused] * 1000
    house.hears(*customers(2))
    house.later(minutes=1)
    assert len(house.store.outbox.listing({DeliveryState.DEAD}, limit=99)) == 3  # two alerts and one notice


def test_notices_reach_a_channel_of_several_destinations(house):
    a, b = Inbox("leads:a@acme.example"), Inbox("leads:b@acme.example")
    house.destinations = Destinations(
        {"care": (house.care,), "boss": (a, b)}, per_minute={"care": 6000, "boss": 6000}, default=("care",)
    )
    house.new_workers()
    source = house.source(*[SourceDown("no route")] * 3)
    for _ in range(3):
        source.piece()
    house.works()
    assert [len(one.messages) for one in (a, b)] == [1, 1]


def test_a_channel_that_left_the_settings_stops_nobody(house):
    house.hears(says("awful"))
    house.destinations = Destinations({"boss": (house.boss,)}, per_minute={"boss": 6000}, default=("boss",))
    house.new_workers()
    house.hears(says("still awful"), says("furious", author_id="ben-1", author_handle="ben"))
    assert [c.posts for c in house.cases()] == [2, 1]
    assert [m.kind for m in house.boss.messages] == [MessageKind.CASE_UPDATED, MessageKind.CASE_OPENED]
    house.later(hours=3)
    assert MessageKind.REMINDER in [m.kind for m in house.boss.messages]


def test_messages_for_a_channel_that_is_gone_show_in_the_overview(house):
    house.care.faults = [DeliveryFailed(ErrorClass.TRANSIENT, "down")] * 9
    house.hears(says("awful"))
    gone = house.settings.model_copy(update={"channels": house.settings.channels[1:]})
    states = {line.name: line.state for line in overview(house.store, gone, house.clock()).destinations}
    assert states["care"] == "no such channel any more"


def test_a_model_that_fails_on_everything_costs_no_post_its_place(house):
    class Broken(RuntimeError):
        pass

    sound = house.classifier.classify

    def classify(texts):
        raise Broken

    house.classifier.classify = classify
    with pytest.raises(Broken):
        house.hears(*customers(3))
    assert house.store.posts.backlog() == {"collected": 3}
    house.classifier.classify = sound
    house.works()
    assert len(house.cases()) == 3


def test_posts_set_aside_are_told_and_can_be_tried_again(house):
    house.hears(says("poison"), says("fine"))
    assert [m.subject for m in house.boss.messages] == ["1 posts could not be judged and have been set aside"]
    house.classifier.classify = lambda texts: [house.classifier._one(text) for text in texts]
    assert house.store.posts.requeue(house.clock()) == 1
    house.works()
    assert house.store.posts.backlog() == {"decided": 2}


def test_a_post_that_cannot_be_decided_is_told_nobody_and_stops_nobody(house):
    weigh = house.decide._weigh

    def broken(judged):
        if "cursed" in judged.post.text:
            raise ZeroDivisionError
        return weigh(judged)

    house.decide._weigh = broken
    house.hears(says("awful"), says("awful and cursed", author_id="x"), says("awful", author_id="ben-1"))
    assert [c.author for c in house.cases()] == ["mia-1", "ben-1"]
    assert house.store.posts.backlog() == {"decided": 3}
    assert [m.subject for m in house.boss.messages] == ["Post 2 could not be decided"]


def test_the_answer_that_was_read_before_the_question_counts(house):
    answer = says(
        "on our way", author_id="own", author_handle="acme_help", thread="t1", published_at=NOON + timedelta(minutes=5)
    )
    house.hears(answer)
    house.hears(says("awful", thread="t1"))
    (case,) = house.cases()
    assert (case.state, case.first_response_at) == (CaseState.RESPONDED, NOON + timedelta(minutes=5))


def test_the_daemon_that_decides_the_answer_first_still_counts_it(house):
    question = says("awful", thread="t1")
    answer = says(
        "on our way", author_id="own", author_handle="acme_help", thread="t1", published_at=NOON + timedelta(minutes=5)
    )
    house.source(Harvest(posts=[question, answer])).piece()
    house.decide.batch()  # before the model has come to the question
    house.works()
    assert [c.state for c in house.cases()] == [CaseState.RESPONDED]


def test_an_answer_older_than_the_last_complaint_stops_no_clock(house):
    house.hears(says("awful", thread="t1"))
    house.clock.advance(timedelta(hours=2))
    house.hears(says("still awful", thread="t1", published_at=NOON + timedelta(hours=2)))
    house.hears(
        says(
            "sorry", author_id="own", author_handle="acme_help", thread="t1", published_at=NOON + timedelta(minutes=20)
        )
    )
    (case,) = house.cases()
    assert (case.state, case.first_response_at) == (CaseState.OPEN, NOON + timedelta(minutes=20))


def test_a_post_edited_into_a_complaint_alerts(house):
    post = says("opens when?")
    house.hears(post)
    house.hears(replace(post, text="acme is unsafe, fire"))
    assert [c.posts for c in house.cases()] == [1]
    assert [m.kind for m in house.care.messages] == [MessageKind.CASE_OPENED]


def test_time_in_which_nothing_could_be_tried_kills_no_message(house):
    house.care.faults = [DeliveryFailed(ErrorClass.CREDENTIAL, "token_revoked")]
    house.hears(*customers(4))
    house.later(hours=30)
    house.care.faults = [DeliveryFailed(ErrorClass.TRANSIENT, "busy")]
    house.store.outbox.unpark("care", house.clock())
    for _ in range(5):
        house.later(minutes=1)
    assert house.store.outbox.listing({DeliveryState.DEAD}, limit=9) == []
    assert sorted(m.case_id for m in house.care.messages if m.kind is MessageKind.CASE_OPENED) == [1, 2, 3, 4]


def test_a_collector_with_a_bug_is_put_off_and_told_like_any_other_failure(house):
    source = house.source(*[TypeError("bug")] * 3)
    for _ in range(3):
        source.piece()
    facts = house.store.sources.get("inbox")
    assert facts.failures == 3
    assert facts.next_due_at > house.clock()
    house.works()
    assert [m.subject for m in house.boss.messages] == ["Source inbox has failed 3 times in a row"]


def test_patience_asked_for_is_no_fault(house):
    source = house.source(*[RateLimited("slow down", NOON)] * 4)
    for _ in range(4):
        source.piece()
    assert overview(house.store, house.settings, house.clock()).sources[0].health is not Health.BROKEN
    assert house.store.sources.get("inbox").failures == 0


def test_a_stop_between_two_messages_leaves_the_rest_to_the_next_start(house):
    sound = house.care.send

    def send(key, body, *, reply_to=None):
        house.stop.set()
        return sound(key, body, reply_to=reply_to)

    house.care.send = send
    house.source(Harvest(posts=customers(5))).piece()
    house.score.batch()
    house.decide.batch()
    house.workers["care"].batch()
    assert [m.case_id for m in house.care.messages] == [1]
    assert house.store.outbox.depth()["care", DeliveryState.PENDING] == 4
    house.care.send = sound
    house.new_workers()
    house.works()
    assert [m.case_id for m in house.care.messages] == [1, 2, 3, 4, 5]
