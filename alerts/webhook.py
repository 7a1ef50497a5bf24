"""A JSON POST to a system of the company's own, signed. The body is described in docs/webhook.md."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from alerts.base import DeliveryFailed, ErrorClass, Mention, Message, Receipt
from alerts.sanitize import clean, one_line, web_url
from alerts.wire import TIMEOUT, Wire, retry_after, status_class
from alerts.wording import type_names
from config.alerting import WebhookChannel
from config.secret import SecretUnavailable

SCHEMA = 1  # of the body; a change that breaks readers counts up


def _now() -> datetime:
    return datetime.now(UTC)


class Webhook:
    """Posts each message to one URL; the receiver knows a repetition by its Idempotency-Key."""

    def __init__(
        self, settings: WebhookChannel, *, timeout: float = TIMEOUT, clock: Callable[[], datetime] = _now
    ) -> None:
        self._settings = settings
        self._wire = Wire(guarded=not settings.allow_private_address, timeout=timeout)
        self._clock = clock

    @property
    def name(self) -> str:
        """The channel's name in the configuration."""
        return self._settings.name

    def render(self, message: Message, /) -> str:
        """The JSON body, in ASCII."""
        return json.dumps(document(message), ensure_ascii=True, sort_keys=True, separators=(",", ":"))

    def send(self, key: str, body: str, /, *, reply_to: Receipt | None = None) -> Receipt:
        """Post once, signed now; any 2xx is a receipt. A redirect is not followed.

        Raises:
            DeliveryFailed: by the HTTP status; DESTINATION where the host is not public and need not be.
        """
        try:
            secret = self._settings.secret.reveal()
        except SecretUnavailable as missing:
            raise DeliveryFailed(ErrorClass.CREDENTIAL, str(missing)) from None
        timestamp = str(int(self._clock().timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key,
            "X-Monitor-Timestamp": timestamp,
            "X-Monitor-Signature": signature(secret, timestamp, body),
        }
        reply = self._wire.post(self._settings.url, body.encode("ascii"), headers)
        if reply.ok:
            return Receipt(key, {"status": str(reply.status)})
        error_class = status_class(reply.status)
        wait = retry_after(reply.headers, self._clock()) if error_class is ErrorClass.THROTTLE else None
        raise DeliveryFailed(error_class, f"HTTP {reply.status}", wait)

    def find(self, key: str, /, *, since: datetime, reply_to: Receipt | None = None) -> Receipt | None:
        """None: the receiver cannot be asked; it knows a repetition by its key."""
        return None


def signature(secret: str, timestamp: str, body: str) -> str:
    """What X-Monitor-Signature holds: "v1=" and the HMAC-SHA256 in hex of "timestamp.body"."""
    mac = hmac.new(secret.encode("utf-8"), f"{timestamp}.{body}".encode(), hashlib.sha256)
    return f"v1={mac.hexdigest()}"


def document(message: Message) -> dict[str, Any]:
    """The body's content; text is cleaned of controls, times are ISO 8601 in UTC, absent is null."""
    return {
        "schema": SCHEMA,
        "key": message.key,
        "kind": message.kind.value,
        "subject": one_line(message.subject),
        "company": message.company,
        "written_at": _utc(message.written_at),
        "case": {
            "id": message.case_id,
            "opened_at": _utc(message.opened_at),
            "earlier_posts": message.earlier_posts,
        },
        "post": _post(message.mention),
        "judgement": _judgement(message.mention),
        "why": one_line(message.why),
        "guidance": clean(message.guidance),
        "lines": [one_line(line) for line in message.lines],
    }


def _post(mention: Mention | None) -> dict[str, Any] | None:
    if mention is None:
        return None
    return {
        "id": mention.post_id,
        "brand": mention.brand,
        "platform": mention.platform.value,
        "source": mention.source,
        "title": _shown(mention.title),
        "text": clean(mention.text),
        "author_handle": _shown(mention.author_handle),
        "author_name": _shown(mention.author_name),
        "followers": mention.followers,
        "url": web_url(mention.url),
        "published_at": _utc(mention.published_at),
        "language": mention.language,
    }


def _judgement(mention: Mention | None) -> dict[str, Any] | None:
    if mention is None or not mention.judged:
        return None
    whole = {
        "sentiment": mention.sentiment.value,
        "confidence": mention.confidence,
        "complaint": mention.complaint,
        "p_complaint": mention.p_complaint,
        "types": list(mention.types),
        "type_names": list(type_names(mention)),
        "type_confidence": mention.type_confidence,
        "severity": int(mention.severity),
        "severity_confidence": mention.severity_confidence,
        "flags": [flag.value for flag in mention.flags],
    }
    if mention.sentiment_only:
        return dict.fromkeys(whole) | {name: whole[name] for name in ("sentiment", "confidence")}
    return whole


def _shown(text: str | None) -> str | None:
    return None if text is None else one_line(text)


def _utc(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()
