"""Training on a small invented corpus: from posts to a model that judges, resumable, without forbidden rows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny_models import write_corpus, write_encoder, write_source
from transformers import AutoTokenizer

from classifiers.calibration import read_calibration
from classifiers.network import Logits, PostNetwork
from classifiers.training import ablate
from classifiers.training.arrays import labelled, truth_of
from classifiers.training.batches import epoch_batches, epoch_rows
from classifiers.training.calibrate import fit_sigmoid, fit_softmax
from classifiers.training.data import letters, load_corpus
from classifiers.training.export import install
from classifiers.training.further import WRITTEN
from classifiers.training.invented import SOURCE as INVENTED
from classifiers.training.invented import with_sentences
from classifiers.training.loop import mean_of, mixed, steps_of
from classifiers.training.losses import (
    FLAGS_WEIGHT,
    SEVERITY_WEIGHT,
    SIDE_WEIGHT,
    TYPES_WEIGHT,
    side_loss,
    taught_loss,
)
from classifiers.training.measures import calibration_error, confusion, f1_scores, kappa, recalls
from classifiers.training.plan import Plan, Stage, default_plan
from classifiers.training.run import run
from classifiers.training.sources import FLAG_INDEX, NON_COMMERCIAL, SOURCES, Example
from classifiers.training.teacher import taught_by
from classifiers.training.trainee import Trainee
from classifiers.transformer import EMBEDDED, TransformerClassifier

SHARES = {source.name: 1.0 for source in SOURCES}
PLAN = Plan(
    stages=(
        Stage("first", 1, 1e-3, 1e-2, SHARES),
        Stage("second", 1, 1e-3, 1e-2, SHARES, hidden=0.2, branches=3, taught=1),
        Stage("third", 1, 1e-3, 1e-2, SHARES, taught=1),
    ),
    batch=8,
    checkpoint_steps=4,
    bfloat16=False,
    threads=1,
)


class Interrupted(Exception):
    """The power went."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def trained(corpus: Path, encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    run(corpus, out, encoder, PLAN, SOURCES, progress=lambda *_: None)
    return out


def test_a_trained_model_judges_posts(trained: Path) -> None:
    judge = TransformerClassifier(trained / "model")
    [verdict] = judge.classify(["my bus was late again and it is broken"])
    assert verdict.judged
    assert set(verdict.type_probabilities) == set(read_types(trained))


def read_types(trained: Path) -> list[str]:
    content = json.loads((trained / "model" / "labels.json").read_text())
    return list(content["labels"]["types"])


def test_training_reduces_the_loss(corpus: Path, encoder: Path, tmp_path: Path) -> None:
    losses: list[float] = []
    plan = replace(PLAN, stages=(Stage("only", 6, 1e-3, 1e-2, SHARES),), anchor=0.0)
    run(corpus, tmp_path, encoder, plan, SOURCES, progress=lambda _step, _steps, loss: losses.append(loss))
    assert np.mean(losses[-6:]) < 0.7 * np.mean(losses[:6])


@pytest.mark.parametrize(
    "interrupted", ["in the first stage", "in the first branch", "in the second branch", "in the taught branch"]
)
def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(
    corpus: Path, encoder: Path, trained: Path, tmp_path: Path, interrupted: str
) -> None:
    ends = stage_ends(trained)
    after = {
        "in the first stage": 4,
        "in the first branch": ends[0],
        "in the second branch": ends[1],
        "in the taught branch": ends[2],
        "in the taught stage": ends[3],
    }[interrupted]

    def cut(step: int, _steps: int, _loss: float) -> None:
        if step == after + 1:
            raise Interrupted

    with pytest.raises(Interrupted):
        run(corpus, tmp_path, encoder, PLAN, SOURCES, progress=cut)
    seen: list[int] = []
    run(corpus, tmp_path, encoder, PLAN, SOURCES, progress=lambda step, *_: seen.append(step), resume=True)
    whole = load_file(trained / "model" / "model.safetensors")
    resumed = load_file(tmp_path / "model" / "model.safetensors")
    assert seen[0] == after + 1  # after the checkpoint
    assert all(resumed[name].equal(value) for name, value in whole.items())
    assert read_calibration(tmp_path / "model") == read_calibration(trained / "model")


def stage_ends(out: Path) -> list[int]:
    """The steps at which the first stage and each branch of the second were done."""
    entries = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    lasts: dict[tuple[str, int], int] = {}
    for entry in entries:
        lasts[entry["stage"], entry["branch"]] = entry["step"]
    return list(lasts.values())


def test_the_weights_are_those_of_the_last_stage_drawn_towards_the_first(trained: Path) -> None:
    name = "network.heads.weight"
    first, left, right, taught, last = (
        torch.load(trained / f"stage-{part}.pt", weights_only=True)[name]
        for part in ("0-0", "1-0", "1-1", "1-2", "2-0")
    )
    assert not left.equal(right)
    torch.testing.assert_close(mean_of(trained, PLAN, 1)[name], (left + right + taught) / 3)
    torch.testing.assert_close(mean_of(trained, PLAN, 1, 2)[name], (left + right) / 2)
    torch.testing.assert_close(mixed(trained, PLAN)[name], 0.8 * last + 0.2 * first)


def test_every_branch_begins_with_the_weights_of_the_stage_before() -> None:
    sizes = dict.fromkeys(SHARES, 40)
    steps = list(steps_of(PLAN, sizes, np.full(40 * len(sizes), 5)))
    begins = [(step.stage.name, step.branch) for step in steps if step.done == 0.0]
    ends = [(step.stage.name, step.branch) for step in steps if step.last]
    assert (
        begins
        == ends
        == [
            ("first", 0),
            ("second", 0),
            ("second", 1),
            ("second", 2),
            ("third", 0),
        ]
    )
    orders = {
        str([list(step.rows) for step in steps if step.branch == branch and step.stage_index == 1])
        for branch in range(3)
    }
    assert len(orders) == 3


@pytest.mark.parametrize(("branches", "taught"), [((2,), 0), ((1, 0), 0), ((1, 2), 3)])
def test_stages_that_cannot_be_are_refused(branches: tuple[int, ...], taught: int) -> None:
    parts = tuple(Stage(str(n), 1, 1e-3, 1e-2, SHARES, branches=n) for n in branches)
    with pytest.raises(ValueError, match="stage"):
        Plan(stages=(*parts[:-1], replace(parts[-1], taught=taught)))


def test_a_side_task_is_learnt_within_its_own_labels() -> None:
    scores = torch.tensor([[0.0, 2.0, 9.0], [9.0, 9.0, 1.0]])
    labels = np.array([1, 2])
    loss = side_loss(scores, labels, [slice(0, 2), slice(2, 3)])
    first = float(np.log(1 + np.exp(-2.0)))  # the second task has one label: nothing to choose, no loss
    assert float(loss) == pytest.approx(SIDE_WEIGHT * first / 2)


def test_a_student_learns_from_the_teacher_only_what_nobody_labelled() -> None:
    truth = truth_of([Example("a", "s"), Example("b", "s", complaint=1, types=(1,), severity=2, flags=())])
    half = np.full_like(truth.taught, 0.5)
    zeros = Logits(*(torch.zeros(2, width) for width in (3, 1, 11, 4, 4)))
    logits = replace(zeros, complaint=zeros.complaint[:, 0])
    assert float(taught_loss(logits, truth)) == 0.0  # no teacher
    taught = replace(truth, taught=half)
    chance = np.log(2)  # what 0.5 against 0.5 costs
    severity = 4 * 0.5 * np.log(4)
    expected = chance + TYPES_WEIGHT * chance + FLAGS_WEIGHT * chance + SEVERITY_WEIGHT * severity
    assert float(taught_loss(logits, taught)) == pytest.approx(expected / 2)
    assert float(taught_loss(logits, taught.take(np.array([1])))) == 0.0


def test_a_teacher_speaks_of_posts_about_companies_alone_and_leaves_the_student_as_it_was(trained: Path) -> None:
    network = PostNetwork.from_pretrained(trained / "model", dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(trained / "model")
    trainee = Trainee(network, (), 1)
    before = {name: value.clone() for name, value in trainee.state_dict().items()}
    posts = labelled([Example("it is late", "s")] * 3, tokenizer)
    sizes = {"tweeteval_sentiment": 1, "brand_apple": 2}
    taught = taught_by(trainee, {name: value + 1 for name, value in before.items()}, posts, sizes, 0, PLAN)
    assert np.isnan(taught.truth.taught).all(axis=1).tolist() == [True, False, False]
    assert taught.truth.taught[1, 12:16].sum() == pytest.approx(1.0)
    assert all(value.equal(before[name]) for name, value in trainee.state_dict().items())


def test_invented_sentences_carry_the_flag_they_say_and_nothing_that_they_do_not() -> None:
    leaves, names = FLAG_INDEX["leaves"], FLAG_INDEX["names_staff_or_place"]
    post = Example("late again", "complaint_types/app_reviews", types=(1,), severity=2, flags=(1,), complaint=1)
    made = with_sentences([post], 1)
    assert [row.flags for row in made] == [tuple(sorted({1, leaves})), (1,), tuple(sorted({1, names})), (1,)]
    assert all(row.text.startswith("late again ") and "{" not in row.text for row in made)
    assert {(row.severity, row.complaint, row.prevalence) for row in made} == {(None, None, False)}
    assert made == with_sentences([post], 1)
    assert with_sentences([], 1) == []


def test_people_overrule_the_annotating_model_on_what_is_a_complaint(tmp_path: Path) -> None:
    row = {"id": "1", "text": "it is late", "types": "delay", "severity": "1", "flags": ""}
    sources = ("app_reviews", "complaints_tweets")
    rows = [{**row, "source": source, "text": f"late {source}"} for source in sources]
    write_source(tmp_path, "complaint_types", rows)
    corpus = load_corpus(tmp_path)
    found = [*corpus.train.get("complaint_types", []), *corpus.held["complaint_types"]]
    assert {example.source.partition("/")[2]: example.complaint for example in found} == {
        "app_reviews": 1,
        "complaints_tweets": None,
    }


def test_a_checkpoint_of_another_plan_is_refused(corpus: Path, encoder: Path, trained: Path) -> None:
    with pytest.raises(ValueError, match="another plan"):
        run(corpus, trained, encoder, replace(PLAN, seed=1), SOURCES, progress=lambda *_: None, resume=True)


def test_non_commercial_rows_train_only_when_asked(corpus: Path) -> None:
    assert not NON_COMMERCIAL & origins(load_corpus(corpus).manifest["train"])
    assert origins(load_corpus(corpus, allow_nc=True).manifest["train"]) >= NON_COMMERCIAL


def test_the_shipped_model_was_trained_on_no_non_commercial_source() -> None:
    manifest = json.loads((EMBEDDED / "manifest.json").read_text())
    used = origins(manifest["rows"]["train"])
    assert "tweeteval_sentiment" in used
    assert not NON_COMMERCIAL & used
    assert not any("NC" in manifest["licences"][name] for name in manifest["licences"])


def origins(rows: dict[str, int]) -> set[str]:
    return {name.rpartition("/")[2] for name in rows}


def test_every_source_marked_nc_is_known_as_such() -> None:
    assert {source.name for source in SOURCES if "NC" in source.licence} <= NON_COMMERCIAL


def test_a_text_set_aside_is_in_no_training_source(tmp_path: Path) -> None:
    text = "Why is my ORDER late, @acme?"
    write_source(tmp_path, "tweeteval_sentiment", [{"text": text, "label_name": "negative"}], part="val")
    rows = [{"text": "why is my order late", "label_name": "negative", "in_tweeteval": "1"}]
    write_source(tmp_path, "tweeteval_sentiment", [*rows, {**rows[0], "text": "The bus left."}])
    write_source(tmp_path, "tweet_sentiment_extraction", [{"text": text + " !!", "sentiment": "negative"}])
    train = load_corpus(tmp_path).train
    assert [row.text for name, rows in train.items() if name != WRITTEN for row in rows] == ["The bus left."]


def test_variants_of_one_post_stay_on_one_side_of_the_split(tmp_path: Path) -> None:
    rows = [{"gid": str(n // 4), "label": "Neutral", "text": f"post {n // 4} variant {n}"} for n in range(400)]
    write_source(tmp_path, "brand_entity_sentiment", rows)
    corpus = load_corpus(tmp_path)
    held = {row.group for row in corpus.held["brand_entity_sentiment"]}
    kept = {row.group for row in corpus.train["brand_entity_sentiment"]}
    assert held
    assert kept
    assert not held & kept


def test_chosen_rows_of_complaint_types_are_never_set_aside(tmp_path: Path) -> None:
    rows = [
        {
            "id": str(n),
            "source": "app_reviews",
            "text": f"crash {n}",
            "types": "technical",
            "severity": "1",
            "flags": "",
        }
        for n in range(20_000, 20_100)
    ]
    write_source(tmp_path, "complaint_types", rows)
    assert load_corpus(tmp_path).held["complaint_types"] == []


def test_a_folder_without_sources_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no source"):
        load_corpus(tmp_path)


def test_letters_ignores_case_masks_and_punctuation() -> None:
    assert letters("RT @acme: It's LATE! http://x.io/1") == letters("rt it's late")
    assert letters("!!!") == "!!!"


def test_an_epoch_takes_each_source_by_its_share() -> None:
    rows = epoch_rows({"a": 10, "b": 4, "c": 5}, {"a": 0.5, "b": 2.0}, (1, 2, 3))
    assert sum(rows < 10) == 5
    assert sorted(rows[rows >= 10]) == sorted([*range(10, 14)] * 2)


def test_batches_hold_every_row_once_and_posts_of_like_length_together() -> None:
    lengths = np.random.default_rng(0).integers(5, 100, 512)
    batches = epoch_batches(np.arange(512), lengths, 16, (1,))
    assert sorted(row for batch in batches for row in batch) == list(range(512))
    spread = np.mean([np.ptp(lengths[batch]) for batch in batches])
    assert spread < 20


def test_measures_agree_with_counts_done_by_hand() -> None:
    truth, given = np.array([0, 0, 1, 1, 1, 2]), np.array([0, 1, 1, 1, 0, 2])
    table = confusion(truth, given, 3)
    assert recalls(table).tolist() == pytest.approx([1 / 2, 2 / 3, 1.0])
    assert f1_scores(table).tolist() == pytest.approx([1 / 2, 2 / 3, 1.0])
    assert kappa(truth, given, 3) == pytest.approx((4 / 6 - 14 / 36) / (1 - 14 / 36))
    assert kappa(truth, truth, 3, quadratic=True) == 1.0
    assert calibration_error(np.array([0.9, 0.9, 0.1]), np.array([1, 0, 0])) == pytest.approx((0.8 + 0.1) / 3)


def test_calibration_undoes_overconfidence() -> None:
    rng = np.random.default_rng(5)
    honest = rng.normal(0, 1.0, 4000)
    labels = (rng.random(4000) < 1 / (1 + np.exp(-honest))).astype(np.int64)
    fitted = fit_sigmoid((4 * honest + 2)[:, None], labels[:, None], lambda *_: 0.5)
    assert fitted.scale[0] == pytest.approx(0.25, abs=0.03)
    assert fitted.shift[0] == pytest.approx(-0.5, abs=0.1)
    both = np.stack([np.zeros(4000), 3 * honest], axis=1)
    assert fit_softmax(both, labels).temperature == pytest.approx(3.0, rel=0.12)


def test_a_label_without_posts_keeps_what_the_network_says() -> None:
    fitted = fit_sigmoid(np.ones((3, 1)), np.zeros((3, 1), dtype=np.int64), lambda *_: 0.2)
    assert (fitted.scale, fitted.shift, fitted.threshold) == ((1.0,), (0.0,), (0.5,))


def test_a_model_too_large_to_ship_is_not_installed(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    with (model / "model.safetensors").open("wb") as file:
        file.truncate(50_000_001)
    with pytest.raises(ValueError, match="50,000,001 bytes"):
        install(model, tmp_path / "shipped")
    assert not (tmp_path / "shipped").exists()


def test_the_default_plan_gives_no_share_to_non_commercial_sources() -> None:
    assert all(not stage.shares.get(name) for stage in default_plan().stages for name in ("airline_sentiment",))


def test_ablations_are_refused_without_a_finished_first_stage(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ablations.json"
    assert ablate.main(["--data", str(corpus), "--run", str(tmp_path), "--out", str(out)]) == 2
    assert "no finished first stage" in capsys.readouterr().err
    assert not out.exists()


def test_every_ablation_leaves_out_sources_that_there_are() -> None:
    known = {source.name for source in SOURCES} | {INVENTED}
    names = [variant.name for variant in ablate.VARIANTS]
    assert [name for variant in ablate.VARIANTS for name in variant.without if name not in known] == []
    assert len(names) == len(set(names))  # a measured variant is found again by its name
