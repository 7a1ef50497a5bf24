"""Posts: stored once, judged once, decided once, and anew when they are edited."""

from __future__ import annotations

import traceback
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import MINUTE, NOW, a_decision, a_post, a_verdict, heard, judge, keep, keep_judged
from sqlalchemy import select

from collectors.base import Heard, Match, Reject
from config.vocabulary import Flag, Sentiment, Severity
from monitor.states import PostState
from monitor.store.engine import Store
from monitor.store.tables import history
from monitor.store.transactions import StatementRefused
from monitor.store.values import Decisions, StoredPost, Tally

S = PostState


def decide(store: Store, *post_ids: int) -> None:
    decisions = [a_decision(post_id) for post_id in post_ids]
    store.cases.save_decisions(Decisions(post_ids=post_ids, decisions=decisions), now=NOW)


def matches(store: Store, post_id: int = 1) -> list[tuple[str, str]]:
    with store._engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT brand, alias FROM post_match WHERE post_id = {post_id} ORDER BY id")
        return [tuple(row) for row in rows]


def test_a_post_is_kept_as_it_was_heard(store):
    post = a_post(title="Late", followers=12, language="en", rating=1.0, dated_by="first_seen")
    assert keep(store, post) == Tally(stored=1)
    assert store.posts.get(1) == StoredPost(
        id=1,
        platform=post.platform,
        native_id=post.native_id,
        source="x-acme",
        text=post.text,
        title="Late",
        author_id=post.author_id,
        author_handle=post.author_handle,
        author_name=post.author_name,
        followers=12,
        url=post.url,
        thread=post.thread,
        published_at=post.published_at,
        dated_by="first_seen",
        collected_at=NOW,
        ours=False,
        state=S.COLLECTED,
    )
    assert (matches(store), store.posts.get(2)) == ([("Acme", "acme")], None)


def test_the_same_post_again_is_a_duplicate(store):
    post = a_post()
    assert keep(store, post, post) == Tally(stored=1, duplicates=1)
    assert keep(store, post, a_post(), source="another") == Tally(stored=1, duplicates=1)
    assert (store.posts.backlog(), len(matches(store))) == ({S.COLLECTED: 2}, 1)


def test_every_item_is_accounted_for(store):
    post, edited = a_post(), a_post()
    keep(store, post, edited)
    tally = keep(
        store,
        post,
        replace(edited, text="edited"),
        a_post(),
        a_post(),
        rejects=[Reject("reviews.csv line 3", "no date"), Reject("reviews.csv line 3", "no date")],
        unmatched=4,
    )
    assert tally == Tally(stored=2, duplicates=1, edited=1, unmatched=4, rejected=2)
    assert tally.read == 10
    assert store.sources.get("x-acme").total == Tally(stored=4, duplicates=1, edited=1, unmatched=4, rejected=2)
    (reject,) = store.sources.rejects("x-acme", 10)
    assert (reject.place, reject.reason, reject.at) == ("reviews.csv line 3", "no date", NOW)


def test_posts_wait_in_the_order_in_which_they_were_published(store):
    late, early = a_post(published_at=NOW), a_post(published_at=NOW - timedelta(days=1))
    keep(store, late, early)
    assert [text.text for text in store.posts.to_score(10)] == [early.text, late.text]
    assert [text.text for text in store.posts.to_score(1)] == [early.text]


def test_title_and_text_are_judged_as_one(store):
    keep(
        store,
        a_post(title="Never again", text="They lost it", published_at=NOW - MINUTE),
        a_post(title="They lost it", text="They lost it, twice", published_at=NOW),
    )
    assert [text.text for text in store.posts.to_score(10)] == ["Never again\nThey lost it", "They lost it, twice"]


def test_a_judged_post_waits_for_its_decision_with_its_verdict(store):
    verdict = a_verdict(types=("delay", "billing"), flags=(Flag.LEAVES, Flag.NEEDS_REPLY))
    post = a_post()
    keep(store, post)
    judge(store, verdict, model="m7")
    (waiting,) = store.posts.to_decide(10)
    assert (waiting.post.text, waiting.post.state) == (post.text, S.SCORED)
    assert (waiting.verdict, waiting.model, waiting.aliases, waiting.decided_brands) == (
        verdict,
        "m7",
        {"Acme": "acme"},
        frozenset(),
    )
    assert store.posts.to_score(10) == []


def test_the_newest_verdict_is_decided_on(store):
    post = a_post()
    keep(store, post)
    judge(store, model="m1")
    keep(store, replace(post, text="Acme is lovely"))
    judge(store, a_verdict(severity=Severity.MILD), model="m2", now=NOW + MINUTE)
    (waiting,) = store.posts.to_decide(10)
    assert (waiting.model, waiting.verdict.severity) == ("m2", Severity.MILD)


def test_a_verdict_is_kept_once_for_each_model(store):
    post = a_post()
    keep_judged(store, post)
    keep(store, replace(post, text="edited"))
    judge(store, a_verdict(severity=Severity.CRITICAL))
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT model, severity FROM verdict").all() == [("m1", 3)]


def test_a_verdict_on_a_text_that_has_changed_is_dropped(store):
    post = a_post()
    keep(store, post)
    old = store.posts.to_score(10)
    keep(store, replace(post, text="I take it back"))
    assert store.posts.save_verdicts([(text, a_verdict()) for text in old], model="m1", now=NOW) == 0
    (text,) = store.posts.to_score(10)
    assert (text.text, text.revision, store.posts.backlog()) == ("I take it back", 1, {S.COLLECTED: 1})
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM verdict").scalar() == 0


def test_a_verdict_that_comes_twice_moves_its_post_once(store):
    keep(store, a_post())
    texts = [(text, a_verdict()) for text in store.posts.to_score(10)]
    assert [store.posts.save_verdicts(texts, model="m1", now=NOW) for _ in range(2)] == [1, 0]
    assert store.posts.save_verdicts([], model="m1", now=NOW) == 0


def test_an_edited_post_is_judged_and_decided_anew(store):
    post = a_post()
    decide(store, *keep_judged(store, post))
    edited = replace(post, text="Acme: worse and worse", title="Update")
    assert keep(store, edited, now=NOW + MINUTE) == Tally(edited=1)
    judge(store)
    (waiting,) = store.posts.to_decide(10)
    assert (waiting.post.text, waiting.post.title, waiting.decided_brands) == (edited.text, "Update", {"Acme"})


def test_a_brand_of_which_nobody_was_told_is_decided_anew(store):
    post = a_post()
    (post_id,) = keep_judged(store, post)
    keep(store, post, brand="Bmce")
    told, quiet = a_decision(post_id), a_decision(post_id, brand="Bmce", alert=False)
    store.cases.save_decisions(Decisions(post_ids=[post_id], decisions=[told, quiet]), now=NOW)
    keep(store, replace(post, text="edited"))
    judge(store)
    (waiting,) = store.posts.to_decide(10)
    assert waiting.decided_brands == {"Acme"}


def test_an_edit_replaces_the_matches(store):
    post = a_post()
    keep(store, post)
    edited = replace(post, text="the A-Corp again")
    harvest = [Heard(edited, (Match("Acme", "a-corp", "text", 4, 10),))]
    store.posts.save_harvest("x-acme", harvest, rejects=(), unmatched=0, cursor=None, next_due_at=NOW, now=NOW)
    assert matches(store) == [("Acme", "a-corp")]


def test_a_title_that_another_source_leaves_out_is_no_edit(store):
    post = a_post(title="Late")
    keep(store, post)
    assert keep(store, replace(post, title=None), source="another") == Tally(duplicates=1)
    assert store.posts.get(1).title == "Late"


def test_a_post_without_a_date_of_its_own_keeps_the_first(store):
    post = a_post(dated_by="first_seen")
    keep(store, post)
    keep(store, replace(post, text="edited", published_at=NOW + MINUTE))
    assert store.posts.get(1).published_at == post.published_at
    keep(store, replace(post, text="again", published_at=NOW, dated_by="platform"))
    assert (store.posts.get(1).published_at, store.posts.get(1).dated_by) == (NOW, "platform")


def test_a_post_heard_for_another_brand_is_decided_for_that_one_too(store):
    post = a_post()
    decide(store, *keep_judged(store, post))
    assert keep(store, post, brand="Bmce") == Tally(duplicates=1)
    (waiting,) = store.posts.to_decide(10)
    assert (waiting.aliases, waiting.decided_brands) == ({"Acme": "acme", "Bmce": "bmce"}, {"Acme"})
    decide(store, 1)
    assert keep(store, post, brand="Bmce") == Tally(duplicates=1)
    assert store.posts.backlog() == {S.DECIDED: 1}


def test_a_post_that_waits_anyway_just_gets_the_further_brand(store):
    post = a_post()
    keep(store, post)
    keep(store, post, brand="Bmce")
    assert (store.posts.backlog(), matches(store)) == ({S.COLLECTED: 1}, [("Acme", "acme"), ("Bmce", "bmce")])


def test_a_further_brand_does_not_cost_the_verdict_that_is_being_made(store):
    post = a_post()
    keep(store, post)
    texts = store.posts.to_score(10)
    keep(store, post, brand="Bmce")
    assert store.posts.save_verdicts([(text, a_verdict()) for text in texts], model="m1", now=NOW) == 1
    assert set(store.posts.to_decide(10)[0].aliases) == {"Acme", "Bmce"}


def test_the_first_alias_of_each_brand_is_named(store):
    post = a_post()
    found = (
        Match("Acme", "@acme", "text", 0, 4),
        Match("Bmce", "b", "text", 5, 6),
        Match("Acme", "acme", "text", 9, 12),
    )
    store.posts.save_harvest("s", [Heard(post, found)], rejects=(), unmatched=0, cursor=None, next_due_at=NOW, now=NOW)
    judge(store)
    assert list(store.posts.to_decide(1)[0].aliases.items()) == [("Acme", "@acme"), ("Bmce", "b")]


def test_own_posts_are_not_judged_but_decided_in_their_order(store):
    keep(store, a_post(published_at=NOW - 3 * MINUTE))
    keep(store, a_post("acme", published_at=NOW - 2 * MINUTE), ours=True)
    keep(store, a_post(published_at=NOW - MINUTE))
    assert len(judge(store)) == 2
    waiting = store.posts.to_decide(10)
    assert [(w.post.ours, w.verdict.judged, w.model) for w in waiting] == [
        (False, True, "m1"),
        (True, False, ""),
        (False, True, "m1"),
    ]
    assert waiting[1].verdict.sentiment is Sentiment.NEUTRAL
    assert [w.post.id for w in store.posts.to_decide(2)] == [1, 2]


def test_an_own_post_heard_for_another_brand_stops_its_clocks_too(store):
    post = a_post("acme")
    keep(store, post, ours=True)
    decide(store, 1)
    keep(store, post, ours=True, brand="Bmce")
    assert store.posts.backlog() == {S.COLLECTED: 1}
    assert len(store.posts.to_decide(10)) == 1


def test_a_text_that_breaks_the_model_is_set_aside_after_three_tries(store):
    keep(store, a_post(), a_post())
    assert [store.posts.save_poison([1], error="MemoryError", now=NOW) for _ in range(4)] == [[], [], [1], []]
    assert store.posts.backlog() == {S.QUARANTINED: 1, S.COLLECTED: 1}
    assert [text.tries for text in store.posts.to_score(10)] == [0]
    with store._engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT entity, entity_id, event, after, why FROM history").all()
    assert [tuple(row) for row in rows] == [("post", "1", "quarantined", "quarantined", "MemoryError")]


def test_posts_that_were_set_aside_are_judged_again_for_somebody(store):
    keep(store, a_post(), a_post(), a_post())
    store.posts.save_poison([1, 3], error="MemoryError", max_tries=1, now=NOW)
    assert [store.posts.requeue(NOW + MINUTE, who="kim"), store.posts.requeue(NOW + MINUTE)] == [2, 0]
    assert store.posts.backlog() == {S.COLLECTED: 3}
    assert [(text.post_id, text.tries) for text in store.posts.to_score(10)] == [(1, 0), (2, 0), (3, 0)]
    with store._engine.connect() as connection:
        rows = connection.execute(select(history).where(history.c.event == "requeued").order_by(history.c.id)).all()
    assert [(row.at, row.entity, row.entity_id, row.before, row.after, row.who) for row in rows] == [
        (NOW + MINUTE, "post", "1", "quarantined", "collected", "kim"),
        (NOW + MINUTE, "post", "3", "quarantined", "collected", "kim"),
    ]


def test_an_edit_gives_a_text_that_was_set_aside_another_chance(store):
    post = a_post()
    keep(store, post)
    store.posts.save_poison([1], error="MemoryError", max_tries=1, now=NOW)
    keep(store, replace(post, text="shorter"))
    assert [(text.text, text.tries) for text in store.posts.to_score(10)] == [("shorter", 0)]


def test_what_no_database_takes_is_replaced_sign_for_sign(store):
    post = a_post(text="NUL \x00 half \ud83d pair 😀", native_id="a\x00b", author_name="\udfff")
    assert keep(store, post) == Tally(stored=1)
    assert keep(store, post) == Tally(duplicates=1)
    kept = store.posts.get(1)
    assert (kept.text, kept.native_id, kept.author_name) == ("NUL \ufffd half \ufffd pair 😀", "a\ufffdb", "\ufffd")
    assert len(kept.text) == len(post.text)


def test_names_of_any_length_are_kept_apart(store):
    posts = [a_post(native_id="é" * 5000 + tail, thread="t" * 9000) for tail in "ab"]
    rejects = [Reject("p" * 9000 + tail, "r" * 9000) for tail in "ab"]
    assert keep(store, *posts, rejects=rejects) == Tally(stored=2, rejected=2)
    assert keep(store, *posts, rejects=rejects) == Tally(duplicates=2, rejected=2)
    assert len(store.sources.rejects("x-acme", 10)) == 2


def test_counts_beyond_reason_are_left_out(store):
    keep(store, a_post(followers=2**63), a_post(followers=-1), a_post(followers=2**63 - 1))
    assert [store.posts.get(number).followers for number in (1, 2, 3)] == [None, None, 2**63 - 1]


def test_a_large_harvest_is_stored_whole_and_again_as_duplicates(store):
    posts = [a_post() for _ in range(1234)]
    assert keep(store, *posts) == Tally(stored=1234)
    assert keep(store, *posts) == Tally(duplicates=1234)
    ids = judge(store)
    assert len(ids) == len(store.posts.to_decide(5000)) == 1234
    decide(store, *ids)
    assert store.posts.backlog() == {S.DECIDED: 1234}


def test_nothing_is_stored_when_a_part_of_the_harvest_cannot_be(store):
    broken = heard(a_post())[0]
    harvest = [*heard(a_post()), replace(broken, matches=(Match("Acme", "acme", "text", None, 1),))]  # type: ignore[arg-type]
    with pytest.raises(StatementRefused) as refused:
        store.posts.save_harvest("s", harvest, rejects=(), unmatched=0, cursor="c", next_due_at=NOW, now=NOW)
    assert "start" in str(refused.value)
    assert (store.posts.backlog(), store.sources.get("s").cursor) == ({}, None)


def test_an_error_never_repeats_a_post(store):
    post = a_post(text="a secret of the customer", kind="k" * 17)  # longer than the column
    if store._engine.dialect.name == "sqlite":
        post = a_post(text="a secret of the customer", kind=None)  # SQLite does not measure
    with pytest.raises(StatementRefused) as refused:
        keep(store, post)
    assert "secret" not in "".join(traceback.format_exception(refused.value))


def test_a_withdrawn_post_stays_erased(store):
    post = a_post()
    keep(store, post)
    with store._engine.execution_options(writing=True).begin() as connection:
        connection.exec_driver_sql("UPDATE post SET state = 'withdrawn', text = ''")
        connection.exec_driver_sql("DELETE FROM post_match")
    assert keep(store, post, brand="Bmce") == Tally(duplicates=1)
    assert (store.posts.get(1).text, store.posts.backlog(), matches(store)) == ("", {S.WITHDRAWN: 1}, [])
