"""Texts are kept as long as their source's settings say; what was counted of them is kept for good."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import a_decision, a_post, judge, keep
from dump import dump
from house import NOON, House, says
from kills import killed_everywhere

from collectors.base import Harvest
from config.vocabulary import Sentiment
from monitor.digest import make
from monitor.digest.period import Week
from monitor.pipeline import purge
from monitor.pipeline.purge import Purge
from monitor.states import CaseEvent, PostState
from monitor.store.corrections import Correction, Fate
from monitor.store.labels import Labels
from monitor.store.values import Decisions, Tally

MONTH = timedelta(days=30)
WEEK = Week.parse("2026-W47")


@pytest.fixture
def house(store):
    return House(store, sources=[{"kind": "files", "name": "inbox", "path": "/nowhere.csv", "keep_text_for": "30d"}])


def purged(house, **by):
    house.clock.advance(timedelta(**by))
    return Purge(house.store, house.settings.sources, house.clock).batch()


def close(house):
    for case in house.open_cases():
        house.store.cases.transition(case.id, CaseEvent.RESOLVE, who="kim", why="", now=house.clock())


def test_a_text_is_erased_at_its_age_and_not_before(house):
    post = says("zebra fine", author_handle="zebrahandle", author_id="zebra-1")
    house.hears(post)
    assert [purged(house, days=30), purged(house, seconds=1), purged(house, days=1)] == [0, 1, 0]
    kept = house.store.posts.get(1)
    assert (kept.text, kept.author_id, kept.state) == ("", None, PostState.DECIDED)
    assert "zebra" not in dump(house.store)
    with house.store._engine.connect() as db:
        line = db.exec_driver_sql("SELECT event, before, after, who FROM history WHERE entity = 'post'").one()
    assert tuple(line) == ("erased", "decided", "decided", "monitor")


def test_a_source_without_an_age_keeps_its_texts(store):
    house = House(store)
    house.hears(says("fine"))
    assert purged(house, days=3650) == 0


def test_a_source_that_is_switched_off_forgets_all_the_same(house):
    house.hears(says("fine"))
    off = tuple(source.model_copy(update={"enabled": False}) for source in house.settings.sources)
    house.clock.advance(MONTH + timedelta(seconds=1))
    assert Purge(house.store, off, house.clock).batch() == 1


def test_an_old_post_that_was_collected_lately_is_kept(house):
    house.hears(says("fine", published_at=NOON - timedelta(days=300)))
    assert purged(house, days=29) == 0


def test_what_waits_for_its_verdict_or_decision_gets_them_first(house):
    house.source(Harvest(posts=[says("fine")])).piece()
    assert purged(house, days=31) == 0
    house.score.batch()
    assert purged(house, days=1) == 0
    house.decide.batch()
    assert purged(house, days=1) == 1


def test_a_post_that_was_set_aside_is_erased_and_never_judged(house):
    house.source(Harvest(posts=[says("poison")])).piece()
    for _ in range(4):
        house.score.batch()
    assert house.store.posts.backlog() == {PostState.QUARANTINED: 1}
    assert (purged(house, days=31), house.store.posts.requeue(house.clock())) == (1, 0)


def test_the_posts_of_a_case_wait_until_it_is_closed(house):
    house.hears(says("awful"), says("fine", author_id="b"))
    assert purged(house, days=31) == 1
    assert house.store.posts.get(1).text == "acme awful"
    close(house)
    assert purged(house, minutes=10) == 1
    (case,) = house.cases()
    assert (case.handle, case.posts) == (None, 1)
    assert [line.event for line in house.store.cases.show(case.id).history] == ["opened", "resolve"]


def test_it_does_not_come_back_as_new(house):
    post = says("fine")
    house.hears(post)
    purged(house, days=31)
    for again in (post, replace(post, text="acme awful", version="v2")):
        tally, _ = house.source(Harvest(posts=[again])).piece()
        assert tally == Tally(duplicates=1)
    house.works()
    assert (house.cases(), house.store.posts.backlog()) == ([], {PostState.DECIDED: 1})
    assert house.store.posts.get(1).text == ""


def test_the_numbers_of_its_week_stay(house):
    house.hears(says("lovely"), says("hola", author_id="b"), says("awful billing", author_id="c"))
    close(house)
    house.clock.advance(timedelta(days=29))
    before = make.facts_of(house.store, house.settings, WEEK, house.clock())
    assert purged(house, days=2) == 3
    after = make.facts_of(house.store, house.settings, WEEK, house.clock())
    same = {"quotes": (), "praise": before.praise, "made_at": before.made_at, "sources": (), "cautions": ()}
    assert replace(after, **same) == replace(before, **same)
    assert after.quotes == ()


def test_nobody_judges_draws_or_corrects_what_cannot_be_read(house):
    house.hears(says("awful"))
    close(house)
    note = Correction(post_id=1, labels=Labels(sentiment=Sentiment.POSITIVE), note="zebra")
    assert house.store.corrections.add([note], who="kim", now=house.clock())[0].fate is Fate.STORED
    purged(house, days=31)
    store, since = house.store, NOON - MONTH
    assert (store.rescoring.count(since, "words-2"), store.corrections.corrected()) == (0, [])
    assert store.samples.draw(5, since=since, until=house.clock(), seed=1, who="kim", now=house.clock()) is None
    again = replace(note, labels=Labels(sentiment=Sentiment.NEUTRAL))
    assert store.corrections.add([again], who="kim", now=house.clock())[0].fate is Fate.ERASED
    week = make.facts_of(store, house.settings, WEEK, house.clock())
    assert (week.mood.positive, "zebra" in dump(store)) == (1, False)


def test_it_is_done_in_pieces(house, monkeypatch):
    monkeypatch.setattr(purge, "BATCH", 4)
    house.hears(*(says("fine") for _ in range(10)))
    assert [purged(house, days=31), purged(house), purged(house), purged(house)] == [4, 4, 2, 0]


def test_killed_at_any_statement_texts_are_erased_whole_or_not_at_all(store):
    keep(store, a_post(), a_post())
    ids = judge(store)
    decisions = [a_decision(post_id, alert=False) for post_id in ids]
    store.cases.save_decisions(Decisions(post_ids=ids, decisions=decisions), now=NOON)
    before = dump(store)

    def work():
        store.erasing.purge("x-acme", collected_before=NOON + MONTH, limit=10, now=NOON + MONTH)

    def look():
        return dump(store) == before, [store.posts.get(i).text == "" for i in ids]

    seen = killed_everywhere(store, work, look)
    assert len(seen) > 8
    assert seen == [(True, [False, False])] * (len(seen) - 1) + [(False, [True, True])]
