from __future__ import annotations

import tomllib
from datetime import UTC, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config.load
from config.durations import LONGEST, format_duration, parse_clock, parse_duration
from config.load import load
from config.show import dump
from config.template import starter

EXAMPLE = Path(config.load.__file__).parent / "example.toml"


def test_what_is_shown_loads_to_the_same_settings(tmp_path: Path) -> None:
    (tmp_path / "starter.toml").write_text(starter('Ac"me \\ 🚀'), encoding="utf-8")
    for original in (EXAMPLE, tmp_path / "starter.toml"):
        settings = load(original)
        (tmp_path / "shown.toml").write_text(dump(settings), encoding="utf-8")
        assert load(tmp_path / "shown.toml") == settings


def test_defaults_are_shown_and_secrets_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-very-secret")
    text = dump(load(EXAMPLE))
    shown = tomllib.loads(text)
    assert "very-secret" not in text
    assert shown["channels"][0]["token"] == "env:SLACK_BOT_TOKEN"
    assert shown["alerting"]["escalation"]["remind_after"] == "2h"
    assert shown["routes"][1]["when"]["min_severity"] == "none"  # not written in the file


@given(
    st.timedeltas(min_value=timedelta(0), max_value=LONGEST).map(lambda d: timedelta(seconds=int(d.total_seconds())))
)
def test_a_duration_is_written_so_that_it_reads_back(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize("wrong", ["", "5", "5y", "h", "1h x", "-1h", 5, None, "\N{ARABIC-INDIC DIGIT ONE}h"])
def test_what_is_no_duration_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="must be a duration"):
        parse_duration(wrong)


def test_a_clock_time_is_read_from_text() -> None:
    assert [parse_clock(text).isoformat() for text in ("8:30", "08:30", "23:59:58")] == [
        "08:30:00",
        "08:30:00",
        "23:59:58",
    ]


@pytest.mark.parametrize("wrong", [8, "8", "24:00", "08:60", "08:30Z", True, time(8, tzinfo=UTC)])
def test_what_is_no_clock_time_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="time of day"):
        parse_clock(wrong)
