"""Stored posts get the verdict of another model; nobody hears of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from house import NOON, House, WordClassifier, says

from classifiers.base import Verdict
from collectors.base import Harvest
from monitor.clock import SetClock
from monitor.digest import make
from monitor.digest.period import Week
from monitor.pipeline.rescore import Rescore, changed
from monitor.states import PostState
from monitor.store.engine import Store

WEEK_AGO = NOON - timedelta(days=7)
DAY = timedelta(days=1)


class Renamed(WordClassifier):
    """The same judge with a type of the company's own; "fine" is a complaint to it."""

    version = "words-2"

    @staticmethod
    def _one(text: str) -> Verdict:
        verdict = WordClassifier._one(text.replace("fine", "awful staff"))
        return replace(verdict, types=tuple("invoices" if word == "billing" else word for word in verdict.types))


class Killed(Exception):
    """The power went."""


@pytest.fixture
def house(store: Store) -> House:
    house = House(store)
    house.hears(says("awful billing", author_id="a"), says("furious delay", author_id="b"), says("fine", author_id="c"))
    return house


def work(house: House, **given: object) -> Rescore:
    values = {"since": WEEK_AGO, "batch": 2} | given
    return Rescore(house.store, Renamed(), house.clock, **values)  # type: ignore[arg-type]


def rescore(house: House, **given: object) -> Rescore:
    one = work(house, **given)
    one.run(lambda _count: None)
    return one


def types_in_digest(house: House) -> list[tuple[str, tuple[str, ...]]]:
    rows = house.store.reports.week_rows(NOON - DAY, NOON + DAY)
    return [(row.model, row.types) for row in rows.posts]


def test_stored_posts_get_new_verdicts_and_nobody_is_told(house: House) -> None:
    cases, told = house.cases(), list(house.care.keys)
    done = rescore(house)
    assert (done.changes.posts, dict(done.changes.labels)) == (
        3,
        {"main type": 2, "complaint": 1, "severity": 1, "sentiment": 1},
    )
    assert types_in_digest(house) == [("words-2", ("invoices",)), ("words-2", ("delay",)), ("words-2", ("staff",))]
    house.works()
    house.later(hours=1)
    assert (house.cases(), house.care.keys) == (cases, told)
    assert house.store.posts.backlog() == {PostState.DECIDED: 3}


def test_a_second_run_finds_nothing_to_do(house: House) -> None:
    rescore(house)
    again = work(house)
    assert again.left() == 0
    assert again.run(lambda _count: None).posts == 0


def test_going_back_to_an_earlier_model_counts_its_verdicts_again(house: House) -> None:
    before = types_in_digest(house)
    rescore(house)
    back = Rescore(house.store, WordClassifier(), house.clock, since=WEEK_AGO, batch=2)
    assert back.left() == 3
    back.run(lambda _count: None)
    assert types_in_digest(house) == before


def test_a_clock_set_back_does_not_hide_the_new_verdicts(house: House) -> None:
    house.clock = SetClock(NOON - 3 * DAY)
    rescore(house)
    assert work(house).left() == 0
    assert {model for model, _ in types_in_digest(house)} == {"words-2"}


def test_a_dry_run_counts_and_stores_nothing(house: House) -> None:
    before = types_in_digest(house)
    done = rescore(house, dry_run=True)
    assert (done.changes.posts, done.changes.labels["main type"]) == (3, 2)
    assert types_in_digest(house) == before
    assert done.left() == 3


def test_only_posts_published_since_then_are_taken_up(house: House) -> None:
    house.hears(says("awful billing", author_id="d", published_at=NOON - 3 * DAY))
    assert work(house, since=NOON - DAY).left() == 3
    assert work(house, since=NOON - 4 * DAY).left() == 4


def test_a_run_that_was_killed_goes_on_where_it_was(house: House) -> None:
    def die(_count: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        work(house).run(die)
    rest = work(house)
    assert rest.left() == 1
    assert rest.run(lambda _count: None).posts == 1
    assert {model for model, _ in types_in_digest(house)} == {"words-2"}


def test_progress_hears_of_every_post(house: House) -> None:
    heard: list[int] = []
    one = work(house)
    left = one.left()
    one.run(heard.append)
    assert (heard, sum(heard)) == ([2, 1], left)


class Meanwhile(Renamed):
    """Something happens while the model is at work."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens = happens

    def classify(self, texts: Sequence[str], /) -> Sequence[Verdict]:
        self._happens()
        return super().classify(texts)


def test_a_post_edited_meanwhile_is_left_to_the_daemon(store: Store) -> None:
    house = House(store)
    post = says("awful billing")
    house.hears(post)

    def edit() -> None:
        house.source(Harvest(posts=(replace(post, text="acme lovely after all"),))).piece()

    done = Rescore(store, Meanwhile(edit), house.clock, since=WEEK_AGO, batch=9).run(lambda _count: None)
    assert (done.posts, done.moved_on, dict(done.labels)) == (0, 1, {})
    house.works()
    assert types_in_digest(house) == [("words-1", ())]


def test_a_text_that_breaks_the_model_keeps_its_verdict_and_the_others_go_on(house: House) -> None:
    class Touchy(Renamed):
        def classify(self, texts: Sequence[str], /) -> Sequence[Verdict]:
            if any("delay" in text for text in texts):
                raise RuntimeError("this text breaks the model")
            return super().classify(texts)

    done = Rescore(house.store, Touchy(), house.clock, since=WEEK_AGO, batch=9).run(lambda _count: None)
    assert (done.posts, done.unjudgeable) == (2, 1)
    assert [model for model, _ in types_in_digest(house)] == ["words-2", "words-1", "words-2"]


def test_a_model_that_judges_nothing_stops_the_run(house: House) -> None:
    class Broken(Renamed):
        def classify(self, texts: Sequence[str], /) -> Sequence[Verdict]:
            raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        Rescore(house.store, Broken(), house.clock, since=WEEK_AGO, batch=9).run(lambda _count: None)


def test_posts_of_the_company_and_posts_not_yet_judged_are_left_alone(store: Store) -> None:
    house = House(store)
    house.hears(says("we are sorry", author_handle="acme_help", author_id="us"), says("awful billing"))
    house.source(Harvest(posts=(says("furious delay", author_id="z"),))).piece()
    assert work(house).left() == 1
    assert rescore(house).changes.posts == 1
    house.works()
    assert sorted(types_in_digest(house))[1:] == [("words-1", ("delay",)), ("words-2", ("invoices",))]


def test_a_post_judged_but_not_decided_is_decided_by_its_new_verdict(store: Store) -> None:
    route = {"name": "money", "when": {"types": ["invoices"]}, "channels": ["boss"]}
    own = [{"name": "invoices", "from": ["billing"]}, {"name": "delay"}, {"name": "other"}]
    house = House(store, complaint_types=own, routes=[route], alerting={"playbook": {"invoices": "Call."}})
    house.source(Harvest(posts=(says("awful billing"),))).piece()
    house.score.batch()
    rescore(house)
    house.works()
    [message] = house.boss.messages
    assert message.mention is not None
    assert (message.mention.types, message.guidance) == (("invoices",), "Call.")


def test_an_alert_names_the_types_as_the_company_describes_them(store: Store) -> None:
    own = [{"name": "invoices", "from": ["billing"], "description": "an invoice is wrong"}, {"name": "other"}]
    house = House(store, complaint_types=own)
    house.classifier = Renamed()
    house.new_workers()
    house.hears(says("furious billing"))
    [message] = house.care.messages
    assert message.mention is not None
    assert message.mention.type_names == ("an invoice is wrong",)


def test_the_digest_names_own_types_and_those_of_before(store: Store) -> None:
    own = [{"name": "invoices", "from": ["billing"], "description": "an invoice is wrong"}, {"name": "other"}]
    house = House(store, complaint_types=own)
    house.hears(says("awful billing", author_id="a", published_at=NOON - DAY), says("awful billing", author_id="b"))
    rescore(house, since=NOON - timedelta(hours=1))
    facts = make.facts_of(store, house.settings, Week.parse("2026-W47"), NOON + 7 * DAY)
    assert {(line.code, line.name) for line in facts.types} == {
        ("billing", "billing, price, fees, refund"),
        ("invoices", "an invoice is wrong"),
    }


def test_a_digest_that_was_made_stays_as_it_was(house: House) -> None:
    week, later = Week.parse("2026-W47"), NOON + 7 * DAY
    made = make.frozen_facts(house.store, house.settings, week, later)
    rescore(house)
    assert make.frozen_facts(house.store, house.settings, week, later) == made
    assert make.facts_of(house.store, house.settings, week, later) != made


def test_labels_are_compared_one_by_one() -> None:
    before = WordClassifier._one("awful billing")
    assert changed(before, before) == []
    assert changed(before, replace(before, types=("billing", "delay"))) == []
    assert changed(before, replace(before, types=("delay", "billing"))) == ["main type"]
    assert changed(before, WordClassifier._one("hola")) == ["sentiment", "complaint", "main type", "severity"]
