"""A company's own complaint types: shipped ones in other words, and heads trained for new ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import write_judge

from classifiers.base import ModelUnusable
from classifiers.calibration import Array, Calibration, Sigmoid, neutral_calibration, read_calibration
from classifiers.heads import Heads, Inherited, choice, own_types, prior, sigmoid
from classifiers.pooled import Pooled
from classifiers.precision import Precision
from classifiers.training.own.artefact import write
from classifiers.training.own.figures import Report
from classifiers.training.own.training import Fitted
from classifiers.transformer import TransformerClassifier, model_digest
from classifiers.verdicts import TypeCalls
from config.complaint_types import ComplaintType, types_in_force
from config.vocabulary import COMPLAINT_TYPES

SHIPPED = list(COMPLAINT_TYPES)
NOW = datetime(2026, 11, 18, tzinfo=UTC)
POSTS = ["my bus was late again", "your app crashes", "love it great", "late late bus never again", "where is my bus"]


def kind(name: str, *shipped: str) -> ComplaintType:
    return ComplaintType.model_validate({"name": name, "description": f"about {name}", "from": list(shipped)})


KEPT = [kind(name) for name in SHIPPED if name not in ("delay", "lost_or_damaged", "billing", "policy")]
OWN = [kind("parcels", "delay", "lost_or_damaged"), kind("invoices", "billing"), *KEPT]  # policy is dropped


def raw(**scores: float) -> Array:
    return np.array([[scores.get(name, -6.0) for name in SHIPPED]])


def alone(count: int = 1) -> Pooled:
    return Pooled(np.zeros((count, 4), dtype=np.float32), np.arange(count))


def called(types: Sequence[ComplaintType], **scores: float) -> tuple[tuple[str, ...], dict[str, float]]:
    """What a complaint with these raw scores is about, and how probable each type is."""
    calls: TypeCalls = Inherited(types, neutral_calibration()).calls(raw(**scores), alone())
    return calls.chosen[0], dict(zip(calls.names, calls.probabilities[0].tolist(), strict=True))


def test_a_renamed_type_is_as_probable_as_the_shipped_one() -> None:
    chosen, likely = called(OWN, billing=2.0)
    assert chosen == ("invoices",)
    assert likely["invoices"] == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert "billing" not in likely


def test_a_merged_type_is_there_where_at_least_one_of_its_parts_is() -> None:
    chosen, likely = called(OWN, delay=1.0, lost_or_damaged=0.5, billing=0.7)
    assert chosen == ("parcels", "invoices")
    delay, lost = sigmoid(np.array([1.0, 0.5]))
    assert likely["parcels"] == pytest.approx(1 - (1 - delay) * (1 - lost))


def test_a_dropped_type_gives_way_to_the_next_and_at_last_to_other() -> None:
    assert called(OWN, policy=3.0, staff=1.0)[0] == ("staff",)
    assert called(OWN, policy=3.0, staff=-0.1)[0] == ("other",)
    assert called([kind("misc", "other"), *OWN[:2]], policy=3.0)[0] == ("misc",)
    assert called(OWN[:2], policy=3.0)[0] == ()


def test_the_shipped_types_in_other_descriptions_are_the_shipped_model() -> None:
    described = [kind(name) for name in SHIPPED]
    assert own_types(described, None, neutral_calibration(), encoder="e") is None
    assert own_types((), None, neutral_calibration(), encoder="e") is None


def test_the_version_tells_which_type_takes_over_which() -> None:
    def version(*types: ComplaintType) -> str:
        return Inherited(types, neutral_calibration()).version

    versions = {version(*OWN), version(*OWN[1:]), version(kind("bills", "billing"), *KEPT)}
    assert len(versions) == 3
    assert version(*OWN) == version(*reversed(OWN))


def test_a_type_that_nothing_is_trained_for_is_refused_by_name() -> None:
    with pytest.raises(ModelUnusable, match="nothing is trained for network: run monitor train"):
        own_types([*OWN, kind("network")], None, neutral_calibration(), encoder="e")


def test_extreme_scores_stay_probabilities() -> None:
    for score in (-1e6, -800.0, 800.0, 1e6):
        _, likely = called(OWN, delay=score, lost_or_damaged=score)
        assert 0.0 <= likely["parcels"] <= 1.0


@pytest.mark.parametrize(
    ("types", "likely", "expected"),
    [
        ([kind(name) for name in SHIPPED], [0.1] * 10 + [0.2], {"other"}),  # one of all must fit: the likeliest
        ([kind("a"), kind("misc", "other"), kind("b")], [0.1, 0.2, 0.3], {"misc"}),
        ([kind("a"), kind("b")], [0.1, 0.2], set()),
        ([kind("a"), kind("misc", "other"), kind("b")], [0.6, 0.2, 0.5], {"a", "b"}),
    ],
)
def test_what_reaches_no_threshold_is_other_or_nothing(
    types: list[ComplaintType], likely: list[float], expected: set[str]
) -> None:
    marks = choice(np.array([likely]), (0.5,) * len(types), types)[0]
    assert {one.name for one, mark in zip(types, marks, strict=True) if mark} == expected


def heads(types: Sequence[ComplaintType], hidden: int, **given: Any) -> Heads:
    count = len(types)
    neutral = Sigmoid((1.0,) * count, (0.0,) * count, (0.5,) * count)
    values = {"weight": np.zeros((count, hidden), np.float32), "bias": np.zeros(count, np.float32)}
    return Heads(**(values | {"calibration": neutral} | given))


def test_heads_that_have_learnt_nothing_say_what_the_shipped_ones_say() -> None:
    shipped = Sigmoid((0.8,) * 11, (0.3,) * 11, (0.4,) * 11)
    scores = np.array([[0.3 * k - 1.5 for k in range(11)], [1.0] * 11])
    types = types_in_force(())
    found = heads(types, 4).scores(prior(scores, types, shipped), alone(2))
    assert sigmoid(found) == pytest.approx(shipped(scores))


def test_a_long_text_is_what_its_loudest_window_says() -> None:
    windows = Pooled(np.array([[1.0], [5.0], [2.0]], dtype=np.float32), np.array([0, 0, 1]))
    types = [kind("a"), kind("b")]
    weight = np.array([[1.0], [-1.0]], dtype=np.float32)
    assert heads(types, 1, weight=weight).scores(np.zeros((3, 2)), windows).tolist() == [[5.0, -1.0], [2.0, -2.0]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_judge(tmp_path_factory.mktemp("judge"))


def judge(model: Path, types: Sequence[ComplaintType] = (), folder: Path | None = None) -> TransformerClassifier:
    named = None if folder is None else str(folder)
    return TransformerClassifier(model, precision=Precision.FLOAT32, types=types, heads=named)


def written(model: Path, out: Path, types: Sequence[ComplaintType], **given: Any) -> Path:
    report = Report(0, {}, (), 0, 0, 0)
    return write(Fitted(tuple(types), heads(types, 32, **given), report, model_digest(model)), out, NOW)


def test_verdicts_name_the_companys_types_and_their_model(model: Path) -> None:
    shipped, own = judge(model), judge(model, OWN)
    assert own.version.startswith(f"{shipped.version}+types-")
    for before, after in zip(shipped.classify(POSTS), own.classify(POSTS), strict=True):
        assert set(after.type_probabilities) == {one.name for one in OWN}
        assert after.type_probabilities["invoices"] == pytest.approx(before.type_probabilities["billing"])
        assert (after.sentiment, after.complaint, after.severity) == (
            before.sentiment,
            before.complaint,
            before.severity,
        )
        assert bool(after.types) == before.complaint


def test_trained_heads_judge_and_their_version_is_told_apart(model: Path, tmp_path: Path) -> None:
    types = [*OWN, kind("network")]
    quiet = written(model, tmp_path, types)
    loud = written(model, tmp_path, types, bias=np.array([0.0] * len(OWN) + [9.0], np.float32))
    first, second = judge(model, types, quiet), judge(model, list(reversed(types)), loud)
    assert first.version != second.version
    [verdict] = second.classify(POSTS[:1])
    assert verdict.type_probabilities["network"] > 0.99
    assert first.classify(POSTS[:1])[0].type_probabilities["network"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("types", "why"),
    [
        ([*OWN, kind("network"), kind("more")], "nothing is trained for more"),
        (OWN, "network is no configured type"),
        ([OWN[0], kind("invoices", "billing", "policy"), *KEPT, kind("network")], "invoices took over other types"),
    ],
)
def test_heads_for_other_types_are_refused(model: Path, tmp_path: Path, types: list[ComplaintType], why: str) -> None:
    folder = written(model, tmp_path, [*OWN, kind("network")])
    with pytest.raises(ModelUnusable, match=f"trained for other complaint types: {why}; run monitor train again"):
        judge(model, types, folder)


def test_heads_of_another_model_are_refused(model: Path, tmp_path: Path) -> None:
    folder = written(model, tmp_path / "heads", OWN)
    other = write_judge(tmp_path / "other", seed=5)
    with pytest.raises(ModelUnusable, match=f"trained for another model: encoder {model_digest(model)}, not "):
        judge(other, OWN, folder)


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("heads.json", None, "No such file"),
        ("heads.json", b"{", "JSONDecodeError"),
        ("heads.json", b"{}", "trained for another model"),
        ("heads.json", b"[]", "AttributeError"),
        ("heads.safetensors", b"no weights", "SafetensorError"),
        ("heads.json", {"preparation": "text-0"}, "preparation text-0, not"),
        ("heads.json", {"threshold": [0.5]}, "differ in length"),
        ("heads.json", {"scale": [1.0], "shift": [0.0], "threshold": [0.5]}, "weights"),
    ],
)
def test_a_folder_that_is_damaged_is_refused_at_start(
    model: Path, tmp_path: Path, file: str, content: bytes | dict[str, Any] | None, why: str
) -> None:
    folder = written(model, tmp_path, OWN)
    path = folder / file
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | content))
    with pytest.raises(ModelUnusable, match=why):
        judge(model, OWN, folder)


def test_weights_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="no numbers"):
        heads(OWN, 4, bias=np.full(len(OWN), np.nan, np.float32))


def test_a_written_folder_belongs_to_the_calibration_it_was_made_with(model: Path, tmp_path: Path) -> None:
    calibration: Calibration = read_calibration(model)
    folder = written(model, tmp_path, OWN)
    found = own_types(OWN, str(folder), calibration, encoder=model_digest(model))
    assert found is not None
    assert found.version.startswith("heads-")
