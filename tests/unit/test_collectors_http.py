from __future__ import annotations

import gzip
import logging
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from faulty_server import Answer, Asked, FaultyServer, zipped

from collectors.addresses import AddressRefused, checked
from collectors.base import AccessDenied, RateLimited, SourceDown, UnexpectedReply
from collectors.http import MAX_PATIENCE, Http

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
OK = Answer(b"hello", 200, {"X-Word": "yes"})


class Site(FaultyServer):
    """Answers each path as told, else with OK."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.pages: dict[str, Answer] = {}

    def _answer(self, asked: Asked) -> Answer:
        return self.pages.get(asked.path, OK)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def client(**more: object) -> Http:
    given = {"allow_private": True, "read_seconds": 0.3, "connect_seconds": 1.0, "total_seconds": 3.0, **more}
    return Http(user_agent="monitor/1.2", clock=lambda: NOON, **given)  # type: ignore[arg-type]


def test_an_answer_comes_whole(site: Site) -> None:
    reply = client().get(site.base + "/a", params={"q": "ä b"}, headers={"If-None-Match": '"x"'})
    assert (reply.status, reply.body, reply.headers["x-word"], reply.requests) == (200, b"hello", "yes", 1)
    assert (reply.url, reply.moved_to) == (site.base + "/a?q=%C3%A4+b", None)
    asked = site.asked[0]
    assert (asked.path, asked.params, asked.headers["user-agent"]) == ("/a", {"q": "ä b"}, "monitor/1.2")
    assert asked.headers["if-none-match"] == '"x"'


def test_the_environment_has_no_say(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert client().get(site.base).body == b"hello"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, UnexpectedReply),
        (401, AccessDenied),
        (402, AccessDenied),
        (403, AccessDenied),
        (404, UnexpectedReply),
        (408, SourceDown),
        (410, AccessDenied),
        (451, AccessDenied),
        (500, SourceDown),
        (502, SourceDown),
        (503, SourceDown),
    ],
)
def test_each_status_is_its_own_kind_of_trouble(site: Site, status: int, error: type[Exception]) -> None:
    site.pages["/"] = Answer(b"secret post text", status)
    with pytest.raises(error) as raised:
        client().get(site.base + "/?token=hush")
    assert str(raised.value) == f"127.0.0.1 answered with status {status}"


def test_an_accepted_status_is_an_answer(site: Site) -> None:
    site.pages["/"] = Answer(b"gone", 404)
    assert client().get(site.base + "/", accept=(404,)).status == 404


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {}, timedelta(minutes=5)),
        (429, {"Retry-After": "90"}, timedelta(seconds=90)),
        (503, {"Retry-After": "7"}, timedelta(seconds=7)),
        (429, {"Retry-After": "0"}, timedelta(seconds=1)),
        (429, {"Retry-After": "-5"}, timedelta(minutes=5)),
        (429, {"Retry-After": "soon"}, timedelta(minutes=5)),
        (429, {"Retry-After": "9" * 400}, MAX_PATIENCE),
        (429, {"Retry-After": "Sat, 21 Nov 2026 12:02:00 GMT"}, timedelta(minutes=2)),
        (429, {"Retry-After": "Sat, 21 Nov 2020 12:02:00 GMT"}, timedelta(seconds=1)),
        (
            429,  # the server's clock is two hours behind ours: it still means two minutes
            {"Date": "Sat, 21 Nov 2026 10:00:00 GMT", "Retry-After": "Sat, 21 Nov 2026 10:02:00 GMT"},
            timedelta(minutes=2),
        ),
    ],
)
def test_retry_after_is_obeyed(site: Site, status: int, headers: dict[str, str], wait: timedelta) -> None:
    site.pages["/"] = Answer(b"", status, headers)
    with pytest.raises(RateLimited) as raised:
        client().get(site.base + "/")
    assert raised.value.retry_at == NOON + wait


@pytest.mark.parametrize("fault", ["truncated", "reset", "hang"])
def test_a_broken_answer_is_a_source_that_is_down(site: Site, fault: str) -> None:
    site.faults.append(fault)
    with pytest.raises(SourceDown):
        client().get(site.base)


def test_a_closed_port_is_a_source_that_is_down(site: Site) -> None:
    with FaultyServer(lambda _: OK) as gone:
        base = gone.base
    with pytest.raises(SourceDown):
        client().get(base)


def test_an_unknown_name_is_a_source_that_is_down() -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(SourceDown, match=r"shop\.example"):
        client(resolver=nobody).get("http://shop.example/?token=hush")


def test_a_server_that_drips_is_cut_off_in_the_end() -> None:
    listening = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        talk, _ = listening.accept()
        with talk:
            talk.sendall(b"HTTP/1.1 200 OK\r\n")
            try:
                while True:
                    talk.sendall(b"X-More: 1\r\n")
                    stop.wait(0.05)
            except OSError:
                return

    stop = threading.Event()
    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    begun = time.monotonic()
    with pytest.raises(SourceDown):
        client(total_seconds=0.6).get(f"http://127.0.0.1:{listening.getsockname()[1]}/")
    assert time.monotonic() - begun < 3
    listening.close()
    thread.join(5)


def test_a_silent_server_is_cut_off_at_the_total_where_that_is_shorter(site: Site) -> None:
    site.faults.append("hang")
    begun = time.monotonic()
    with pytest.raises(SourceDown):
        client(read_seconds=15, total_seconds=0.3).get(site.base)
    assert time.monotonic() - begun < 10


def test_a_body_is_cut_at_the_cap(site: Site) -> None:
    site.pages["/fits"], site.pages["/big"] = Answer(b"x" * 1000), Answer(b"x" * 1001)
    assert len(client(max_body=1000).get(site.base + "/fits").body) == 1000
    with pytest.raises(UnexpectedReply, match="more than 1000 bytes"):
        client(max_body=1000).get(site.base + "/big")


def test_a_compressed_body_is_unpacked_and_its_cap_is_that_of_the_content(site: Site) -> None:
    site.pages["/fits"], site.pages["/bomb"] = zipped(Answer(b"x" * 1000)), zipped(Answer(b"\0" * 50_000_000))
    assert client().get(site.base + "/fits").body == b"x" * 1000
    with pytest.raises(UnexpectedReply, match="more than"):
        client(max_body=100_000).get(site.base + "/bomb")


def test_several_gzip_members_are_one_body(site: Site) -> None:
    site.pages["/"] = Answer(gzip.compress(b"a") + gzip.compress(b"b"), 200, {"Content-Encoding": "gzip"})
    assert client().get(site.base + "/").body == b"ab"


@pytest.mark.parametrize(
    ("body", "encoding", "error"),
    [
        (gzip.compress(b"x" * 1000)[:-12], "gzip", SourceDown),
        (b"not gzip at all", "gzip", UnexpectedReply),
        (b"x", "br", UnexpectedReply),
    ],
)
def test_damaged_or_unasked_compression_is_refused(
    site: Site, body: bytes, encoding: str, error: type[Exception]
) -> None:
    site.pages["/"] = Answer(body, 200, {"Content-Encoding": encoding})
    with pytest.raises(error):
        client().get(site.base + "/")


def moved(status: int, where: str) -> Answer:
    return Answer(b"", status, {"Location": where})


def test_a_redirect_is_followed_and_a_lasting_one_is_told(site: Site) -> None:
    site.pages.update({"/a": moved(301, "/b"), "/b": moved(308, "/c"), "/c": moved(302, "/d")})
    reply = client().get(site.base + "/a")
    assert (reply.body, reply.url, reply.moved_to, reply.requests) == (b"hello", site.base + "/d", site.base + "/c", 4)


def test_an_accepted_redirect_is_an_answer_and_not_followed(site: Site) -> None:
    site.pages["/old"] = Answer(b"", 302, {"Location": site.base + "/new"})
    reply = client().get(site.base + "/old", accept=(302,))
    assert (reply.status, reply.headers["location"], reply.requests) == (302, site.base + "/new", 1)
    assert [asked.path for asked in site.asked] == ["/old"]


def test_a_passing_redirect_hides_a_lasting_one_behind_it(site: Site) -> None:
    site.pages.update({"/a": moved(302, "/b"), "/b": moved(301, "/c")})
    assert client().get(site.base + "/a").moved_to is None


def test_redirects_end_at_the_cap(site: Site) -> None:
    site.pages["/a"] = moved(302, "/a")
    with pytest.raises(UnexpectedReply, match="redirects without end"):
        client().get(site.base + "/a")
    assert len(site.asked) == 6


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("file:///etc/passwd", AccessDenied),
        ("ftp://127.0.0.1/x", AccessDenied),
        ("http://user:pw@127.0.0.1/", AccessDenied),
        ("http://169.254.169.254/latest/meta-data", AccessDenied),
        ("http://[fe80::1]/", AccessDenied),
        ("http://0.0.0.0/", AccessDenied),
        ("http://[::1", SourceDown),
        ("", UnexpectedReply),
    ],
)
def test_every_hop_is_checked(site: Site, where: str, error: type[Exception]) -> None:
    site.pages["/a"] = moved(302, where)
    with pytest.raises(error):
        client().get(site.base + "/a")


def test_a_public_page_may_not_lead_inside(site: Site) -> None:
    site.pages["/a"] = moved(302, f"http://inside.example:{site.base.rpartition(':')[2]}/b")
    addresses = {"127.0.0.1": ["127.0.0.1"], "inside.example": ["10.0.0.7"]}
    guarded = client(allow_private=False, resolver=lambda host, _: addresses[host])
    with pytest.raises(AccessDenied, match=r"127\.0\.0\.1 leads to an address that is not public"):
        guarded.get(site.base + "/a")
    assert site.asked == []


def test_the_connection_goes_to_the_very_address_that_was_checked(site: Site) -> None:
    """A name that changes its address between check and connection has no second chance: it is resolved once."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    port = site.base.rpartition(":")[2]
    reply = client(resolver=lambda *_: next(answers)).get(f"http://shop.example:{port}/")
    assert reply.body == b"hello"
    assert site.asked[0].headers["host"] == f"shop.example:{port}"
    assert next(answers) == ["169.254.169.254"]


def test_the_next_address_is_tried_where_one_does_not_answer(site: Site) -> None:
    port = site.base.rpartition(":")[2]
    assert client(resolver=lambda *_: ["127.0.0.2", "127.0.0.1"]).get(f"http://shop.example:{port}/").body == b"hello"


@pytest.fixture
def certified(site: Site, tmp_path: Path) -> ssl.SSLContext:
    """Put the site behind TLS with a certificate for shop.example; what trusts it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    asked = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop.example -addext subjectAltName=DNS:shop.example"
    subprocess.run([openssl, *asked.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(certificate, key)
    site.serve_tls(served)
    return ssl.create_default_context(cafile=str(certificate))


def test_the_certificate_is_checked_against_the_name_though_the_address_is_dialled(
    site: Site, certified: ssl.SSLContext
) -> None:
    port = site.base.rpartition(":")[2]
    trusting = client(tls=certified, resolver=lambda *_: ["127.0.0.1"])
    assert trusting.get(f"https://shop.example:{port}/").body == b"hello"
    with pytest.raises(SourceDown):
        trusting.get(f"https://other.example:{port}/")
    with pytest.raises(SourceDown):
        client(resolver=lambda *_: ["127.0.0.1"]).get(f"https://shop.example:{port}/")


PRIVATE = [
    "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200", "0.0.0.0",
    "169.254.169.254", "168.63.129.16", "192.0.0.192", "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1",
    "::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::",
    "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused, match=r"^shop\.example leads to an address that is not public$"):
        checked("shop.example", 80, allow_private=False, resolver=lambda *_: ["93.184.216.34", address])


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"]
)
def test_a_public_address_is_allowed(address: str) -> None:
    assert checked("shop.example", 80, allow_private=False, resolver=lambda *_: [address]) == [address]


@pytest.mark.parametrize("spelling", ["localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"])
def test_no_spelling_of_this_machine_is_let_through(site: Site, spelling: str) -> None:
    with pytest.raises((AccessDenied, SourceDown)):
        client(allow_private=False).get(f"http://{spelling}:{site.base.rpartition(':')[2]}/")
    assert site.asked == []


def test_own_networks_are_open_on_request_but_never_a_cloud_s_credentials() -> None:
    assert checked("feed.intern", 80, allow_private=True, resolver=lambda *_: ["10.0.0.7"]) == ["10.0.0.7"]
    with pytest.raises(AddressRefused):
        checked("feed.intern", 80, allow_private=True, resolver=lambda *_: ["169.254.169.254"])


def test_json_that_is_no_object_is_unexpected(site: Site) -> None:
    for path, body in {"/list": b"[]", "/html": b"<p>", "/deep": b"[" * 100_000, "/cut": b'{"a":'}.items():
        site.pages[path] = Answer(body)
        with pytest.raises(UnexpectedReply):
            client().get(site.base + path).json_object()
    site.pages["/ok"] = Answer(b'{"a": 1}')
    assert client().get(site.base + "/ok").json_object() == {"a": 1}


def test_no_log_holds_the_query(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    client().get(site.base + "/?token=hush")
    assert "hush" not in caplog.text


def test_what_was_meant_for_one_server_is_not_carried_to_another(site: Site) -> None:
    with Site() as other:
        site.pages["/a"] = Answer(b"", 302, {"Location": site.base + "/b"})
        site.pages["/b"] = Answer(b"", 302, {"Location": other.base + "/c"})
        client().get(site.base + "/a", headers={"Authorization": "Bearer t0ken"})
        assert [asked.headers.get("authorization") for asked in (*site.asked, *other.asked)] == [
            "Bearer t0ken",
            "Bearer t0ken",
            None,
        ]
