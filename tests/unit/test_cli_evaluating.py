"""monitor evaluate and monitor thresholds, with a tiny real model in place of the shipped one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tiny_models import write_corpus, write_encoder, write_judge

from classifiers.calibration import SHIPPED
from classifiers.thresholds import looked_up, read_counts
from classifiers.training import measure
from classifiers.training.data import load_corpus
from classifiers.training.encoder import start
from classifiers.training.run import finish, manifest
from classifiers.training.sources import SOURCES
from config.thresholds import Aim, Thresholds
from monitor.cli import main


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained tiny network, exported, calibrated, measured and described as training does."""
    from classifiers.training.plan import default_plan

    folder = tmp_path_factory.mktemp("finished")
    encoder = write_encoder(folder / "encoder")
    corpus = load_corpus(data)
    network, tokenizer = start(encoder, 3)
    model = folder / "model"
    finish(network, tokenizer, corpus, model, made_of=manifest(corpus, encoder, default_plan(), SOURCES))
    return model


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def run(*arguments: str | Path, expect: int = 0) -> Result:
    done = CliRunner().invoke(main, list(map(str, arguments)))
    assert done.exit_code == expect, done.output
    return done


def test_evaluate_gives_the_figures_that_training_wrote_down(here: Path, data: Path, finished: Path) -> None:
    shown = run("evaluate", "--data", data, "--model", finished, "--out", here / "report.json").stdout
    report = json.loads((here / "report.json").read_text())
    metrics = json.loads((finished / "metrics.json").read_text())
    assert {name: value for name, value in report.items() if name != "model"} == metrics
    name = "sentiment, tweeteval_sentiment (published validation)"
    assert f"{metrics[name]['macro_recall']:.3f}" in shown
    assert "not met" in shown
    assert "under one fitted on the other half" in shown


def test_evaluate_measures_a_file_of_ones_own_and_names_its_bad_rows(here: Path, finished: Path) -> None:
    (here / "own.csv").write_text(
        "text;sentiment;complaint\nmy bus was late;negative;yes\nthanks;happy;no\n;positive;no\n"
    )
    done = run("evaluate", "--csv", "own.csv", "--model", finished, "--out", "report.json")
    report = json.loads((here / "report.json").read_text())
    assert report["sentiment, own.csv"]["n"] == 1
    assert report["complaint, own.csv"]["n"] == 2
    assert 'own.csv: line 3: sentiment "happy" is none of' in done.stderr
    assert "own.csv: line 4: no text" in done.stderr
    assert "own.csv" in done.stdout


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("text,mood\nlate,bad\n", "no column of labels"),
        ("body,sentiment\nlate,negative\n", 'no column "text"'),
        ("text,sentiment\nlate,\n", "no row has a label"),
        ("", "is empty"),
    ],
)
def test_a_file_that_cannot_be_measured_by_is_refused_by_name(
    here: Path, finished: Path, content: str, told: str
) -> None:
    (here / "own.csv").write_text(content)
    done = run("evaluate", "--csv", "own.csv", "--model", finished, expect=1)
    assert "own.csv" in done.stderr
    assert told in done.stderr


def test_evaluate_refuses_a_folder_without_sources_and_one_without_a_model(
    here: Path, data: Path, finished: Path
) -> None:
    (here / "empty").mkdir()
    assert "no source of training posts" in run("evaluate", "--data", "empty", "--model", finished, expect=1).stderr
    assert "labels.json" in run("evaluate", "--data", data, "--model", "empty", expect=1).stderr
    assert "--behaviour" in run("evaluate", expect=2).stderr


def test_evaluate_puts_the_behavioural_tests(here: Path, finished: Path) -> None:
    shown = run("evaluate", "--behaviour", "--model", finished, "--out", "report.json").stdout
    behaviour = json.loads((here / "report.json").read_text())["behaviour"]
    assert behaviour == json.loads((finished / "behaviour.json").read_text())
    assert "nationality" in shown
    assert "marked sarcasm" in shown


def test_thresholds_prints_what_each_aim_costs_and_draws_it(here: Path, finished: Path) -> None:
    shown = run("thresholds", "--model", finished, "--png", "curves.png").stdout
    assert "serious_complaints_found" in shown
    assert "complaint_mild (default)" in shown
    assert (here / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert run("thresholds", "--model", finished, "--share", "0.01").stdout != shown


def test_thresholds_says_that_a_model_without_counts_must_be_measured(here: Path) -> None:
    assert "holds no counts" in run("thresholds", "--model", write_judge(here / "bare"), expect=1).stderr


def test_a_finished_model_is_measured_again_without_training(data: Path, finished: Path, tmp_path: Path) -> None:
    import shutil

    model = tmp_path / "model"
    shutil.copytree(finished, model)
    for name in ("labels.json", "metrics.json", "behaviour.json", "MODEL_CARD.md", "reliability.png"):
        (model / name).unlink()
    assert measure.main(["--data", str(data), str(model)]) == 0
    for name in ("labels.json", "metrics.json", "behaviour.json", "MODEL_CARD.md", "reliability.png"):
        assert (model / name).read_bytes() == (finished / name).read_bytes(), name


def test_measuring_without_posts_or_model_is_refused(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measure.main(["--data", str(tmp_path), str(tmp_path)]) == 2
    assert "no source" in capsys.readouterr().err
    assert measure.main(["--data", str(data), str(tmp_path)]) == 2
    assert "config.json" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert measure.main([str(tmp_path)]) == 2
    assert "--data" in capsys.readouterr().err


def test_the_card_is_made_from_the_files_beside_the_weights(finished: Path, tmp_path: Path) -> None:
    import shutil

    model = tmp_path / "model"
    shutil.copytree(finished, model)
    (model / "notes.md").write_text("Trained on a Tuesday.\n")
    metrics = json.loads((model / "metrics.json").read_text())
    ablation = {"name": "without brand sets", "steps": 700, "seed": 5, "metrics": metrics}
    (model / "ablations.json").write_text(json.dumps([ablation]))
    assert measure.main(["--card-only", str(model)]) == 0
    card = (model / "MODEL_CARD.md").read_text()
    aim = metrics["aims"][0]
    assert f"| {aim['what']} | {aim['n']:,} | {aim['value']:.3f} [{aim['low']:.3f}, {aim['high']:.3f}] |" in card
    assert "| without brand sets | 700 | 5 |" in card
    assert card.endswith("## About this build\nTrained on a Tuesday.\n")
    headings = [line for line in card.splitlines() if line.startswith("## ")]
    assert headings == [
        "## Intended use",
        "## Data",
        "## Figures",
        "## Calibration",
        "## Thresholds",
        "## Behaviour",
        "## What each source and trick adds",
        "## Limits",
        "## About this build",
    ]
    assert "{" not in card
    assert (model / "reliability.png").stat().st_size < 40_000


SETTINGS = """
company = "Acme"
brands = [{{ name = "Acme", aliases = [{{ text = "acme" }}] }}]
channels = [{{ kind = "console", name = "terminal" }}]
default_route = {{ name = "all", channels = ["terminal"] }}
digest = {{ enabled = false }}
[thresholds.aim]
{aim}
"""


def test_an_aim_out_of_reach_is_refused_when_the_configuration_is_checked(here: Path) -> None:
    (here / "monitor.toml").write_text(SETTINGS.format(aim="critical_complaints_found = 0.999"))
    told = run("config", "check", expect=2).stderr
    assert "thresholds.aim.critical_complaints_found: 0.999 cannot be reached: the best is" in told


def test_the_threshold_that_follows_from_an_aim_decides(here: Path) -> None:
    (here / "monitor.toml").write_text(SETTINGS.format(aim="complaints_found = 0.6"))
    aimed = Thresholds(aim=Aim(complaints_found=0.6))
    expected = looked_up(aimed, read_counts(SHIPPED)).complaint_mild
    assert expected != Thresholds().complaint_mild
    told = run("route", "test", "acme the blue one was a little late", "--severity", "mild").stdout
    assert f"mild complaint 100.0% (at least {expected:.1%})" in told
