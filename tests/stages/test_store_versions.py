"""What becomes of a post that is met again: its versions, its engagement, and readings that come too late."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import MINUTE, NOW, a_post, heard, judge, keep, keep_judged
from kills import killed_at, killed_everywhere
from sqlalchemy import select

from collectors.base import Engagement, Heard
from monitor.backoff import next_look
from monitor.states import PostState
from monitor.store.engagement import Reading
from monitor.store.tables import post, post_version
from monitor.store.values import Tally

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def versions(store, post_id=1):
    c = post_version.c
    query = select(c.revision, c.version, c.text, c.title, c.replaced_at).where(c.post_id == post_id).order_by(c.id)
    with store._engine.connect() as db:
        return [tuple(row) for row in db.execute(query)]


def row(store, post_id=1):
    with store._engine.connect() as db:
        return db.execute(select(post).where(post.c.id == post_id)).one()


def test_what_a_source_says_of_a_post_is_kept(store):
    keep(store, a_post(version="v1", community="r/acme", repost_of="p0", quoted="q0"))
    kept = row(store)
    assert (kept.version, kept.community, kept.repost_of, kept.quoted) == ("v1", "r/acme", "p0", "q0")
    assert store.posts.get(1).repost_of == "p0"


def test_what_was_not_known_before_is_learnt_and_what_was_is_kept(store):
    one = a_post(community="r/acme")
    keep(store, one)
    keep(store, replace(one, version="v1", community="r/other", repost_of="p0", quoted="q0"))
    kept = row(store)
    assert (kept.version, kept.community, kept.repost_of, kept.quoted) == ("v1", "r/acme", "p0", "q0")
    assert (kept.revision, versions(store)) == (0, [])


def test_what_an_edited_post_said_before_is_kept(store):
    one = a_post(title="Late", version="v1")
    keep_judged(store, one)
    edited = replace(one, text="Acme found it", version="v2")
    assert keep(store, edited, now=NOW + MINUTE) == Tally(edited=1)
    assert versions(store) == [(0, "v1", one.text, "Late", NOW + MINUTE)]
    assert (store.posts.get(1).state, row(store).version) == (PostState.COLLECTED, "v2")
    keep(store, replace(edited, text="Acme lost it", version=None), now=NOW + HOUR)
    assert [revision for revision, *_ in versions(store)] == [0, 1]


def test_a_reading_of_a_state_that_was_replaced_changes_nothing(store):
    one = a_post(version="v1", engagement=Engagement(likes=5))
    edited = replace(one, text="Acme found it", version="v2", engagement=Engagement(likes=9))
    keep(store, one)
    keep(store, edited, now=NOW + MINUTE)
    late = replace(one, engagement=Engagement(likes=6))
    assert keep(store, late, brand="Bmce", now=NOW + HOUR) == Tally(duplicates=1)
    assert (store.posts.get(1).text, row(store).version, len(versions(store))) == ("Acme found it", "v2", 1)
    assert [reading.counts.likes for reading in store.engagement.of(1)] == [5, 9]


def test_the_same_state_told_otherwise_is_no_edit(store):
    one = a_post(version="v1")
    keep(store, one)
    assert keep(store, replace(one, text="Acme lost my par…")) == Tally(duplicates=1)
    assert store.posts.get(1).text == one.text


def test_engagement_is_a_series_of_what_was_news(store):
    one = a_post(engagement=Engagement(likes=1, views=10, score=-3))
    keep(store, one)
    for minute, counts in enumerate(
        (
            Engagement(likes=1, views=10, score=-3),
            Engagement(likes=2),  # what is not told is not known: no news of the others
            Engagement(likes=2),
            Engagement(likes=2, views=11),
            None,
        ),
        start=1,
    ):
        keep(store, replace(one, engagement=counts), now=NOW + minute * MINUTE)
    assert store.engagement.of(1) == [
        Reading(NOW, Engagement(likes=1, views=10, score=-3)),
        Reading(NOW + 2 * MINUTE, Engagement(likes=2)),
        Reading(NOW + 4 * MINUTE, Engagement(likes=2, views=11)),
    ]
    assert store.engagement.of(99) == []


def test_an_older_reading_or_one_of_the_same_instant_is_left_out(store):
    one = a_post(engagement=Engagement(likes=5))
    keep(store, one, now=NOW)
    keep(store, replace(one, engagement=Engagement(likes=4)), now=NOW - MINUTE)
    keep(store, replace(one, engagement=Engagement(likes=6)), now=NOW)
    assert [reading.counts.likes for reading in store.engagement.of(1)] == [5]


def test_counts_beyond_reason_are_left_out_of_the_series(store):
    wild = Engagement(likes=-1, reposts=2**63, replies=2**63 - 1, score=-(2**70), views=0)
    keep(store, a_post(engagement=wild), a_post(engagement=Engagement(likes=-1)))
    assert store.engagement.of(1) == [Reading(NOW, Engagement(replies=2**63 - 1, views=0))]
    assert store.engagement.of(2) == []


def test_a_burst_met_again_costs_no_statement_a_post(store):
    posts = [a_post(engagement=Engagement(likes=1)) for _ in range(400)]
    keep(store, *posts)
    edited = [replace(p, text=f"{p.text}!", engagement=Engagement(likes=2)) for p in posts]
    with killed_at(store, -1) as statements:
        keep(store, *edited, now=NOW + MINUTE)
    assert len(statements) < 40
    assert len(store.engagement.of(400)) == 2


def test_killed_at_any_statement_an_edit_is_stored_whole_or_not_at_all(store):
    one = a_post(version="v1", engagement=Engagement(likes=1))
    keep(store, one)
    judge(store)
    edited = replace(one, text="Acme found it", version="v2", engagement=Engagement(likes=2))

    def look():
        return store.posts.get(1).text == "Acme found it", len(versions(store)), len(store.engagement.of(1))

    seen = killed_everywhere(store, lambda: keep(store, edited, now=NOW + MINUTE), look)
    assert len(seen) > 8
    assert seen == [(False, 0, 1)] * (len(seen) - 1) + [(True, 1, 2)]


def test_an_edit_that_names_no_brand_any_more_keeps_those_it_was_kept_for(store):
    one = a_post()
    (post_id,) = keep_judged(store, one)
    silent = Heard(replace(one, text="they found it"), ())
    store.posts.save_harvest("x-acme", [silent], rejects=(), unmatched=0, cursor=None, next_due_at=NOW, now=NOW)
    judge(store)
    assert [waiting.aliases for waiting in store.posts.to_decide(10)] == [{"Acme": "acme"}]
    assert store.posts.get(post_id).text == "they found it"


@pytest.mark.parametrize(
    ("old", "expected"), [(timedelta(0), HOUR), (HOUR, DAY), (2 * DAY, 7 * DAY), (40 * DAY, None), (-HOUR, HOUR)]
)
def test_a_new_post_is_looked_at_at_the_first_age_it_has_not_reached(store, old, expected):
    ages = (HOUR, DAY, 7 * DAY)
    one = a_post(published_at=NOW - old)
    store.posts.save_harvest(
        "x-acme",
        heard(one),
        rejects=(),
        unmatched=0,
        cursor=None,
        next_due_at=NOW,
        now=NOW,
        recheck_ages=ages,
    )
    wanted = None if expected is None else one.published_at + expected
    assert (row(store).recheck_at, next_look(one.published_at, ages, NOW)) == (wanted, wanted)


def test_a_post_whose_name_was_shortened_is_never_asked_for(store):
    store.posts.save_harvest(
        "x-acme",
        heard(a_post(native_id="n" * 9000)),
        rejects=(),
        unmatched=0,
        cursor=None,
        next_due_at=NOW,
        now=NOW,
        recheck_ages=(DAY,),
    )
    assert row(store).recheck_at is None
