"""The way out for tweepy's client, which has neither time limits nor an address to be set."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from collectors.addresses import checked
from collectors.http import MAX_BODY
from config.source_x import XSource

X = "https://api.twitter.com"  # where tweepy's client believes that it speaks to
_PIECE = 64 * 1024  # bytes read at once


class TooSlow(Exception):
    """The answer took longer than a whole request may."""


class TooLarge(Exception):
    """The answer is larger than any that X would send."""


class Guard(HTTPAdapter):
    """Sends tweepy's one request to the configured place, with time limits, and keeps the answer."""

    def __init__(self, source: XSource, timeout: tuple[float, float], deadline: float) -> None:
        self._source = source
        self._timeout = timeout
        self._deadline = deadline
        self.answer: requests.Response | None = None
        super().__init__(max_retries=0)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        base = urlsplit(self._source.base_url)
        request.url = self._source.base_url.rstrip("/") + (request.url or "").removeprefix(X)
        port = base.port or (443 if base.scheme == "https" else 80)
        checked(base.hostname or "", port, allow_private=self._source.allow_private_address)
        self.answer = super().send(request, stream=True, timeout=self._timeout, verify=True)
        self.answer.raw = _Watched(self.answer.raw, self._deadline)
        return self.answer


class _Watched:
    """The body of an answer, given up where it takes too long or grows too large."""

    def __init__(self, raw: Any, deadline: float) -> None:
        self._raw = raw
        self._deadline = deadline

    def stream(self, _size: int, *, decode_content: bool) -> Iterator[bytes]:
        size = 0
        for piece in self._raw.stream(_PIECE, decode_content=decode_content):
            size += len(piece)
            if size > MAX_BODY:
                raise TooLarge
            if time.monotonic() > self._deadline:
                raise TooSlow
            yield piece

    def close(self) -> None:
        self._raw.close()

    def release_conn(self) -> None:
        self._raw.release_conn()
