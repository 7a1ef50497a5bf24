"""Files that people drop or import: what is kept of them, once."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result
from house import SETTINGS
from sqlalchemy import create_engine, text
from webhook_sender import Sender

from collectors.files import FilesCollector
from config.layout import ImportMapping
from config.settings import Settings
from config.sources import FilesSource
from monitor.cli import main
from monitor.clock import SetClock
from monitor.daemon import Daemon
from monitor.store.engine import Store
from monitor.wiring import House

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)

CONFIG = """
company = "Acme"
database.url = "sqlite:///{folder}/monitor.db"
digest.enabled = false

[[brands]]
name = "Acme"
aliases = [{{ text = "acme" }}]

[[mappings]]
name = "nps"
brand = "Acme"
hashed = ["author"]
hash_key = "env:IMPORT_HASH_KEY"

[mappings.columns]
text = "Why?"
author = "E-mail"
nps = "Recommend"

[[channels]]
kind = "console"
name = "terminal"

[default_route]
name = "everything"
channels = ["terminal"]
"""

Ask = Callable[..., Result]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    file = tmp_path / "monitor.toml"
    file.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")

    def asked(*arguments: str, fails: bool = False, key: str = "k3y") -> Result:
        environment = {"COLUMNS": "200", "IMPORT_HASH_KEY": key}
        done = CliRunner().invoke(main, ["--config", str(file), *arguments], env=environment)
        assert (done.exit_code != 0) == fails, done.output
        return done

    return asked


def write(path: Path, *rows: tuple[object, ...]) -> str:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return str(path)


def kept(tmp_path: Path) -> list[tuple[Any, ...]]:
    with create_engine(f"sqlite:///{tmp_path}/monitor.db").connect() as db:
        rows = db.execute(text("select text, rating, rating_max, kind, author_handle from post order by id"))
        return [tuple(row) for row in rows]


def test_a_mapping_of_the_settings_is_used_by_its_name(ask: Ask, tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.csv",
        ("E-mail", "Recommend", "Why?"),
        ("mia@post.example", 3, "slow"),
        ("MIA@post.example", 10, ""),
        ("eve@post.example", "", "fine"),
        ("", 0, "never again"),
    )
    assert "4 rows read: 4 stored" in ask("import", file, "--mapping", "nps").output
    rows = kept(tmp_path)
    assert [row[:4] for row in rows] == [
        ("slow", 3.0, 10.0, "survey"),
        ("", 10.0, 10.0, "survey"),
        ("fine", None, None, "survey"),
        ("never again", 0.0, 10.0, "survey"),
    ]
    mia, same_mia, eve, nobody = (row[4] for row in rows)
    assert mia == same_mia != eve
    assert nobody is None
    assert mia.startswith("h-")
    assert "post.example" not in repr(rows)
    assert "0 stored, 4 known already" in ask("import", file, "--mapping", "nps").output


def test_the_key_of_a_mapping_is_needed_by_the_import_alone(ask: Ask, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", ("E-mail", "Recommend", "Why?"), ("m", 3, "slow"))
    done = ask("import", file, "--mapping", "nps", fails=True, key="")
    assert "env:IMPORT_HASH_KEY: the environment variable is not set or empty" in done.output
    ask("run", "--once", "--only", "collect", key="")


def test_options_go_before_the_mapping(ask: Ask, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", ("E-mail", "Recommend", "Comment"), ("m", 3, "slow"))
    ask("import", file, "--mapping", "nps", "--column", "text=Comment", "--platform", "web")
    assert [row[0] for row in kept(tmp_path)] == ["slow"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--mapping", "npx"), 'no mapping is named "npx"; there are: nps'),
        (("--mapping", "nps", "--source", "x"), "either --source or --mapping"),
        (("--mapping", "nps", "--column", "csat=Recommend"), "only one of csat, nps"),
        (("--save-mapping", "No Good"), "--save-mapping"),
    ],
)
def test_options_that_make_no_sense_are_refused(ask: Ask, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    file = write(tmp_path / "a.csv", ("text",), ("acme",))
    assert said in ask("import", file, *options, fails=True).output
    assert kept(tmp_path) == []


def test_the_options_of_a_call_are_printed_as_a_mapping(ask: Ask, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", ("Why?", "Stars", "id"), ("acme", 2, "1"))
    options = ("--column", "text=Why?", "--column", "rating=Stars", "--column", "id=id", "--rating-max", "5")
    printed = ask("import", file, *options, "--platform", "x", "--save-mapping", "stars").stdout
    (entry,) = tomllib.loads(printed)["mappings"]
    assert entry == {
        "name": "stars",
        "platform": "x",
        "rating_max": 5,
        "columns": {"text": "Why?", "id": "id", "rating": "Stars"},
    }
    assert ImportMapping.model_validate(entry).columns.rating == "Stars"


def test_a_saved_mapping_names_the_key_and_not_what_is_in_it(ask: Ask, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", ("E-mail", "Recommend", "Why?"), ("m", 3, "slow"))
    printed = ask("import", file, "--mapping", "nps", "--save-mapping", "again").stdout
    (entry,) = tomllib.loads(printed)["mappings"]
    assert (entry["hash_key"], "k3y" in printed) == ("env:IMPORT_HASH_KEY", False)


def test_a_header_that_does_not_fit_is_told_with_what_was_probably_meant(ask: Ask, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", ("E-Mail", "Recommended", "Note"), ("m", 3, "slow"))
    said = ask("import", file, "--mapping", "nps").output
    assert (
        "a.csv line 1: has no column 'Why?', 'E-mail' (is it 'E-Mail'?), 'Recommend' (is it 'Recommended'?); "
        "its first line names 'E-Mail', 'Recommended', 'Note'"
    ) in said


def test_bad_rows_are_written_to_a_file_fit_for_a_spreadsheet(ask: Ask, tmp_path: Path) -> None:
    file = write(
        tmp_path / "=a.csv",
        ("E-mail", "Recommend", "Why?"),
        ("m", 11, "x"),
        ("m", "=1+1", "x"),
        ("m", 5, "good"),
        ("m", "", ""),
    )
    ask("import", file, "--mapping", "nps", "--bad-rows-file", str(tmp_path / "bad.csv"))
    with (tmp_path / "bad.csv").open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [
            ["file", "line", "reason"],
            ["'=a.csv", "2", 'Recommend: "11" is outside the scale'],
            ["'=a.csv", "3", 'Recommend: "=1+1" is no number'],
            ["'=a.csv", "5", "Why?: is empty"],
        ]


def a_source(path: Path, **more: Any) -> FilesSource:
    return FilesSource.model_validate({"kind": "files", "name": "survey", "path": str(path), **more})


def read(source: FilesSource) -> list[Any]:
    return list(FilesCollector(source, clock=lambda: NOON).collect(None).posts)


@pytest.mark.parametrize(
    ("value", "rating"), [("1", 1.0), ("5", 5.0), ("4,5", 4.5), ("", None), ("0", "bad"), ("6", "bad"), ("-1", "bad")]
)
def test_customer_satisfaction_is_from_one_to_five(tmp_path: Path, value: str, rating: object) -> None:
    file = Path(write(tmp_path / "a.csv", ("text", "score"), ("acme", value)))
    posts = read(a_source(file, columns={"csat": "score"}))
    expected = [] if rating == "bad" else [(rating, None if rating is None else 5.0, "survey")]
    assert [(post.rating, post.rating_max, post.kind) for post in posts] == expected


def test_a_dropped_column_does_not_tell_rows_apart(tmp_path: Path) -> None:
    rows = (("text", "ip"), ("acme", "10.0.0.1"), ("acme", "10.0.0.2"))
    file = Path(write(tmp_path / "a.csv", *rows))
    lines = tmp_path / "b.jsonl"
    lines.write_text('{"text": "acme", "ip": "1"}\n{"ip": "2", "text": "acme"}\n', "utf-8")
    for path in (file, lines):
        assert len({post.native_id for post in read(a_source(path))}) == 2
        assert len({post.native_id for post in read(a_source(path, dropped=["ip"]))}) == 1


def test_ids_and_threads_may_be_hashed_and_capitals_count_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(write(tmp_path / "a.csv", ("id", "thread", "text"), ("A", "T", "acme"), ("a", "T", "acme")))
    columns = {"id": "id", "thread": "thread"}
    source = a_source(file, columns=columns, hashed=["id", "thread"], hash_key="env:A_KEY")
    monkeypatch.setenv("A_KEY", "one")
    first, second = read(source)
    assert first.native_id != second.native_id
    assert first.thread == second.thread != "T"
    monkeypatch.setenv("A_KEY", "two")
    assert read(source)[0].native_id != first.native_id


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"hashed": ["author"], "columns": {"author": "a"}}, "hashed needs hash_key"),
        ({"hashed": ["author"], "hash_key": "env:K"}, "columns.author names no column"),
        ({"dropped": ["text"]}, "text is read as well"),
        ({"columns": {"csat": "a", "nps": "b"}}, "only one of csat, nps"),
    ],
)
def test_layouts_that_make_no_sense_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        a_source(Path("/x.csv"), **wrong)


@contextmanager
def a_daemon(store: Store, *sources: dict[str, Any], port: int = 8321) -> Iterator[Daemon]:
    """The real daemon's collecting stage in a thread; without its signals, which belong to the main thread."""
    settings = Settings.model_validate(SETTINGS | {"sources": list(sources), "inbound": {"port": port}})
    daemon = Quiet(House(settings, store, rng=Random(1)), frozenset({"collect"}))
    thread = threading.Thread(target=daemon.run)
    thread.start()
    try:
        yield daemon
    finally:
        daemon.stop.set()
        thread.join(10)
        assert not thread.is_alive()
        assert daemon.failed == []


class Quiet(Daemon):
    @contextmanager
    def _signals(self) -> Iterator[None]:
        yield


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_file_dropped_while_it_is_looked_for_is_taken_once(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    source = {"kind": "files", "name": "survey", "path": f"{folder}/*.csv", "brand": "Acme", "columns": {"id": "id"}}
    settings = Settings.model_validate(SETTINGS | {"sources": [source]})
    clock = SetClock(NOON)

    def look() -> list[str]:
        clock.advance(timedelta(hours=1))
        daemon = Daemon(House(settings, store, clock=clock), frozenset({"collect"}))
        daemon.drain()
        assert daemon.failed == []
        return sorted(one.text for one in store.posts.to_score(100))

    assert look() == []
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as stream:
        for piece, seen in (
            ("id,te", []),
            ("xt\n1,first\n2,sec", ["first", "sec"]),
            ('ond\n3,"two\nli', ["first", "second"]),
            ('nes"\n', ["first", "second", "two\nlines"]),
        ):
            stream.write(piece)
            stream.flush()
            assert look() == seen
    shutil.move(folder / "a.csv", tmp_path / "archive.csv")
    (folder / "b.csv").write_text("id,text\n4,fourth\n", "utf-8")
    assert look() == ["first", "fourth", "second", "two\nlines"]
    shutil.copy(tmp_path / "archive.csv", folder / "again.csv")
    assert look() == ["first", "fourth", "second", "two\nlines"]
    (folder / "b.csv").unlink()
    look()
    total = store.sources.get("survey").total
    assert (total.stored, total.edited, store.sources.get("survey").failures) == (4, 1, 0)


def test_the_daemon_opens_the_door_for_a_webhook_and_shuts_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    monkeypatch.setenv("SITE_SECRET", "s3cret")
    source = {"kind": "webhook", "name": "site", "path": "/hooks/site", "secret": "env:SITE_SECRET"}
    sender = Sender(unused_port, datetime.now(UTC))

    def answers() -> bool:
        try:
            said = sender.raw(b"", {})
        except OSError:
            return False
        return (said.status, said.headers.get("server")) == (401, "monitor")

    with a_daemon(store, source, port=unused_port):
        until(answers)
        assert sender.send({"id": "1", "text": "acme"}).status == 202
    assert not answers()
    assert [one.text for one in store.posts.to_score(9)] == ["acme"]


@pytest.fixture
def unused_port() -> int:
    """Below those that the system gives to whoever asks for any."""
    for port in Random(os.getpid()).sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("every port is taken")
