from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from builders import NOW, a_post, a_verdict, judge, keep, keep_judged

from config.vocabulary import Sentiment, Severity
from monitor.store.accuracy import LabelledRow, LabelledRows
from monitor.store.corrections import Correction, Fate
from monitor.store.engine import Store
from monitor.store.labels import Labels, given
from monitor.store.samples import Drawn

DAY = timedelta(days=1)
SAID = Labels(sentiment=Sentiment.NEGATIVE, complaint=True, types=("delay",), severity=Severity.SERIOUS, flags=())
RIGHT = given(sentiment=Sentiment.NEGATIVE, complaint=True)


def draw(store: Store, size: int, *, seed: int = 1, since=NOW - 7 * DAY, until=NOW, now=NOW) -> Drawn | None:
    return store.samples.draw(size, since=since, until=until, seed=seed, who="anna", now=now)


def label(store: Store, post_id: int, labels: Labels = RIGHT, *, drawn: bool = True) -> Fate:
    one = Correction(post_id=post_id, labels=labels, drawn=drawn)
    return store.corrections.add([one], who="anna", now=NOW)[0].fate


def drawn_ids(store: Store) -> list[int]:
    return [one.post_id for one in store.samples.unlabelled()]


def test_a_draw_is_seeded_and_without_replacement(store):
    keep_judged(store, *(a_post() for _ in range(30)))
    assert draw(store, 12, seed=5) == Drawn(1, 30, 12)
    first = drawn_ids(store)
    assert len(set(first)) == 12
    assert first != sorted(first)
    with store._engine.begin() as db:
        db.exec_driver_sql("DELETE FROM sample")
    draw(store, 12, seed=5)
    assert drawn_ids(store) == first
    assert draw(store, 40, seed=5) == Drawn(3, 18, 18)
    assert sorted(drawn_ids(store)) == list(range(1, 31))
    assert draw(store, 1) is None


def test_only_judged_posts_by_others_of_the_interval_are_drawn_corrected_ones_too(store):
    _early, wanted, unjudged, withdrawn, _late = keep_judged(
        store,
        a_post(published_at=NOW - 7 * DAY - timedelta(microseconds=1)),
        a_post(published_at=NOW - 7 * DAY),
        a_post(published_at=NOW - 2 * DAY),
        a_post(published_at=NOW - DAY),
        a_post(published_at=NOW),
    )
    keep(store, a_post(), ours=True)
    keep(store, a_post())
    with store._engine.begin() as db:
        db.exec_driver_sql(f"UPDATE verdict SET judged = false WHERE post_id = {unjudged}")
        db.exec_driver_sql(f"UPDATE post SET state = 'withdrawn' WHERE id = {withdrawn}")
    label(store, wanted, drawn=False)
    assert draw(store, 10) == Drawn(1, 1, 1)
    assert drawn_ids(store) == [wanted]


def test_a_draw_of_none_is_refused(store):
    with pytest.raises(ValueError, match="positive"):
        draw(store, 0)


def test_whoever_labels_sees_the_text_and_nothing_of_the_verdict(store):
    keep_judged(store, a_post(text="never again", title="Late", url="https://x.com/a/1"))
    draw(store, 1)
    (one,) = store.samples.unlabelled()
    assert (one.text, one.url, one.draw_id) == ("Late\nnever again", "https://x.com/a/1", 1)
    assert set(type(one).__slots__) == {"post_id", "draw_id", "platform", "published_at", "text", "url"}


def test_a_labelled_post_is_done_and_one_that_was_edited_or_withdrawn_is_no_longer_asked_for(store):
    posts = [a_post(text=f"text {n}", native_id=f"p{n}") for n in range(4)]
    keep_judged(store, *posts)
    draw(store, 4)
    assert label(store, 1) is Fate.STORED
    keep(store, a_post(native_id=posts[1].native_id, text="another text"))
    judge(store)
    with store._engine.begin() as db:
        db.exec_driver_sql("UPDATE post SET state = 'withdrawn', text = '' WHERE id = 3")
    assert drawn_ids(store) == [4]
    assert [label(store, i) for i in (2, 3)] == [Fate.EDITED, Fate.WITHDRAWN]


def test_a_sampled_label_is_stored_once_whatever_was_said_freely(store):
    keep_judged(store, *(a_post() for _ in range(2)))
    label(store, 1, drawn=False)
    assert label(store, 1) is Fate.NOT_DRAWN
    draw(store, 2)
    assert [label(store, 1), label(store, 1)] == [Fate.STORED, Fate.KNOWN]  # the same words, now of a random post
    label(store, 1, given(complaint=False), drawn=False)
    assert label(store, 1) is Fate.KNOWN  # reading the sheet again does not undo what was corrected since
    (post, *_) = store.corrections.corrected()
    assert (post.labels.complaint, post.drawn) == (False, True)


def test_two_people_who_draw_at_once_draw_different_posts(store):
    keep_judged(store, *(a_post() for _ in range(20)))
    start = threading.Barrier(2)
    drawn = []

    def one(seed: int) -> None:
        start.wait()
        drawn.append(draw(store, 10, seed=seed))

    threads = [threading.Thread(target=one, args=(seed,)) for seed in (1, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((one.frame, one.size) for one in drawn) == [(10, 10), (20, 10)]
    assert sorted(drawn_ids(store)) == list(range(1, 21))


def labelled(store: Store) -> LabelledRows:
    return store.reports.labelled(NOW - 30 * DAY, NOW + DAY)


def test_nothing_labelled_gives_no_rows(store):
    assert labelled(store) == LabelledRows()
    keep_judged(store, a_post())
    assert labelled(store) == LabelledRows(model="m1")


def test_a_sampled_post_comes_with_its_chance_of_being_drawn(store):
    old, new = NOW - 10 * DAY, NOW - DAY
    keep(store, *(a_post(published_at=old) for _ in range(8)), now=NOW - 9 * DAY)
    judge(store)
    keep(store, *(a_post(published_at=new) for _ in range(4)), now=NOW)
    judge(store)
    draw(store, 2, since=NOW - 20 * DAY, until=NOW - 5 * DAY, now=NOW - 5 * DAY)  # 2 of the 8 old ones
    draw(store, 5, since=NOW - 20 * DAY, until=NOW)  # 5 of the 6 old ones that are left and the 4 new ones
    for post_id in drawn_ids(store):
        label(store, post_id)
    label(store, next(i for i in range(1, 13) if i not in {r.post_id for r in labelled(store).rows}), drawn=False)
    found = labelled(store)
    assert (found.drawn, found.labelled, len(found.rows)) == (7, 7, 8)
    # By hand: an old post is missed by the first draw with 6/8 and by the second with 5/10; a new one with 5/10.
    chances = [(1 - 6 / 8 * 5 / 10) if row.post_id <= 8 else 5 / 10 for row in found.rows if row.chance is not None]
    assert [row.chance for row in found.rows if row.chance is not None] == pytest.approx(chances)
    assert sum(row.chance is None for row in found.rows) == 1
    assert found.frames == ((NOW - 20 * DAY, NOW - 5 * DAY), (NOW - 20 * DAY, NOW))


def test_a_post_collected_after_a_draw_had_no_chance_in_it(store):
    keep_judged(store, *(a_post(published_at=NOW - DAY) for _ in range(2)))
    draw(store, 1)
    keep(store, *(a_post(published_at=NOW - DAY) for _ in range(2)), now=NOW + DAY)
    judge(store)
    draw(store, 3, now=NOW + DAY)
    for post_id in drawn_ids(store):
        label(store, post_id)
    # By hand: all were drawn in the end; those of before could have been missed by neither.
    assert [row.chance for row in labelled(store).rows] == [1.0, 1.0, 1.0, 1.0]


def test_a_model_is_measured_on_what_it_said_before_anybody_had_labelled_the_post(store):
    keep_judged(store, a_post(), a_post())
    draw(store, 2)
    label(store, 1, given(sentiment=Sentiment.POSITIVE, complaint=False))
    with store._engine.begin() as db:
        db.exec_driver_sql("UPDATE post SET state = 'collected'")
    taught = a_verdict(sentiment=Sentiment.POSITIVE, p_negative=0.0, p_neutral=0.0, p_positive=1.0, complaint=False)
    judge(store, taught, model="m2", now=NOW + DAY)
    label(store, 1, given(sentiment=Sentiment.NEUTRAL, complaint=False))
    label(store, 2)
    found = labelled(store)
    assert found.model == "m2"
    assert [(row.model, row.said.sentiment, row.truth.sentiment) for row in found.rows] == [
        ("m1", Sentiment.NEGATIVE, Sentiment.NEUTRAL),
        ("m2", Sentiment.POSITIVE, Sentiment.NEGATIVE),
    ]


def test_a_correction_of_a_post_that_was_not_judged_measures_nothing(store):
    keep_judged(store, a_post())
    with store._engine.begin() as db:
        db.exec_driver_sql("UPDATE verdict SET judged = false")
    label(store, 1, drawn=False)
    assert labelled(store).rows == ()


def test_a_chance_must_be_one():
    with pytest.raises(ValueError, match="chance"):
        LabelledRow(post_id=1, model="m1", said=SAID, truth=RIGHT, chance=0.0)
