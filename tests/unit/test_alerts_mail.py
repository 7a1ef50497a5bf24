"""Mail: what it holds, and what a server's refusals mean, against a real local server."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import subprocess
import sys
from datetime import timedelta, timezone
from email import message_from_string
from email.policy import default
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hostile import HOSTILE
from mentions import BERLIN, NOW, PLAYBOOK, a_mention, an_alert
from smtp_server import DROP, MUTE, PASSWORD, USER, MailServer, make_certificate, openssl

from alerts.base import DeliveryFailed, ErrorClass
from alerts.compose import notice, reminder
from alerts.mail import Mail, Picture, build_mail, inlined, message_id
from alerts.smtp_errors import Phase, smtp_class
from config.alerting import MailChannel

ANNA = "anna@lumen.example"
QUICK = 1.0  # seconds: a client that gives up at once
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
OPENING_TAGS = re.compile(r"<[a-z]")


class Page(HTMLParser):
    """What a mail program sees in a page: its tags, links and shown text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["style"]:
            self.words.append(data)

    @property
    def links(self) -> list[str | None]:
        return [value for name, value in self.attributes if name in ("href", "src", "background", "action")]


def a_mail(port=25, security="none", timeout=QUICK, **more) -> Mail:
    settings = MailChannel(
        name="post", host="127.0.0.1", port=port, security=security, sender="monitor@lumen.example",
        recipients=(ANNA,), **more,
    )  # fmt: skip
    return Mail(settings, ANNA, timeout=timeout)


def parsed(text):
    return message_from_string(text, policy=default)


def plain_part(mail):
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def failure(mail, key="k") -> ErrorClass:
    with pytest.raises(DeliveryFailed) as caught:
        mail.send(key, mail.render(an_alert(key=key)))
    assert ANNA not in str(caught.value)
    assert PASSWORD not in str(caught.value)
    return caught.value.error_class


@pytest.fixture
def post():
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if openssl() is None:
        pytest.skip("the openssl command is not installed: no certificate for the local mail server")
    return make_certificate(tmp_path_factory.mktemp("tls"))


# What a mail holds


def test_the_whole_mail_of_an_alert():
    mail = parsed(a_mail().render(an_alert(key="k")))
    root = message_id("lumen.example", "case", "Lumen Bank", 42)
    assert {name: str(value) for name, value in mail.items() if name != "Content-Type"} == {
        "From": "Sentiment monitor <monitor@lumen.example>",
        "To": ANNA,
        "Subject": "Serious billing complaint from @mia_k on X: "
        "@lumenbank you charged me twice for the same card and nobod…",
        "Date": "Mon, 16 Nov 2026 08:30:00 +0000",
        "Message-ID": message_id("lumen.example", "k", ANNA),
        "In-Reply-To": root,
        "References": root,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "MIME-Version": "1.0",
    }
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    plain = plain_part(mail)
    assert plain.startswith("Serious billing complaint from @mia_k on X\n\n> @lumenbank you charged me twice")
    assert plain.endswith("Lumen Bank sentiment monitor, case 42, Mon 16 Nov 2026, 09:30 CET\n")


def test_the_page_shows_everything_that_was_asked_for_and_links_the_post_alone():
    page = Page(parsed(a_mail().render(an_alert())).get_body(("html",)).get_content())
    shown = " ".join("".join(page.words).split())
    for words in (
        "New case",
        "Serious billing complaint from @mia_k on X",
        "@lumenbank you charged me twice for the same card and nobody answers. Third week now!",
        "@mia_k (Mia K.), 12,300 followers",
        "X, about Lumen Bank",
        "Mon 16 Nov 2026, 07:30 CET, 2 hours ago",
        "negative (93%)",
        "yes (88%)",
        "billing, price, fees, refund (71%); also no answer or no solution from support",
        "serious (64%)",
        "expects a reply",
        "What to do. Say sorry, ask for the order number",
        "Why you get this: The post is a negative complaint: negative 93.0%",
        "Lumen Bank sentiment monitor, case 42",
    ):
        assert words in shown
    assert page.links == ["https://x.com/mia_k/status/1"]


def test_the_page_is_inlined_and_keeps_its_dark_colours():
    html = parsed(a_mail().render(an_alert())).get_body(("html",)).get_content()
    assert 'name="color-scheme" content="light dark"' in html
    assert "prefers-color-scheme: dark" in html
    assert re.search(r'<h1 style="[^"]*color: ?#141c26', html)
    assert len(html) < 100_000


def test_a_reminder_shows_its_lines_and_stands_in_the_case_thread():
    opened = NOW - timedelta(hours=3)
    case = {"case_id": 42, "company": "Lumen Bank", "zone": BERLIN, "playbook": PLAYBOOK, "now": NOW}
    mail = parsed(a_mail().render(reminder(a_mention(), key="k2", **case, opened_at=opened, number=1)))
    assert mail["References"] == parsed(a_mail().render(an_alert()))["References"]
    html = mail.get_body(("html",)).get_content()
    assert "Nobody has answered for 3 hours. This is reminder 1." in html
    assert "Reminder" in html


def test_a_notice_has_neither_thread_nor_quote():
    mail = parsed(
        a_mail().render(
            notice(key="n", subject="Source x is down", lines=["since 9"], company="L", zone=BERLIN, now=NOW)
        )
    )
    assert mail["References"] is None
    assert "blockquote" not in Page(mail.get_body(("html",)).get_content()).tags
    assert "since 9" in mail.get_body(("html",)).get_content()


def test_the_same_message_is_the_same_mail_byte_for_byte():
    assert a_mail().render(an_alert()) == a_mail().render(an_alert())
    assert a_mail().render(an_alert(key="a")) != a_mail().render(an_alert(key="b"))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_adds_no_header_no_part_and_no_tag(text):
    def hostile(words):
        mention = a_mention(
            text=words or "-",
            title=words,
            author_handle=f"h{words}",
            author_name=f"n{words}",
            brand=words,
            url=f"https://example.org/{words}" if words else None,
            types=(f"t{words}",),
        )
        message = an_alert(mention, key="k", company=words, playbook={f"t{words}": f"g{words}"})
        return a_mail().render(message)

    body = hostile(text)
    mail, tame = parsed(body), parsed(hostile("x"))
    assert body.isascii()
    assert max(len(line) for line in body.split("\r\n")) <= 998  # RFC 5322
    assert mail.keys() == tame.keys()
    assert [part.get_content_type() for part in mail.walk()] == [part.get_content_type() for part in tame.walk()]
    assert (mail["To"], mail["Bcc"], mail.defects) == (ANNA, None, [])
    page = Page(mail.get_body(("html",)).get_content())
    assert [tag for tag in page.tags if tag not in ("br", "a")] == [
        tag for tag in Page(tame.get_body(("html",)).get_content()).tags if tag not in ("br", "a")
    ]
    assert all(str(link).startswith("https://example.org/") for link in page.links)
    assert not [name for name, _ in page.attributes if name.startswith("on")]


def test_the_quote_comes_through_unchanged():
    said = "a < b & \"c\" > 'd'\n.\n..dots\nFrom here = fine\u00e9 漢字 \U0001f44d"
    html = parsed(a_mail().render(an_alert(a_mention(text=said)))).get_body(("html",)).get_content()
    assert "a < b & \"c\" > 'd'." in "".join(Page(html).words)
    assert "..dots" in "".join(Page(html).words)
    plain = plain_part(parsed(a_mail().render(an_alert(a_mention(text=said)))))
    assert "\n".join(f"> {line}" for line in said.split("\n")) in plain


def test_a_long_post_keeps_the_page_below_what_gmail_clips():
    body = a_mail().render(an_alert(a_mention(text="<&>" * 30_000, title="<" * 5000)))
    assert len(parsed(body).get_body(("html",)).get_content()) < 100_000


def test_pictures_stand_beside_the_page():
    given = {
        "sender": "monitor@lumen.example",
        "sender_name": "Monitor",
        "recipient": ANNA,
        "subject": "Weekly digest",
        "text": "plain",
        "html": '<img src="cid:volume" alt="Posts a day">',
        "message_id": message_id("lumen.example", "digest", "2026-W46"),
        "date": NOW.astimezone(timezone(timedelta(hours=1))),
        "pictures": (Picture("volume", PNG), Picture("types", PNG, "types.png")),
        "headers": {"List-Unsubscribe": "<https://lumen.example/u>\r\nBcc: x@evil.example"},
    }
    raw = build_mail(**given)
    assert build_mail(**given) == raw
    mail = parsed(raw.decode("ascii"))
    assert [part.get_content_type() for part in mail.walk()] == [
        *("multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "image/png")
    ]
    first, second = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert (first["Content-ID"], first.get_content(), first.get_filename()) == ("<volume>", PNG, "chart.png")
    assert (second["Content-ID"], second.get_content_disposition()) == ("<types>", "inline")
    assert mail["Bcc"] is None
    assert parsedate_to_datetime(str(mail["Date"])) == NOW
    assert mail["References"] is None


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_names_and_subjects_add_no_header(text):
    mail = parsed(build(sender_name=text, subject=text, text=text, headers={"X-Note": text}).decode("ascii"))
    tame = parsed(build(headers={"X-Note": "x"}).decode("ascii"))
    assert mail.keys() == tame.keys()
    assert (mail["To"], mail.defects, len(mail["From"].addresses)) == (ANNA, [], 1)


def build(**changes):
    given = {
        "sender": "a@b.example", "sender_name": "A", "recipient": ANNA, "subject": "s", "text": "t", "html": "<p>",
        "message_id": "<1@b.example>", "date": NOW,
    }  # fmt: skip
    return build_mail(**given | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": "1@b.example"},
        {"message_id": "<1@b.example>\r\nBcc: x@y.example"},
        {"references": ("<1@b.example>", "two")},
        {"date": NOW.replace(tzinfo=None)},
        {"recipient": "anna@lumen.example\r\nBcc: x@y.example"},
        {"sender": "no address"},
        {"headers": {"X-Bad\r\nBcc": "x"}},
    ],
)
def test_what_would_break_a_header_is_refused(changes):
    build()
    with pytest.raises(ValueError, match=r"Message-ID|aware|header|Address|addr"):
        build(**changes)


@pytest.mark.parametrize(
    "wrong",
    [("a b", PNG, "x.png"), ("a>", PNG, "x.png"), ("a", b"GIF89a", "x.png"), ("a", PNG, 'x".png')],
)
def test_a_picture_is_a_png_with_plain_names(wrong):
    with pytest.raises(ValueError, match=r"cid|PNG|file_name"):
        Picture(*wrong)


def test_inlining_fetches_nothing():
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.2)
        port = trap.getsockname()[1]
        inlined(f'<html><head><link rel="stylesheet" href="http://127.0.0.1:{port}/a.css"></head><p>x</p></html>')
        with pytest.raises(TimeoutError):
            trap.accept()


# How it is delivered


def test_a_mail_arrives_as_it_was_rendered(post):
    mail = a_mail(post.port)
    body = mail.render(an_alert(a_mention(text=".\n..dots\n.\nend")))
    receipt = mail.send("k", body)
    (received,) = post.mails
    assert (received.sender, received.recipients) == ("monitor@lumen.example", (ANNA,))
    assert received.text == body
    assert receipt.provider_id == received.mail["Message-ID"]


def test_the_name_holds_channel_and_recipient():
    assert a_mail().name == "post:anna@lumen.example"


def test_a_second_attempt_sends_the_same_bytes(post):
    mail = a_mail(post.port)
    body = mail.render(an_alert())
    post.order("CONTENT", DROP)
    with pytest.raises(DeliveryFailed):
        mail.send("k", body)
    mail.send("k", body)
    assert [received.text for received in post.mails] == [body, body]


REFUSALS = [
    ("GREETING", "421 4.3.2 busy", ErrorClass.TRANSIENT),
    ("GREETING", "554 no service", ErrorClass.DESTINATION),
    ("GREETING", DROP, ErrorClass.TRANSIENT),
    ("GREETING", MUTE, ErrorClass.TRANSIENT),
    ("EHLO", "421 busy", ErrorClass.TRANSIENT),
    ("EHLO", "550 not you", ErrorClass.DESTINATION),
    ("EHLO", DROP, ErrorClass.TRANSIENT),
    ("MAIL", "421 busy", ErrorClass.TRANSIENT),
    ("MAIL", "432 4.3.2 concurrency", ErrorClass.TRANSIENT),
    ("MAIL", "450 later", ErrorClass.TRANSIENT),
    ("MAIL", "451 later", ErrorClass.TRANSIENT),
    ("MAIL", "452 4.3.1 no room", ErrorClass.TRANSIENT),
    ("MAIL", "530 5.7.0 log in first", ErrorClass.CREDENTIAL),
    ("MAIL", "550 5.7.1 sender refused", ErrorClass.CREDENTIAL),
    ("MAIL", "552 5.3.4 too large", ErrorClass.CONTENT),
    ("MAIL", DROP, ErrorClass.TRANSIENT),
    ("RCPT", "421 busy", ErrorClass.TRANSIENT),
    ("RCPT", "450 4.2.0 greylisted", ErrorClass.SLOW),
    ("RCPT", "451 4.7.1 greylisted", ErrorClass.SLOW),
    ("RCPT", "452 4.2.2 mailbox full", ErrorClass.SLOW),
    ("RCPT", "552 5.2.2 mailbox full", ErrorClass.SLOW),
    ("RCPT", "530 log in first", ErrorClass.CREDENTIAL),
    ("RCPT", "550 5.1.1 no such user", ErrorClass.RECIPIENT),
    ("RCPT", "551 not local", ErrorClass.RECIPIENT),
    ("RCPT", "553 bad mailbox", ErrorClass.RECIPIENT),
    ("RCPT", "554 no", ErrorClass.RECIPIENT),
    ("RCPT", DROP, ErrorClass.TRANSIENT),
    ("DATA", "421 busy", ErrorClass.TRANSIENT),
    ("DATA", "451 later", ErrorClass.TRANSIENT),
    ("DATA", "554 no valid recipients", ErrorClass.CONTENT),
    ("DATA", "250 out of turn", ErrorClass.TRANSIENT),
    ("DATA", DROP, ErrorClass.TRANSIENT),
    ("CONTENT", "421 busy", ErrorClass.TRANSIENT),
    ("CONTENT", "451 4.3.0 later", ErrorClass.TRANSIENT),
    ("CONTENT", "452 no room", ErrorClass.TRANSIENT),
    ("CONTENT", "535 5.7.8 password expired", ErrorClass.CREDENTIAL),
    ("CONTENT", "550 5.7.1 looks like spam", ErrorClass.CONTENT),
    ("CONTENT", "552 5.3.4 too large", ErrorClass.CONTENT),
    ("CONTENT", "554 5.6.0 refused", ErrorClass.CONTENT),
    ("CONTENT", "garbage", ErrorClass.AMBIGUOUS),
    ("CONTENT", DROP, ErrorClass.AMBIGUOUS),
    ("CONTENT", MUTE, ErrorClass.AMBIGUOUS),
]


@pytest.mark.parametrize(("step", "reply", "error_class"), REFUSALS, ids=[f"{s} {r}" for s, r, _ in REFUSALS])
def test_a_refusal_has_its_class_by_step_and_code(post, step, reply, error_class):
    post.order(step, reply)
    assert failure(a_mail(post.port, timeout=0.3 if reply == MUTE else 5)) is error_class
    assert len(post.mails) == (1 if step == "CONTENT" and reply in (DROP, MUTE) else 0)


def test_a_server_that_says_how_much_it_takes_is_told_how_much_comes():
    with MailServer(size_limit=1000) as post:
        assert failure(a_mail(post.port)) is ErrorClass.CONTENT


def test_a_closed_port_and_an_unknown_host_are_transient():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert failure(a_mail(closed.getsockname()[1])) is ErrorClass.TRANSIENT


def test_only_codes_are_told_never_the_servers_words(post):
    post.order("RCPT", f"550 5.1.1 <{ANNA}> unknown")
    mail = a_mail(post.port)
    with pytest.raises(DeliveryFailed, match=r"^recipient: SMTP 550 5\.1\.1 at rcpt to$"):
        mail.send("k", mail.render(an_alert()))


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("code", [421, 432, 454])
def test_passing_trouble_is_transient_at_every_step(phase, code):
    assert smtp_class(phase, code) is ErrorClass.TRANSIENT


# TLS and passwords


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    return {"username": USER, "password": "env:SMTP_PASSWORD"}


def test_starttls_is_checked_and_the_password_sent_inside_it(certificate, password):
    with MailServer(certificate=certificate, auth=True) as post:
        mail = a_mail(post.port, "starttls", ca_file=str(certificate.certificate), **password)
        mail.send("k", mail.render(an_alert()))
        assert [(received.tls, received.user) for received in post.mails] == [(True, USER)]


def test_tls_from_the_first_byte(certificate, password):
    with MailServer(certificate=certificate, implicit_tls=True, auth=True) as post:
        mail = a_mail(post.port, "tls", ca_file=str(certificate.certificate), **password)
        mail.send("k", mail.render(an_alert()))
        assert [received.user for received in post.mails] == [USER]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_parks_the_channel(certificate, security):
    with MailServer(certificate=certificate, implicit_tls=security == "tls") as post:
        assert failure(a_mail(post.port, security)) is ErrorClass.CREDENTIAL
        assert post.mails == []


def test_a_server_without_starttls_gets_no_mail(post):
    assert failure(a_mail(post.port, "starttls")) is ErrorClass.CREDENTIAL
    assert post.mails == []


@pytest.mark.parametrize(
    ("reply", "error_class"),
    [
        ("454 4.7.0 TLS not available now", ErrorClass.TRANSIENT),
        ("501 no", ErrorClass.DESTINATION),
        (DROP, ErrorClass.TRANSIENT),
    ],
)
def test_a_refused_starttls_sends_nothing(certificate, reply, error_class):
    with MailServer(certificate=certificate) as post:
        post.order("STARTTLS", reply)
        assert failure(a_mail(post.port, "starttls", ca_file=str(certificate.certificate))) is error_class
        assert post.mails == []


def test_a_missing_authority_file_is_a_credential(tmp_path, certificate):
    with MailServer(certificate=certificate) as post:
        missing = str(tmp_path / "none.pem")
        assert failure(a_mail(post.port, "starttls", ca_file=missing)) is ErrorClass.CREDENTIAL


@pytest.mark.parametrize(
    ("reply", "error_class"),
    [
        ("535 5.7.8 wrong", ErrorClass.CREDENTIAL),
        ("534 5.7.9 too weak", ErrorClass.CREDENTIAL),
        ("530 5.7.0 needed", ErrorClass.CREDENTIAL),
        ("454 4.7.0 later", ErrorClass.TRANSIENT),
        (DROP, ErrorClass.TRANSIENT),
    ],
)
def test_a_refused_login_has_its_class(password, reply, error_class):
    with MailServer(auth=True) as post:
        for _ in range(3):  # smtplib tries each mechanism that the server offers
            post.order("AUTH", reply)
        assert failure(a_mail(post.port, **password)) is error_class


def test_a_wrong_password_is_a_credential(password, monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", "wrong")
    with MailServer(auth=True) as post:
        assert failure(a_mail(post.port, **password)) is ErrorClass.CREDENTIAL


def test_a_password_that_cannot_be_sent_is_a_credential(password, monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", "pässwört")
    with MailServer(auth=True) as post:
        assert failure(a_mail(post.port, **password)) is ErrorClass.CREDENTIAL


def test_a_missing_password_is_a_credential(password, monkeypatch):
    monkeypatch.delenv("SMTP_PASSWORD")
    with MailServer(auth=True) as post:
        assert failure(a_mail(post.port, **password)) is ErrorClass.CREDENTIAL


def test_a_server_without_login_is_a_credential(post, password):
    assert failure(a_mail(post.port, **password)) is ErrorClass.CREDENTIAL


def test_neither_password_nor_post_is_logged(password, caplog):
    caplog.set_level(logging.DEBUG, logger="alerts")
    with MailServer(auth=True) as post:
        post.order("CONTENT", "550 no")
        failure(a_mail(post.port, **password))
    assert [record for record in caplog.records if not record.name.startswith(("mail", "asyncio"))] == []


def test_a_mail_server_cannot_be_asked():
    assert a_mail().find("k", since=NOW) is None


# The local mail server as a process of its own


def test_the_local_mail_server_runs_as_a_process_and_keeps_what_it_got(tmp_path):
    kept = tmp_path / "mails.jsonl"
    script = Path(__file__).parents[1] / "kits" / "smtp_server.py"
    command = [sys.executable, str(script), "--out", str(kept)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        mail = a_mail(port, timeout=5)
        body = mail.render(an_alert())
        mail.send("k", body)
        process.terminate()
        assert process.wait(10) == 0
    (line,) = [json.loads(line) for line in kept.read_text().splitlines()]
    assert (line["recipients"], line["text"]) == ([ANNA], body)
