from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from house import SETTINGS
from sqlalchemy import create_engine
from webhook_sender import PATH, Said, Sender

from alerts.webhook import signature
from collectors.matching import Matcher
from config.settings import Database, Settings
from config.source_webhook import WebhookSource
from monitor.inbound.app import Application
from monitor.inbound.server import Door, DoorUnusable, opened
from monitor.inbound.signature import is_genuine
from monitor.store.engine import Store
from monitor.store.inbound import Inbound, Taken

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
COUNTS = {"stored": 0, "duplicates": 0, "edited": 0, "unmatched": 0}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_SECRET", "s3cret")
    monkeypatch.setenv("OLD_SECRET", "0ld")


def a_source(**more: Any) -> WebhookSource:
    given = {"name": "site", "path": PATH, "secret": ["env:SITE_SECRET", "env:OLD_SECRET"], **more}
    return WebhookSource.model_validate({"kind": "webhook", **given})


@contextmanager
def a_door(store: Store, *sources: WebhookSource, longest: float = 120.0) -> Iterator[Sender]:
    brands = Settings.model_validate(SETTINGS).brands
    app = Application(sources or (a_source(),), Matcher(brands), store, lambda: NOW)
    died: list[str] = []
    door = Door(app, "127.0.0.1", 0, max_body=4_096, died=lambda: died.append("died"), longest=longest)
    try:
        yield Sender(door.port, NOW)
    finally:
        door.close(2.0)
        assert died == []


@pytest.fixture
def sender(store: Store) -> Iterator[Sender]:
    with a_door(store, a_source(max_body=2_048)) as sender:
        yield sender


def stored(store: Store) -> list[tuple[str, str]]:
    waiting = [store.posts.get(text.post_id) for text in store.posts.to_score(1_000)]
    return sorted((post.native_id, post.text) for post in waiting if post is not None)


def test_posts_are_stored_before_they_are_answered_for(store: Store, sender: Sender) -> None:
    posts = [
        {"id": "1", "text": "acme lost my bag"},
        {"id": "2", "text": "the weather"},
        {"id": "3", "text": "Acme again"},
    ]
    said = sender.send({"posts": posts}, Idempotency_Key="a")
    assert (said.status, said.body) == (202, COUNTS | {"stored": 2, "unmatched": 1})
    assert stored(store) == [("site:1", "acme lost my bag"), ("site:3", "Acme again")]
    facts = store.sources.get("site")
    assert (facts.last_success_at, facts.total.stored, facts.total.unmatched) == (NOW, 2, 1)
    assert facts.next_due_at == NOW + timedelta(minutes=15)


def test_the_same_again_is_answered_as_before_and_stores_nothing(store: Store, sender: Sender) -> None:
    post = {"id": "1", "text": "acme"}
    first = sender.send(post, Idempotency_Key="a")
    again = sender.send(post, Idempotency_Key="a")
    assert (again.status, again.body) == (first.status, first.body) == (202, COUNTS | {"stored": 1})
    assert store.sources.get("site").total.read == 1


def test_without_a_key_the_body_is_the_key(store: Store, sender: Sender) -> None:
    post = {"id": "1", "text": "acme"}
    assert sender.send(post).body == sender.send(post).body == COUNTS | {"stored": 1}
    assert sender.send(post, Idempotency_Key="b").body == COUNTS | {"duplicates": 1}
    assert sender.send({**post, "text": "acme, edited"}).body == COUNTS | {"edited": 1}
    assert stored(store) == [("site:1", "acme, edited")]


def test_a_key_with_another_body_is_refused(store: Store, sender: Sender) -> None:
    sender.send({"id": "1", "text": "acme"}, Idempotency_Key="a")
    said = sender.send({"id": "2", "text": "acme"}, Idempotency_Key="a")
    assert (said.status, said.body) == (409, {"error": "this Idempotency-Key was used with another body"})
    assert stored(store) == [("site:1", "acme")]


def test_two_sources_may_use_the_same_keys_and_ids(store: Store) -> None:
    with a_door(store, a_source(), a_source(name="shop", path="/hooks/shop", brand="Acme")) as sender:
        body = json.dumps({"id": "1", "text": "no name in here"})
        for path in (PATH, "/hooks/shop"):
            sender.raw(body.encode(), sender.signed(body, Idempotency_Key="a"), path=path)
    assert stored(store) == [("shop:1", "no name in here")]


def test_keys_are_forgotten_after_a_month(store: Store) -> None:
    for number in range(130):
        store.inbound.take(
            "site",
            f"k{number}",
            "d",
            (),
            unmatched=0,
            answer=lambda _: "{}",
            next_due_at=NOW,
            now=NOW + timedelta(days=31) * (number >= 100),
        )
    for number, repeated in ((5, False), (125, True)):
        taken = store.inbound.take(
            "site", f"k{number}", "d", (), unmatched=0, answer=lambda _: "{}", next_due_at=NOW, now=NOW
        )
        assert taken.repeated is repeated


def test_many_requests_with_one_key_at_once_store_once(store: Store, sender: Sender) -> None:
    post = {"id": "1", "text": "acme"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sender.send(post, Idempotency_Key="a"), range(16)))
    assert {(said.status, json.dumps(said.body)) for said in answers} == {(202, json.dumps(COUNTS | {"stored": 1}))}
    assert store.sources.get("site").total.read == 1


def test_many_requests_with_the_same_posts_at_once_store_each_once(store: Store, sender: Sender) -> None:
    def send(number: int) -> Said:
        posts = [{"id": str(one), "text": "acme"} for one in range(12)]
        return sender.send({"posts": posts if number % 2 else posts[::-1]}, Idempotency_Key=str(number))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert [said.status for said in answers] == [202] * 8
    assert sum(said.body["stored"] for said in answers) == 12
    assert sum(said.body["duplicates"] for said in answers) == 84
    assert len(stored(store)) == 12


SERVER = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from collectors.matching import Matcher
from config.brands import Brand
from config.settings import Database
from config.source_webhook import WebhookSource
from monitor.inbound.app import Application
from monitor.inbound.server import Door
from monitor.store.engine import open_store
database, port_file = sys.argv[1:3]
store = open_store(Database.model_validate_json(database))
take = store.inbound.take
def killed(*args, **named):
    take(*args, **named)
    os.kill(os.getpid(), 9)
store.inbound.take = killed
source = WebhookSource(name="site", path="/hooks/site", secret="env:SITE_SECRET")
brand = Brand(name="Acme", aliases=[{"text": "acme"}])
app = Application([source], Matcher([brand]), store, lambda: datetime(2026, 11, 21, 12, tzinfo=UTC))
door = Door(app, "127.0.0.1", 0, max_body=4096, died=lambda: None)
Path(port_file).write_text(str(door.port))
door._thread.join()
"""


def test_a_kill_between_storing_and_answering_doubles_nothing(database: Database, store: Store, tmp_path: Path) -> None:
    where = tmp_path / "port"
    server = subprocess.Popen([sys.executable, "-c", SERVER, database.model_dump_json(), str(where)], env=os.environ)
    while not (where.exists() and where.read_text()):
        assert server.poll() is None
        time.sleep(0.02)
    post = {"id": "1", "text": "acme"}
    said = Sender(int(where.read_text()), NOW).send(post, Idempotency_Key="a")
    assert (said.status, server.wait(5)) == (0, -signal.SIGKILL)
    with a_door(store) as sender:
        again = sender.send(post, Idempotency_Key="a")
    assert (again.status, again.body) == (202, COUNTS | {"stored": 1})
    assert stored(store) == [("site:1", "acme")]
    assert store.sources.get("site").total.read == 1


def test_a_database_that_is_away_is_a_503_and_nothing_is_lost(store: Store, sender: Sender) -> None:
    there, store.inbound = store.inbound, Inbound(create_engine("postgresql+psycopg://127.0.0.1:1/nothing"))
    away = sender.send({"id": "1", "text": "acme"}, Idempotency_Key="a")
    store.inbound = there
    back = sender.send({"id": "1", "text": "acme"}, Idempotency_Key="a")
    assert (away.status, away.headers["retry-after"], back.body) == (503, "30", COUNTS | {"stored": 1})
    assert away.body == {"error": "the posts could not be stored; send the same request again later"}


def test_a_bug_is_a_500_that_tells_nothing(store: Store, sender: Sender) -> None:
    def broken(*_: object, **__: object) -> Taken:
        raise RuntimeError("a secret of the house")

    store.inbound.take = broken  # type: ignore[method-assign]
    said = sender.send({"id": "1", "text": "acme"})
    assert (said.status, "house" in json.dumps(said.body)) == (500, False)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/", 404),
        ("POST", "/hooks", 404),
        ("GET", "/hooks/site/", 404),
        ("POST", "/hooks/site%2f..", 404),
        ("GET", PATH, 405),
        ("PUT", PATH, 405),
        ("DELETE", PATH, 405),
    ],
)
def test_other_paths_and_methods_are_refused(sender: Sender, method: str, path: str, status: int) -> None:
    said = sender.raw(b"", {}, method=method, path=path)
    assert said.status == status
    assert (status == 405) == ("allow" in said.headers)


BODY = '{"id": "1", "text": "acme"}'


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Monitor-Timestamp": str(int(NOW.timestamp()))},
        {"X-Monitor-Signature": "v1=00"},
        {"X-Monitor-Timestamp": "\u00b2", "X-Monitor-Signature": "\u00ff" * 20},
        {"X-Monitor-Timestamp": "9" * 5_000, "X-Monitor-Signature": "v1="},
        *(
            {"X-Monitor-Timestamp": at, "X-Monitor-Signature": signature(secret, at, body)}
            for secret, at, body in (
                ("wrong", str(int(NOW.timestamp())), BODY),
                ("s3cret", str(int(NOW.timestamp())), BODY + " "),
                ("s3cret", str(int(NOW.timestamp()) - 301), BODY),
                ("s3cret", str(int(NOW.timestamp()) + 301), BODY),
                ("s3cret", "-1", BODY),
                ("", str(int(NOW.timestamp())), BODY),
            )
        ),
    ],
)
def test_a_wrong_signature_is_refused_without_a_hint(store: Store, sender: Sender, headers: dict[str, str]) -> None:
    said = sender.raw(BODY.encode(), headers)
    assert (said.status, said.body) == (401, {"error": "the signature is missing or wrong, or too old"})
    assert stored(store) == []


def test_either_secret_signs_and_five_minutes_are_tolerated(sender: Sender) -> None:
    for secret, late in (("s3cret", -300), ("0ld", 300)):
        headers = Sender(sender.port, NOW, secret).signed(BODY, at=NOW.timestamp() + late)
        assert sender.raw(BODY.encode(), headers).status == 202


def test_a_secret_that_cannot_be_read_signs_nothing(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OLD_SECRET")
    assert sender.send({"id": "1", "text": "acme"}).status == 202
    monkeypatch.delenv("SITE_SECRET")
    assert sender.send({"id": "1", "text": "acme"}).status == 401


def test_the_signature_is_over_bytes_whatever_they_are() -> None:
    assert is_genuine(["s"], "1", signature("s", "1", "\u00e9"), "\u00e9".encode(), datetime.fromtimestamp(1, UTC))
    assert not is_genuine([], "1", "v1=", b"", datetime.fromtimestamp(1, UTC))


def test_what_is_wrong_with_a_body_is_named(store: Store, sender: Sender) -> None:
    said = sender.send({"posts": [{"id": "1", "text": "acme"}, {"id": "2", "text": "acme", "url": "x"}]})
    assert (said.status, said.body) == (400, {"error": "posts[1].url: must be an http or https address"})
    assert stored(store) == []
    deep = "[" * 2_000
    assert sender.raw(deep.encode(), sender.signed(deep)).body == {"error": "the body is nested too deeply"}
    assert sender.raw(b"", sender.signed("")).status == 400


@pytest.mark.parametrize("key", ["x" * 201, "\u00e9", "a\tb"])
def test_a_key_that_is_none_is_refused(sender: Sender, key: str) -> None:
    assert sender.send({"id": "1", "text": "acme"}, Idempotency_Key=key).status == 400


def test_what_is_too_large_is_refused_before_it_is_read(store: Store, sender: Sender) -> None:
    assert sender.raw(b"x" * 2_049, {}).status == 413
    head = f"POST {PATH} HTTP/1.1\r\nHost: here\r\nContent-Length: 10000000000\r\n\r\n".encode()
    assert sender.talk(head).status == 413  # by its own word, without a byte of it
    assert stored(store) == []


def test_a_body_in_chunks_is_taken_and_counted(store: Store, sender: Sender) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
    signed = "".join(f"{name}: {value}\r\n" for name, value in sender.signed(BODY).items())
    chunks = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in BODY.encode())
    assert sender.talk((head + signed + "\r\n").encode(), chunks + b"0\r\n\r\n").status == 202
    large = b"".join(b"800\r\n" + b"x" * 2_048 + b"\r\n" for _ in range(2)) + b"0\r\n\r\n"
    assert sender.talk((head + "\r\n").encode() + large).status == 413
    assert sender.talk((head + "\r\n").encode() + b"zz\r\nnonsense\r\n0\r\n\r\n").status == 400
    assert stored(store) == [("site:1", "acme")]


def test_huge_headers_and_nonsense_are_refused(sender: Sender) -> None:
    assert sender.raw(b"", {"X-Long": "x" * 20_000}).status in (400, 431)
    assert sender.raw(b"", {f"X-{number}": "x" * 90 for number in range(300)}).status in (400, 431)
    assert sender.talk(b"\x16\x03\x01\x02\x00\r\n\r\n").status in (0, 400)
    assert sender.send({"id": "1", "text": "acme"}).status == 202


def test_a_body_that_drips_holds_no_thread_and_ends(store: Store) -> None:
    with a_door(store, longest=0.6) as sender:
        head = f"POST {PATH} HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n".encode()
        slow = [
            threading.Thread(target=sender.talk, args=(head, *[b"x"] * 30), kwargs={"pause": 0.05}) for _ in range(8)
        ]
        for one in slow:
            one.start()
        time.sleep(0.1)
        assert sender.send({"id": "1", "text": "acme"}).status == 202
        for one in slow:
            one.join(5)
            assert not one.is_alive()


def test_a_sender_that_hangs_up_does_no_harm(sender: Sender) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\nhalf".encode()
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", sender.port)) as connection:
            connection.sendall(head)
    assert sender.send({"id": "1", "text": "acme"}).status == 202


def test_the_door_lets_a_request_in_hand_end_and_then_is_shut(store: Store) -> None:
    entered, answer = threading.Event(), []

    def slow(environ: Any, start: Any) -> Any:
        entered.set()
        time.sleep(0.3)
        start("202 Accepted", [("Content-Length", "2")])
        return (b"{}",)

    door = Door(slow, "127.0.0.1", 0, max_body=100, died=lambda: None)  # type: ignore[arg-type]
    sender = Sender(door.port, NOW)
    asking = threading.Thread(target=lambda: answer.append(sender.raw(b"", {}).status))
    asking.start()
    assert entered.wait(2)
    begun = time.monotonic()
    door.close(2.0)
    assert time.monotonic() - begun < 1.5
    asking.join(2)
    assert answer == [202]
    with pytest.raises(ConnectionRefusedError):
        sender.raw(b"", {})


def test_the_door_is_opened_only_where_somebody_may_knock(store: Store) -> None:
    settings = Settings.model_validate(SETTINGS)
    assert opened(settings, store, lambda: NOW, died=lambda: None) is None
    switched_off = settings.model_copy(update={"sources": (a_source(enabled=False),)})
    assert opened(switched_off, store, lambda: NOW, died=lambda: None) is None
    with a_door(store) as sender:
        taken = {"sources": (a_source(),), "inbound": settings.inbound.model_copy(update={"port": sender.port})}
        with pytest.raises(DoorUnusable, match=f"cannot listen at 127.0.0.1:{sender.port}: Address already in use"):
            opened(settings.model_copy(update=taken), store, lambda: NOW, died=lambda: None)
