"""Training heads for own complaint types: which posts count, how they are checked, and what is written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from tiny_models import write_judge

from classifiers.calibration import read_calibration
from classifiers.heads import Trained, own_types, sigmoid
from classifiers.training.own.artefact import write
from classifiers.training.own.figures import Figures, report_of
from classifiers.training.own.fitting import PULLS, Rows, calibrated
from classifiers.training.own.folds import FOLDS, folds_of
from classifiers.training.own.posts import (
    LEAST_INHERITED,
    LEAST_NEW,
    LabelledPost,
    Origin,
    TooFewExamples,
    Words,
    to_fit,
    usable,
)
from classifiers.training.own.training import Fitted, train
from classifiers.transformer import model_digest
from config.complaint_types import ComplaintType

NOW = datetime(2026, 11, 18, tzinfo=UTC)


def kind(name: str, *shipped: str) -> ComplaintType:
    return ComplaintType.model_validate({"name": name, "description": f"about {name}", "from": list(shipped)})


BUS, APP, PRICE = kind("bus"), kind("app", "technical"), kind("price", "billing")
TYPES = [BUS, APP, PRICE, kind("rest", "other")]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def a_post(text: str, *types: str, origin: Origin = Origin.FILE) -> LabelledPost:
    return LabelledPost(text, types, origin)


def some(words: str, *types: str, count: int) -> list[LabelledPost]:
    """Posts that begin with these words and differ in the others."""
    return [a_post(f"{words} {LETTERS[n % 26]}{LETTERS[n // 26]}", *types) for n in range(count)]


POSTS = [
    *some("my bus was late again", "bus", count=40),
    *some("your app crashes", "app", count=30),
    *some("the price is never great", "price", count=4),
    *some("love it great thanks", count=30),
]


def quiet(_what: str, _done: int, _total: int) -> None: ...


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_judge(tmp_path_factory.mktemp("judge"))


@pytest.fixture(scope="module")
def fitted(model: Path) -> Fitted:
    return train(usable(POSTS), TYPES, progress=quiet, model=model)


def test_labels_are_read_in_the_companys_words_and_the_shipped_ones() -> None:
    words = Words(TYPES)
    assert words.read(["bus", "technical", "app"]) == ("bus", "app")
    assert words.read([]) == ()
    assert words.read(["staff", "bus"]) == ("bus",)  # dropped
    assert words.read(["staff"]) == ("rest",)


def test_a_word_that_means_nothing_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match='no complaint type is called "tram"; complaint types: bus, app, price, rest'):
        Words(TYPES).read(["bus", "tram"])
    with pytest.raises(ValueError, match="staff: dropped, and no complaint type takes over other"):
        Words([BUS]).read(["staff"])


def test_each_text_counts_once_with_the_word_of_a_correction_before_that_of_a_file() -> None:
    posts = [
        a_post("@acme LATE bus", "app"),
        a_post("@other late bus", "bus", origin=Origin.CORRECTION),
        a_post("late   bus", "price", origin=Origin.EXAMPLE),
        a_post("🙄 http://a.example/b", "bus"),
        a_post("", "bus"),
    ]
    assert usable(posts) == [
        a_post("@other late bus", "bus", origin=Origin.CORRECTION),
        a_post("late   bus", "price", origin=Origin.EXAMPLE),
    ]


def test_types_with_too_few_posts_are_refused_by_name_all_at_once() -> None:
    posts = [
        *some("late", "bus", count=LEAST_NEW - 1),
        *some("app", "app", count=LEAST_INHERITED),
        *some("x", count=50),
    ]
    with pytest.raises(TooFewExamples) as caught:
        to_fit(posts, [*TYPES, kind("tram")])
    assert caught.value.lacking == {"bus": (LEAST_NEW - 1, LEAST_NEW), "tram": (0, LEAST_NEW)}
    assert str(caught.value) == "too few labelled posts: bus has 19, 20 are needed; tram has 0, 20 are needed"


def test_a_type_of_shipped_ones_with_too_few_posts_stays_as_shipped() -> None:
    assert to_fit(POSTS, TYPES) == ("bus", "app")


def test_a_type_that_every_post_has_cannot_be_learnt() -> None:
    with pytest.raises(TooFewExamples, match="bus has 3, 20 are needed"):
        to_fit([*some("late", "bus", count=60), *some("fine", count=3)], [BUS])


def test_nothing_to_fit_is_refused_with_every_type() -> None:
    with pytest.raises(TooFewExamples) as caught:
        to_fit(some("app", "app", count=3), [APP, PRICE])
    assert caught.value.lacking == {"app": (0, LEAST_INHERITED), "price": (0, LEAST_INHERITED)}


def test_texts_that_differ_in_digits_and_signs_alone_are_in_one_part() -> None:
    posts = usable([*POSTS, a_post("bus 12 was late!", "bus"), a_post("@acme Bus 7 was late", "bus")])
    parts = folds_of(posts)
    twins = [part for post, part in zip(posts, parts, strict=True) if "us 12" in post.text or "us 7" in post.text]
    assert len(set(twins)) == 1
    assert set(parts) == set(range(FOLDS))
    of_price = [part for post, part in zip(posts, parts, strict=True) if "price" in post.types]
    assert len(set(of_price)) == 4  # spread, not in one by chance
    again = dict(zip([post.text for post in reversed(posts)], folds_of(posts[::-1]), strict=True))
    assert [again[post.text] for post in posts] == parts.tolist()


def test_the_fit_ends_where_the_loss_no_longer_falls() -> None:
    chance = np.random.default_rng(3)
    vectors = chance.normal(size=(200, 12)) * np.linspace(0.1, 5, 12)
    labels = (vectors @ chance.normal(size=(12, 2)) + chance.normal(size=(200, 2)) > [1.0, 4.0]).astype(float)
    priors = chance.normal(size=(200, 2))
    rows = Rows(vectors, labels, priors)
    for pull in PULLS:
        weights, biases = rows.fitted(pull)
        errors = rows.weights.numpy() * (sigmoid(priors + vectors @ weights.T + biases) - labels)
        assert np.abs(errors.T @ vectors + pull * weights).max() < 1e-2
        assert np.abs(errors.sum(axis=0)).max() < 1e-2


def test_a_strong_pull_leaves_what_the_shipped_heads_say() -> None:
    chance = np.random.default_rng(4)
    vectors = chance.normal(size=(60, 5))
    labels = (chance.random((60, 1)) < 0.4).astype(float)
    weights, _ = Rows(vectors, labels, np.zeros((60, 1))).fitted(1e7)
    assert np.abs(vectors @ weights.T).max() < 1e-4


def test_calibrated_scores_are_frequencies_and_only_complaints_count_for_the_threshold() -> None:
    chance = np.random.default_rng(5)
    truth = chance.random(4000) * 6 - 3
    labels = (chance.random(4000) < sigmoid(truth)).astype(float)[:, None]
    scores = (truth[:, None] - 1.0) / 0.5  # over-sure, and shifted
    found = calibrated(scores, labels, np.ones(4000, dtype=bool))
    assert found(scores)[:, 0] == pytest.approx(sigmoid(truth), abs=0.03)
    narrow = calibrated(scores, labels, truth > 1.0)
    assert narrow.scale == found.scale
    assert narrow.threshold != found.threshold


def test_heads_learn_a_new_type_and_leave_the_one_with_few_posts_as_shipped(fitted: Fitted) -> None:
    by_name = {line.name: line for line in fitted.report.types}
    assert [line.fitted for line in fitted.report.types] == [True, True, False, False]
    assert by_name["bus"].shipped is None
    assert by_name["bus"].own.meant == 40
    assert fitted.heads.weight.shape == (4, 32)
    assert not fitted.heads.weight[2:].any()
    assert fitted.heads.calibration.threshold[2] == 0.5
    assert fitted.report.origins == {"correction": 0, "file": 104, "example": 0}


def test_what_was_learnt_is_what_serves(model: Path, fitted: Fitted, tmp_path: Path) -> None:
    from classifiers.engine import Engine
    from classifiers.precision import Precision

    folder = write(fitted, tmp_path / "heads", NOW)
    serving = own_types(TYPES, str(folder), read_calibration(model), encoder=model_digest(model))
    assert isinstance(serving, Trained)
    engine = Engine(model, Precision.FLOAT32)
    pooled = engine.pooled(["my bus was late again zz", "your app crashes zz", "love it great thanks zz"])
    calls = serving.calls(engine.heads(pooled.apart).types, pooled)
    assert [kinds[0] for kinds in calls.chosen[:2]] == ["bus", "app"]
    assert calls.probabilities[0, 0] > 0.7
    assert calls.probabilities[2, 0] < 0.3


def test_the_same_posts_in_any_order_give_the_same_heads(model: Path, fitted: Fitted, tmp_path: Path) -> None:
    again = train(usable(POSTS[::-1]), TYPES, progress=quiet, model=model)
    first, second = write(fitted, tmp_path, NOW), write(again, tmp_path, NOW)
    for name in ("heads.safetensors", "heads.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_each_training_writes_a_folder_of_its_own(fitted: Fitted, tmp_path: Path) -> None:
    out = tmp_path / "new" / "heads"
    first = write(fitted, out, NOW)
    before = {path.name: path.read_bytes() for path in first.iterdir()}
    (out / "types-7").mkdir()
    (out / "types-x").mkdir()
    assert (first.name, write(fitted, out, NOW).name) == ("types-1", "types-8")
    assert {path.name: path.read_bytes() for path in first.iterdir()} == before
    assert not [path for path in out.iterdir() if path.name.startswith(".")]
    assert set(before) == {"heads.safetensors", "heads.json", "report.json"}
    assert sum(map(len, before.values())) < 10_000


def test_the_report_says_of_what_and_when_the_heads_were_made(fitted: Fitted, model: Path, tmp_path: Path) -> None:
    said = json.loads((write(fitted, tmp_path, NOW) / "report.json").read_text())
    assert said["made_at"] == "2026-11-18T00:00:00+00:00"
    assert (said["posts"], said["encoder"], said["folds"]) == (104, model_digest(model), 5)
    assert [line["own"]["meant"] for line in said["types"]] == [40, 30, 4, 0]


def test_figures_count_what_the_monitor_would_give(model: Path) -> None:
    posts = [a_post("a", "bus", "app"), a_post("b", "app"), a_post("c"), a_post("d", "bus")]
    report = report_of(
        posts,
        [BUS, APP],
        ["bus"],
        chosen=[("bus",), ("app", "bus"), ("bus",), ("bus",)],
        shipped=[("app",), ("app",), (), ("app",)],
        complaint=np.array([True, True, True, False]),
    )
    bus, app = report.types
    assert (bus.own, app.own) == (Figures(given=3, meant=2, right=1), Figures(given=1, meant=2, right=1))
    assert (bus.own.precision, bus.own.recall, bus.own.f1) == (pytest.approx(1 / 3), 0.5, 0.4)
    assert (bus.shipped, app.shipped) == (None, Figures(given=2, meant=2, right=2))
    assert (report.main_of, report.main_right, report.main_right_shipped) == (2, 2, 1)
    nothing = Figures(0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)


def test_the_progress_ends_where_it_said_it_would(model: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    train(usable(POSTS), TYPES, progress=lambda *step: steps.append(step), model=model)
    ends = {what: (done, total) for what, done, total in steps}
    assert ends == {"reading": (104, 104), "fitting": (len(PULLS) * FOLDS + 1, len(PULLS) * FOLDS + 1)}
