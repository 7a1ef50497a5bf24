"""What is shown of the sources: their state within 100 columns, what they lost and what they spent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from collectors.base import Loss, Spend
from config.load import load
from monitor.cli import main
from monitor.store.engine import open_store

NOW = datetime.now(UTC)
SETTINGS = """
company = "Acme"
time_zone = "UTC"

[database]
url = "sqlite:///{folder}/monitor.db"

[[brands]]
name = "Acme"
aliases = [{{ text = "acme" }}]

[[sources]]
kind = "x"
name = "x-acme"
bearer_token = "env:X_TOKEN"
terms = ["acme"]
budget = {{ daily = 5, monthly = 100 }}

[[sources]]
kind = "files"
name = "export"
path = "posts.csv"

[[channels]]
kind = "console"
name = "terminal"

[default_route]
name = "everything"
channels = ["terminal"]

[digest]
enabled = false
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "monitor.toml"
    path.write_text(SETTINGS.format(folder=tmp_path))
    store = open_store(load(path).database)
    spent = [
        Spend(day=NOW.date(), resource="post_read", query="acme", units=100, micros=5_000),
        Spend(day=NOW.date(), resource="user_read", query="acme", ids=("1", "2"), micros=10_000),
    ]
    lost = [Loss("acme", NOW - timedelta(days=9), NOW - timedelta(days=8), "X shows no older posts")]
    save = {"rejects": [], "unmatched": 4, "cursor": None, "next_due_at": NOW, "now": NOW}
    store.posts.save_harvest("x-acme", [], spent=spent, lost=lost, gaps=3, **save)
    store.posts.save_failure(
        "x-acme",
        error="BudgetSpent: the day's budget for X is spent",
        retry_at=NOW + timedelta(days=1),
        stopped=False,
        counts=False,
        blocked=True,
        now=NOW + timedelta(seconds=1),
    )
    store.close()
    return path


def said(file: Path, *words: str) -> str:
    done = CliRunner(env={"COLUMNS": "100"}).invoke(main, ["--config", str(file), *words])
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 100
    return done.output


def rows_of(shown: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines() if "│" in line]


def test_status_shows_state_lag_pace_gaps_budget_and_why(file: Path) -> None:
    shown = said(file, "status")
    [cells] = [row for row in rows_of(shown) if row[0] == "x-acme"]
    assert cells[:2] + cells[3:] == ["x-acme", "stopped", "never", "4 (4)", "0", "3", "0.52 of 5.00 USD today"]
    assert cells[2].endswith(" min ago")
    assert "x-acme is stopped: BudgetSpent: the day's budget for X is spent, until 2" in shown


def test_status_in_json_holds_the_same(file: Path) -> None:
    x, export = json.loads(said(file, "status", "--json"))["sources"]
    assert (x["health"], x["budget"], x["facts"]["gaps"], x["pace"]["last"]) == (
        "stopped",
        "0.52 of 5.00 USD today",
        3,
        4,
    )
    assert (export["health"], export["budget"], export["lag_seconds"]) == ("new", "", None)


def test_losses_are_listed_with_their_stretch_and_reason(file: Path) -> None:
    [line] = said(file, "sources", "losses").splitlines()
    begin, end = ((NOW - timedelta(days=days)).strftime("%Y-%m-%d %H:%M") for days in (9, 8))
    assert f"x-acme, acme: {begin} to {end}, X shows no older posts" in line


@pytest.mark.parametrize("words", [(), ("--month",)])
def test_spending_is_summed_and_the_month_forecast(file: Path, words: tuple[str, ...]) -> None:
    shown = said(file, "sources", "spend", *words)
    rows = rows_of(shown)
    day = str(NOW.date())
    assert [day, "x-acme", "acme", "post_read", "100", "0.5000 USD"] in rows
    assert [day, "x-acme", "acme", "user_read", "2", "0.0200 USD"] in rows
    [total] = [row for row in rows if row[:2] == ["x-acme", "all"]]
    assert total[3] == "0.5200 USD"
    assert float(total[4].split()[0]) >= 0.52
    assert "divided by the share of the month" in shown


def test_nothing_spent_is_said(tmp_path: Path) -> None:
    path = tmp_path / "monitor.toml"
    path.write_text(SETTINGS.format(folder=tmp_path))
    assert said(path, "sources", "spend").startswith("Nothing was spent since ")
    assert said(path, "sources", "losses") == "None.\n"
