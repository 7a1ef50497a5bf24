"""Builds mails as bytes: the same input gives the same bytes, in ASCII, with no header smuggled in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import cast

from alerts.sanitize import for_header

SUBJECT_LIMIT = 200  # characters; longer ones are cut by every mail list
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=78)  # RFC 5322 §2.1.1
_ID = re.compile(r"<[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+>")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_CID = re.compile(r"[A-Za-z0-9._-]+(@[A-Za-z0-9.-]+)?")


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG shown inside the HTML part by `<img src="cid:…">`."""

    cid: str  # without < and >
    png: bytes
    file_name: str = "chart.png"

    def __post_init__(self) -> None:
        """Refuse what would break the header or is no PNG."""
        if not _CID.fullmatch(self.cid):
            raise ValueError(f"cid {self.cid!r} must be letters, digits, . _ -")
        if not re.fullmatch(r"[A-Za-z0-9._-]+", self.file_name):
            raise ValueError(f"file_name {self.file_name!r} must be letters, digits, . _ -")
        if not self.png.startswith(b"\x89PNG\r\n\x1a\n"):
            raise ValueError("not a PNG")


def message_id(domain: str, *parts: object) -> str:
    """A Message-ID in < >, the same for the same parts; says nothing of them."""
    digest = hashlib.sha256("\x00".join(str(part) for part in parts).encode("utf-8", "surrogatepass"))
    return f"<{digest.hexdigest()[:40]}@{domain}>"


def build_mail(
    *,
    sender: str,
    sender_name: str,
    recipient: str,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    date: datetime,
    references: Sequence[str] = (),
    pictures: Sequence[Picture] = (),
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """One mail: multipart/alternative of plain text and HTML, the HTML with its pictures; CRLF line ends.

    Deterministic: no clock, no chance, and boundaries made from the Message-ID. `references` are Message-IDs,
    oldest first; the last is what it replies to. `headers` are further ones, such as List-Unsubscribe. Every
    header value is made one line, so a hostile subject adds none.

    Raises:
        ValueError: a Message-ID, address or header name that is none, or a naive date.
    """
    if date.utcoffset() is None:
        raise ValueError("date must be timezone-aware")
    for one in (message_id, *references):
        if not _ID.fullmatch(one):
            raise ValueError(f"{one!r} is no Message-ID")
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(for_header(sender_name), addr_spec=sender)
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = for_header(subject, SUBJECT_LIMIT)
    mail["Date"] = format_datetime(date)
    mail["Message-ID"] = message_id
    if references:
        mail["In-Reply-To"] = references[-1]
        mail["References"] = " ".join(references)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday reply is due
    mail["X-Auto-Response-Suppress"] = "All"  # the same to Exchange
    for name, value in (headers or {}).items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no header name")
        mail[name] = for_header(value)
    mail.set_content(_body(text), cte="quoted-printable")
    mail.add_alternative(_body(html), subtype="html", cte="quoted-printable")
    for picture in pictures:
        # The HTML alternative; the first picture makes it multipart/related.
        part = cast("EmailMessage", list(mail.iter_parts())[-1])
        part.add_related(
            picture.png,
            "image",
            "png",
            cid=f"<{picture.cid}>",
            filename=picture.file_name,
            disposition="inline",
        )
    _set_boundaries(mail, message_id)
    return mail.as_bytes()


def _body(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _set_boundaries(mail: EmailMessage, seed: str) -> None:
    # email.generator would take them by chance. "=_" occurs in no quoted-printable or base64 text (RFC 2045
    # §6.7).
    multiparts = [part for part in mail.walk() if part.is_multipart()]
    for number, part in enumerate(multiparts):
        digest = hashlib.sha256(f"{number} {seed}".encode()).hexdigest()
        part.set_boundary(f"=_{digest[:32]}")
