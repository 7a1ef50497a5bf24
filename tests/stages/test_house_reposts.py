"""Reposts and copies join the case of what they say again: it grows, and nobody is told twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from house import NOON, House, says

from alerts.base import MessageKind
from collectors.base import Gone, Harvest
from config.vocabulary import Platform
from monitor.states import CaseEvent, CaseState

TEXT = "furious: parcel lost, billing departement silent for weeks and nobody even apologises https://a.example/1"
CHANGED = (
    "@help furious: Parcel LOST; billing departement silent for months and nobody even apologises https://b.example/2"
)

_numbers = count(1)


@pytest.fixture
def house(store):
    return House(store)


def other(text=TEXT, **changes):
    """A post by somebody else each time."""
    number = next(_numbers)
    return says(text, **({"author_id": f"o-{number}", "author_handle": f"o{number}"} | changes))


def repost(of, **changes):
    return other("rt: furious", kind="repost", repost_of=of.native_id, **changes)


def counted(house):
    return [(case.handle, case.posts) for case in house.cases()]


def roles(house, case_id):
    return [role for _, role in house.store.cases.show(case_id).posts]


def kinds(inbox):
    return [message.kind for message in inbox.messages]


def test_a_copy_by_another_author_joins_the_case_and_is_told_nobody(house):
    house.hears(says(TEXT), other(), other(CHANGED))
    house.later(minutes=5)
    house.hears(other(), other(CHANGED))
    assert counted(house) == [("mia", 5)]
    assert kinds(house.care) == [MessageKind.CASE_OPENED]
    (case,) = house.cases()
    assert roles(house, case.id) == ["customer", "copy", "copy", "copy", "copy"]
    assert [line.event for line in house.store.cases.show(case.id).history] == ["opened", "copied"]


def test_a_thousand_copies_are_told_once(house):
    house.hears(says(TEXT), *(other() for _ in range(60)))
    house.hears(*(other(CHANGED) for _ in range(60)))
    assert counted(house) == [("mia", 121)]
    assert len(house.care.messages) == 1


def test_a_repost_joins_the_case_of_what_it_passes_on(house):
    first = says("furious")
    house.hears(first, repost(first))
    house.hears(repost(first))
    assert counted(house) == [("mia", 3)]
    assert kinds(house.care) == [MessageKind.CASE_OPENED]


def test_reposts_of_what_was_never_seen_join_the_first_of_them_and_so_does_the_original(house):
    unseen = says("furious")
    house.hears(repost(unseen, author_handle="ann"), repost(unseen))
    house.hears(repost(unseen), unseen)
    assert counted(house) == [("ann", 4)]
    assert kinds(house.care) == [MessageKind.CASE_OPENED]


def test_short_texts_that_strangers_share_are_no_copies(house):
    house.hears(says("furious, worst service ever"), other("furious, worst service ever"))
    assert [posts for _, posts in counted(house)] == [1, 1]


def test_another_matter_in_similar_words_has_a_case_of_its_own(house):
    mine = "furious: departement apologises: billing of my fridge was wrong, parcel fine"
    yours = "furious, parcel never came though the billing departement of yours apologises every day"
    house.hears(says(mine), other(yours))
    assert [posts for _, posts in counted(house)] == [1, 1]


def test_a_copy_elsewhere_is_answered_elsewhere(house):
    house.hears(says(TEXT), other(platform=Platform.REDDIT))
    assert [posts for _, posts in counted(house)] == [1, 1]


def test_a_copy_that_says_worse_has_a_case_of_its_own(house):
    house.hears(says(TEXT), other(f"{TEXT} unsafe"))
    assert [(case.posts, case.severity.name) for case in house.cases()] == [(1, "SERIOUS"), (1, "CRITICAL")]


def test_a_copy_after_the_window_opens_a_new_case(house):
    house.hears(says(TEXT))
    house.clock.advance(timedelta(days=3))
    house.hears(other(published_at=NOON + timedelta(days=3)))
    assert [posts for _, posts in counted(house)] == [1, 1]


def test_copies_do_not_keep_the_window_open(house):
    house.hears(says(TEXT))
    for day in (1, 3):
        house.clock.set(NOON + timedelta(days=day))
        house.hears(other(published_at=house.clock()))
    assert [posts for _, posts in counted(house)] == [2, 1]


def test_a_copy_of_a_closed_case_opens_a_new_one(house):
    house.hears(says(TEXT))
    house.store.cases.transition(1, CaseEvent.DISMISS, who="kim", why="spam", now=house.clock())
    house.hears(other(), other())
    assert [posts for _, posts in counted(house)] == [1, 2]
    assert len(house.care.messages) == 2


def test_a_copy_wakes_no_case_that_was_answered(house):
    house.hears(says(TEXT))
    house.store.cases.transition(1, CaseEvent.RESPOND, who="kim", why="", now=house.clock())
    house.hears(other())
    (case,) = house.cases()
    assert (case.state, case.posts, len(house.care.messages)) == (CaseState.RESPONDED, 2, 1)


def test_a_customer_who_says_the_same_again_is_told_once_until_they_were_answered(house):
    house.hears(says(TEXT))
    house.hears(says(CHANGED))
    assert (counted(house), kinds(house.care)) == ([("mia", 2)], [MessageKind.CASE_OPENED])
    house.store.cases.transition(1, CaseEvent.RESPOND, who="kim", why="", now=house.clock())
    house.hears(says(TEXT))
    assert (counted(house), house.cases()[0].state) == ([("mia", 3)], CaseState.OPEN)
    assert kinds(house.care) == [MessageKind.CASE_OPENED, MessageKind.CASE_UPDATED]


def test_what_the_author_of_a_copy_says_next_has_a_case_of_its_own(house):
    first, copy = says(TEXT), other(author_id="ben-1", author_handle="ben")
    house.hears(first, copy)
    house.hears(replace(copy, native_id="another", text="acme awful refund"))
    assert counted(house) == [("mia", 2), ("ben", 1)]


def test_a_channel_that_was_not_told_yet_hears_of_a_copy_once(store):
    routes = [{"name": "loud", "when": {"min_reach": 10_000}, "channels": ["boss"]}]
    house = House(store, routes=routes)
    house.hears(says(TEXT))
    house.hears(other(followers=50_000), other(followers=60_000))
    assert counted(house) == [("mia", 3)]
    assert (kinds(house.care), kinds(house.boss)) == ([MessageKind.CASE_OPENED], [MessageKind.CASE_OPENED])
    assert house.boss.messages[0].opened_at == house.cases()[0].opened_at


def test_an_edited_copy_is_a_copy_of_what_it_says_now(house):
    first = says(TEXT)
    house.hears(first)
    house.hears(replace(first, text="acme furious: the delivery van damaged our garden fence and drove off again"))
    house.hears(other())
    assert [posts for _, posts in counted(house)] == [1, 1]


def test_a_copy_of_a_withdrawn_post_opens_a_case_of_its_own(house):
    first = says(TEXT)
    house.hears(first)
    house.source(Harvest(gone=[Gone(Platform.X, native_id=first.native_id)])).piece()
    house.hears(other())
    assert [posts for _, posts in counted(house)] == [1, 1]


def test_the_first_author_leaves_the_case_of_which_copies_are_left(house):
    first = says(TEXT)
    house.hears(first, other())
    house.source(Harvest(gone=[Gone(Platform.X, native_id=first.native_id)])).piece()
    (case,) = house.cases()
    assert (case.handle, case.author, case.posts) == (None, None, 2)
    assert case.thread is not None
