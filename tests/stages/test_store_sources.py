"""Sources: where each stands, and whether it is quiet or broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from builders import MINUTE, NOW, a_post, keep

from alerts.base import MessageKind
from collectors.base import Reject
from monitor.states import DeliveryState
from monitor.store.engine import Store
from monitor.store.values import NewDelivery, Pace, PollFacts, SourceFacts, Tally


def fail(store: Store, name: str = "x-acme", now=NOW, *, stopped: bool = False, counts: bool = True) -> int:
    return store.posts.save_failure(
        name, error="SourceDown: no answer", retry_at=now + MINUTE, stopped=stopped, now=now, counts=counts
    )


def test_a_source_that_was_never_called_is_known_by_name_only(store):
    assert (store.sources.get("new"), store.sources.all()) == (SourceFacts(name="new"), [])


def test_a_harvest_notes_cursor_and_times(store):
    keep(store, a_post(published_at=NOW - MINUTE), a_post(published_at=NOW - 2 * MINUTE), cursor="c9")
    assert store.sources.get("x-acme") == SourceFacts(
        name="x-acme",
        cursor="c9",
        first_run_at=NOW,
        last_try_at=NOW,
        last_success_at=NOW,
        last_post_at=NOW - MINUTE,
        last_new_at=NOW,
        next_due_at=NOW + 15 * MINUTE,
        total=Tally(stored=2),
    )


def test_a_harvest_without_news_leaves_the_time_of_the_last_news(store):
    post = a_post()
    keep(store, post)
    later = NOW + timedelta(hours=1)
    keep(store, post, a_post(published_at=NOW - timedelta(days=9)), now=NOW + MINUTE)
    keep(store, post, now=later)
    facts = store.sources.get("x-acme")
    assert (facts.first_run_at, facts.last_success_at, facts.last_new_at, facts.last_post_at) == (
        NOW,
        later,
        NOW + MINUTE,
        post.published_at,
    )
    assert facts.total == Tally(stored=2, duplicates=2)


def test_failures_in_a_row_count_and_a_success_ends_them(store):
    keep(store, a_post(), cursor="c1")
    assert [fail(store), fail(store, now=NOW + MINUTE, stopped=True)] == [1, 2]
    broken = store.sources.get("x-acme")
    assert (broken.failures, broken.last_error, broken.stopped, broken.cursor, broken.next_due_at) == (
        2,
        "SourceDown: no answer",
        True,
        "c1",
        NOW + 2 * MINUTE,
    )
    assert (broken.last_try_at, broken.last_success_at) == (NOW + MINUTE, NOW)
    keep(store, now=NOW + 3 * MINUTE, cursor="c2")
    well = store.sources.get("x-acme")
    assert (well.failures, well.last_error, well.stopped, well.cursor) == (0, "", False, "c2")


def test_a_source_that_asks_for_patience_has_not_failed_once_more(store):
    assert [fail(store), fail(store, now=NOW + MINUTE, counts=False)] == [1, 1]
    facts = store.sources.get("x-acme")
    assert (facts.failures, facts.last_error, facts.last_try_at, facts.next_due_at) == (
        1,
        "SourceDown: no answer",
        NOW + MINUTE,
        NOW + 2 * MINUTE,
    )
    assert [call.ok for call in store.sources.polls(NOW, NOW + 2 * MINUTE)] == [False, False]
    assert fail(store, "new", counts=False) == 0
    assert store.sources.get("new").last_error == "SourceDown: no answer"


def test_a_source_can_fail_at_its_first_call(store):
    assert fail(store, "new") == 1
    assert store.sources.get("new").first_run_at == NOW


def test_a_stopped_source_is_woken(store):
    fail(store, stopped=True)
    store.sources.wake("x-acme")
    facts = store.sources.get("x-acme")
    assert (facts.stopped, facts.next_due_at, facts.failures) == (False, None, 1)


def test_an_alarm_changes_with_the_words_about_it_or_not_at_all(store):
    keep(store, a_post())
    notice = NewDelivery(key="k1", kind=MessageKind.NOTICE, channel="boss", message="{}", not_before=NOW)
    assert store.sources.change_alarm("x-acme", None, "broken", [notice], NOW)
    assert not store.sources.change_alarm("x-acme", None, "late", [replace(notice, key="k2")], NOW)
    assert store.sources.get("x-acme").alarm == "broken"
    assert [d.key for d in store.outbox.listing(frozenset(DeliveryState), limit=9)] == ["k1"]
    keep(store, a_post())
    assert store.sources.get("x-acme").alarm == "broken"  # until the recovery is told as well
    assert store.sources.change_alarm("x-acme", "broken", None, [], NOW)
    assert store.sources.get("x-acme").alarm is None


def test_the_pace_of_a_source_leaves_out_its_present_run_of_empty_calls(store):
    assert store.sources.pace("x-acme", 0) == Pace()
    for number, unmatched in enumerate([4, 0, 0, 6, 8, 0]):
        keep(store, unmatched=unmatched, now=NOW + number * MINUTE)
    fail(store, now=NOW + 10 * MINUTE)
    assert store.sources.get("x-acme").empties == 1
    assert store.sources.pace("x-acme", 1) == Pace(calls=5, median=4.0, longest_run=2, last=0)


def test_each_call_is_listed_for_coverage(store):
    keep(store, a_post(), unmatched=3)
    fail(store, now=NOW + MINUTE)
    keep(store, source="other", now=NOW + 2 * MINUTE)
    assert store.sources.polls(NOW, NOW + 2 * MINUTE) == [
        PollFacts(source="x-acme", at=NOW, ok=True, read=4, stored=1, detail=""),
        PollFacts(source="x-acme", at=NOW + MINUTE, ok=False, read=0, stored=0, detail="SourceDown: no answer"),
    ]


def test_rejects_of_a_source_are_listed_newest_first(store):
    keep(store, rejects=[Reject("line 1", "no date"), Reject("line 2", "no text")])
    keep(store, rejects=[Reject("line 1", "no date"), Reject("line 3", "no text")], now=NOW + MINUTE)
    keep(store, rejects=[Reject("line 1", "no date")], source="other")
    assert [(r.place, r.at) for r in store.sources.rejects("x-acme", 2)] == [("line 3", NOW + MINUTE), ("line 2", NOW)]
    assert len(store.sources.rejects("x-acme", 10)) == 3


def test_sources_are_listed_by_name(store):
    for name in ("b", "a"):
        keep(store, source=name)
    assert [facts.name for facts in store.sources.all()] == ["a", "b"]
