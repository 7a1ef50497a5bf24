"""The house stands as drawn: who may import whom, what --help loads, and what a wheel holds."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("monitor", "collectors", "classifiers", "alerts", "config")
HEAVY = {  # what a command may need, and --help must not wait for
    "torch",
    "transformers",
    "sqlalchemy",
    "pydantic",
    "slack_sdk",
    "feedparser",
    "httpx",
    "matplotlib",
    "apscheduler",
    "jinja2",
    "structlog",
    "rich",
    "numpy",
}


def run(*command: str, cwd: Path = ROOT, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, **more)


def test_the_floors_are_kept():
    done = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert done.returncode == 0, done.stdout


def test_the_top_level_packages_start_empty():
    for package in PACKAGES:
        assert (ROOT / package / "__init__.py").read_text() == ""


def test_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom monitor.cli import main\n"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
        "print(' '.join(sorted({m.partition('.')[0] for m in sys.modules})))"
    )
    done = run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & HEAVY == set()


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("sqlalchemy", ("monitor/store/",)),
        ("torch", ("classifiers/",)),
        ("slack_sdk", ("alerts/slack.py", "alerts/wire.py")),
        ("feedparser", ("collectors/feeds.py",)),
        ("apscheduler", ("monitor/daemon.py",)),
        ("matplotlib", ("monitor/digest/charts.py", "classifiers/evaluation/plots.py")),
    ],
)
def test_a_vendor_library_is_imported_in_its_own_adapter_alone(library, homes):
    strangers = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if library in _imports(path) and not str(path.relative_to(ROOT)).startswith(homes)
    ]
    assert strangers == []


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built as a release would be, and unpacked where the sources are not."""
    folder = tmp_path_factory.mktemp("wheel")
    done = run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--constraint",
        "constraints.txt",
        "--wheel-dir",
        str(folder),
        ".",
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "site")
        return folder / "site", archive.namelist()


def test_the_wheel_holds_all_that_is_read_at_run_time(wheel):
    _, names = wheel
    for needed in (
        "classifiers/embedded/model.safetensors",
        "classifiers/embedded/tokenizer.json",
        "classifiers/embedded/MODEL_CARD.md",
        "config/example.toml",
        "config/packs/delta.toml",
        "collectors/common_words.txt",
        "monitor/demo/index.html.jinja",
    ):
        assert needed in names
    for folder in ("monitor/store/migrations/versions/", "monitor/digest/templates/", "alerts/templates/"):
        assert any(name.startswith(folder) for name in names), folder
    assert not [name for name in names if name.startswith(("tests/", "bench/", "demo/"))]


def test_the_wheel_does_the_main_job_where_the_sources_are_not(wheel, tmp_path):
    site, _ = wheel
    (tmp_path / "posts.csv").write_text("text\nacme charged me twice and I want my money back: this is outrageous\n")
    (tmp_path / "monitor.toml").write_text(
        'company = "Acme"\nbrands = [{ name = "Acme", aliases = [{ text = "acme" }] }]\n'
        'sources = [{ kind = "files", name = "export", path = "posts.csv" }]\n'
        'channels = [{ kind = "console", name = "terminal" }]\n'
        'default_route = { name = "all", channels = ["terminal"] }\ndigest = { enabled = false }\n'
    )
    # -P and -I would also hide the unpacked wheel: the folder of the run is what must not help.
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r}); sys.path[:] = [p for p in sys.path if p != {str(ROOT)!r}]\n"
        "import classifiers; assert classifiers.__file__.startswith(sys.path[0]), classifiers.__file__\n"
        "from monitor.cli import main; main(['run', '--once'])"
    )
    done = run(sys.executable, "-P", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "acme charged me twice" in done.stdout
