"""The whole report: which posts count where, under which calibration; one's own posts; plain JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from canned import UNJUDGED, Canned, said

from classifiers.calibration import Sigmoid, neutral_calibration
from classifiers.evaluation import own_posts
from classifiers.evaluation.answers import answers_of, recalibrated
from classifiers.evaluation.content import content
from classifiers.evaluation.halves import fit_for_use, fits, halves
from classifiers.evaluation.report import Report, answered, measure
from classifiers.evaluation.sample import sample_of
from classifiers.thresholds import Counts
from classifiers.training.data import Corpus
from classifiers.training.sources import Example
from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment, Severity

BAD = said(Sentiment.NEGATIVE, p_complaint=0.8, types=("delay",), severity=Severity.MILD)


def corpus() -> Corpus:
    """Invented posts of four sources, in two of which one brand or author stands out."""
    tweets = [Example(f"late again {n}", "complaints_tweets", sentiment=0, complaint=1) for n in range(20)]
    tweets += [Example(f"bus at nine {n}", "complaints_tweets", sentiment=1, complaint=0) for n in range(20)]
    brands = [
        Example(f"new phone {n}", "brand_sanders", sentiment=1, about=("apple", "google")[n % 2]) for n in range(6)
    ]
    airline = [Example(f"flight {n}", "airline_sentiment", group=f"author {n % 2}", sentiment=0) for n in range(4)]
    labelled = [
        Example(f"late {n}", f"complaint_types/{origin}", sentiment=0, complaint=1, types=(1,), severity=1, flags=())
        for n, origin in enumerate(("app_reviews", "twacs_airline_support"))
    ]
    held = {
        "complaints_tweets": tweets,
        "brand_sanders": brands,
        "airline_sentiment": airline,
        "complaint_types": labelled,
    }
    published = {
        "tweeteval_sentiment": [Example(f"published {n}", "tweeteval_sentiment", sentiment=n % 3) for n in range(3)],
        "tweeteval_irony": [Example("so true", "tweeteval_irony", side=("tweeteval_irony", "1"))],
    }
    return Corpus({}, held, published)


def judge() -> Canned:
    posts = [row.text for rows in corpus().held.values() for row in rows]
    return Canned({text: BAD if text.startswith(("late", "flight")) else said() for text in posts})


def entry(report: Report, name: str) -> dict[str, float]:
    return {key: figure.value for key, figure in next(e for e in report.entries if e.name == name).figures.items()}


def test_every_source_and_brand_has_its_own_figures() -> None:
    report = measure(judge(), corpus(), fitted=None)
    assert [one.name for one in report.entries] == [
        "sentiment, tweeteval_sentiment (published validation)",
        "sentiment, airline_sentiment (never trained on)",
        "sentiment, brand_sanders",
        "sentiment, complaints_tweets",
        "sentiment, brand_sanders, apple",
        "sentiment, brand_sanders, google",
        "sentiment, all own validation",
        "complaint, complaints_tweets",
        "complaint, complaint_types",
        "complaint, all own validation",
        "types, complaint_types",
        "types, complaint_types without non-commercial sources",
    ]
    counts = {one.name: (one.n, one.groups) for one in report.entries}
    assert counts["sentiment, airline_sentiment (never trained on)"] == (4, 2)
    assert counts["sentiment, brand_sanders, apple"][0] == 3
    assert counts["sentiment, all own validation"][0] == 46  # derived sentiment and non-commercial rows are left out
    assert counts["types, complaint_types without non-commercial sources"][0] == 1
    assert entry(report, "complaint, all own validation")["f1"] == 1.0


def test_posts_without_a_measured_label_are_not_judged() -> None:
    asked = judge()
    measure(asked, corpus(), fitted=None)
    assert "so true" not in asked.asked
    assert len(asked.asked) == 3 + 52


def test_progress_is_told_up_to_the_last_post() -> None:
    seen: list[tuple[int, int]] = []
    answered(Canned({}), [str(n) for n in range(2500)], progress=lambda done, every: seen.append((done, every)))
    assert seen == [(1024, 2500), (2048, 2500), (2500, 2500)]
    assert len(answered(Canned({}), [])) == 0


def test_other_complaint_types_than_the_shipped_are_not_measured_as_types() -> None:
    report = measure(judge(), corpus(), fitted=None, types=("product", "delay"))
    found = entry(report, "types, complaint_types")
    assert "severity_kappa" in found
    assert "flags_kappa.leaves" in found
    assert not any(name.startswith(("types_", "main_")) for name in found)


def test_posts_that_fit_a_calibration_are_judged_under_the_other_halfs() -> None:
    shipped = replace(neutral_calibration(), complaint=Sigmoid((1.0,), (0.0,), (0.5,)))
    report = measure(judge(), corpus(), fitted=shipped)
    held = [row for rows in corpus().held.values() for row in rows]
    served = answered(judge(), [row.text for row in held])
    sides = halves(held)
    tweets = np.array([row.source == "complaints_tweets" for row in held])
    expected = []
    for side in (0, 1):
        other = [n for n in range(len(held)) if fits(held[n]) and sides[n] != side]
        fair = fit_for_use([held[n] for n in other], served.take(np.array(other)), shipped)
        mine = np.flatnonzero(tweets & (sides == side))
        expected += recalibrated(served.take(mine), shipped, fair).complaint.tolist()
    assert len(set(sides.tolist())) == 2
    assert len({round(p, 6) for p in expected}) == 4  # two texts' figures, each under two calibrations
    said_bins = {one.said for one in report.complaint_bins}
    as_served = {one.said for one in measure(judge(), corpus(), fitted=None).complaint_bins}
    assert as_served == {0.1, 0.8}
    assert said_bins != as_served
    assert report.cross_judged


def test_posts_that_fit_nothing_are_judged_as_served() -> None:
    shipped = neutral_calibration()
    fair, served = (measure(judge(), corpus(), fitted=fitted) for fitted in (shipped, None))
    for name in (
        "sentiment, airline_sentiment (never trained on)",
        "sentiment, tweeteval_sentiment (published validation)",
    ):
        assert entry(fair, name) == entry(served, name)


def test_non_commercial_and_unjudged_posts_fit_no_calibration() -> None:
    rows = [Example(f"late {n}", "complaints_tweets", complaint=n % 2) for n in range(40)]
    answers = answers_of([said(p_complaint=0.2 + 0.6 * (n % 2)) for n in range(40)])
    alone = fit_for_use(rows, answers, neutral_calibration())
    more = [
        *rows,
        Example("x", "complaint_types/airline_sentiment", complaint=1),
        Example("y", "complaints_tweets", complaint=1),
    ]
    beside = answers_of([*(said(p_complaint=0.2 + 0.6 * (n % 2)) for n in range(40)), said(p_complaint=0.01), UNJUDGED])
    assert fit_for_use(more, beside, neutral_calibration()) == alone


def test_the_sample_counts_severities_and_negative_posts() -> None:
    rows = [
        Example("a", "complaint_types/app_reviews", sentiment=0, complaint=1, types=(1,), severity=2, flags=()),
        Example("b", "complaint_types/app_reviews", sentiment=0, complaint=1, types=(1,), severity=2, flags=()),
        Example("c", "brand_apple", sentiment=0),
        Example("d", "brand_apple", sentiment=1),
    ]
    neutral = neutral_calibration()
    answers = answered(Canned({"a": BAD, "b": UNJUDGED, "c": BAD, "d": said()}), [row.text for row in rows])
    counts: Counts = sample_of(rows, answers, neutral, neutral)
    assert counts.complaint.sum() == 2
    assert counts.complaint[2, :, 0].sum() == 1  # unjudged: never found
    assert counts.complaint[2, :, 80].sum() == 1
    assert counts.negative.sum() == 2  # derived sentiment is not counted
    assert (counts.negative[1, 80], counts.negative[0, 0]) == (1, 1)


def test_a_report_is_plain_json_with_values_beside_their_intervals() -> None:
    found = json.loads(json.dumps(content(measure(judge(), corpus(), fitted=None))))
    tweets = found["complaint, complaints_tweets"]
    assert (tweets["n"], tweets["complaints"], tweets["f1"], tweets["interval"]["f1"]) == (40, 20, 1.0, [1.0, 1.0])
    types = found["types, complaint_types"]
    assert set(types["types_f1"]) == set(COMPLAINT_TYPES) == set(types["interval"]["types_f1"])
    assert set(types["flags_kappa"]) == {flag.value for flag in Flag} == set(types["flags_f1"])
    aims = {one["what"]: one for one in found["aims"]}
    assert aims["complaint tweets, F1 of complaint"]["met"]
    assert not aims["TweetEval sentiment, macro-recall"]["met"]
    assert found["measured"]["halves"] is None


ROWS = [
    {
        "text": "late again",
        "sentiment": "Negative",
        "complaint": "yes",
        "types": "delay, support",
        "severity": "serious",
        "author": "mia",
    },
    {"text": "lovely", "sentiment": "positive", "complaint": "0", "types": "", "severity": "0", "author": ""},
    {"text": "  ", "sentiment": "positive"},
    {"text": "odd", "sentiment": "angry", "severity": "9", "types": "lateness", "flags": "leaves shouting"},
    {"text": "half", "sentiment": "", "types": "", "flags": ""},
    {"text": "typed", "types": "staff"},
]


def test_ones_own_rows_are_read_and_every_bad_cell_is_named() -> None:
    told: list[str] = []
    posts = own_posts.read(enumerate(ROWS, start=2), tuple(COMPLAINT_TYPES), told.append)
    assert posts.texts == ("late again", "lovely", "odd", "half", "typed")
    assert posts.truth.sentiment.tolist() == [0, 2, -1, -1, -1]
    assert posts.truth.complaint.tolist() == [1, 0, -1, -1, 1]
    assert posts.truth.severity.tolist() == [2, 0, -1, -1, -1]
    assert posts.truth.main.tolist() == [1, -1, -1, -1, 6]
    assert posts.truth.types.sum(axis=1).tolist() == [2, 0, -11, -11, 1]
    assert posts.truth.flags.sum(axis=1).tolist() == [-4, -4, -4, 0, -4]
    assert posts.groups[0] == "author mia"
    assert len(set(posts.groups)) == 5
    assert [line.partition(":")[0] for line in told] == ["line 4", "line 5", "line 5", "line 5", "line 5"]
    assert 'sentiment "angry" is none of negative, neutral, positive' in " ".join(told)
    assert any('types "lateness" is none of quality' in line for line in told)


def test_ones_own_posts_are_measured_as_served() -> None:
    posts = own_posts.read(enumerate(ROWS, start=2), tuple(COMPLAINT_TYPES), lambda _: None)
    entries = own_posts.entries(Canned({"late again": BAD}), posts, "own.csv", tuple(COMPLAINT_TYPES), lambda *_: None)
    found = {one.name: one for one in entries}
    assert {name: one.n for name, one in found.items()} == {
        "sentiment, own.csv": 2,
        "complaint, own.csv": 3,
        "types, own.csv": 4,
    }
    assert found["complaint, own.csv"].figures["f1"].value == pytest.approx(2 / 3, abs=1e-4)
    assert found["types, own.csv"].figures["main_accuracy_served"].value == 0.5


def test_a_companys_own_types_are_measured_on_its_own_posts() -> None:
    rows = [{"text": "late", "types": "parcel"}, {"text": "ok", "complaint": "no", "types": ""}]
    posts = own_posts.read(enumerate(rows, start=2), ("router", "parcel"), lambda _: None)
    verdict = replace(BAD, types=("parcel",), type_probabilities={"router": 0.1, "parcel": 0.9})
    entries = own_posts.entries(Canned({"late": verdict}), posts, "own", ("router", "parcel"), lambda *_: None)
    [types] = [one for one in entries if one.task == "types"]
    assert types.figures["types_f1.parcel"].value == 1.0
    assert "types_f1.delay" not in types.figures
