"""Thresholds said outright, and those that follow from an aim."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.load import ConfigError, load
from config.settings import Settings
from config.show import dump
from config.thresholds import Aim, Thresholds
from config.vocabulary import Severity

BASE = """
company = "Acme"
brands = [{ name = "Acme", aliases = [{ text = "acme" }] }]
channels = [{ kind = "console", name = "terminal" }]
default_route = { name = "all", channels = ["terminal"] }
digest = { enabled = false }
"""


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "monitor.toml"
    file.write_text(BASE + text)
    return load(file)


def test_an_aim_governs_a_threshold_that_is_not_said(tmp_path: Path) -> None:
    thresholds = loaded(tmp_path, "[thresholds.aim]\nserious_complaints_found = 0.85\n").thresholds
    assert thresholds.aims_in_force == {"serious_complaints_found": 0.85}


def test_a_threshold_said_outright_overrides_its_aim(tmp_path: Path) -> None:
    text = "[thresholds]\ncomplaint_serious = 0.5\n[thresholds.aim]\nserious_complaints_found = 0.85\nnegative_found = 0.7\n"
    assert loaded(tmp_path, text).thresholds.aims_in_force == {"negative_found": 0.7}


def test_settings_shown_load_to_the_same_aims(tmp_path: Path) -> None:
    text = "[thresholds]\nnegative = 0.7\n[thresholds.aim]\nnegative_found = 0.8\ncomplaints_found = 0.9\n"
    settings = loaded(tmp_path, text)
    again = tmp_path / "again.toml"
    again.write_text(dump(settings))
    assert load(again) == settings
    assert load(again).thresholds.aims_in_force == {"complaints_found": 0.9}


def test_without_an_aim_every_threshold_is_shown() -> None:
    assert Thresholds().model_dump() == {
        "negative": 0.6,
        "complaint_mild": 0.6,
        "complaint_serious": 0.5,
        "complaint_critical": 0.35,
        "aim": {
            "negative_found": None,
            "complaints_found": None,
            "serious_complaints_found": None,
            "critical_complaints_found": None,
        },
    }


def test_a_complaint_without_severity_counts_as_mild() -> None:
    thresholds = Thresholds(complaint_mild=0.4, complaint_serious=0.3, complaint_critical=0.2)
    assert [thresholds.for_complaint(severity) for severity in Severity] == [0.4, 0.4, 0.3, 0.2]


@pytest.mark.parametrize("value", ["0.0", "1.0", "1.5", '"most"'])
def test_a_share_that_is_none_is_refused_with_its_place(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError) as told:
        loaded(tmp_path, f"[thresholds.aim]\nserious_complaints_found = {value}\n")
    assert [problem.path for problem in told.value.problems] == ["thresholds.aim.serious_complaints_found"]


def test_an_aim_of_another_name_is_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="serious_complaints_found"):
        loaded(tmp_path, "[thresholds.aim]\nserious_complaint_found = 0.8\n")


def test_no_aim_is_the_default() -> None:
    assert Thresholds().aims_in_force == {}
    assert Thresholds(aim=Aim()).aims_in_force == {}
