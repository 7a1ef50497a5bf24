"""The signed webhook, against a receiver written from its documentation."""

from __future__ import annotations

import json
import re
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hostile import HOSTILE
from http_faults import Fault
from mentions import BERLIN, NOW, a_mention, an_alert
from webhook_server import SECRET, WebhookServer

from alerts.base import DeliveryFailed, ErrorClass, Receipt
from alerts.compose import notice
from alerts.webhook import Webhook, document, signature
from alerts.wire import Wire, public_address
from config.addresses import is_private
from config.alerting import WebhookChannel
from config.vocabulary import Flag

QUICK = 0.4  # seconds: a client that gives up at once
PAGE = Path(__file__).parents[2] / "docs" / "webhook.md"


@pytest.fixture
def desk():
    with WebhookServer() as server:
        yield server


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv("DESK_SECRET", SECRET)


def a_webhook(url, *, private=True, **more) -> Webhook:
    settings = WebhookChannel(name="desk", url=url, secret="env:DESK_SECRET", allow_private_address=private)
    return Webhook(settings, timeout=QUICK, **more)


def failure(webhook) -> tuple[ErrorClass, timedelta | None]:
    with pytest.raises(DeliveryFailed) as caught:
        webhook.send("k", webhook.render(an_alert(key="k")))
    return caught.value.error_class, caught.value.retry_after


def test_a_message_arrives_signed_with_its_key(desk):
    webhook = a_webhook(desk.url)
    body = webhook.render(an_alert(key="k"))
    assert webhook.send("k", body) == Receipt("k", {"status": "201"})
    assert desk.documents == [json.loads(body)]
    assert desk.asked[0].body == body.encode()
    assert desk.asked[0].headers["idempotency-key"] == "k"


def test_the_whole_document_of_an_alert():
    assert document(an_alert(key="k")) == {
        "schema": 1,
        "key": "k",
        "kind": "case_opened",
        "subject": "Serious billing complaint from @mia_k on X: "
        "@lumenbank you charged me twice for the same card and nobod…",
        "company": "Lumen Bank",
        "written_at": "2026-11-16T08:30:00+00:00",
        "case": {"id": 42, "opened_at": "2026-11-16T08:30:00+00:00", "earlier_posts": 0},
        "post": {
            "id": 7,
            "brand": "Lumen Bank",
            "platform": "x",
            "source": "x",
            "title": None,
            "text": "@lumenbank you charged me twice for the same card and nobody answers. Third week now!",
            "author_handle": "mia_k",
            "author_name": "Mia K.",
            "followers": 12300,
            "url": "https://x.com/mia_k/status/1",
            "published_at": "2026-11-16T06:30:00+00:00",
            "language": "en",
        },
        "judgement": {
            "sentiment": "negative",
            "confidence": 0.93,
            "complaint": True,
            "p_complaint": 0.88,
            "types": ["billing", "support"],
            "type_names": ["billing, price, fees, refund", "no answer or no solution from support"],
            "type_confidence": 0.71,
            "severity": 2,
            "severity_confidence": 0.64,
            "flags": [Flag.NEEDS_REPLY.value],
        },
        "why": (
            "The post is a negative complaint: negative 93.0% (at least 60.0%); serious complaint 88.0% (at least "
            "50.0%). Route money: severity serious >= serious; type billing in (billing)."
        ),
        "guidance": "Say sorry, ask for the order number by direct message, never argue in public.",
        "lines": [],
    }


def test_what_is_not_judged_in_a_language_is_null():
    said = document(an_alert(mention=a_mention(language="de", sentiment_only=True)))["judgement"]
    assert {name for name, value in said.items() if value is not None} == {"sentiment", "confidence"}
    assert set(said) == set(document(an_alert())["judgement"])


def test_a_notice_has_neither_post_nor_judgement():
    told = document(notice(key="n", subject="down", lines=["since 9"], company="L", zone=BERLIN, now=NOW))
    assert (told["post"], told["judgement"], told["lines"]) == (None, None, ["since 9"])
    assert told["case"] == {"id": None, "opened_at": None, "earlier_posts": 0}
    assert document(an_alert(a_mention(judged=False)))["judgement"] is None


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_text_makes_ascii_json_without_controls(text):
    body = a_webhook("https://desk.example.com/").render(an_alert(a_mention(text=text, title=text, url=text)))
    assert body.isascii()
    post = json.loads(body)["post"]
    assert re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", post["text"]) is None
    assert post["url"] is None or post["url"].startswith("https://")


def test_a_repetition_is_known_by_its_key(desk):
    webhook = a_webhook(desk.url)
    body = webhook.render(an_alert(key="k"))
    desk.fail(Fault("accept_reset"))
    with pytest.raises(DeliveryFailed):
        webhook.send("k", body)
    webhook.send("k", body)
    assert (len(desk.documents), desk.repeated) == (1, 1)


def test_the_receiver_refuses_another_secret_and_an_old_timestamp(desk, monkeypatch):
    late = a_webhook(desk.url, clock=lambda: datetime.now(UTC) - timedelta(minutes=6))
    assert failure(late) == (ErrorClass.CREDENTIAL, None)
    monkeypatch.setenv("DESK_SECRET", "another")
    assert failure(a_webhook(desk.url)) == (ErrorClass.CREDENTIAL, None)
    assert desk.documents == []


@pytest.mark.parametrize(
    ("status", "headers", "error_class", "wait"),
    [
        (429, {"Retry-After": "30"}, ErrorClass.THROTTLE, timedelta(seconds=30)),
        (429, {"Retry-After": "Mon, 16 Nov 2026 08:31:00 GMT"}, ErrorClass.THROTTLE, timedelta(minutes=1)),
        (429, {"Retry-After": "Mon, 16 Nov 2020 08:31:00 GMT"}, ErrorClass.THROTTLE, timedelta()),
        (429, {}, ErrorClass.THROTTLE, None),
        (301, {"Location": "http://127.0.0.1/"}, ErrorClass.DESTINATION, None),
        (400, {}, ErrorClass.CONTENT, None),
        (401, {}, ErrorClass.CREDENTIAL, None),
        (403, {}, ErrorClass.CREDENTIAL, None),
        (404, {}, ErrorClass.DESTINATION, None),
        (405, {}, ErrorClass.DESTINATION, None),
        (407, {}, ErrorClass.CREDENTIAL, None),
        (408, {}, ErrorClass.AMBIGUOUS, None),
        (410, {}, ErrorClass.DESTINATION, None),
        (413, {}, ErrorClass.CONTENT, None),
        (421, {}, ErrorClass.TRANSIENT, None),
        (422, {}, ErrorClass.CONTENT, None),
        (423, {}, ErrorClass.TRANSIENT, None),
        (425, {}, ErrorClass.TRANSIENT, None),
        (500, {}, ErrorClass.AMBIGUOUS, None),
        (502, {}, ErrorClass.AMBIGUOUS, None),
    ],
)
def test_statuses_have_their_class(desk, status, headers, error_class, wait):
    desk.fail(Fault("refuse", status, headers, "no"))
    # The document is signed in the past, but this receiver answers before it looks.
    assert failure(a_webhook(desk.url, clock=lambda: NOW)) == (error_class, wait)
    assert len(desk.asked) == 1


@pytest.mark.parametrize("kind", ["reset", "accept_reset", "accept_hang"])
def test_a_connection_lost_after_sending_is_ambiguous(desk, kind):
    desk.fail(Fault(kind))
    assert failure(a_webhook(desk.url)) == (ErrorClass.AMBIGUOUS, None)


def test_a_closed_port_is_transient():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        webhook = a_webhook(f"http://127.0.0.1:{closed.getsockname()[1]}/")
        assert failure(webhook) == (ErrorClass.TRANSIENT, None)


def test_a_missing_secret_is_a_credential(desk, monkeypatch):
    monkeypatch.delenv("DESK_SECRET")
    assert failure(a_webhook(desk.url)) == (ErrorClass.CREDENTIAL, None)
    assert desk.asked == []


def test_a_receiver_without_tls_behind_https_is_not_trusted(desk):
    assert failure(a_webhook(desk.url.replace("http:", "https:")))[0] is ErrorClass.CREDENTIAL
    assert desk.documents == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "0.0.0.0"])
def test_a_host_off_the_public_network_is_never_connected_to(desk, host):
    webhook = a_webhook(f"http://{host}:{desk.port}/", private=False)
    assert failure(webhook)[0] in (ErrorClass.DESTINATION, ErrorClass.TRANSIENT)
    assert desk.asked == []


def test_a_loopback_address_is_told_as_such():
    assert failure(a_webhook("http://127.0.0.1:9/", private=False)) == (ErrorClass.DESTINATION, None)


def test_a_public_address_is_returned_as_it_is():
    assert public_address("8.8.8.8", 443) == "8.8.8.8"


def test_a_name_that_does_not_resolve_is_transient():
    with pytest.raises(DeliveryFailed) as caught:
        public_address("no-such-host.invalid", 443)
    assert caught.value.error_class is ErrorClass.TRANSIENT


def test_a_webhook_cannot_be_asked():
    assert a_webhook("https://desk.example.com/").find("k", since=NOW) is None


def test_the_documented_check_passes_a_genuine_message_alone():
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)
    is_genuine = names["is_genuine"]
    assert callable(is_genuine)
    body = a_webhook("https://desk.example.com/").render(an_alert())
    now, old = str(int(time.time())), str(int(time.time()) - 301)
    assert is_genuine(SECRET, now, signature(SECRET, now, body), body.encode())
    assert not is_genuine(SECRET, now, signature(SECRET, now, body), body.encode() + b" ")
    assert not is_genuine("other", now, signature(SECRET, now, body), body.encode())
    assert not is_genuine(SECRET, old, signature(SECRET, old, body), body.encode())
    assert not is_genuine(SECRET, "soon", signature(SECRET, "soon", body), body.encode())


def test_every_field_of_the_document_is_documented():
    page = PAGE.read_text(encoding="utf-8")
    told = document(an_alert())
    fields = [*told, *told["case"], *told["post"], *told["judgement"]]
    assert [field for field in fields if f"`{field}`" not in page] == []


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "::", "::1", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1",
        "2002:7f00:1::", "2002:c0a8:101::1", "64:ff9b::10.0.0.1", "64:ff9b:1::8.8.8.8", "2001:db8::1",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    ],
)  # fmt: skip
def test_an_address_off_the_public_network_is_private(ip):
    assert is_private(ip)


@pytest.mark.parametrize(
    "ip",
    ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::"],
)
def test_an_address_on_the_public_network_is_not_private(ip):
    assert not is_private(ip)


def test_what_is_no_address_is_refused():
    with pytest.raises(ValueError, match="address"):
        is_private("example.org")


def resolving_to(monkeypatch, *addresses):
    """Make every host name mean these addresses, for this test."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: found)


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    resolving_to(monkeypatch, "8.8.8.8", "10.0.0.1")
    assert failure(a_webhook("https://desk.example.com/", private=False)) == (ErrorClass.DESTINATION, None)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch, address):
    resolving_to(monkeypatch, address)
    request = Wire(guarded=True).request("https://desk.example.com:8443/a?b=c", b"x", {"X-A": "1"})
    assert request.url.host == address
    assert (request.url.port, request.url.path, request.url.query) == (8443, "/a", b"b=c")
    assert (request.headers["host"], request.headers["x-a"]) == ("desk.example.com:8443", "1")
    assert request.extensions["sni_hostname"] == "desk.example.com"
