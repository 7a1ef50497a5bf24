"""monitor query: lint, preview and the example packs, as people call them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from feed_server import Entry, FeedServer

from collectors.base import Heard, Post
from collectors.coach import findings
from config.load import load
from config.settings import Database
from config.vocabulary import Platform
from monitor.cli import main
from monitor.store.engine import open_store

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PACKS = sorted(one.name for one in files("config").joinpath("packs").iterdir())
REST = """
company = "Acme"
channels = [{ kind = "console", name = "terminal" }]
default_route = { name = "all", channels = ["terminal"] }
digest = { enabled = false }
"""
GOOD = '[[brands]]\nname = "Acme"\naliases = [{ text = "acme" }, { text = "acme", kind = "hashtag" }]\n'
EVIL = "mia \x1b[31m acme\x1b]0;owned\x07 \u202egnp [bold]x[/bold]\nforged line"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "monitor.toml").write_text(REST + GOOD)
    return tmp_path


def run(*arguments: str, expect: int = 0) -> Result:
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == expect, done.output
    return done


def stored(here: Path, migrated: Path, texts: Sequence[str]) -> None:
    """Posts in the database of the settings, an hour apart."""
    shutil.copy(migrated, here / "monitor.db")
    store = open_store(Database(url=f"sqlite:///{here}/monitor.db"))
    heard = [
        Heard(Post(platform=Platform.X, native_id=str(n), text=text, published_at=NOON + timedelta(hours=n)), ())
        for n, text in enumerate(texts)
    ]
    store.posts.save_harvest("x", heard, rejects=(), unmatched=0, cursor=None, next_due_at=NOON, now=NOON)
    store.close()


def test_good_settings_are_good_and_no_database_is_made(here: Path) -> None:
    assert run("query", "lint").stdout == "Nothing to say.\n"
    assert not (here / "monitor.db").exists()


def test_an_error_ends_with_status_1_and_a_warning_does_not(here: Path) -> None:
    (here / "monitor.toml").write_text(REST + '[[brands]]\nname = "Acme"\naliases = [{ text = "next" }]\n')
    said = run("query", "lint", expect=1).stdout
    assert said.splitlines()[0] == 'error  Acme: "next" is a frequent English word'
    assert "brands[0].aliases[0] [common-word]" in said
    assert said.splitlines()[-1] == "1 error"
    (here / "monitor.toml").write_text(REST + '[[brands]]\nname = "Acme"\naliases = [{ text = "acm" }]\n')
    assert run("query", "lint").stdout.splitlines()[-1] == "1 warning"


def test_findings_come_as_json_too(here: Path) -> None:
    (here / "monitor.toml").write_text(REST + '[[brands]]\nname = "Acme"\naliases = [{ text = "next" }]\n')
    (one,) = json.loads(run("query", "lint", "--json", expect=1).stdout)
    assert (one["grade"], one["code"], one["place"], one["of"], one["term"]) == (
        "error",
        "common-word",
        "brands[0].aliases[0]",
        "Acme",
        "next",
    )
    (here / "monitor.toml").write_text(REST + GOOD)
    assert json.loads(run("query", "lint", "--json").stdout) == []


def test_the_stored_posts_tell_which_words_never_occur(here: Path, migrated_sqlite: Path) -> None:
    (here / "monitor.toml").write_text(
        REST + '[[brands]]\nname = "Acme"\naliases = [{ text = "acme" }, { text = "bolt brothers", kind = "phrase" }]\n'
    )
    stored(here, migrated_sqlite, [f"acme {n}" for n in range(250)])
    said = run("query", "lint").stdout
    assert '"bolt brothers" stands in none of the last 250 posts, in these very words' in said
    assert "looked for in 250 stored posts" in said
    assert "Nothing to say.\n" in run("query", "lint", "--posts", "0").stdout


def test_a_preview_of_stored_posts_shows_counts_pace_and_samples(here: Path, migrated_sqlite: Path) -> None:
    (here / "other.toml").write_text(
        REST
        + '[[brands]]\nname = "Delta"\naliases = [{ text = "delta" }]\ncontext_words = ["flight"]\n'
        + 'exclusion_words = ["variant"]\n'
    )
    stored(here, migrated_sqlite, ["a delta flight", "river delta", "delta variant, no flight", "acme", "flight delta"])
    said = run("query", "preview", "--config", "other.toml").stdout
    assert "Delta: the stored posts, 5 posts" in said
    assert "2 would count, 40.0% of them (0% of those doubtful); left out: 1 for an exclusion word, 1 for" in said
    assert "a »delta« flight" in said
    assert 'delta in text 0–5, for "variant"' in said
    assert "river »delta«" in said
    assert "about some brand" in said
    assert max(map(len, said.splitlines())) <= 100
    assert "No such" not in run("query", "preview", "--posts", "1").stdout


def test_a_hostile_post_shows_as_words_only(here: Path, migrated_sqlite: Path) -> None:
    stored(here, migrated_sqlite, [EVIL])
    said = run("query", "preview").stdout
    assert not set(said) & {"\x1b", "\x07", "\u202e", "\x9b"}
    assert "mia »acme« gnp [bold]x[/bold] forged line" in said


def test_a_preview_of_a_file_reads_its_columns(here: Path) -> None:
    (here / "posts.csv").write_text(
        "words,at\nacme is late,2026-11-20 10:00\nnothing,2026-11-21 10:00\n#AcmeFail,2026-11-22 10:00\n,\n"
    )
    said = run("query", "preview", "--file", "posts.csv", "--column", "text=words", "--column", "created_at=at")
    assert "2 would count" in said.stdout
    assert "1.0 (0." in said.stdout
    assert "bad row" in said.stderr


def test_a_preview_of_a_fetched_page_stores_nothing(here: Path) -> None:
    with FeedServer([Entry("1", title="acme opens"), Entry("2", title="weather")]) as server:
        (here / "monitor.toml").write_text(
            REST
            + f'sources = [{{ kind = "feed", name = "news", url = "{server.url}", allow_private_address = true }}]\n'
            + GOOD
        )
        said = run("query", "preview", "--fetch", "news").stdout
        assert "Acme: one call of news, 2 posts" in said
        assert "1 would count" in said
        server.faults.append("500")
        assert "news: " in run("query", "preview", "--fetch", "news", expect=1).stderr
    store = open_store(Database(url=f"sqlite:///{here}/monitor.db"))
    assert store.latest.posts(10) == []
    assert store.sources.get("news").cursor is None
    store.close()


def test_what_cannot_be_previewed_is_said(here: Path) -> None:
    assert "no posts to look at" in run("query", "preview", expect=1).stderr
    assert 'no brand is named "Akme"; there are: Acme' in run("query", "preview", "--brand", "Akme", expect=1).stderr
    assert 'no source is named "x"' in run("query", "preview", "--fetch", "x", expect=1).stderr
    run("query", "preview", "--posts", "5", "--fetch", "x", expect=2)


@pytest.mark.parametrize("pack", PACKS)
def test_each_pack_is_printed_loads_as_a_brand_and_is_good(here: Path, pack: str) -> None:
    printed = run("query", "packs", pack.removesuffix(".toml")).stdout
    assert printed.startswith("# ")
    (here / "monitor.toml").write_text(REST + printed)
    settings = load(here / "monitor.toml")
    assert [brand.name.lower() for brand in settings.brands] == [pack.removesuffix(".toml")]
    assert findings(settings.brands) == []


def test_the_packs_are_listed_and_an_unknown_one_is_named(here: Path) -> None:
    said = run("query", "packs").stdout
    assert all(f"{name.removesuffix('.toml').capitalize()}:" in said for name in PACKS)
    assert "there is no pack" in run("query", "packs", "wobblefern", expect=1).stderr
