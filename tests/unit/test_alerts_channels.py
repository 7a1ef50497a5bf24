"""The console, and the registry of all channels."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from hostile import HOSTILE
from mentions import NOW, a_mention, an_alert

from alerts.base import DeliveryFailed, ErrorClass, Receipt
from alerts.console import Console
from alerts.registry import build, destinations
from config.alerting import ConsoleChannel, MailChannel, SlackChannel, SlackWebhookChannel, WebhookChannel

SETTINGS = (
    SlackChannel(name="care", token="env:NOT_SET", conversation="C1"),
    SlackWebhookChannel(name="hook", url="env:NOT_SET"),
    MailChannel(name="post", host="h", sender="m@lumen.example", recipients=("a@lumen.example", "b@lumen.example")),
    WebhookChannel(name="desk", url="https://desk.example.com/", secret="env:NOT_SET"),
    ConsoleChannel(name="terminal"),
)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def a_console(stream=None) -> Console:
    return Console(ConsoleChannel(name="terminal"), stream=stream)


def test_the_console_writes_plain_lines_to_a_file():
    stream = io.StringIO()
    console = a_console(stream)
    body = console.render(an_alert())
    assert console.send("k", body) == Receipt("k")
    assert stream.getvalue() == body + "\n"
    assert stream.getvalue().startswith("Serious billing complaint from @mia_k on X\n\n> @lumenbank you charged")


def test_the_console_writes_a_bold_headline_to_a_terminal():
    stream = Terminal()
    a_console(stream).send("k", "Title\nrest\n")
    assert stream.getvalue() == "\x1b[1mTitle\x1b[0m\nrest\n\n"


def test_the_console_speaks_to_standard_output(capsys):
    a_console().send("k", "Title\n")
    assert capsys.readouterr().out == "Title\n\n"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_terminal_gets_nothing_to_obey(text):
    hostile = a_mention(text=text, title=text, author_handle=text, author_name=text, brand=text)
    body = a_console().render(an_alert(hostile, company=text, playbook={"billing": text}))
    assert [c for c in body if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c in "\u202e\u2066\u200f"] == []


def test_a_terminal_of_another_alphabet_shows_question_marks():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    a_console(stream).send("k", "é\n")
    assert raw.getvalue() == b"?\n\n"


def test_a_closed_terminal_is_transient():
    stream = io.StringIO()
    stream.close()
    with pytest.raises(DeliveryFailed) as caught:
        a_console(stream).send("k", "Title\n")
    assert caught.value.error_class is ErrorClass.TRANSIENT


def test_a_terminal_cannot_be_asked():
    assert a_console().find("k", since=NOW) is None


def test_every_kind_of_channel_is_built_and_named():
    built = build(SETTINGS)
    assert [channel.name for channel in built] == [
        *("care", "hook", "post:a@lumen.example", "post:b@lumen.example", "desk", "terminal")
    ]
    assert [channel.name for channel in built] == [name for one in SETTINGS for name in destinations(one)]
    assert build(()) == ()


def test_every_channel_renders_without_its_secret():
    for channel in build(SETTINGS):
        assert "mia_k" in channel.render(an_alert())


def test_a_console_loads_no_vendors_library():
    program = (
        "import sys; from alerts.registry import build; from config.alerting import ConsoleChannel; "
        "build([ConsoleChannel(name='c')]); "
        "print(sorted({'slack_sdk', 'httpx', 'smtplib', 'jinja2', 'css_inline'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
