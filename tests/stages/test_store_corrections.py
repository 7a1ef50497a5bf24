from __future__ import annotations

import threading
from datetime import timedelta

from builders import NOW, a_case, a_decision, a_post, a_verdict, judge, keep, keep_judged, open_cases
from house import House, says
from kills import killed_everywhere
from sqlalchemy import func, select

from alerts.base import MessageKind
from config.vocabulary import Platform, Sentiment, Severity
from monitor.states import CaseState, PostState
from monitor.store import tables
from monitor.store.corrections import Correction, Fate
from monitor.store.engine import Store
from monitor.store.labels import Labels, given
from monitor.store.values import CasePost, Decisions

LATER = NOW + timedelta(hours=1)
JOKE = given(sentiment=Sentiment.NEUTRAL, complaint=False)
SAID = Labels(sentiment=Sentiment.NEGATIVE, complaint=True, types=("delay",), severity=Severity.SERIOUS, flags=())


def correct(store: Store, post_id: int, labels: Labels, *, who: str = "anna", **given_: object):
    one = Correction(post_id=post_id, labels=labels, **given_)
    return store.corrections.add([one], who=who, now=LATER)[0]


def count(store: Store, table) -> int:
    with store._engine.connect() as db:
        return db.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_correction_is_kept_beside_what_which_model_had_said(store):
    (post_id,) = keep_judged(store, a_post())
    outcome = correct(store, post_id, JOKE, note="a joke")
    assert (outcome.fate, outcome.before) == (Fate.STORED, SAID)
    assert outcome.after == Labels(
        sentiment=Sentiment.NEUTRAL, complaint=False, types=(), severity=Severity.NONE, flags=()
    )
    (kept,) = store.corrections.listing(10)
    assert (kept.correction, kept.model, kept.said, kept.who, kept.at) == (
        Correction(post_id=post_id, labels=JOKE, note="a joke"),
        "m1",
        SAID,
        "anna",
        LATER,
    )


def test_the_newest_word_counts_and_the_history_stays(store):
    (post_id,) = keep_judged(store, a_post(title="Parcel"))
    correct(store, post_id, given(types=("staff",), sentiment=Sentiment.POSITIVE))
    correct(store, post_id, given(types=("billing",)), who="ben")
    (post,) = store.corrections.corrected()
    assert post.labels == Labels(sentiment=Sentiment.POSITIVE, complaint=True, types=("billing",))
    assert (post.post_id, post.text, post.platform, post.who, post.drawn) == (
        post_id,
        f"Parcel\n{store.posts.get(post_id).text}",
        Platform.X,
        "ben",
        False,
    )
    assert [(one.who, one.correction.labels.types) for one in store.corrections.listing(10)] == [
        ("ben", ("billing",)),
        ("anna", ("staff",)),
    ]


def test_saying_the_same_twice_adds_no_row(store):
    (post_id,) = keep_judged(store, a_post())
    assert [correct(store, post_id, JOKE).fate for _ in range(2)] == [Fate.STORED, Fate.KNOWN]
    assert correct(store, post_id, given(sentiment=Sentiment.NEUTRAL), who="ben").fate is Fate.KNOWN
    both = [Correction(post_id=post_id, labels=given(sentiment=Sentiment.POSITIVE))] * 2
    assert [one.fate for one in store.corrections.add(both, who="anna", now=LATER)] == [Fate.STORED, Fate.KNOWN]
    assert count(store, tables.correction) == 2


def test_a_word_that_confirms_the_model_is_kept_too(store):
    (post_id,) = keep_judged(store, a_post())
    outcome = correct(store, post_id, given(sentiment=Sentiment.NEGATIVE))
    assert (outcome.fate, outcome.before == outcome.after, outcome.cases) == (Fate.STORED, True, ())


def test_nothing_given_stores_nothing(store):
    assert store.corrections.add([], who="anna", now=NOW) == []
    assert (store.corrections.corrected(), store.corrections.listing(10)) == ([], [])


def test_what_cannot_be_corrected_says_why_and_does_not_stand_in_the_way(store):
    judged, withdrawn = keep_judged(store, a_post(), a_post())
    keep(store, a_post(), ours=True)
    keep(store, a_post())
    with store._engine.begin() as db:
        db.exec_driver_sql(f"UPDATE post SET state = 'withdrawn', text = '' WHERE id = {withdrawn}")
        db.exec_driver_sql(f"UPDATE verdict SET judged = false WHERE post_id = {judged}")
    ids = [99, withdrawn, 3, 4, judged, judged]
    labels = [JOKE, JOKE, JOKE, JOKE, given(complaint=True), JOKE]
    corrections = [Correction(post_id=i, labels=one) for i, one in zip(ids, labels, strict=True)]
    assert [one.fate for one in store.corrections.add(corrections, who="anna", now=LATER)] == [
        Fate.NO_SUCH_POST,
        Fate.WITHDRAWN,
        Fate.OURS,
        Fate.WAITING,
        Fate.NOT_JUDGED,
        Fate.STORED,
    ]
    assert count(store, tables.correction) == 1


def test_a_correction_holds_for_the_text_that_it_was_made_on(store):
    post = a_post(text="Acme is late")
    (post_id,) = keep_judged(store, post)
    correct(store, post_id, JOKE)
    edited = a_post(native_id=post.native_id, text="Acme is late, and I was stranded")
    keep(store, edited, now=LATER)
    assert store.corrections.corrected() == []
    assert correct(store, post_id, JOKE).fate is Fate.WAITING  # the verdict at hand is about the text before
    judge(store, now=LATER)
    assert [one.verdict.sentiment for one in store.posts.to_decide(10)] == [Sentiment.NEGATIVE]
    assert correct(store, post_id, JOKE).fate is Fate.STORED  # the same words, said of another text
    assert [one.text for one in store.corrections.corrected()] == [edited.text]
    assert count(store, tables.correction) == 2


def test_a_withdrawn_posts_correction_gives_neither_its_text_nor_a_note_on_it(store):
    (post_id,) = keep_judged(store, a_post())
    correct(store, post_id, JOKE, note="she writes that the shop in Elm Street …")
    with store._engine.begin() as db:
        db.exec_driver_sql("UPDATE post SET state = 'withdrawn', text = ''")
    assert store.corrections.corrected() == []
    (kept,) = store.corrections.listing(10)
    assert (kept.correction.labels, kept.correction.note) == (JOKE, "")


def test_a_correction_goes_with_its_post(store):
    (post_id,) = keep_judged(store, a_post())
    correct(store, post_id, JOKE)
    with store._engine.begin() as db:
        db.exec_driver_sql("DELETE FROM post")
    assert count(store, tables.correction) == 0


def a_case_of_two(store: Store) -> tuple[int, int]:
    ids = keep_judged(store, a_post(), a_post())
    places = [CasePost(7, post_id, "customer") for post_id in ids]
    case = a_case(7, posts=2)
    store.cases.save_decisions(
        Decisions(post_ids=ids, decisions=[a_decision(i) for i in ids], new_cases=[case], case_posts=places), now=NOW
    )
    return ids[0], ids[1]


def test_a_case_takes_the_corrected_labels_of_its_posts_and_says_so_in_its_history(store):
    first, second = a_case_of_two(store)
    assert correct(store, first, given(complaint=False)).cases == ()  # the second post still is serious, about a delay
    assert correct(store, second, given(types=("billing",), severity=Severity.MILD), note="a bill").cases == (7,)
    seen = store.cases.show(7)
    assert (seen.case.severity, seen.case.main_type, seen.case.state) == (Severity.MILD, "billing", CaseState.OPEN)
    line = seen.history[-1]
    assert (line.event, line.who, line.before, line.after) == ("corrected", "anna", "open", "open")
    assert line.why == f"post {second}: types delay to billing, severity 2 to 1 (a bill)"
    assert correct(store, second, given(complaint=False)).cases == (7,)
    assert (store.cases.show(7).case.severity, store.cases.show(7).case.main_type) == (Severity.NONE, "")


def test_a_correction_alerts_nobody(store):
    house = House(store)
    house.hears(says("lovely shop"), says("awful delay", native_id="p-awful", author_id="ben"))
    (case,) = house.cases()
    told = len(house.care.messages)
    praise = next(i for i in (1, 2) if store.posts.get(i).native_id != "p-awful")
    worst = given(sentiment=Sentiment.NEGATIVE, types=("safety",), severity=Severity.CRITICAL)
    for post_id in (praise, 3 - praise):
        assert store.corrections.add([Correction(post_id=post_id, labels=worst)], who="a", now=house.clock())
    house.works()
    assert len(house.care.messages) == told
    (after,) = house.cases()
    assert (after.severity, after.main_type, after.next_step_at) == (Severity.CRITICAL, "safety", case.next_step_at)
    assert [d.kind for d in store.cases.show(case.id).deliveries] == [MessageKind.CASE_OPENED]


def test_a_post_corrected_before_its_decision_is_decided_by_the_correction(store):
    (post_id,) = keep_judged(store, a_post())
    correct(store, post_id, JOKE)
    (waiting,) = store.posts.to_decide(10)
    assert (waiting.verdict.sentiment, waiting.verdict.p_complaint, waiting.model) == (Sentiment.NEUTRAL, 0.0, "m1")


def test_the_week_counts_corrected_labels_and_its_totals_agree(store):
    ids = keep_judged(store, *(a_post() for _ in range(4)))
    correct(store, ids[0], JOKE)
    correct(store, ids[1], given(sentiment=Sentiment.POSITIVE))
    with store._engine.begin() as db:
        db.exec_driver_sql(f"UPDATE verdict SET judged = false WHERE post_id IN ({ids[2]}, {ids[3]})")
    correct(store, ids[2], given(sentiment=Sentiment.NEGATIVE, types=("safety",)))
    week = store.reports.week_rows(NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert [(row.judged, row.sentiment, row.complaint, row.types, row.severity) for row in week.posts] == [
        (True, Sentiment.NEUTRAL, False, (), Severity.NONE),
        (True, Sentiment.POSITIVE, True, ("delay",), Severity.SERIOUS),
        (True, Sentiment.NEGATIVE, True, ("safety",), Severity.MILD),
        (False, None, False, (), Severity.NONE),
    ]
    totals = store.reports.week_totals(week.start, week.end)
    assert (totals.posts, totals.complaints) == (4, 2)
    assert totals.sentiments == {Sentiment.NEUTRAL: 1, Sentiment.POSITIVE: 1, Sentiment.NEGATIVE: 1}


def test_labels_of_a_withdrawn_post_still_count(store):
    (post_id,) = keep_judged(store, a_post())
    correct(store, post_id, JOKE)
    with store._engine.begin() as db:
        db.exec_driver_sql("UPDATE post SET state = 'withdrawn', text = ''")
    week = store.reports.week_rows(NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert [(row.state, row.sentiment) for row in week.posts] == [(PostState.WITHDRAWN, Sentiment.NEUTRAL)]


def test_two_people_who_say_the_same_at_once_say_it_once(store):
    (post_id,) = keep_judged(store, a_post())
    start = threading.Barrier(4)
    fates = []

    def one() -> None:
        start.wait()
        fates.append(correct(store, post_id, JOKE).fate)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fates) == [Fate.KNOWN] * 3 + [Fate.STORED]
    assert count(store, tables.correction) == 1


def test_killed_at_any_statement_a_correction_is_stored_whole_or_not_at_all(store):
    _first, second = a_case_of_two(store)
    labels = given(types=("safety",), severity=Severity.CRITICAL)
    left = killed_everywhere(
        store,
        lambda: correct(store, second, labels),
        lambda: (count(store, tables.correction), store.cases.show(7).case.severity),
    )
    assert len(left) > 5
    assert left == [(0, Severity.SERIOUS)] * (len(left) - 1) + [(1, Severity.CRITICAL)]


def test_posts_are_found_by_platform_and_id_and_by_address(store):
    one, other = a_post(url="https://x.com/a/1"), a_post(url="https://x.com/a/1")
    keep_judged(store, one, other)
    assert store.corrections.find("x", one.native_id).native_id == one.native_id
    assert store.corrections.find("reddit", one.native_id) is None
    assert [post.id for post in store.corrections.at_url("https://x.com/a/1")] == [1, 2]
    assert store.corrections.at_url("https://x.com/a/2") == []


def test_posts_are_found_by_a_word_of_text_or_title(store):
    texts = [{"text": "100% late"}, {"text": "1000 late"}, {"text": "so", "title": "Late 100%"}]
    keep_judged(store, *(a_post(native_id=f"p{n}", **given_) for n, given_ in enumerate(texts)))
    assert [post_id for post_id, _ in store.corrections.with_word("100%")] == [1, 3]
    assert store.corrections.with_word("100%")[1] == (3, "Late 100%\nso")
    assert len(store.corrections.with_word("")) == 3


def test_a_case_that_a_post_only_answers_keeps_its_labels(store):
    open_cases(store, a_case(1))
    (post_id,) = keep_judged(store, a_post())
    with store._engine.begin() as db:
        db.execute(tables.case_post.insert().values(case_id=1, post_id=post_id, role="ours"))
    assert correct(store, post_id, given(severity=Severity.CRITICAL)).cases == ()
    assert store.cases.show(1).case.severity is Severity.SERIOUS


def test_a_newer_verdict_lies_under_the_correction(store):
    (post_id,) = keep_judged(store, a_post())
    correct(store, post_id, given(complaint=False))
    with store._engine.begin() as db:
        db.exec_driver_sql("UPDATE post SET state = 'collected'")
    judge(store, a_verdict(sentiment=Sentiment.POSITIVE, p_negative=0.0, p_neutral=0.1, p_positive=0.9), model="m2")
    (waiting,) = store.posts.to_decide(10)
    assert (waiting.model, waiting.verdict.sentiment, waiting.verdict.complaint) == ("m2", Sentiment.POSITIVE, False)
