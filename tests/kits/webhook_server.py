"""A local receiver of the monitor's webhook, written from docs/webhook.md: it checks signature, age and repetition."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from http_faults import Answer, Asked, LocalServer

SECRET = "webhook-test-secret"
MAX_AGE = 300  # seconds between the timestamp and now, as docs/webhook.md advises


class WebhookServer(LocalServer):
    """`documents` holds each message once, however often it came; `repeated` counts the repetitions."""

    def __init__(self, *, port: int = 0, secret: str = SECRET, clock: Callable[[], float] = time.time) -> None:
        super().__init__(port=port)
        self.documents: list[dict[str, Any]] = []
        self.repeated = 0
        self._secret, self._clock = secret, clock
        self._seen: set[str] = set()

    @property
    def url(self) -> str:
        return f"{self.origin}/monitor"

    def answer(self, asked: Asked) -> Answer:
        timestamp = asked.headers.get("x-monitor-timestamp", "")
        made = hmac.new(self._secret.encode(), f"{timestamp}.".encode() + asked.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"v1={made}", asked.headers.get("x-monitor-signature", "")):
            return Answer(401, "bad signature")
        if abs(self._clock() - int(timestamp)) > MAX_AGE:
            return Answer(401, "too old")
        key = asked.headers.get("idempotency-key", "")
        with self._lock:
            if key in self._seen:
                self.repeated += 1
                return Answer(200, "seen before")
            self._seen.add(key)
            self.documents.append(json.loads(asked.body))
        return Answer(201, "taken")
