from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from digest_values import (
    BEFORE,
    END,
    HOUR,
    NOW,
    START,
    WEEK,
    ZONE,
    a_case,
    a_row,
    a_source,
    complaints,
    facts_of,
    rows_of,
)

from config.vocabulary import Flag, Platform, Sentiment, Severity
from monitor.digest.build import Occasion, build
from monitor.digest.facts import Count, Coverage, Facts, PartlyJudged, Reason
from monitor.digest.statistics import Trend
from monitor.states import CaseState, PostState
from monitor.store.week import DecisionCount, WeekRows, WeekTotals

DAY = 24 * HOUR


def trends(facts: Facts) -> dict[str, Trend]:
    return {line.code: line.trend for line in facts.types}


def test_facts_read_back_equal_from_their_frozen_form():
    this = [
        *rows_of(START, negative=8, positive=30),
        *complaints(START + DAY, 15, "delay"),
        a_row(judged=False, sentiment=None, language="de"),
        a_row(ours=True),
    ]
    facts = facts_of(
        this,
        rows_of(BEFORE, negative=5, neutral=20),
        cases=[a_case(1, START + HOUR)],
        week={"decisions": (DecisionCount(False, "too_old", 3),)},
    )
    frozen = facts.to_json()
    assert Facts.from_json(frozen) == facts
    assert Facts.from_json(frozen).to_json() == frozen


def test_a_damaged_frozen_form_is_refused():
    with pytest.raises(ValueError, match="headline"):
        Facts.from_json(facts_of().to_json().replace('"headline"', '"headlin"'))


def test_a_clear_fall_is_the_first_thing_said():
    facts = facts_of(
        rows_of(START, negative=120, neutral=60, positive=20), rows_of(BEFORE, negative=40, neutral=80, positive=80)
    )
    assert facts.headline.startswith("Worse than last week: net sentiment fell by 70 points to −50 (95 % sure: by ")
    assert (facts.trend, facts.verdict) == (Trend.DOWN, "worse than last week")


def test_a_clear_rise_is_called_better():
    facts = facts_of(
        rows_of(START, negative=20, neutral=60, positive=120), rows_of(BEFORE, negative=80, neutral=80, positive=40)
    )
    assert facts.headline.startswith("Better than last week: net sentiment rose by 70 points to +50")
    assert facts.trend is Trend.UP


def test_a_change_within_chance_is_called_no_clear_change():
    facts = facts_of(
        rows_of(START, negative=12, neutral=10, positive=8), rows_of(BEFORE, negative=10, neutral=10, positive=10)
    )
    assert facts.headline.startswith("No clear change from last week: net sentiment −13, last week 0 (95 % sure: −")
    assert facts.trend is Trend.UNCLEAR


def test_under_ten_posts_only_counts_are_said():
    facts = facts_of(rows_of(START, negative=9), rows_of(BEFORE, positive=50))
    assert facts.headline == "Too few posts to say better or worse: 9 judged (9 negative, 0 neutral, 0 positive)."
    assert (facts.mood.net, facts.change, facts.trend) == (None, None, Trend.TOO_FEW)
    assert not any("%" in line and "negative" in line for line in facts.changes)


def test_one_post_makes_a_whole_digest():
    facts = facts_of([a_row(START, sentiment=Sentiment.NEGATIVE)])
    assert facts.headline == "Too few posts to say better or worse: 1 judged (1 negative, 0 neutral, 0 positive)."
    assert (facts.volume.posts, facts.days[0].negative, facts.days[0].posts) == (Count(1, 0), 1, 1)


def test_a_week_of_one_class_has_an_interval_still():
    facts = facts_of(rows_of(START, negative=40), rows_of(BEFORE, negative=40))
    assert facts.mood.net is not None
    assert facts.mood.net.value == facts.mood.net.low == -1.0
    assert -1.0 < facts.mood.net.high < -0.8
    assert facts.trend is Trend.UNCLEAR


def test_an_empty_week_says_whether_the_silence_means_anything():
    assert facts_of().headline == "No posts this week: every source was read and had nothing new."
    broken = [a_source("news"), a_source("forum", ok=3, failed=9, ends_failing=True)]
    assert facts_of(sources=broken).headline == (
        "No posts this week, but 1 of 2 sources could not be read throughout: this silence proves nothing."
    )
    assert facts_of(sources=[]).headline == "No posts this week, and no source was read."


def test_the_first_week_is_not_compared_with_the_nothing_before_it():
    facts = facts_of(rows_of(START, negative=10, positive=10), sources_before=[])
    assert facts.headline.startswith("First week: net sentiment 0 (95 % sure: −")
    assert (facts.volume.posts, facts.mood_before, facts.complaints) == (Count(20, None), None, Count(0, None))


def test_a_quiet_week_that_was_watched_is_compared_with():
    facts = facts_of(rows_of(START, negative=10, positive=10))
    assert facts.headline.startswith("No comparison, last week had only 0 judged posts: net sentiment 0")
    assert facts.volume.posts == Count(20, 0)


def test_own_posts_are_counted_apart_and_nowhere_else():
    own = [a_row(START, ours=True, sentiment=Sentiment.POSITIVE, flags=(Flag.PRAISE,)) for _ in range(30)]
    facts = facts_of([*own, *rows_of(START, negative=2)])
    assert (facts.volume.own, facts.volume.posts.now, facts.mood.positive, facts.praise.posts.now) == (30, 2, 0, 0)
    assert [line.name for line in facts.platforms] == ["X"]


def test_posts_fall_on_the_local_day():
    late = a_row(START + DAY - timedelta(minutes=1), sentiment=Sentiment.NEGATIVE)
    early = a_row(START + DAY, sentiment=Sentiment.POSITIVE)
    facts = facts_of([late, early, a_row(END - timedelta(seconds=1))], [a_row(BEFORE + 3 * HOUR)])
    assert [day.day for day in facts.days][:2] == [date(2026, 11, 9), date(2026, 11, 10)]
    assert [(day.negative, day.neutral, day.positive, day.before) for day in facts.days] == [
        (1, 0, 0, 1),
        (0, 0, 1, 0),
        (0, 0, 0, 0),
        (0, 0, 0, 0),
        (0, 0, 0, 0),
        (0, 0, 0, 0),
        (0, 1, 0, 0),
    ]


def test_a_complaint_type_that_takes_a_larger_share_is_a_mover_and_one_that_grows_with_the_rest_is_not():
    this = [*complaints(START, 60, "delay"), *complaints(START, 40, "billing"), *rows_of(START, neutral=100)]
    last = [*complaints(BEFORE, 10, "delay"), *complaints(BEFORE, 20, "billing"), *rows_of(BEFORE, neutral=70)]
    facts = facts_of(this, last)
    assert trends(facts) == {"delay": Trend.UP, "billing": Trend.UNCLEAR}
    assert "Clearly more: delay or cancellation (60, last week 10)." in facts.changes
    assert "Find the cause of the rise in delay or cancellation: 60 posts, last week 10." in facts.actions


def test_a_type_that_is_gone_is_clearly_less():
    this, last = rows_of(START, neutral=100), [*complaints(BEFORE, 30, "staff"), *rows_of(BEFORE, neutral=70)]
    facts = facts_of(this, last)
    assert facts.types[0].posts == Count(0, 30)
    assert trends(facts) == {"staff": Trend.DOWN}


def test_one_lucky_type_among_many_is_not_called_a_mover():
    # 9 against 2 alone has p = 0.03; beside ten types that stand still it is what chance brings.
    still = [f"kind_{n}" for n in range(10)]
    this = [*complaints(START, 9, "delay"), *rows_of(START, neutral=91)]
    last = [*complaints(BEFORE, 2, "delay"), *rows_of(BEFORE, neutral=98)]
    assert trends(facts_of(this, last)) == {"delay": Trend.UP}
    for kind in still:
        this += complaints(START, 5, kind)
        last += complaints(BEFORE, 5, kind)
    assert trends(facts_of(this, last))["delay"] is Trend.UNCLEAR


def test_with_few_posts_no_type_is_said_to_move():
    facts = facts_of(complaints(START, 9, "delay"), rows_of(BEFORE, neutral=50))
    assert trends(facts) == {"delay": Trend.TOO_FEW}


def test_a_post_with_two_types_counts_in_both_and_once_as_a_complaint():
    facts = facts_of(rows_of(START, negative=1, complaint=True, types=("delay", "support"), severity=Severity.CRITICAL))
    assert [(line.code, line.posts.now) for line in facts.types] == [("delay", 1), ("support", 1)]
    assert facts.complaints.now == 1
    assert [line.posts.now for line in facts.severities] == [1, 0, 0, 0]
    assert any(line.startswith("Read the critical: 1 complaint ") for line in facts.actions)


def test_brands_are_shown_from_two_on_and_a_post_about_both_counts_in_both():
    one = facts_of(rows_of(START, neutral=3))
    two = facts_of([*rows_of(START, neutral=3), a_row(START, brands=("Acme", "Brill"))])
    assert one.brands == ()
    assert [(line.name, line.posts.now) for line in two.brands] == [("Acme", 4), ("Brill", 1)]
    assert two.volume.posts.now == 4


def test_platforms_come_with_their_own_interval():
    facts = facts_of(
        [*rows_of(START, negative=12), *rows_of(START, positive=3, platform=Platform.REDDIT)],
        rows_of(BEFORE, neutral=7, platform=Platform.REDDIT),
    )
    assert [(line.name, line.posts, line.mood.judged, line.mood.net is None) for line in facts.platforms] == [
        ("X", Count(12, 0), 12, False),
        ("Reddit", Count(3, 7), 3, True),
    ]


def test_what_was_not_judged_adds_up_to_the_volume():
    facts = facts_of(
        [
            *rows_of(START, negative=1, neutral=1, positive=1),
            a_row(judged=False, sentiment=None, language="de"),
            a_row(judged=False, sentiment=None, language="de"),
            a_row(judged=False, sentiment=None, language="fr"),
            a_row(judged=False, sentiment=None, language="und"),
            a_row(judged=None, sentiment=None, state=PostState.COLLECTED),
            a_row(judged=None, sentiment=None, state=PostState.QUARANTINED),
            a_row(judged=None, sentiment=None, state=PostState.WITHDRAWN),
        ]
    )
    left = facts.unjudged
    assert (left.waiting, left.quarantined, left.withdrawn, left.wordless) == (1, 1, 1, 1)
    assert (left.languages, left.foreign) == ((("German", 2), ("French", 1)), 3)
    assert left.total + facts.mood.judged == facts.volume.posts.now == 10
    assert "7 of 10 posts have no verdict; the rest may differ from them." in facts.cautions


def test_posts_judged_for_sentiment_alone_count_in_the_mood_and_in_no_share_of_complaints():
    english = rows_of(START, negative=20, complaint=True, types=("delay",))
    german = rows_of(START, negative=30, neutral=10, language="de", sentiment_only=True)
    last = [*rows_of(BEFORE, negative=20, complaint=True, types=("delay",)), *rows_of(BEFORE, neutral=4)]
    facts = facts_of([*english, *german], last)
    assert (facts.mood.judged, facts.mood.negative, facts.complaints.now) == (60, 50, 20)
    assert facts_of(english, last).types == facts.types  # not fewer delays a post because people wrote in German
    assert facts.partly == PartlyJudged(sentiment_only=(("German", 40),))
    assert "In some languages only the sentiment is judged, no complaint is counted there: German 40." in facts.cautions


def test_a_jump_of_posts_that_no_model_reads_is_said_first_hand():
    spanish = [a_row(judged=False, sentiment=None, language="es") for _ in range(14)]
    few = [a_row(BEFORE, judged=False, sentiment=None, language="es") for _ in range(2)]
    said = [
        line
        for line in facts_of([*rows_of(START, neutral=86), *spanish], [*rows_of(BEFORE, neutral=98), *few]).cautions
        if "languages" in line
    ]
    assert said == [
        (
            "14 % of the posts are in languages that no model judges, last week 2 %: Spanish 14. To have their sentiment "
            "judged, name a model for the language (model.by_language)."
        )
    ]
    steady = [a_row(BEFORE, judged=False, sentiment=None, language="es") for _ in range(14)]
    assert not facts_of([*rows_of(START, neutral=86), *spanish], [*rows_of(BEFORE, neutral=86), *steady]).cautions


def test_posts_too_short_to_tell_the_language_are_counted_as_such():
    rows = [*rows_of(START, neutral=3), a_row(language="und"), a_row(judged=False, sentiment=None, language="und")]
    facts = facts_of(rows)
    assert (facts.partly.undetermined, facts.unjudged.wordless) == (1, 1)


def test_usual_is_the_median_of_earlier_weeks_that_had_posts():
    weeks = [WeekTotals(posts, 0, {Sentiment.NEGATIVE: posts}) for posts in (10, 30, 20)]
    facts = facts_of(rows_of(START, neutral=20), earlier=[*weeks, WeekTotals()])
    assert (facts.volume.usual, facts.volume.usual_net, facts.volume.weeks) == (20.0, -1.0, 3)
    assert facts_of(rows_of(START, neutral=20), earlier=weeks[:2]).volume.usual is None


def test_cases_are_counted_by_when_things_happened():
    cases = [
        a_case(1, BEFORE + HOUR),  # last week's, still open
        a_case(2, BEFORE + HOUR, first_response_at=START + HOUR, state=CaseState.RESPONDED),
        a_case(3, START, closed_at=START + DAY, first_response_at=START + HOUR, state=CaseState.RESOLVED),
        a_case(4, END - HOUR),  # opened an hour ago: open, not overdue
        a_case(5, START, state=CaseState.RESPONDED, first_response_at=END),  # answered after the week's end
        a_case(6, START, state=CaseState.DISMISSED, closed_at=END + HOUR),
    ]
    result = facts_of(cases=cases).cases
    assert (result.opened, result.answered, result.closed) == (Count(4, 2), Count(2, 0), Count(1, 0))
    assert (result.open_at_end, result.unanswered_at_end, result.overdue) == (5, 4, (1,))


def test_a_case_re_opened_by_its_customer_is_overdue_from_then_on():
    answered = a_case(7, BEFORE, first_response_at=BEFORE + HOUR)
    assert facts_of(cases=[replace(answered, waits_since=END - 8 * HOUR)]).cases.overdue == (7,)
    assert facts_of(cases=[replace(answered, waits_since=END - 7 * HOUR)]).cases.overdue == ()


def test_the_overdue_are_the_first_thing_to_do():
    facts = facts_of(cases=[a_case(number, START + number * HOUR) for number in (5, 4, 3, 2, 1)])
    assert facts.actions[0] == "Answer the overdue: 5 cases have waited longer than 8 h (cases 1, 2, 3 and 2 more)."


def test_response_times_keep_those_who_still_wait():
    answered = [a_case(n, START, first_response_at=START + n * HOUR, state=CaseState.RESPONDED) for n in range(1, 8)]
    waiting = [a_case(n, START) for n in range(8, 13)]
    dismissed = [a_case(20, START, state=CaseState.DISMISSED)]
    elsewhere = [a_case(21, BEFORE, first_response_at=START + HOUR)]
    response = facts_of(cases=[*answered, *waiting, *dismissed, *elsewhere]).response
    assert (response.cases, response.answered, response.waiting) == (12, 7, 5)
    assert (response.median, response.p90) == (6.5 * 3600, None)


def test_response_times_of_fewer_than_ten_cases_are_not_given():
    cases = [a_case(n, START, first_response_at=START + HOUR) for n in range(9)]
    response = facts_of(cases=cases).response
    assert (response.cases, response.answered, response.median, response.p90) == (9, 9, None, None)


@pytest.mark.parametrize(
    ("given", "every", "coverage"),
    [
        ({}, {}, Coverage.QUIET),
        ({"stored": 1}, {}, Coverage.READ),
        ({"ends_failing": True}, {}, Coverage.BROKEN),
        ({"ok": 0, "failed": 4}, {}, Coverage.BROKEN),
        ({"ok": 0}, {"news": HOUR}, Coverage.NOT_READ),
        ({"longest_gap": 5 * HOUR}, {}, Coverage.GAPS),
        ({"longest_gap": 5 * HOUR}, {"news": HOUR}, Coverage.QUIET),
        ({"longest_gap": 5 * HOUR + timedelta(seconds=1)}, {"news": HOUR}, Coverage.GAPS),
        ({"longest_gap": HOUR, "usual_gap": timedelta(seconds=10)}, {}, Coverage.QUIET),
        ({"ok": 0, "first_run_at": END}, {"news": HOUR}, Coverage.LATER),
    ],
)
def test_quiet_and_broken_sources_differ(given, every, coverage):
    facts = with_pace(given, every)
    assert [line.coverage for line in facts.sources] == [coverage]


def with_pace(given: dict[str, object], every: dict[str, timedelta]) -> Facts:
    occasion = Occasion(company="Acme", week=WEEK, zone=ZONE, now=NOW, overdue_after=HOUR, sources=every)
    this = WeekRows(start=START, end=END, sources=(a_source("news", **given),))
    return build(occasion, this, WeekRows(start=BEFORE, end=START))


def test_a_configured_source_that_was_never_read_is_named():
    facts = with_pace({}, {"news": HOUR, "forum": HOUR})
    assert [(line.name, line.coverage) for line in facts.sources] == [
        ("forum", Coverage.NOT_READ),
        ("news", Coverage.QUIET),
    ]
    assert "Source forum was not read at all this week." in facts.cautions
    assert "Have source forum mended." in facts.actions


def test_a_collector_gap_is_said_before_the_numbers():
    facts = facts_of(rows_of(START, neutral=12, source="news"), sources=[a_source(longest_gap=26 * HOUR)])
    assert facts.cautions == ("Source news was not read for 1 d 2 h at a stretch.",)


def test_a_gap_of_last_week_spoils_the_comparison_and_is_said():
    facts = facts_of(
        rows_of(START, neutral=12), rows_of(BEFORE, neutral=12), sources_before=[a_source(longest_gap=26 * HOUR)]
    )
    assert facts.cautions == ("Last week is incomplete, which skews the comparison: news not read throughout.",)


def test_a_source_begun_in_mid_week_is_said():
    facts = facts_of(rows_of(START, neutral=12), sources=[a_source(first_run_at=START + 2 * DAY)])
    assert facts.cautions == ("First read during this week: news. Earlier posts may be missing.",)


def test_a_change_of_model_between_the_weeks_is_said():
    facts = facts_of(rows_of(START, neutral=12, model="m2"), rows_of(BEFORE, neutral=12, model="m1"))
    assert facts.models == ("m2",)
    assert any("not judged by the same model" in line for line in facts.cautions)


def test_reasons_to_stay_quiet_are_kept():
    counted = (DecisionCount(True, "negative", 4), DecisionCount(False, "below_threshold", 9))
    facts = facts_of(week={"decisions": counted})
    assert facts.reasons == (Reason(True, "negative", 4), Reason(False, "below threshold", 9))


def test_the_worst_day_is_named():
    facts = facts_of([*rows_of(START + 3 * DAY, negative=8), *rows_of(START, negative=4)])
    assert "Thursday stands out: 8 of the week's 12 negative posts." in facts.changes
    even = facts_of([row for n in range(7) for row in rows_of(START + n * DAY, negative=2)])
    assert not any("stands out" in line for line in even.changes)


def test_a_week_with_nothing_to_do_says_so():
    assert facts_of().actions == ("Nothing needs a decision this week.",)
