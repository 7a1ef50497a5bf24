"""A post withdrawn upstream is erased here, wherever it hides, with the harvest that says so; what it counted stays."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import a_message, a_post, keep
from dump import dump, lines_with
from house import NOON, House, says
from kills import killed_everywhere
from sqlalchemy import JSON, String, Text

from alerts.base import DeliveryFailed, ErrorClass, Message, MessageKind
from collectors.base import Engagement, Gone, Harvest
from collectors.matching import Matcher
from config.vocabulary import Platform, Sentiment
from monitor.digest import make
from monitor.digest.facts import Facts
from monitor.digest.period import Week
from monitor.states import CaseEvent, DeliveryState, PostState
from monitor.store.corrections import Correction, Fate
from monitor.store.frozen import ERASED
from monitor.store.labels import Labels
from monitor.store.tables import metadata
from monitor.store.transactions import Stale
from monitor.store.values import CaseStep, NewDelivery, Tally

MARK = "zebra"
ID = "at://zebra-77/post/1"  # as Bluesky's ids hold the author's
WEEK = Week.parse("2026-W47")
AFTER_THE_WEEK = timedelta(days=7)

# Where words of a post, or of its author, stand while it is kept.
HIDING = {
    "case": {"thread", "author", "handle"},
    "correction": {"note"},
    "delivery": {"message", "body"},
    "history": {"why"},
    "post": {
        *("native_id", "text", "title", "author_id", "author_handle", "author_name", "url", "language", "thread"),
        *("parent", "version", "repost_of", "quoted", "copy_key"),
    },
    "post_version": {"version", "text", "title"},
    "report": {"facts"},
}

# Words of our own, of the settings, of the staff or of the platform about itself, and names of other posts.
NO_POST = {
    "backfill": {"source", "cursor", "state"},
    "case": {"brand", "platform", "state", "main_type", "routes", "channels", "assignee"},
    "case_post": {"role"},
    "charged": {"source", "day", "resource", "native_id"},  # dropped after three days, whatever becomes of the post
    "correction": {
        *("model", "said_sentiment", "said_types", "said_flags", "sentiment", "types", "flags", "who"),
    },
    "counter": {"name"},
    "decision": {"brand", "model", "reason", "detail", "routes"},
    "delivery": {"key", "kind", "channel", "state", "receipt", "error"},
    "delivery_attempt": {"outcome", "detail"},
    "destination": {"name", "why"},
    "draw": {"who"},
    "history": {"entity", "entity_id", "event", "before", "after", "who"},
    "inbound": {"source", "key", "digest", "answer"},
    "loss": {"source", "query", "why"},
    "poll": {"source", "detail"},
    "post": {"platform", "source", "kind", "dated_by", "state", "community"},
    "post_match": {"brand", "alias", "where"},
    "reject": {"source", "place", "reason"},
    "report": {"name", "period"},
    "source_state": {"name", "cursor", "last_error", "alarm"},
    "spend": {"source", "day", "resource", "query"},
    "verdict": {"model", "language", "sentiment", "types", "flags", "probabilities"},
}


@pytest.fixture
def house(store):
    return House(store)


def marked(**changes):
    words = {
        "native_id": ID,
        "text": "acme zebratext billing is awful",
        "title": "zebratitle",
        "author_id": "zebra-77",
        "author_handle": "zebrahandle",
        "author_name": "Zebra Name",
        "url": "https://x.com/zebrahandle/status/1",
        "language": "zebrish",
        "thread": ID,
        "parent": "zebraparent",
        "version": "zebra-v1",
        "quoted": "zebraquoted",
        "engagement": Engagement(likes=3),
    }
    return replace(says(""), **(words | changes))


def told_everywhere(house):
    """A marked post that has left its words in every place that takes any."""
    house.hears(marked(), says("fine", author_id="other", author_handle="other"))
    house.hears(marked(text="acme zebratext billing is still awful", version="zebra-v2"))
    (case,) = house.cases()
    joke = Correction(post_id=1, labels=Labels(sentiment=Sentiment.NEUTRAL, types=("delay",)), note="zebra joke")
    house.store.corrections.add([joke], who="kim", now=house.clock())
    why = "called zebrahandle back"
    house.store.cases.transition(case.id, CaseEvent.ACK, who="kim", why=why, now=house.clock())
    house.clock.advance(AFTER_THE_WEEK)
    facts = freeze(house)
    for state in DeliveryState:
        key = f"digest-{state}"
        one = NewDelivery(key, MessageKind.DIGEST, "mail", facts, house.clock(), body=f"zebra {state}")
        house.store.outbox.enqueue([one], house.clock())
        with house.store._engine.begin() as db:
            db.exec_driver_sql(f"UPDATE delivery SET state = '{state}' WHERE key = '{key}'")


def freeze(house):
    return make.frozen_facts(house.store, house.settings, WEEK, house.clock()).to_json()


def withdraw(house, *gone, posts=(), cursor="after"):
    gone = gone or (Gone(Platform.X, native_id=ID),)
    house.source(Harvest(posts=posts, gone=gone, cursor=cursor)).piece()


def messages(house, column="message"):
    with house.store._engine.connect() as db:
        rows = db.exec_driver_sql(f"SELECT state, {column} FROM delivery WHERE kind <> 'digest' ORDER BY id").all()
    return [tuple(row) for row in rows]


def test_every_column_of_words_is_known_to_hide_a_post_or_not():
    words = {
        table.name: {c.name for c in table.c if isinstance(getattr(c.type, "impl", c.type), (String, Text, JSON))}
        for table in metadata.sorted_tables
    }
    both = {name: HIDING.get(name, set()) | NO_POST.get(name, set()) for name in HIDING | NO_POST}
    assert both == {name: columns for name, columns in words.items() if columns}
    assert not any(HIDING[name] & NO_POST.get(name, set()) for name in HIDING)


@pytest.mark.parametrize("gone", [Gone(Platform.X, native_id=ID), Gone(Platform.X, author_id="zebra-77")])
def test_nothing_of_a_withdrawn_post_is_left_in_the_database(house, gone):
    told_everywhere(house)
    assert {"case", "correction", "delivery", "history", "post", "post_version", "report"} == {
        *lines_with(house.store, MARK)
    }
    withdraw(house, gone)
    left = [line for line in dump(house.store).splitlines() if MARK in line.casefold()]
    # A digest that may be on its way is sent as it is, or not at all; its body goes with its arrival.
    assert [line.split()[0] for line in left] == ["delivery"] * 2
    assert all("'sending'" in line or "'ambiguous'" in line for line in left)
    assert not any("zebratext" in line for line in left)
    row = house.store.posts.get(1)
    assert (row.state, row.text, row.native_id[:5]) == (PostState.WITHDRAWN, "", "gone#")


def test_it_is_erased_with_the_harvest_or_not_at_all(house):
    told_everywhere(house)
    before = dump(house.store)

    def look():
        facts = house.store.sources.get("inbox")
        return "zebratext" in dump(house.store), facts.cursor == "after", dump(house.store) == before

    def harvest():
        house.store.posts.save_harvest(
            "inbox",
            Matcher(house.settings.brands).heard_all([says("awful", native_id="new")]),
            rejects=(),
            unmatched=0,
            cursor="after",
            next_due_at=NOON,
            now=house.clock(),
            gone=[Gone(Platform.X, native_id=ID)],
        )

    seen = killed_everywhere(house.store, harvest, look)
    assert len(seen) > 20
    assert seen == [(True, False, True)] * (len(seen) - 1) + [(False, True, False)]


def test_the_numbers_of_later_digests_stay_and_quotes_go(house):
    house.hears(marked(), says("furious delay", author_id="b", author_handle="b"), says("lovely", author_id="c"))
    house.clock.advance(AFTER_THE_WEEK)
    before = make.facts_of(house.store, house.settings, WEEK, house.clock())
    withdraw(house)
    after = make.facts_of(house.store, house.settings, WEEK, house.clock())
    assert {q.post_id for q in before.quotes} - {q.post_id for q in after.quotes} == {1}
    same = {"quotes": (), "sources": (), "changes": (), "cautions": ()}
    assert replace(after, **same) == replace(before, **same)


def test_frozen_facts_lose_the_quote_and_nothing_else(house):
    house.hears(marked(), says("furious delay", author_id="b", author_handle="b"))
    house.clock.advance(AFTER_THE_WEEK)
    before = Facts.from_json(freeze(house))
    withdraw(house)
    after = Facts.from_json(house.store.reports.load(make.REPORT, str(WEEK)))
    assert after == replace(before, quotes=tuple(q for q in before.quotes if q.post_id != 1))
    assert len(after.quotes) == len(before.quotes) - 1


def test_facts_gathered_before_and_frozen_after_it_do_not_quote_it(house):
    house.hears(marked())
    house.clock.advance(AFTER_THE_WEEK)
    gathered = make.facts_of(house.store, house.settings, WEEK, house.clock())
    assert gathered.quotes
    withdraw(house)
    kept = house.store.reports.save(make.REPORT, str(WEEK), gathered.to_json(), house.clock())
    assert Facts.from_json(kept).quotes == ()
    one = NewDelivery("k", MessageKind.DIGEST, "mail", kept, house.clock(), body="rendered before")
    with pytest.raises(Stale):
        house.store.outbox.enqueue([one], house.clock(), quoting=[1, 2])
    assert house.store.outbox.known({"k"}) == set()


def test_a_digest_that_has_not_left_is_called_back_to_be_made_again(house):
    told_everywhere(house)
    withdraw(house)
    freed = {f"digest-{state}" for state in ("pending", "waiting", "leased")}
    every = {f"digest-{state}" for state in DeliveryState}
    assert house.store.outbox.known(every) == every - freed
    with house.store._engine.connect() as db:
        rows = db.exec_driver_sql("SELECT key, state, body FROM delivery WHERE kind = 'digest'").all()
    assert {(row.state, row.body) for row in rows if row.key.startswith("erased-")} == {("cancelled", None)}
    assert {row.state: row.body for row in rows if row.key == "digest-sent"} == {"sent": None}


def test_the_body_of_a_digest_goes_with_its_arrival(house):
    one = NewDelivery("k", MessageKind.DIGEST, "care", "{}", NOON, body=a_message().to_json())
    house.store.outbox.enqueue([one], NOON)
    house.works()
    with house.store._engine.connect() as db:
        assert db.exec_driver_sql("SELECT state, body FROM delivery").all() == [("sent", None)]


def test_a_sent_message_stays_readable_and_says_nothing(house):
    house.hears(marked())
    withdraw(house)
    ((state, text),) = messages(house)
    message = Message.from_json(text)
    assert (state, message.subject, message.mention, message.case_id) == ("sent", ERASED, None, house.cases()[0].id)
    assert messages(house, "body") == [("sent", None)]


def test_a_message_that_has_not_left_is_never_sent(house):
    house.care.faults.append(DeliveryFailed(ErrorClass.TRANSIENT, "try later"))
    house.hears(marked())
    assert [state for state, _ in messages(house)] == ["waiting"]
    withdraw(house)
    house.later(hours=1)
    assert [state for state, _ in messages(house)] == ["cancelled"]
    assert house.care.messages == []


def test_a_message_in_a_workers_hands_is_called_back(house):
    house.source(Harvest(posts=[marked()])).piece()
    while house.score.batch() + house.decide.batch():
        pass
    (claimed,) = house.store.outbox.claim("care", 5, lease=timedelta(minutes=1), now=house.clock())
    withdraw(house)
    assert not house.store.outbox.begin(claimed.id, claimed.attempt, "zebra", house.clock())
    assert MARK not in dump(house.store)


def test_a_message_on_the_wire_arrives_or_says_that_the_post_was_erased(house):
    house.source(Harvest(posts=[marked()])).piece()
    while house.score.batch() + house.decide.batch():
        pass
    (claimed,) = house.store.outbox.claim("care", 5, lease=timedelta(minutes=1), now=house.clock())
    house.store.outbox.begin(claimed.id, claimed.attempt, "zebra", house.clock())
    withdraw(house)
    assert MARK not in dump(house.store)
    house.new_workers()  # the worker was killed, and nothing had arrived
    house.works()
    assert [message.subject for message in house.care.messages] == [ERASED]
    assert MARK not in dump(house.store)


def test_nobody_is_reminded_of_a_post_that_is_gone(house):
    house.hears(marked())
    withdraw(house)
    house.later(hours=3)
    house.later(hours=8)
    assert [m.kind for m in house.care.messages] == [MessageKind.CASE_OPENED]
    assert house.boss.messages == []


def test_a_reminder_is_about_the_post_that_is_left(house):
    house.hears(marked(native_id="first", text="acme awful and here to stay"), marked())
    withdraw(house)
    house.later(hours=3)
    kinds = [m.kind for m in house.care.messages]
    assert kinds == [MessageKind.CASE_OPENED, MessageKind.CASE_UPDATED, MessageKind.REMINDER]
    assert house.care.messages[-1].mention.text == "acme awful and here to stay"


def test_a_case_keeps_its_customers_name_while_a_post_of_theirs_is_left(house):
    house.hears(marked(), marked(native_id="second", text="acme still awful"))
    withdraw(house)
    (case,) = house.cases()
    assert (case.handle, case.author, case.posts) == ("zebrahandle", "zebra-77", 2)
    withdraw(house, Gone(Platform.X, native_id="second"))
    (case,) = house.cases()
    assert (case.handle, case.author, case.thread, case.posts) == (None, None, None, 2)
    events = [(line.event, line.why) for line in house.store.cases.show(case.id).history]
    assert events[-2:] == [
        ("post_withdrawn", "post 1: deleted on its platform"),
        ("post_withdrawn", "post 2: deleted on its platform"),
    ]


def test_what_was_about_to_be_written_about_its_case_is_refused(house):
    house.hears(marked())
    (before,) = house.cases()
    step = CaseStep(before=before, after=replace(before, reminders=1), event="remind", why="nobody has answered")
    withdraw(house)
    assert house.store.cases.save_steps([step], now=house.clock()) == []
    assert house.cases()[0].handle is None


def test_a_decision_under_way_is_refused(house):
    house.source(Harvest(posts=[marked()])).piece()
    house.score.batch()
    waiting = house.store.posts.to_decide(10)
    batch = house.decide._decisions(waiting)
    withdraw(house)
    with pytest.raises(Stale):
        house.store.cases.save_decisions(batch, now=house.clock())
    assert (MARK not in dump(house.store), house.cases()) == (True, [])


def test_it_does_not_come_back(house):
    house.hears(marked())
    withdraw(house)
    tally, _ = house.source(Harvest(posts=[marked(), marked(text="acme zebra edited", version="zebra-v3")])).piece()
    assert tally == Tally(duplicates=2)
    house.works()
    assert (MARK not in dump(house.store), house.store.posts.backlog()) == (True, {PostState.WITHDRAWN: 1})


def test_it_does_not_come_back_while_it_is_being_erased(store):
    posts = [a_post(text=f"zebra {n}") for n in range(30)]
    keep(store, *posts)
    both = threading.Barrier(2)

    def erase():
        for post in posts:
            both.wait()
            keep(store, source="one", gone=[Gone(post.platform, native_id=post.native_id)])

    def read_again():
        for post in posts:
            both.wait()
            keep(store, post, source="two")

    threads = [threading.Thread(target=work) for work in (erase, read_again)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (store.posts.backlog(), MARK in dump(store)) == ({PostState.WITHDRAWN: 30}, False)


def test_a_post_brought_and_deleted_in_one_harvest_is_gone(house):
    withdraw(house, posts=[marked()])
    house.works()
    assert (MARK not in dump(house.store), house.store.posts.backlog()) == (True, {PostState.WITHDRAWN: 1})
    assert house.care.messages == []


def test_what_only_passes_it_on_goes_with_it(house):
    repost = says("zebratext again", kind="repost", repost_of=ID, author_id="b")
    house.hears(marked(), repost)
    withdraw(house)
    assert (MARK not in dump(house.store), house.store.posts.backlog()) == (True, {PostState.WITHDRAWN: 2})


def test_what_is_gone_elsewhere_or_unknown_changes_nothing(house):
    house.hears(marked())
    before = [line for line in dump(house.store).splitlines() if not line.startswith(("poll", "source_state"))]
    withdraw(
        house, Gone(Platform.REDDIT, native_id=ID), Gone(Platform.X, native_id="?"), Gone(Platform.X, author_id="?")
    )
    after = [line for line in dump(house.store).splitlines() if not line.startswith(("poll", "source_state"))]
    assert after == before
    withdraw(house)
    erased = dump(house.store)
    withdraw(house)
    assert sum(line.startswith("history") for line in dump(house.store).splitlines()) == sum(
        line.startswith("history") for line in erased.splitlines()
    )


def test_nobody_can_correct_or_label_what_they_cannot_read(house):
    house.hears(marked())
    withdraw(house)
    joke = Correction(post_id=1, labels=Labels(sentiment=Sentiment.NEUTRAL), note="")
    (outcome,) = house.store.corrections.add([joke], who="kim", now=house.clock())
    assert outcome.fate is Fate.WITHDRAWN
