from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from config.load import load
from monitor.demo.run import CONFIG, make_empty, program
from monitor.demo.settings import MARK, settings_text

ROOT = Path(__file__).parents[2]


def test_an_interrupted_demo_is_known_and_gives_way_to_the_next(tmp_path):
    out = tmp_path / "demo"
    running = subprocess.Popen([sys.executable, "-m", "monitor", "demo", "--out", str(out)], cwd=ROOT)
    deadline = time.monotonic() + 60
    while not (out.exists() and any(entry.is_dir() for entry in out.iterdir())):
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    running.kill()
    running.wait()
    make_empty(out)
    assert [entry.name for entry in out.iterdir()] == [CONFIG]


def test_a_whole_demo_is_known_by_the_same_mark(tmp_path):
    text = settings_text(tmp_path / "inbox", slack_port=8001, smtp_port=8002, webhook_port=8003)
    (tmp_path / CONFIG).write_text(text)
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "0001.json").write_text("{}")
    load(tmp_path / CONFIG)
    make_empty(tmp_path)
    assert (tmp_path / CONFIG).read_text() == MARK
    assert not (tmp_path / "messages").exists()


@pytest.mark.parametrize("settings", [None, 'company = "Acme"\n', f'company = "Acme"\n{MARK}'])
def test_a_folder_with_something_else_in_it_is_left_as_it_is(tmp_path, settings):
    (tmp_path / "thesis.txt").write_text("three years of work")
    if settings is not None:
        (tmp_path / CONFIG).write_text(settings)
    with pytest.raises(click.ClickException, match="holds no earlier demo"):
        make_empty(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "three years of work"


def test_what_a_link_in_the_folder_leads_to_is_not_touched(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("three years of work")
    out = tmp_path / "demo"
    make_empty(out)
    (out / "link").symlink_to(tmp_path / "mine")
    make_empty(out)
    assert (tmp_path / "mine" / "thesis.txt").exists()
    assert not (out / "link").exists()


@pytest.mark.parametrize(
    ("called", "path", "expected"),
    [
        (".venv/bin/monitor", "", ".venv/bin/monitor"),
        ("{here}/.venv/bin/monitor", "", ".venv/bin/monitor"),
        ("{here}/.venv/bin/monitor", "{here}/.venv/bin", "monitor"),
        ("{here}/.venv/bin/monitor", "{here}/other", ".venv/bin/monitor"),
        ("{here}/monitor/__main__.py", "", "python -m monitor"),
    ],
)
def test_the_demo_names_the_program_as_it_can_be_called_here(tmp_path, monkeypatch, called, path, expected):
    for folder in (".venv/bin", "other"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "monitor").write_text("#!/bin/sh\n")
        (tmp_path / folder / "monitor").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [called.format(here=tmp_path)])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", path.format(here=tmp_path))
    assert program() == expected
