"""Posts are looked at again at certain ages: edited, gone, taken how; whatever fails is put off and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

import pytest
from house import NOON, House, ScriptedSource, says
from kills import killed_everywhere

from collectors.base import (
    AccessDenied,
    BudgetSpent,
    Engagement,
    Harvest,
    Outlay,
    Post,
    RateLimited,
    Rechecked,
    SourceDown,
    Spend,
)
from collectors.matching import Matcher
from monitor.pipeline import recheck
from monitor.pipeline.recheck import Recheck
from monitor.states import PostState

AGES = (timedelta(hours=1), timedelta(days=1))


@dataclass
class Platform(ScriptedSource):
    """What stands on a platform now; an exception in the list is raised, and a call takes `most` posts."""

    stands: dict[str, Post | None] = field(default_factory=dict)
    errors: list[Exception] = field(default_factory=list)
    asked: list[list[str]] = field(default_factory=list)
    most: int = 1000
    spent: tuple[Spend, ...] = ()

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        self.asked.append(list(native_ids))
        if self.errors:
            raise self.errors.pop(0)
        found = {name: self.stands[name] for name in native_ids[: self.most] if name in self.stands}
        return Rechecked(found=found, requests=int(self.most > 0), spent=self.spent)


class Looking:
    """A house whose one source looks at its posts again."""

    def __init__(self, store, posts):
        self.house = House(store)
        self.source = self.house.settings.sources[0].model_copy(update={"recheck_at": AGES})
        self.house.settings = self.house.settings.model_copy(update={"sources": (self.source,)})
        self.house.hears(*posts)
        self.platform = Platform([], stands={post.native_id: post for post in posts})
        self.restart()

    def restart(self):
        house = self.house
        matcher = Matcher(house.settings.brands)
        self.stage = Recheck(self.source, self.platform, matcher, house.store, house.notices, house.clock, Random(3))

    def due(self):
        return [one.post_id for one in self.house.store.rechecks.due("inbox", self.house.clock(), 100)]

    def posts(self):
        return range(1, len(self.platform.stands) + 1)

    def later(self, **by):
        self.house.clock.advance(timedelta(**by))
        done = 0
        while count := self.stage.batch():
            done += count
        return done


@pytest.fixture
def posts():
    return [says("awful billing"), says("fine", author_id="b"), says("lovely", author_id="c")]


@pytest.fixture
def looking(store, posts):
    return Looking(store, posts)


def test_posts_are_looked_at_at_each_age_and_then_no_more(looking, posts):
    names = sorted(post.native_id for post in posts)
    assert [looking.later(minutes=59), looking.later(minutes=1), looking.later(hours=22)] == [0, 3, 0]
    assert [looking.later(hours=1), looking.later(days=90)] == [3, 0]
    assert [sorted(asked) for asked in looking.platform.asked] == [names, names]


def test_an_edited_post_is_judged_and_decided_anew(looking, posts):
    edited = replace(posts[1], text="acme furious", version="v2")
    looking.platform.stands[edited.native_id] = edited
    looking.later(hours=1)
    looking.house.works()
    assert looking.house.store.posts.get(2).text == "acme furious"
    assert [case.severity.name for case in looking.house.cases()] == ["MILD", "SERIOUS"]


def test_how_it_was_taken_is_noted_at_each_look(looking, posts):
    name = posts[0].native_id
    for hours, likes in ((1, 5), (23, 50)):
        looking.platform.stands[name] = replace(posts[0], engagement=Engagement(likes=likes))
        looking.later(hours=hours)
    readings = looking.house.store.engagement.of(1)
    assert [(r.at, r.counts.likes) for r in readings] == [
        (NOON + timedelta(hours=1), 5),
        (NOON + timedelta(days=1), 50),
    ]


def test_a_post_that_is_gone_is_erased_at_once_and_asked_for_no_more(looking, posts):
    looking.platform.stands[posts[0].native_id] = None
    looking.later(hours=1)
    gone = looking.house.store.posts.get(1)
    assert (gone.text, gone.state, looking.house.cases()[0].handle) == ("", PostState.WITHDRAWN, None)
    looking.later(days=1)
    assert posts[0].native_id not in looking.platform.asked[-1]


def test_one_that_cannot_be_asked_for_waits_for_its_next_age(looking, posts):
    del looking.platform.stands[posts[1].native_id]
    assert [looking.later(hours=1), looking.due(), looking.later(hours=23)] == [3, [], 3]
    assert looking.house.store.posts.get(2).text == posts[1].text


def test_where_nothing_can_be_asked_the_posts_are_not_asked_for_forever(looking):
    looking.platform.stands, looking.platform.most = {}, 0
    assert [looking.later(hours=1), len(looking.platform.asked)] == [3, 1]


def test_posts_of_which_nothing_is_known_do_not_stand_in_the_way_of_others(store):
    posts = [says("fine") for _ in range(50)]
    looking = Looking(store, posts)
    looking.platform.stands = {posts[-1].native_id: None}
    assert looking.later(hours=1) == 50
    assert [len(asked) for asked in looking.platform.asked] == [50, 49, 29, 9]
    assert looking.house.store.posts.get(50).text == ""


def test_an_answer_out_of_its_turn_does_not_pass_over_those_between(store):
    posts = [says("fine") for _ in range(60)]
    looking = Looking(store, posts)
    looking.platform.stands = {post.native_id: post for post in (*posts[:10], posts[-1])}
    looking.house.clock.advance(timedelta(hours=1))
    assert looking.stage.batch() == 11
    assert looking.due() == list(range(11, 60))


def test_what_one_call_does_not_reach_is_asked_for_by_the_next(looking, posts):
    looking.platform.most = 2
    assert looking.later(hours=1) == 3
    assert [len(asked) for asked in looking.platform.asked] == [3, 1]
    assert looking.due() == []


def test_no_more_than_one_call_takes_is_asked_for_at_once(store, monkeypatch):
    monkeypatch.setattr(recheck, "BATCH", 4)
    looking = Looking(store, [says("fine") for _ in range(10)])
    assert looking.later(hours=1) == 10
    assert [len(asked) for asked in looking.platform.asked] == [4, 4, 2]


def test_what_a_look_costs_is_in_the_ledger(looking, posts):
    day = date(2026, 11, 18)
    ids = tuple(post.native_id for post in posts)
    looking.platform.spent = (Spend(day=day, resource="post_read", ids=ids, micros=5000),)
    looking.later(hours=1)
    outlay = Outlay(day=day, resource="post_read", query="", units=3, micros=15_000)
    assert looking.house.store.ledger.spent("inbox", day) == [outlay]


def test_a_failed_look_costs_too_and_is_put_off_longer_each_time(looking):
    error = SourceDown("no route to host")
    error.spent = (Spend(day=date(2026, 11, 18), resource="request", units=1),)
    looking.platform.errors = [error] * 3
    before = looking.house.store.sources.get("inbox")
    pauses = []
    looking.house.clock.advance(timedelta(hours=1))
    for _ in range(3):
        looking.restart()  # nothing of it is in memory
        assert looking.stage.batch() == 0
        asked = len(looking.platform.asked)
        pause = 0
        while len(looking.platform.asked) == asked and pause < 7200:
            pause += 10
            looking.house.clock.advance(timedelta(seconds=10))
            if looking.due():
                break
        pauses.append(pause)
    assert pauses == sorted(pauses)
    assert pauses[0] >= 10
    assert looking.stage.batch() == 3
    assert looking.house.store.ledger.spent("inbox", date(2026, 11, 18))[0].units == 3
    assert looking.house.store.sources.get("inbox") == before
    looking.house.works()
    assert [m.subject for m in looking.house.boss.messages] == ["Posts of source inbox cannot be looked at again"]


@pytest.mark.parametrize(
    "error", [RateLimited("slow down", NOON + timedelta(hours=3)), BudgetSpent("spent", NOON + timedelta(hours=3))]
)
def test_patience_asked_for_is_kept_across_a_restart_and_is_no_fault(looking, error):
    looking.platform.errors = [error]
    assert looking.later(hours=1) == 0
    looking.restart()
    assert [looking.later(minutes=119), looking.later(minutes=1)] == [0, 3]
    assert len(looking.platform.asked) == 2
    assert looking.house.store.rechecks.failures("inbox") == 0


@pytest.mark.parametrize("error", [AccessDenied("401"), ValueError("a bug")])
def test_refusals_and_bugs_are_put_off_and_the_live_source_goes_on(looking, error):
    looking.platform.errors = [error]
    assert looking.later(hours=1) == 0
    assert (looking.due(), looking.house.store.rechecks.failures("inbox")) == ([], 1)
    facts = looking.house.store.sources.get("inbox")
    assert (facts.stopped, facts.failures, facts.last_error) == (False, 0, "")
    assert looking.later(hours=1) == 3
    assert looking.house.store.rechecks.failures("inbox") == 0


@pytest.mark.parametrize("stopped", [True, False])
def test_a_source_that_may_not_be_asked_is_not_asked(looking, stopped):
    until = NOON + timedelta(hours=5)
    looking.house.store.posts.save_failure(
        "inbox", error="no", retry_at=until, stopped=stopped, blocked=not stopped, now=NOON
    )
    assert (looking.later(hours=4), looking.platform.asked) == (0, [])
    if stopped:
        looking.house.store.sources.wake("inbox")
    assert looking.later(hours=1) == 3


def test_an_answer_about_another_post_is_left_aside(looking, posts):
    stranger = says("awful")
    looking.platform.stands = {posts[0].native_id: stranger}
    looking.later(hours=1)
    assert looking.house.store.posts.get(1).text == posts[0].text
    assert looking.house.store.posts.get(4) is None


def test_the_live_cursor_stays(looking):
    looking.house.source(Harvest(cursor="page-9")).piece()
    looking.later(hours=1)
    assert looking.house.store.sources.get("inbox").cursor == "page-9"


def test_killed_at_any_statement_a_look_is_stored_whole_or_not_at_all(looking, posts):
    store, first = looking.house.store, posts[0].native_id
    looking.platform.stands |= {first: None, posts[1].native_id: replace(posts[1], text="acme awful")}
    looking.platform.spent = (Spend(day=date(2026, 11, 18), resource="request", units=1),)
    looking.house.clock.advance(timedelta(hours=1))

    def look():
        texts = store.posts.get(1).text == "", store.posts.get(2).text == "acme awful"
        return *texts, looking.due(), sum(o.units for o in store.ledger.spent("inbox", date(2026, 11, 18)))

    seen = killed_everywhere(store, looking.stage.batch, look)
    assert len(seen) > 15
    assert seen == [(False, False, [1, 2, 3], 0)] * (len(seen) - 1) + [(True, True, [], 1)]


def test_many_posts_that_are_all_gone_at_once_are_asked_for_twice(store):
    many = [says(f"fine {number}", author_id=f"a{number}") for number in range(recheck.DOUBTED)]
    looking = Looking(store, many)
    looking.platform.stands = {post.native_id: None for post in many}
    looking.platform.spent = (Spend(day=NOON.date(), resource="lookup", units=1, micros=10),)
    assert looking.later(hours=1) == 0
    assert {store.posts.get(post_id).state for post_id in looking.posts()} == {PostState.DECIDED}
    assert looking.later(minutes=30) == recheck.DOUBTED  # within the hour, and believed
    assert {store.posts.get(post_id).state for post_id in looking.posts()} == {PostState.WITHDRAWN}
    assert [one.units for one in store.ledger.spent("inbox", NOON.date())] == [2]


def test_a_bad_moment_of_the_platform_erases_nothing(store):
    many = [says(f"fine {number}", author_id=f"a{number}") for number in range(recheck.DOUBTED)]
    looking = Looking(store, many)
    looking.platform.stands = {post.native_id: None for post in many}
    looking.later(hours=1)
    looking.platform.stands = {post.native_id: post for post in many}
    assert looking.later(minutes=30) == recheck.DOUBTED
    assert {store.posts.get(post_id).state for post_id in looking.posts()} == {PostState.DECIDED}
