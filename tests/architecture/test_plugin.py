"""A new platform is new files and a few lines in the two registries; the exam and the rules of the docs take it in.

The example is in tests/architecture/plugin; docs/new-source.md goes through it.
"""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = Path(__file__).parent / "plugin"
COPIED = ("monitor", "collectors", "classifiers", "alerts", "config", "tests/kits", "docs")
SINGLE = (
    "pyproject.toml",
    "tests/conftest.py",
    "tests/unit/test_collectors_exam.py",
    "tests/unit/test_config_docs.py",
    "tests/acceptance/test_source_kills.py",
)
NEVER = shutil.ignore_patterns("embedded", "__pycache__", "posts")  # models and texts: nothing here reads them
ARM = """\
        case DiscourseSource():
            from collectors.discourse import DiscourseCollector
            from collectors.http import Http

            http = Http(user_agent=user_agent, clock=clock, allow_private=source.allow_private_address)
            return DiscourseCollector(source, http=http, clock=clock)
"""
# What is put before which line of which registry. Nothing else that exists may change.
LINES = {
    "config/sources.py": [
        ("from config.source_google_play", "from config.source_discourse import DiscourseSource\n"),
        ("    | XSource\n", "    | DiscourseSource\n"),
    ],
    "collectors/registry.py": [
        ("from config.source_google_play", "from config.source_discourse import DiscourseSource\n"),
        ("        case _:\n", ARM),
    ],
}
HERE = """
import collectors.registry
from collector_exam import EmptyPurse
from config.sources import Source
from pydantic import TypeAdapter


def test_the_copy_is_what_is_tested_and_the_registry_builds_the_plugin():
    assert collectors.registry.__file__.startswith({folder!r})
    source = TypeAdapter(Source).validate_python({{"kind": "discourse", "name": "forum", "url": "https://f.example"}})
    built = collectors.registry.build(source, clock=lambda: None, user_agent="x", purse=EmptyPurse())
    assert type(built).__name__ == "DiscourseCollector"
"""


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product with the plug-in in it."""
    folder = tmp_path_factory.mktemp("extended")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=NEVER)
    for name in SINGLE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    assert files(PLUGIN).isdisjoint(files(folder))
    shutil.copytree(PLUGIN, folder, dirs_exist_ok=True, ignore=NEVER)
    for name, lines in LINES.items():
        text = (folder / name).read_text("utf-8")
        for before, line in lines:
            assert text.count(before) == 1, f"{name}: {before!r}"
            text = text.replace(before, line + before)
        (folder / name).write_text(text, "utf-8")
    return folder


def test_nothing_that_exists_is_changed_but_the_two_registries(extended: Path) -> None:
    old = files(extended) - files(PLUGIN)
    changed = {name for name in old if not filecmp.cmp(ROOT / name, extended / name, shallow=False)}
    assert changed == set(LINES)


def test_the_plugin_is_small() -> None:
    code = [PLUGIN / "config" / "source_discourse.py", PLUGIN / "collectors" / "discourse.py"]
    assert sum(len(path.read_text("utf-8").splitlines()) for path in code) < 160


def test_the_plugin_passes_the_exam_is_documented_and_survives_kills(extended: Path) -> None:
    (extended / "tests" / "unit" / "test_here.py").write_text(HERE.format(folder=str(extended)))
    wanted = ["-o", "addopts=-p no:cacheprovider", "-k", "discourse or Discourse or here"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *wanted, *SINGLE[2:], "tests/unit/test_here.py"],
        cwd=extended,
        env={**os.environ, "MONITOR_SHARED": str(extended)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
    assert re.search(r"=+ \d\d+ passed", done.stdout.splitlines()[-1])
