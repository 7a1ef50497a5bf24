"""From scores to verdicts: the rules that a verdict keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.base import ModelUnusable, Verdict
from classifiers.calibration import (
    Sigmoid,
    Softmax,
    neutral_calibration,
    read_calibration,
    write_calibration,
)
from classifiers.packing import batches
from classifiers.sentiment_labels import sentiment_columns
from classifiers.tokens import MAX_TOKENS, TAIL_TOKENS, shortened
from classifiers.verdicts import Scores, unjudged, verdicts
from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment, Severity

TYPES = list(COMPLAINT_TYPES)


def scores(*, complaint: float, types: dict[str, float] | None = None, severity: int = 0) -> Scores:
    kinds = [(types or {}).get(name, -5.0) for name in TYPES]
    return Scores(
        sentiment=np.array([[2.0, 0.0, -1.0]]),
        complaint=np.array([[complaint]]),
        types=np.array([kinds]),
        severity=np.array([[8.0 if step == severity else 0.0 for step in range(4)]]),
        flags=np.array([[-5.0, 5.0, -5.0, -5.0]]),
    )


def one(given: Scores) -> Verdict:
    [verdict] = verdicts(given, ["en"], neutral_calibration())
    return verdict


def test_a_complaint_has_its_types_the_main_one_first() -> None:
    verdict = one(scores(complaint=3.0, types={"delay": 1.0, "billing": 4.0, "staff": 2.0, "support": 3.0}, severity=2))
    assert verdict.complaint
    assert verdict.types == ("billing", "support", "staff")
    assert verdict.severity == Severity.SERIOUS
    assert verdict.flags == (Flag.NEEDS_REPLY,)
    assert verdict.sentiment == Sentiment.NEGATIVE


def test_a_complaint_has_a_type_even_where_none_reaches_its_threshold() -> None:
    assert one(scores(complaint=3.0, types={"delay": -2.0}, severity=1)).types == ("delay",)


def test_a_complaint_is_at_least_mild() -> None:
    assert one(scores(complaint=3.0, severity=0)).severity == Severity.MILD


def test_without_a_complaint_there_are_no_types_and_no_severity() -> None:
    verdict = one(scores(complaint=-1.0, types={"delay": 4.0}, severity=3))
    assert (verdict.complaint, verdict.types, verdict.severity) == (False, (), Severity.NONE)
    assert verdict.type_probabilities["delay"] > 0.9


def test_the_complaint_threshold_is_the_calibrations_own() -> None:
    strict = replace(neutral_calibration(), complaint=Sigmoid((1.0,), (0.0,), (0.99,)))
    assert not verdicts(scores(complaint=3.0), ["en"], strict)[0].complaint


def test_another_models_sentiment_replaces_the_networks() -> None:
    [verdict] = verdicts(scores(complaint=0.0), ["en"], neutral_calibration(), np.array([[0.1, 0.2, 0.7]]))
    assert (verdict.sentiment, verdict.p_positive) == (Sentiment.POSITIVE, 0.7)


def test_no_scores_give_no_verdicts() -> None:
    empty = Scores(*(np.zeros((0, width)) for width in (3, 1, 11, 4, 4)))
    assert verdicts(empty, [], neutral_calibration()) == []


def test_an_unjudged_text_counts_for_nothing() -> None:
    verdict = unjudged("es")
    assert (verdict.judged, verdict.language, verdict.complaint, verdict.confidence) == (False, "es", False, 0.0)
    assert not verdict.type_probabilities


def test_probabilities_that_do_not_sum_to_one_are_no_verdict() -> None:
    with pytest.raises(ValueError, match="sum to"):
        Verdict(Sentiment.NEUTRAL, 0.5, 0.5, 0.5, 0.0, complaint=False)


def test_temperature_softens_without_changing_the_order() -> None:
    sharp, soft = (Softmax(t, (0.0, 0.0))(np.array([[3.0, 0.0]]))[0] for t in (1.0, 3.0))
    assert sharp[0] > soft[0] > 0.5
    with pytest.raises(ValueError, match="temperature"):
        Softmax(-1.0, (0.0, 0.0))


def test_huge_scores_give_probabilities_without_overflow() -> None:
    assert Sigmoid((1.0,), (0.0,), (0.5,))(np.array([[1e6], [-1e6]]))[:, 0].tolist() == pytest.approx([1.0, 0.0])
    assert Softmax(1.0, (0.0, 0.0))(np.array([[1e6, -1e6]]))[0].tolist() == [1.0, 0.0]


def test_a_calibration_survives_writing_and_reading(tmp_path: Path) -> None:
    calibration = replace(
        neutral_calibration(), severity_cuts=(0.4, 1.3, 2.2), sentiment=Softmax(1.4, (0.1, 0.0, -0.1))
    )
    write_calibration(tmp_path, calibration)
    assert read_calibration(tmp_path) == calibration


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"preparation": "text-0"}, "preparation is 'text-0'"),
        ({"labels": {"sentiment": ["bad", "good"]}}, "labels is"),
        ({"format": 9}, "format is 9"),
        ({"calibration": {}}, "calibration: KeyError"),
    ],
)
def test_a_model_made_for_another_version_is_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    write_calibration(tmp_path, neutral_calibration())
    file = tmp_path / "labels.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ModelUnusable, match=said):
        read_calibration(tmp_path)


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"labels\.json"):
        read_calibration(tmp_path)


def test_batches_keep_to_their_budget_and_hold_every_row_once() -> None:
    lengths = [3, 128, 7, 90, 5, 60, 61]
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    cut = batches(order, lengths, 130)
    assert sorted(row for batch in cut for row in batch) == list(range(7))
    assert all(max(lengths[row] for row in batch) * len(batch) <= 130 for batch in cut)
    assert batches([], [], 130) == []


def test_a_text_longer_than_the_budget_is_a_batch_of_its_own() -> None:
    assert batches([0, 1], [200, 300], 130) == [[0], [1]]


def test_of_a_long_text_head_and_tail_are_read() -> None:
    ids = shortened(list(range(1000, 2000)), start=101, end=102)
    assert len(ids) == MAX_TOKENS
    assert (ids[0], ids[1], ids[-1]) == (101, 1000, 102)
    assert ids[-1 - TAIL_TOKENS : -1] == list(range(2000 - TAIL_TOKENS, 2000))
    assert shortened([7, 8], start=101, end=102) == [101, 7, 8, 102]


@pytest.mark.parametrize(
    ("labels", "columns"),
    [
        (["negative", "neutral", "positive"], (0, 1, 2)),
        (["POS", "NEG", "NEU"], (2, 0, 1)),
        (["LABEL_0", "LABEL_1", "LABEL_2"], (0, 1, 2)),
        (["LABEL_0", "LABEL_1"], (0, 2)),
        (["NEGATIVE", "POSITIVE"], (0, 2)),
        (["1 star", "2 stars", "3 stars", "4 stars", "5 stars"], (0, 0, 1, 2, 2)),
        (["Very Negative", "Negative", "Neutral", "Positive", "Very Positive"], (0, 0, 1, 2, 2)),
    ],
)
def test_labels_of_other_models_are_understood(labels: list[str], columns: tuple[int, ...]) -> None:
    assert sentiment_columns(dict(enumerate(labels))) == columns


@pytest.mark.parametrize(
    "labels",
    [
        ["joy", "anger"],
        ["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3", "LABEL_4"],
        ["negative", "neutral"],
        ["positive"],
        ["1 star", "2 stars"],
        [],
    ],
)
def test_labels_that_are_no_sentiment_are_refused_by_name(labels: list[str]) -> None:
    with pytest.raises(ValueError, match="expected negative/neutral/positive"):
        sentiment_columns(dict(enumerate(labels)))
