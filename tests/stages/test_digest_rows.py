from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from digest_rows import Rows
from digest_values import BEFORE, END, HOUR, NOW, START, WEEK, ZONE
from sqlalchemy import text

from alerts.compose import delivery_key
from config.vocabulary import Flag, Platform, Sentiment, Severity
from monitor.digest.build import Occasion
from monitor.digest.facts import Coverage, Facts
from monitor.digest.gather import gather
from monitor.digest.mail import render
from monitor.states import CaseState, PostState
from monitor.store.engine import Store
from monitor.store.week import CaseRow, DecisionCount, PostRow, Quotable, SourceRow, WeekRows, WeekTotals

DAY = 24 * HOUR
TICK = timedelta(microseconds=1)
OCCASION = Occasion(company="Acme", week=WEEK, zone=ZONE, now=NOW, overdue_after=8 * HOUR)


@pytest.fixture
def rows(store: Store) -> Rows:
    return Rows(store._engine)


def asked(store: Store, sql: str, **values: object) -> list[tuple[object, ...]]:
    """Independent SQL, written by hand; times are microseconds as the table keeps them."""
    micros = {
        "start": int(START.timestamp() * 1e6),
        "end": int(END.timestamp() * 1e6),
        "before": int(BEFORE.timestamp() * 1e6),
    } | values
    with store._engine.connect() as db:
        return [tuple(row) for row in db.execute(text(sql), {k: v for k, v in micros.items() if f":{k}" in sql})]


def test_an_empty_store_gives_an_empty_week(store):
    assert store.reports.week_rows(START, END) == WeekRows(start=START, end=END)
    assert store.reports.week_totals(START, END) == WeekTotals()
    assert store.reports.examples([]) == store.reports.examples([1, 2]) == {}
    assert store.reports.listening_since() is None


def test_a_post_is_read_with_its_verdict_and_brands(store, rows):
    number = rows.post(
        START,
        sentiment="negative",
        types="delay support",
        severity=2,
        flags="leaves needs_reply",
        followers=12,
        brands=("Zeta", "Acme"),
        kind="repost",
        ours=True,
        platform="reddit",
    )
    assert store.reports.week_rows(START, END).posts == (
        PostRow(
            id=number,
            platform=Platform.REDDIT,
            source="news",
            author="a1",
            followers=12,
            published_at=START,
            repost=True,
            ours=True,
            state=PostState.DECIDED,
            brands=("Acme", "Zeta"),
            judged=True,
            model="m1",
            language="en",
            sentiment=Sentiment.NEGATIVE,
            complaint=True,
            types=("delay", "support"),
            severity=Severity.SERIOUS,
            flags=(Flag.LEAVES, Flag.NEEDS_REPLY),
        ),
    )


def test_a_week_takes_its_first_instant_and_leaves_its_end(store, rows):
    for at in (START - TICK, START, END - TICK, END):
        rows.post(at)
    assert [row.id for row in store.reports.week_rows(START, END).posts] == [2, 3]
    assert store.reports.week_totals(START, END).posts == 2


def test_a_post_judged_twice_counts_once_by_its_newest_verdict(store, rows):
    number = rows.post(START, sentiment="positive", model="new", scored_at=START + 2 * HOUR)
    rows.verdict(number, "negative", model="old", scored_at=START + HOUR)
    [row] = store.reports.week_rows(START, END).posts
    assert (row.model, row.sentiment) == ("new", Sentiment.POSITIVE)
    assert store.reports.week_totals(START, END) == WeekTotals(1, 0, {Sentiment.POSITIVE: 1})


def test_a_post_without_verdict_and_one_not_served_are_told_apart(store, rows):
    rows.post(START, sentiment=None, state="collected")
    rows.post(START, judged=False, language="de")
    waiting, foreign = store.reports.week_rows(START, END).posts
    assert (waiting.judged, waiting.sentiment, waiting.state) == (None, None, PostState.COLLECTED)
    assert (foreign.judged, foreign.sentiment, foreign.language) == (False, None, "de")
    assert store.reports.week_totals(START, END) == WeekTotals(2, 0, {})


def test_own_posts_are_no_part_of_the_totals(store, rows):
    rows.post(START, ours=True, sentiment="positive")
    rows.post(START, sentiment="negative", types="delay", severity=1)
    assert store.reports.week_totals(START, END) == WeekTotals(1, 1, {Sentiment.NEGATIVE: 1})


def test_cases_alive_in_the_week_are_read_and_no_others(store, rows):
    rows.case(1, BEFORE, closed_at=START - TICK, state="resolved")  # over before
    rows.case(2, BEFORE, closed_at=START, state="resolved")
    rows.case(3, BEFORE)  # still open
    rows.case(4, END - TICK, first_response_at=END)
    rows.case(5, END)  # opened after
    cases = store.reports.week_rows(START, END).cases
    assert [case.id for case in cases] == [2, 3, 4]
    assert cases[1] == CaseRow(
        id=3,
        brand="Acme",
        platform=Platform.X,
        state=CaseState.OPEN,
        severity=Severity.MILD,
        main_type="delay",
        opened_at=BEFORE,
        first_post_at=BEFORE - timedelta(minutes=10),
        waits_since=BEFORE,
        first_response_at=None,
        closed_at=None,
    )


def test_decisions_are_counted_with_the_posts_they_are_about(store, rows):
    for at, reason in ((START, "neither"), (START, "neither"), (START, "too_old"), (END, "neither")):
        rows.decision(rows.post(at), reason, at=END + DAY)
    rows.decision(rows.post(START), "negative", alert=True, at=START)
    assert store.reports.week_rows(START, END).decisions == (
        DecisionCount(False, "neither", 2),
        DecisionCount(False, "too_old", 1),
        DecisionCount(True, "negative", 1),
    )


def test_a_source_s_calls_tell_how_well_it_was_read(store, rows):
    rows.source("news", BEFORE)
    rows.poll("news", START - HOUR, detail="before the week")
    for hours, stored in ((1, 2), (2, 0), (3, 1), (30, 0)):
        rows.poll("news", START + hours * HOUR, stored=stored)
    rows.poll("news", START + 31 * HOUR, ok=False, detail="HTTP 503")
    rows.poll("news", END, ok=True)
    rows.reject("news", START)
    rows.reject("news", END)
    assert store.reports.week_rows(START, END).sources == (
        SourceRow(
            name="news",
            ok=4,
            failed=1,
            read=3,
            stored=3,
            rejected=1,
            first_run_at=BEFORE,
            last_success_at=START + 30 * HOUR,
            longest_gap=END - (START + 30 * HOUR),
            usual_gap=HOUR,
            ends_failing=True,
            last_error="HTTP 503",
        ),
    )


def test_gaps_are_counted_from_the_start_of_the_week_or_of_listening(store, rows):
    rows.source("old", BEFORE)
    rows.source("new", START + 6 * DAY)
    rows.source("later", END + HOUR)
    for name in ("old", "new"):
        rows.polls(name, START + 6 * DAY, END, HOUR)
    later, new, old = store.reports.week_rows(START, END).sources
    assert (old.longest_gap, new.longest_gap, later.longest_gap) == (6 * DAY, HOUR, timedelta())
    assert (later.ok, later.last_success_at) == (0, None)


def test_only_posts_published_before_the_end_and_not_finished_are_waited_for(store, rows):
    rows.post(END - TICK, state="collected", sentiment=None)
    rows.post(START - 30 * DAY, state="scored")
    rows.post(END, state="collected", sentiment=None)
    for state in ("decided", "quarantined", "withdrawn"):
        rows.post(END - TICK, state=state)
    assert store.reports.waiting_before(END) == 2
    assert store.reports.waiting_before(START - 60 * DAY) == 0


def test_listening_since_is_the_oldest_first_run(store, rows):
    rows.source("never", None)
    assert store.reports.listening_since() is None
    rows.source("b", START)
    rows.source("a", BEFORE)
    assert store.reports.listening_since() == BEFORE


def test_a_withdrawn_post_cannot_be_quoted(store, rows):
    kept = rows.post(START, followers=3, title="T")
    gone = rows.post(START, state="withdrawn")
    assert store.reports.examples([gone, kept, 999]) == {
        kept: Quotable(
            post_id=kept,
            platform=Platform.X,
            title="T",
            text="invented words number 1",
            author="person1",
            followers=3,
            url="https://social.example/1",
            published_at=START,
        )
    }


def test_many_posts_can_be_asked_for_at_once(store, rows):
    number = rows.post(START)
    assert list(store.reports.examples([*range(2, 2500), number])) == [number]


def test_the_first_facts_of_a_period_stay(store):
    assert store.reports.load("weekly", "2026-W46") is None
    assert store.reports.save("weekly", "2026-W46", "first", NOW) == "first"
    assert store.reports.save("weekly", "2026-W46", "second", NOW + DAY) == "first"
    assert store.reports.save("weekly", "2026-W47", "other", NOW) == "other"
    assert store.reports.load("weekly", "2026-W46") == "first"


def test_two_daemons_that_freeze_at_once_agree(store):
    answers: list[str] = []
    workers = [
        threading.Thread(target=lambda n=n: answers.append(store.reports.save("weekly", "2026-W46", f"facts {n}", NOW)))
        for n in range(8)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)
    assert len(answers) == 8
    assert set(answers) == {store.reports.load("weekly", "2026-W46")}


def test_each_recipient_has_a_lasting_key_of_their_own():
    keys = {
        delivery_key("digest", "weekly", week, who)
        for week in (WEEK, WEEK.back(1))
        for who in ("a@x.example", "b@x.example")
    }
    assert len(keys) == 4
    assert delivery_key("digest", "weekly", WEEK, "a@x.example") == delivery_key(
        "digest", "weekly", "2026-W46", "a@x.example"
    )


@pytest.fixture
def a_lively_fortnight(rows: Rows) -> Rows:
    """Two weeks in which every number of the digest differs from every other."""
    words = ["negative"] * 23 + ["neutral"] * 13 + ["positive"] * 7
    for start, counts in ((BEFORE, 31), (START, 43)):
        for n in range(counts):
            bad = words[n] == "negative"
            number = rows.post(
                start + n * 3 * HOUR + timedelta(minutes=n),
                sentiment=words[n],
                platform=("x", "reddit", "mastodon")[n % 3],
                types=("delay", "delay support", "billing")[n % 3] if bad else "",
                severity=1 + n % 3 if bad else 0,
                flags="leaves" if n % 11 == 0 else "praise names_staff_or_place" if words[n] == "positive" else "",
                followers=n * 100,
                ours=n % 17 == 16,
                brands=("Acme", "Brill") if n % 5 == 0 else ("Acme",),
            )
            rows.decision(number, "negative" if bad else "neither", alert=bad, at=start + 9 * DAY)
    rows.post(START, judged=False, language="de")
    rows.post(START, sentiment=None, state="quarantined")
    for n in range(1, 24):
        answer = START + n * HOUR + timedelta(minutes=7 * n) if n % 4 else None
        rows.case(
            n,
            (BEFORE if n > 18 else START) + n * HOUR,
            first_response_at=answer,
            state="responded" if answer else "open",
        )
    rows.source("news", BEFORE - DAY)
    rows.polls("news", BEFORE, END, timedelta(minutes=30))
    return rows


def test_every_number_is_what_plain_sql_says(store, a_lively_fortnight):
    facts = gather(store.reports, OCCASION)
    inside = "p.published_at >= :start and p.published_at < :end and not p.ours"
    judged = f"from post p join verdict v on v.post_id = p.id where {inside} and v.judged"
    assert asked(store, f"select count(*) from post p where {inside}") == [(facts.volume.posts.now,)]
    assert asked(
        store, "select count(*) from post p where p.published_at >= :before and p.published_at < :start and not p.ours"
    ) == [(facts.volume.posts.before,)]
    assert dict(asked(store, f"select v.sentiment, count(*) {judged} group by 1")) == {
        "negative": facts.mood.negative,
        "neutral": facts.mood.neutral,
        "positive": facts.mood.positive,
    }
    assert asked(store, f"select count(*) {judged} and v.complaint") == [(facts.complaints.now,)]
    for line in facts.types:
        kind = f"% {line.code} %"
        assert asked(store, f"select count(*) {judged} and ' ' || v.types || ' ' like :kind", kind=kind) == [
            (line.posts.now,)
        ]
    for level in facts.severities:
        assert asked(
            store, f"select count(*) {judged} and v.complaint and v.severity = :level", level=int(level.severity)
        ) == [(level.posts.now,)]
    assert sorted(asked(store, f"select p.platform, count(*) from post p where {inside} group by 1")) == sorted(
        (line.name.lower(), line.posts.now) for line in facts.platforms
    )
    assert sorted(
        asked(
            store,
            f"select m.brand, count(*) from post p join post_match m on m.post_id = p.id where {inside} group by 1",
        )
    ) == sorted((line.name, line.posts.now) for line in facts.brands)
    assert asked(store, f"select count(*) {judged} and v.flags like '%leaves%'") == [(facts.leaves.now,)]
    assert asked(store, f"select count(*) {judged} and v.flags like '%praise%' and not v.complaint") == [
        (facts.praise.posts.now,)
    ]
    assert sorted(
        asked(
            store,
            "select d.alert, d.reason, count(*) from decision d join post p on p.id = d.post_id "
            "where p.published_at >= :start and p.published_at < :end group by 1, 2",
        )
    ) == sorted((line.alert, line.reason, line.posts) for line in facts.reasons)
    assert asked(store, 'select count(*) from "case" where opened_at >= :start and opened_at < :end') == [
        (facts.cases.opened.now,)
    ]
    assert asked(
        store, 'select count(*) from "case" where first_response_at >= :start and first_response_at < :end'
    ) == [(facts.cases.answered.now,)]
    assert asked(store, 'select count(*) from "case" where first_response_at is null and opened_at < :end') == [
        (facts.cases.unanswered_at_end,)
    ]
    assert asked(store, "select count(*) from poll where ok and at >= :start and at < :end") == [(facts.sources[0].ok,)]


def test_the_days_add_up_to_the_week(store, a_lively_fortnight):
    facts = gather(store.reports, OCCASION)
    assert sum(day.posts for day in facts.days) == facts.volume.posts.now
    assert sum(day.before for day in facts.days) == facts.volume.posts.before
    assert facts.mood.judged + facts.unjudged.total == facts.volume.posts.now


def test_a_stored_week_becomes_a_mail(store, a_lively_fortnight):
    facts = gather(store.reports, OCCASION)
    frozen = store.reports.save("weekly", facts.week, facts.to_json(), NOW)
    rendered = render(Facts.from_json(frozen))
    assert rendered == render(facts)
    assert sorted(rendered.images) == ["types", "volume"]
    assert facts.sources[0].coverage is Coverage.READ
    assert len(facts.quotes) > 4
    assert all(quote.text in rendered.text for quote in facts.quotes)


def test_half_a_week_is_refused(store):
    with pytest.raises(ValueError, match="2026-W46 is not over before 2026-11-16 00:00"):
        gather(store.reports, Occasion(company="Acme", week=WEEK, zone=ZONE, now=END - TICK, overdue_after=HOUR))
