"""What train, rescore and route test say to what they cannot use; nothing of it needs a model."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import main

SETTINGS = """\
company = "Acme"
brands = [{ name = "Acme", aliases = [{ text = "acme" }] }]
channels = [{ kind = "console", name = "terminal" }]
default_route = { name = "all", channels = ["terminal"] }
digest = { enabled = false }
[[complaint_types]]
name = "invoices"
from = ["billing"]
"""
NETWORK = '[[complaint_types]]\nname = "network"\ndescription = "no signal"\nexamples = ["no bars here"]\n'


def monitor(folder: Path, *arguments: str, more: str = "") -> Result:
    path = folder / "monitor.toml"
    path.write_text(SETTINGS + more, encoding="utf-8")
    return CliRunner().invoke(main, ["--config", str(path), *arguments])


@pytest.mark.parametrize("since", ["yesterday", "7", "2026-13-01", "-7d", ""])
def test_a_time_that_is_none_is_refused(tmp_path: Path, since: str) -> None:
    done = monitor(tmp_path, "rescore", f"--since={since}")
    assert (done.exit_code, "a date such as 2026-11-01, or how long ago, such as 7d" in done.output) == (2, True)


def test_a_new_type_is_told_to_be_trained_before_anything_starts(tmp_path: Path) -> None:
    done = monitor(tmp_path, "rescore", "--since", "7d", more=NETWORK)
    assert (done.exit_code, "nothing is trained for it: run monitor train" in done.output) == (2, True)


def test_nothing_to_learn_from_is_refused(tmp_path: Path) -> None:
    done = monitor(tmp_path, "train", "--from-corrections")
    assert (done.exit_code, "nothing to learn from" in done.output) == (2, True)


def test_types_with_too_few_posts_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    more = NETWORK + NETWORK.replace("network", "mast").replace("bars", "mast")
    done = monitor(tmp_path, "train", more=more)
    assert done.exit_code == 1
    assert "network: 1 labelled posts, 20 are needed" in done.output
    assert "mast: 1 labelled posts, 20 are needed" in done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["monitor.toml"]


def test_a_file_without_its_columns_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "labelled.csv"
    file.write_text("text,kind\nno bars,network\n")
    done = monitor(tmp_path, "train", "--from", str(file), more=NETWORK)
    assert (done.exit_code, f'{file}: no column "types"' in done.output) == (1, True)


def test_a_route_is_tried_with_configured_types_only(tmp_path: Path) -> None:
    done = monitor(tmp_path, "route", "test", "acme", "--type", "billing")
    assert (done.exit_code, "complaint types: invoices" in done.output) == (2, True)
