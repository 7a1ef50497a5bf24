"""Thresholds looked up in counts: every number here can be done by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from classifiers.base import ModelUnusable
from classifiers.calibration import neutral_calibration, read_calibration, write_calibration
from classifiers.evaluation.plots import threshold_curves
from classifiers.offers import offers
from classifiers.thresholds import (
    AimUnreachable,
    Counts,
    Share,
    counts_of,
    in_force,
    looked_up,
    read_counts,
)
from config.models import Model
from config.thresholds import Aim, Thresholds
from config.vocabulary import Severity


def counts(complaints: list[tuple[int, int, float]], negatives: list[tuple[int, float]] | None = None) -> Counts:
    """From (true severity, severity given, p) and (truly negative, p)."""
    moods = negatives or [(1, 0.9)]
    return counts_of(
        true_severity=[true for true, _, _ in complaints],
        severity=[given for _, given, _ in complaints],
        complaint=np.array([p for _, _, p in complaints]),
        is_negative=[true for true, _ in moods],
        negative=np.array([p for _, p in moods]),
    )


# Ten serious complaints, seen as serious, at 0.05, 0.15, ..., 0.95; four posts that are none, two of them seen as serious.
TEN = counts(
    [(2, 2, 0.05 + 0.1 * k) for k in range(10)] + [(0, 2, 0.62), (0, 2, 0.32), (0, 0, 0.1), (0, 0, 0.7)],
    [(1, 0.9), (1, 0.7), (1, 0.5), (1, 0.0), (0, 0.8), (0, 0.0)],
)


def test_the_highest_threshold_that_finds_enough_is_taken() -> None:
    found = looked_up(Thresholds(aim=Aim(serious_complaints_found=0.6)), TEN)
    assert found.complaint_serious == 0.45
    cost = TEN.complaints(found, Severity.SERIOUS)
    assert (cost.found.hits, cost.found.of) == (6, 10)
    # alerted besides: the post at 0.62 given serious, and the one at 0.70 given none, which mild asks 0.6 of
    assert (cost.right.hits, cost.right.of) == (6, 8)
    assert cost.alerts == pytest.approx(1000 * 8 / 14)


def test_a_threshold_on_a_figure_takes_the_post_with_that_figure() -> None:
    at = counts([(2, 2, p / 100) for p in range(100)])
    for hundredth in (1, 7, 28, 29, 57, 58, 99):
        chosen = Thresholds(complaint_serious=hundredth / 100)
        assert at.complaints(chosen, Severity.SERIOUS).found.hits == 100 - hundredth


def test_an_aim_out_of_reach_says_the_best_there_is() -> None:
    hidden = counts([(3, 3, 0.8)] * 8 + [(3, 1, 0.3)] * 2)
    with pytest.raises(
        AimUnreachable, match=r"critical_complaints_found: 0.9 cannot be reached: the best is 0.800"
    ) as told:
        looked_up(Thresholds(aim=Aim(critical_complaints_found=0.9)), hidden)
    assert "with complaint_mild = 0.6, complaint_serious = 0.5" in str(told.value)
    assert (told.value.best.hits, told.value.best.of) == (8, 10)


def test_a_lower_threshold_for_mild_ones_brings_an_aim_within_reach() -> None:
    hidden = counts([(3, 3, 0.8)] * 8 + [(3, 1, 0.3)] * 2)
    found = looked_up(Thresholds(complaint_mild=0.25, aim=Aim(critical_complaints_found=0.9)), hidden)
    assert (found.complaint_mild, found.complaint_critical) == (0.25, 0.8)


def test_several_aims_are_reached_with_the_fewest_wrong_alerts() -> None:
    both = counts([(1, 1, 0.7)] * 10 + [(1, 1, 0.4)] * 10 + [(2, 2, 0.9)] * 10 + [(0, 1, 0.5)] * 5 + [(0, 2, 0.2)] * 5)
    aim = Aim(complaints_found=0.6, serious_complaints_found=0.9)
    found = looked_up(Thresholds(aim=aim), both)
    # 0.7 finds 20 of 30 and nothing wrong; serious ones would be found at 0.9, but never need more than mild ones
    assert (found.complaint_mild, found.complaint_serious) == (0.7, 0.7)
    assert both.complaints(found, Severity.MILD).right.value == 1.0


def test_posts_not_given_negative_are_never_found_as_negative() -> None:
    # of four negative posts one is not given negative: 0.75 is the most there is
    assert looked_up(Thresholds(aim=Aim(negative_found=0.75)), TEN).negative == 0.5
    assert looked_up(Thresholds(aim=Aim(negative_found=0.5)), TEN).negative == 0.7
    with pytest.raises(AimUnreachable, match=r"negative_found: 0.8 cannot be reached: the best is 0.750"):
        looked_up(Thresholds(aim=Aim(negative_found=0.8)), TEN)


def test_precision_and_alerts_follow_the_share_of_complaints_among_ones_own_posts() -> None:
    half = counts([(1, 1, 0.9)] * 8 + [(1, 1, 0.1)] * 2 + [(0, 1, 0.9)] * 1 + [(0, 1, 0.1)] * 9)
    cost = half.complaints(Thresholds(), Severity.MILD, share=0.1)
    # of 1,000 posts 100 are complaints, 80 of them found; of 900 others every tenth is alerted
    assert cost.alerts == pytest.approx(170.0)
    assert cost.right.value == pytest.approx(80 / 170)
    assert cost.found.value == pytest.approx(0.8)


def test_wilsons_interval_is_the_known_one() -> None:
    low, high = Share(8, 10).interval
    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert Share(0, 0).interval == (0.0, 1.0)
    assert Share(0, 0).value == 0.0


def test_counts_travel_with_the_calibration(tmp_path: Path) -> None:
    write_calibration(tmp_path, neutral_calibration(), counts=TEN.content())
    assert read_calibration(tmp_path) == neutral_calibration()
    read = read_counts(tmp_path)
    assert np.array_equal(read.complaint, TEN.complaint)
    assert np.array_equal(read.negative, TEN.negative)


def test_a_model_without_counts_takes_thresholds_but_no_aim(tmp_path: Path) -> None:
    write_calibration(tmp_path, neutral_calibration())
    said = Thresholds(negative=0.7)
    assert in_force(said, Model(), tmp_path) is said
    with pytest.raises(ModelUnusable, match=r"labels\.json: holds no counts"):
        in_force(Thresholds(aim=Aim(negative_found=0.7)), Model(), tmp_path)


def test_broken_counts_are_refused_with_their_file(tmp_path: Path) -> None:
    write_calibration(tmp_path, neutral_calibration(), counts=TEN.content())
    file = tmp_path / "labels.json"
    content = json.loads(file.read_text())
    content["counts"]["negative"] = ["1 2 3"]
    file.write_text(json.dumps(content))
    with pytest.raises(ModelUnusable, match=r"labels\.json: counts"):
        read_counts(tmp_path)


def test_an_aim_for_negative_posts_is_refused_where_another_model_judges_them(tmp_path: Path) -> None:
    write_calibration(tmp_path, neutral_calibration(), counts=TEN.content())
    other = Model(sentiment_model="./folder")
    with pytest.raises(ModelUnusable, match=r"negative_found: known for the embedded model alone"):
        in_force(Thresholds(aim=Aim(negative_found=0.5)), other, tmp_path)
    served = in_force(Thresholds(aim=Aim(serious_complaints_found=0.6)), other, tmp_path)
    assert served.complaint_serious == 0.45


def test_looking_up_twice_changes_nothing(tmp_path: Path) -> None:
    write_calibration(tmp_path, neutral_calibration(), counts=TEN.content())
    once = in_force(Thresholds(aim=Aim(serious_complaints_found=0.6)), Model(), tmp_path)
    assert in_force(once, Model(), tmp_path) is once


def test_the_offers_name_the_best_where_an_aim_cannot_be_reached() -> None:
    found = {(offer.aim, offer.value): offer for offer in offers(TEN, Thresholds(), values=(0.6, 0.9))}
    assert found["serious_complaints_found", 0.6].threshold == 0.45
    assert found["negative_found", 0.9].threshold is None
    assert found["negative_found", 0.9].best.value == 0.75


def test_the_curves_are_a_small_picture_and_always_the_same() -> None:
    drawn = threshold_curves(TEN, Thresholds())
    assert drawn.startswith(b"\x89PNG")
    assert len(drawn) < 60_000
    assert drawn == threshold_curves(TEN, Thresholds())
