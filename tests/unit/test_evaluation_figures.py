"""The measures and their intervals, against counts done by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from canned import UNJUDGED, said

from classifiers.base import Verdict
from classifiers.calibration import Sigmoid, Softmax, neutral_calibration
from classifiers.evaluation import tasks
from classifiers.evaluation.aims import AIMS, Aim, held_against
from classifiers.evaluation.answers import answers_of, raw_scores, recalibrated
from classifiers.evaluation.bootstrap import Figure, Statistic, counted, figures
from classifiers.evaluation.tasks import Posts
from classifiers.training.arrays import truth_of
from classifiers.training.measures import f1_scores, kappas, recalls
from classifiers.training.sources import FLAG_INDEX, TYPE_INDEX, Example
from classifiers.verdicts import Scores, verdicts
from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment, Severity

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2


def posts(*pairs: tuple[dict[str, object], Verdict], groups: tuple[str, ...] | None = None) -> Posts:
    examples = [Example(text=f"post {n}", source="x", **labels) for n, (labels, _) in enumerate(pairs)]
    names = groups or tuple(example.text for example in examples)
    return Posts(truth_of(examples), answers_of([verdict for _, verdict in pairs]), names)


def values(entry: tasks.Entry | None) -> dict[str, float]:
    assert entry is not None
    return {name: figure.value for name, figure in entry.figures.items()}


def mean_of(numbers: list[float]) -> Statistic:
    rows = np.stack([np.array(numbers), np.ones(len(numbers))], axis=1)
    return Statistic(rows, lambda sums: sums[..., 0] / sums[..., 1])


def test_a_figure_is_the_statistic_of_all_posts_and_repeats_exactly() -> None:
    numbers = [0.0, 1.0, 1.0, 1.0]
    once = figures({"mean": mean_of(numbers)}, ["a", "b", "c", "d"])
    assert once["mean"].value == 0.75
    assert once == figures({"mean": mean_of(numbers)}, ["a", "b", "c", "d"])


def test_the_interval_of_a_share_is_about_the_binomial_one() -> None:
    numbers = [1.0] * 300 + [0.0] * 100
    found = figures({"mean": mean_of(numbers)}, [str(n) for n in range(400)])["mean"]
    half = 1.96 * (0.75 * 0.25 / 400) ** 0.5
    assert (found.low, found.high) == (pytest.approx(0.75 - half, abs=0.006), pytest.approx(0.75 + half, abs=0.006))


def test_posts_of_one_author_are_drawn_together() -> None:
    # four authors of a hundred posts each, each always right or always wrong: as unsure as four posts, not four hundred
    numbers = [1.0] * 200 + [0.0] * 200
    authors = [f"author {n // 100}" for n in range(400)]
    together = figures({"mean": mean_of(numbers)}, authors)["mean"]
    apart = figures({"mean": mean_of(numbers)}, [str(n) for n in range(400)])["mean"]
    assert (together.low, together.high) == (0.0, 1.0)
    assert apart.high - apart.low < 0.11


def test_figures_of_the_same_posts_are_drawn_alike() -> None:
    numbers = [0.0, 1.0, 0.0, 1.0, 1.0]
    groups = [str(n) for n in range(5)]
    both = figures({"one": mean_of(numbers), "two": mean_of([1 - x for x in numbers])}, groups)
    assert both["one"].low == pytest.approx(1 - both["two"].high)


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to measure"):
        figures({"mean": mean_of([])}, [])


def test_a_negative_place_counts_nowhere() -> None:
    assert counted(np.array([1, -1, 0]), 2).tolist() == [[0, 1], [0, 0], [1, 0]]


def test_measures_of_many_tables_are_those_of_each() -> None:
    tables = np.array([[[3.0, 1.0], [2.0, 4.0]], [[0.0, 0.0], [1.0, 1.0]]])
    assert recalls(tables).tolist() == [[0.75, pytest.approx(2 / 3)], [0.0, 0.5]]
    assert f1_scores(tables)[0].tolist() == [pytest.approx(6 / 9), pytest.approx(8 / 11)]
    assert kappas(tables).tolist() == [pytest.approx(0.4), 0.0]


def test_sentiment_is_counted_by_hand() -> None:
    found = values(
        tasks.sentiment(
            posts(
                ({"sentiment": NEGATIVE}, said(Sentiment.NEGATIVE, sure=0.9)),
                ({"sentiment": NEGATIVE}, said(Sentiment.NEUTRAL, sure=0.9)),
                ({"sentiment": NEUTRAL}, said(Sentiment.NEUTRAL, sure=0.9)),
                ({"sentiment": POSITIVE}, said(Sentiment.POSITIVE, sure=0.9)),
                ({}, said(Sentiment.POSITIVE)),
            ),
            "some",
        )
    )
    assert found["macro_recall"] == pytest.approx((1 / 2 + 1 + 1) / 3, abs=1e-4)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3, abs=1e-4)
    assert found["accuracy"] == 0.75
    assert found["ece"] == pytest.approx(0.15)


def test_a_post_left_unjudged_counts_as_neutral_and_not_in_the_calibration() -> None:
    entry = tasks.sentiment(
        posts(
            ({"sentiment": NEGATIVE}, UNJUDGED),
            ({"sentiment": NEUTRAL}, UNJUDGED),
            ({"sentiment": POSITIVE}, said(Sentiment.POSITIVE, sure=0.9)),
        ),
        "some",
    )
    assert entry is not None
    assert (entry.n, entry.unjudged) == (3, 2)
    assert values(entry)["accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert values(entry)["ece"] == pytest.approx(0.1)


def test_complaints_are_counted_by_hand() -> None:
    entry = tasks.complaint(
        posts(
            ({"complaint": 1}, said(p_complaint=0.9, types=("delay",))),
            ({"complaint": 1}, UNJUDGED),
            ({"complaint": 0}, said(p_complaint=0.7, types=("delay",))),
            ({"complaint": 0}, said(p_complaint=0.1)),
            ({"complaint": 0}, said(p_complaint=0.1)),
        ),
        "some",
    )
    assert entry is not None
    assert (entry.positives, entry.unjudged) == (2, 1)
    found = values(entry)
    assert found["f1"] == 0.5
    assert found["macro_f1"] == pytest.approx((0.5 + 2 * 2 / 6) / 2, abs=1e-4)
    assert found["ece"] == pytest.approx((0.1 + 0.7 + 0.2) / 4)


def test_types_severity_and_flags_are_counted_by_hand() -> None:
    def labels(kinds: str, severity: int, flags: str = "") -> dict[str, object]:
        return {
            "types": tuple(TYPE_INDEX[name] for name in kinds.split()),
            "severity": severity,
            "flags": tuple(FLAG_INDEX[name] for name in flags.split()),
        }

    mild, serious = Severity.MILD, Severity.SERIOUS
    found = values(
        tasks.types(
            posts(
                (labels("delay billing", 2, "leaves"), said(types=("delay",), severity=serious, flags=(Flag.LEAVES,))),
                (labels("staff", 1), said(types=("delay",), severity=mild)),
                (labels("billing", 2, "leaves"), said()),  # a complaint that is not seen; quality is the likeliest
                (labels("", 0), said(flags=(Flag.LEAVES,))),
            ),
            "some",
        )
    )
    assert found["main_accuracy"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["main_accuracy_served"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["types_f1.delay"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["types_f1.billing"] == 0.0
    assert found["types_macro_f1"] == pytest.approx(2 / 3 / 11, abs=1e-4)
    assert found["main_macro_f1"] == pytest.approx(2 / 3 / 11, abs=1e-4)
    assert found["flags_f1.leaves"] == 0.5
    assert found["flags_kappa.leaves"] == 0.0
    # quadratic: disagreement 4 of the third post; by chance 0, 1, 4 over the products of the margins
    given, truth = np.array([2, 1, 0, 0]), np.array([2, 1, 2, 0])
    chance = ((given[:, None] - truth[None, :]) ** 2).sum() / 4
    assert found["severity_kappa"] == pytest.approx(1 - 4 / chance, abs=1e-4)


def test_the_likeliest_type_counts_where_the_complaint_is_not_seen_and_not_as_served() -> None:
    unseen = replace(said(), type_probabilities={name: float(name == "delay") for name in COMPLAINT_TYPES})
    delay = {"types": (TYPE_INDEX["delay"],), "severity": 1, "flags": ()}
    found = values(tasks.types(posts((delay, unseen)), "some"))
    assert (found["main_accuracy"], found["main_accuracy_served"]) == (1.0, 0.0)


def test_a_task_without_labels_has_no_entry() -> None:
    nothing = posts(({}, said()))
    assert tasks.sentiment(nothing, "x") is None
    assert tasks.complaint(nothing, "x") is None
    assert tasks.types(nothing, "x") is None


def test_an_aim_is_met_at_its_value() -> None:
    least, most = Aim("x", "f1", "F1", 0.8), Aim("x", "ece", "ECE", 0.03, at_most=True)
    assert [least.met(Figure(value, 0, 1)) for value in (0.79, 0.8, 0.81)] == [False, True, True]
    assert [most.met(Figure(value, 0, 1)) for value in (0.029, 0.03, 0.031)] == [True, True, False]


def test_aims_without_posts_are_left_out() -> None:
    entry = tasks.complaint(posts(({"complaint": 1}, said())), "complaints_tweets")
    assert entry is not None
    assert [held.aim.figure for held in held_against([entry], AIMS)] == ["f1", "macro_f1"]


CALIBRATION = replace(
    neutral_calibration(),
    sentiment=Softmax(1.7, (0.4, -0.3, -0.1)),
    complaint=Sigmoid((0.6,), (-0.2,), (0.35,)),
    types=Sigmoid((0.8,) * 11, (0.1,) * 11, (0.4,) * 11),
    severity=Softmax(1.5, (0.1, 0.3, 0.1, -0.5)),
    severity_cuts=(0.6, 1.4, 2.0),
    flags=Sigmoid((0.9,) * 4, (-0.8,) * 4, (0.3,) * 4),
)


def random_scores(n: int) -> Scores:
    rng = np.random.default_rng(3)
    return Scores(*(rng.normal(0, 2.5, (n, width)) for width in (3, 1, 11, 4, 4)))


def test_scores_are_found_again_from_what_is_served() -> None:
    scores = random_scores(200)
    found = raw_scores(answers_of(verdicts(scores, ["en"] * 200, CALIBRATION)), CALIBRATION)
    for name in ("complaint", "types", "flags"):
        assert np.allclose(getattr(found, name), getattr(scores, name), atol=1e-6)
    for name in ("sentiment", "severity"):  # up to what is the same for all classes of a post
        apart = getattr(found, name) - getattr(scores, name)
        assert np.allclose(apart, apart[:, :1], atol=1e-6)


def test_another_calibration_gives_what_would_have_been_served_under_it() -> None:
    scores, languages = random_scores(200), ["en"] * 200
    before = answers_of([*verdicts(scores, languages, CALIBRATION), UNJUDGED])
    after = answers_of([*verdicts(scores, languages, neutral_calibration()), UNJUDGED])
    changed = recalibrated(before, CALIBRATION, neutral_calibration())
    assert (before.complaint_given != after.complaint_given).any()
    for name in ("judged", "sentiment_given", "complaint_given", "types_given", "main_served", "severity_given"):
        assert np.array_equal(getattr(changed, name), getattr(after, name)), name
    assert np.allclose(changed.flags, after.flags)
