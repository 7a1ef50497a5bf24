"""E-mail by SMTP: one envelope for each recipient, the same bytes at each attempt."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alerts.accepted import Accepted
from alerts.base import DeliveryFailed, ErrorClass, Message, MessageKind, Receipt
from alerts.mime import Picture, build_mail, message_id
from alerts.sanitize import clean, one_line
from alerts.smtp_errors import TAKEN, Phase, smtp_class
from alerts.wording import footer, judgement, origin, plain_text, quotation, title
from config.alerting import MailChannel
from config.secret import SecretUnavailable
from config.vocabulary import Severity

__all__ = ["Mail", "Picture", "build_mail", "inlined", "message_id", "templates"]

TIMEOUT = 20.0  # seconds for each step; RFC 5321 §4.5.3.2 allows minutes, a lease of 60 s does not
QUOTE_LIMIT = 4000  # UTF-16 units of the post; keeps the HTML far below the 100 kB at which Gmail clips

_KIND_WORDS = {
    MessageKind.CASE_OPENED: "New case",
    MessageKind.CASE_UPDATED: "Customer posted again",
    MessageKind.REMINDER: "Reminder",
    MessageKind.ESCALATION: "Escalation",
    MessageKind.NOTICE: "Notice",
}
# Strong enough for white text on them (WCAG AA) and for a dark page around them.
_COLOURS = {
    Severity.CRITICAL: "#a3123a",
    Severity.SERIOUS: "#b3470b",
    Severity.MILD: "#7a5d00",
    Severity.NONE: "#3d5166",
}


class Mail:
    """One recipient of a mail channel: what a delivery by mail is addressed to.

    Named `<channel>:<recipient>`, also where the channel has one recipient only.
    """

    def __init__(
        self, settings: MailChannel, recipient: str, *, timeout: float = TIMEOUT, accepted: Path | None = None
    ) -> None:
        """`accepted`: a folder in which to remember what the server has accepted; None: nothing is remembered."""
        self._settings = settings
        self._accepted = Accepted(accepted, f"{settings.name}:{recipient}") if accepted is not None else None
        self._recipient = recipient
        self._timeout = timeout
        self._domain = settings.sender.rpartition("@")[2]

    @property
    def name(self) -> str:
        """The channel's name in the configuration, and the recipient."""
        return f"{self._settings.name}:{self._recipient}"

    def render(self, message: Message, /) -> str:
        """The whole mail in ASCII; its Message-ID from the delivery key, its thread from the case."""
        references: tuple[str, ...] = ()
        if message.case_id is not None:
            references = (message_id(self._domain, "case", message.company, message.case_id),)
        return build_mail(
            sender=self._settings.sender,
            sender_name=self._settings.sender_name,
            recipient=self._recipient,
            subject=message.subject,
            text=plain_text(message, quote_limit=QUOTE_LIMIT),
            html=_html(message),
            message_id=message_id(self._domain, message.key, self._recipient),
            date=message.written_at,
            references=references,
        ).decode("ascii")

    def send(self, key: str, body: str, /, *, reply_to: Receipt | None = None) -> Receipt:
        """Hand the mail to the server once; the receipt names its Message-ID.

        The thread is in the mail itself, so `reply_to` has no meaning here.

        Raises:
            DeliveryFailed: by alerts/smtp_errors.py; AMBIGUOUS only once the mail's content was on its way.
        """
        content = body.encode("ascii")
        phase = Phase.CONNECT
        try:
            with self._connected() as smtp:
                phase = Phase.MAIL
                size = [f"SIZE={len(content)}"] if smtp.has_extn("size") else []
                _expect(phase, *smtp.mail(self._settings.sender, size))
                phase = Phase.RCPT
                _expect(phase, *smtp.rcpt(self._recipient))
                phase = Phase.DATA
                _expect(phase, *smtp.docmd("DATA"), wanted=354)
                phase = Phase.CONTENT
                # Leading dots are doubled (RFC 5321 §4.5.2); the mail ends with CRLF.
                smtp.send(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
                _expect(phase, *smtp.getreply())
                if self._accepted is not None:
                    self._accepted.note(key)
        except (smtplib.SMTPException, OSError) as error:
            raise _lost(phase, error) from None
        found = re.search(r"(?m)^Message-ID: (<[^>]+>)", body)
        return Receipt(found.group(1) if found else key)

    def find(self, key: str, /, *, since: datetime, reply_to: Receipt | None = None) -> Receipt | None:
        """Whether the server's word for this key was heard before we were killed, as far as we remember it.

        The server itself cannot be asked. None where it is not remembered: the same bytes then go out again, with
        the same Message-ID and Date.
        """
        known = self._accepted is not None and self._accepted.holds(key)
        return Receipt(key) if known else None

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        settings = self._settings
        place: dict[str, Any] = {"local_hostname": self._domain, "timeout": self._timeout}
        if settings.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, context=self._context(), **place)
        else:
            smtp = smtplib.SMTP(settings.host, settings.port, **place)
        try:
            _expect(Phase.EHLO, *smtp.ehlo())
            if settings.security == "starttls":
                _start_tls(smtp, self._context())
            self._log_in(smtp)
            yield smtp
            # The mail is accepted. To wait for the farewell's answer would only widen the moment in which a kill
            # leaves it accepted there and unsent here.
            with suppress(smtplib.SMTPException, OSError):
                smtp.putcmd("quit")
        finally:
            smtp.close()

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._settings.ca_file is not None:
            try:
                context.load_verify_locations(Path(self._settings.ca_file).expanduser())
            except OSError as error:  # ssl.SSLError is one
                why = f"ca_file cannot be read: {type(error).__name__}"
                raise DeliveryFailed(ErrorClass.CREDENTIAL, why) from None
        return context

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        if self._settings.username is None or self._settings.password is None:
            return
        try:
            password = self._settings.password.reveal()
        except SecretUnavailable as missing:
            raise DeliveryFailed(ErrorClass.CREDENTIAL, str(missing)) from None
        try:
            smtp.login(self._settings.username, password)
        except smtplib.SMTPResponseException as error:
            raise _refused(Phase.AUTH, error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPServerDisconnected:
            raise DeliveryFailed(ErrorClass.TRANSIENT, f"connection lost at {Phase.AUTH}") from None
        except smtplib.SMTPException:
            raise DeliveryFailed(ErrorClass.CREDENTIAL, "the server offers no way to log in that we know") from None
        except UnicodeEncodeError:
            raise DeliveryFailed(ErrorClass.CREDENTIAL, "username or password is not ASCII") from None


def _start_tls(smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
    if not smtp.has_extn("starttls"):
        raise DeliveryFailed(ErrorClass.CREDENTIAL, "the server offers no STARTTLS")
    try:
        _expect(Phase.EHLO, *smtp.starttls(context=context))
    except smtplib.SMTPResponseException as error:
        raise _refused(Phase.EHLO, error.smtp_code, error.smtp_error) from None
    _expect(Phase.EHLO, *smtp.ehlo())


def _expect(phase: Phase, code: int, reply: bytes, *, wanted: int | None = None) -> None:
    if code != wanted and (wanted is not None or code not in TAKEN):
        raise _refused(phase, code, reply)


def _refused(phase: Phase, code: int, reply: bytes | str) -> DeliveryFailed:
    # Only the codes are told: a server's words may hold the recipient or parts of the mail.
    text = reply.decode("ascii", "replace") if isinstance(reply, bytes) else reply
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", text)
    told = f"{code} {enhanced.group()}" if enhanced else f"{code}"
    return DeliveryFailed(smtp_class(phase, code), f"SMTP {told} at {phase}")


def _lost(phase: Phase, error: smtplib.SMTPException | OSError) -> DeliveryFailed:
    # A handshake that is cut off is a lost connection; any other TLS error is one of trust or version.
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError) and phase is Phase.CONNECT:
        return DeliveryFailed(ErrorClass.CREDENTIAL, "the TLS connection was refused")
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return _refused(phase, error.smtp_code, error.smtp_error)
    error_class = ErrorClass.AMBIGUOUS if phase is Phase.CONTENT else ErrorClass.TRANSIENT
    return DeliveryFailed(error_class, f"connection lost at {phase}: {type(error).__name__}")


@cache
def templates() -> Environment:
    """The HTML templates; every value is escaped, a missing one is an error."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
    )


def inlined(html: str) -> str:
    """The page with its style sheet written into its elements, as mail programs want it; nothing is fetched.

    Rules that cannot be inlined (dark mode) stay in a style element.
    """
    return css_inline.inline(html, load_remote_stylesheets=False, keep_at_rules=True)


def _html(message: Message) -> str:
    mention = message.mention
    page = (
        templates()
        .get_template("alert.html")
        .render(
            kind=_KIND_WORDS[message.kind],
            colour=_COLOURS[mention.severity if mention else Severity.NONE],
            subject=one_line(message.subject),
            headline=title(message),
            lines=[one_line(line) for line in message.lines],
            quote=quotation(mention, QUOTE_LIMIT) if mention else "",
            origin=origin(message),
            judgement=judgement(mention) if mention else (),
            guidance=clean(message.guidance).strip(),
            why=one_line(message.why),
            footer=footer(message),
        )
    )
    return inlined(page)
