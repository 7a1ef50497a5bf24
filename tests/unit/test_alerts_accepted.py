"""What a mail server has accepted is remembered at once, and nothing else is taken for it."""

from __future__ import annotations

from datetime import UTC, datetime

from smtp_server import MailServer

from alerts.accepted import Accepted
from alerts.compose import delivery_key
from alerts.mail import Mail
from config.alerting import MailChannel

KEY, OTHER = delivery_key("one"), delivery_key("two")
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_the_last_key_is_held_and_no_other(tmp_path):
    accepted = Accepted(tmp_path / "kept", "leads:a@acme.example")
    assert not accepted.holds(KEY)
    accepted.note(KEY)
    assert (accepted.holds(KEY), accepted.holds(OTHER)) == (True, False)
    accepted.note(OTHER)
    assert (accepted.holds(KEY), accepted.holds(OTHER)) == (False, True)
    assert not Accepted(tmp_path / "kept", "leads:b@acme.example").holds(OTHER)


def test_a_folder_that_cannot_be_written_costs_no_mail(tmp_path):
    (tmp_path / "file").write_text("in the way")
    accepted = Accepted(tmp_path / "file", "leads:a@acme.example")
    accepted.note(KEY)
    assert not accepted.holds(KEY)


def test_a_mail_is_found_by_whoever_comes_after_the_kill(tmp_path):
    with MailServer() as server:
        settings = MailChannel(
            name="leads",
            host="127.0.0.1",
            port=server.port,
            security="none",
            sender="m@acme.example",
            recipients=("a@acme.example",),
        )
        Mail(settings, "a@acme.example", accepted=tmp_path / "kept").send(
            KEY, "Message-ID: <x@acme.example>\r\n\r\nhello\r\n"
        )
        assert len(server.mails) == 1
    after = Mail(settings, "a@acme.example", accepted=tmp_path / "kept")
    assert after.find(KEY, since=NOW) is not None
    assert after.find(OTHER, since=NOW) is None
    assert Mail(settings, "a@acme.example").find(KEY, since=NOW) is None
