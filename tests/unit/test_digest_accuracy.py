from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from html import unescape

import pytest
from digest_values import END, START, WEEK, ZONE, facts_of

from config.vocabulary import COMPLAINT_TYPES, Sentiment, Severity
from monitor.digest.accuracy import ENOUGH, accuracy_of
from monitor.digest.facts import Accuracy, Facts, Measure
from monitor.digest.mail import render
from monitor.digest.statistics import wilson
from monitor.store.accuracy import LabelledRow, LabelledRows
from monitor.store.labels import Labels

DAY = timedelta(days=1)
FIRST = WEEK.back(11).start(ZONE)
_number = iter(range(1, 1_000_000))


def says(sentiment: str | None = None, *types: str, complaint: bool | None = False) -> Labels:
    """Labels of which only these matter here; a type makes it a complaint."""
    is_one = True if types else complaint
    return Labels(
        sentiment=None if sentiment is None else Sentiment(sentiment),
        complaint=is_one,
        types=None if is_one is None or (is_one and not types) else types,
        severity=Severity.MILD if is_one else Severity.NONE,
        flags=(),
    )


def rows(
    count: int, said: Labels, truth: Labels, *, chance: float | None = 0.5, model: str = "m1"
) -> list[LabelledRow]:
    return [
        LabelledRow(post_id=next(_number), model=model, said=said, truth=truth, chance=chance) for _ in range(count)
    ]


def measured(labelled: Iterable[LabelledRow], **given) -> Accuracy:
    found = tuple(labelled)
    drawn = sum(row.chance is not None for row in found)
    values = {"model": "m1", "drawn": drawn, "labelled": drawn, "frames": ((FIRST, END),)} | given
    return accuracy_of(LabelledRows(rows=found, **values), WEEK, ZONE, COMPLAINT_TYPES)


NEGATIVE, NEUTRAL = says("negative"), says("neutral")


def test_precision_and_recall_are_counted_by_hand():
    # 24 called negative, 18 of them are; 30 are negative, 18 of them were called so.
    found = measured([*rows(18, NEGATIVE, NEGATIVE), *rows(6, NEGATIVE, NEUTRAL), *rows(12, NEUTRAL, NEGATIVE)])
    negative, complaint = found.sample
    assert negative == Measure(name="Negative", said=24, precision=wilson(18, 24), true=30, recall=wilson(18, 30))
    assert complaint == Measure(name="Complaint", said=0, precision=None, true=0, recall=None)
    # Wilson for 18 of 24 by hand: centre (0.75 + 0.0800) / 1.1601, half 1.96 / 1.1601 * sqrt(0.0078125 + 0.0016671).
    assert (negative.precision.low, negative.precision.high) == pytest.approx((0.5510, 0.8800), abs=1e-4)


def test_each_sampled_post_counts_by_one_over_its_chance():
    # 20 posts of a busy week (drawn 1 in 10) were right, 20 of a quiet one (all drawn) wrong: 200 of 220 are right.
    found = measured([*rows(20, NEGATIVE, NEGATIVE, chance=0.1), *rows(20, NEGATIVE, NEUTRAL, chance=1.0)])
    precision = found.sample[0].precision
    assert precision.value == pytest.approx(200 / 220)
    # Kish: (20 * 10 + 20)^2 / (20 * 100 + 20) = 23.96 posts' worth, so the interval is nearly that of 22 of 24.
    assert (precision.low, precision.high) == pytest.approx((wilson(22, 24).low, wilson(22, 24).high), abs=0.02)
    assert found.corrections[0].precision.value == pytest.approx(0.5)


def test_corrections_are_measured_apart_from_the_sample():
    found = measured([*rows(20, NEGATIVE, NEGATIVE), *rows(30, NEGATIVE, NEUTRAL, chance=None)])
    assert found.sample[0].precision == wilson(20, 20)
    assert found.corrections[0].precision == wilson(20, 50)
    assert (found.sampled, found.corrected) == (20, 50)


def test_under_twenty_posts_nothing_is_said():
    assert ENOUGH == 20
    few = measured(rows(19, NEGATIVE, NEGATIVE)).sample[0]
    assert (few.said, few.precision, few.true, few.recall) == (19, None, 19, None)


def test_a_label_of_which_nobody_spoke_is_not_measured():
    silent = Labels(complaint=False, types=(), severity=Severity.NONE)
    found = measured([*rows(20, NEGATIVE, silent), *rows(20, NEGATIVE, NEGATIVE)])
    assert (found.sample[0].said, found.sample[1].said, found.sample[1].true) == (20, 0, 0)


def test_what_the_model_was_not_asked_is_not_held_against_it():
    asked = rows(20, Labels(sentiment=Sentiment.NEGATIVE, complaint=True), says("negative", complaint=True), chance=1.0)
    alone = rows(30, Labels(sentiment=Sentiment.NEGATIVE), says("negative", complaint=True), chance=1.0)
    negative, complaint = measured([*asked, *alone]).sample
    assert (negative.said, negative.true) == (50, 50)
    assert (complaint.said, complaint.true, complaint.recall.value) == (20, 20, 1.0)


def test_a_type_is_measured_where_there_are_enough_posts_of_it():
    delay, staff, untyped = says("negative", "delay"), says("negative", "staff"), says("negative", complaint=True)
    found = measured(
        [*rows(25, delay, delay), *rows(5, delay, staff), *rows(19, staff, staff), *rows(30, delay, untyped)]
    )
    names = [line.name for line in found.sample]
    assert names == ["Negative", "Complaint", COMPLAINT_TYPES["delay"], COMPLAINT_TYPES["staff"]]
    by_delay, by_staff = found.sample[2:]
    assert (by_delay.said, by_delay.precision, by_delay.true, by_delay.recall) == (
        30,
        wilson(25, 30),
        25,
        wilson(25, 25),
    )
    assert (by_staff.said, by_staff.precision, by_staff.true, by_staff.recall) == (19, None, 24, wilson(19, 24))
    assert [line.name for line in found.corrections] == ["Negative", "Complaint"]


def test_only_the_version_in_use_is_measured():
    found = measured([*rows(20, NEGATIVE, NEGATIVE), *rows(7, NEGATIVE, NEUTRAL, model="m0")])
    assert (found.sample[0].precision, found.others, found.model) == (wilson(20, 20), 7, "m1")


def test_the_days_drawn_from_are_counted_once():
    assert (measured([]).days, measured([]).days_drawn) == (84, 84)
    frames = ((START - 3 * DAY, START), (START - 2 * DAY, START + DAY), (FIRST - 9 * DAY, FIRST + DAY))
    assert measured([], frames=frames).days_drawn == 5
    assert measured([], frames=()).days_drawn == 0


def words(accuracy: LabelledRows | None) -> tuple[str, str]:
    """The section in the text and in the HTML, blanks folded; "" where there is none."""
    rendered = render(facts_of([], labelled=accuracy))
    html = unescape(rendered.html)
    plain = rendered.text.partition("HOW RIGHT IS THE JUDGE?")[2].partition("CAN THIS BE TRUSTED?")[0]
    page = html.partition("How right is the judge?</h2>")[2].partition("Can this be trusted?")[0]
    return " ".join(plain.split()), " ".join(page.split())


@pytest.mark.parametrize(
    ("labelled", "said"),
    [
        (LabelledRows(), "Nothing has been judged yet."),
        (
            LabelledRows(model="m1"),
            (
                "Not measured: no post published since 24 Aug 2026 has been drawn at random. "
                "To begin: monitor sample --size 50, then monitor sample --label."
            ),
        ),
        (
            LabelledRows(model="m1", drawn=50),
            (
                "Not measured: 50 posts published since 24 Aug 2026 were drawn at random, but none is labelled yet. "
                "To go on: monitor sample --label."
            ),
        ),
        (
            LabelledRows(model="m1", drawn=50, labelled=40),
            (
                "Not measured: 50 posts published since 24 Aug 2026 were drawn at random and 40 labelled, none of them "
                "judged by the version in use."
            ),
        ),
    ],
)
def test_where_nothing_is_measured_the_digest_says_so_and_how_to_begin(labelled, said):
    for section in words(labelled):
        assert said in section
        assert "Precision" not in section


def test_the_digest_says_on_what_it_was_measured_and_what_that_stands_for():
    found = LabelledRows(
        model="m1",
        drawn=45,
        labelled=42,
        frames=((START, END),),
        rows=(
            *rows(40, NEGATIVE, NEGATIVE),
            *rows(2, NEGATIVE, NEUTRAL, chance=None),
            *rows(2, NEGATIVE, NEUTRAL, model="m0"),
        ),
    )
    for section in words(found):
        assert (
            "Measured on 40 posts labelled by people: 45 posts published since 24 Aug 2026 were drawn at random; 3 not "
            "labelled yet: if these are the hard ones, the figures flatter. This sample stands for all judged posts of "
            "7 of the 84 days since. 2 posts judged by another version or edited since were left out."
        ) in section
        assert "All 42 labelled posts, with 2 that somebody corrected unasked. Corrections are mistakes" in section
        assert "not a sample" in section
        assert "over 99 %" not in section
        assert "91 % to 100 %" in section  # 40 of 40
        assert "too few to say" in section  # complaints
        assert "2 labelled under other versions are left out" in section


def test_without_corrections_beside_the_sample_these_are_not_shown():
    found = LabelledRows(
        model="m1", drawn=40, labelled=40, frames=((FIRST, END),), rows=tuple(rows(40, NEGATIVE, NEGATIVE))
    )
    for section in words(found):
        assert "stands for all judged posts of the 84 days since." in section
        assert "unasked" not in section


def test_facts_keep_what_was_measured_and_old_ones_do_without():
    found = LabelledRows(model="m1", rows=tuple(rows(40, NEGATIVE, NEGATIVE)), drawn=40, labelled=40)
    facts = facts_of([], labelled=found)
    assert Facts.from_json(facts.to_json()) == facts
    before = facts_of([])
    old = before.to_json().replace(',"accuracy":null', "")
    assert "accuracy" not in old
    assert Facts.from_json(old) == before
    assert words(None) == ("", "")
