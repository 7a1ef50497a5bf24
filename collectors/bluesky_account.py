"""A logged-in account on Bluesky: its session, and questions asked in its name.

The library makes the session, renews it and asks; the connection is ours: guarded, timed, counted, never redirected,
with nothing from the environment. The session lives in memory, since `createSession` is limited to some 300 a day.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from ssl import SSLContext
from typing import Any

import httpx
from atproto_client import Client
from atproto_client.models.base import ParamsModelBase
from atproto_client.request import Request

from collectors.addresses import Resolver, resolve
from collectors.base import AccessDenied, UnexpectedReply
from collectors.bluesky_errors import StaleSession, translated
from collectors.bluesky_socket import host_of
from collectors.network import GuardedTransport
from config.secret import Secret, SecretUnavailable

ANSWER_SECONDS = 20.0  # a whole request; the library's own 5 s are short for a search
REFUSED_REST = timedelta(minutes=10)  # after a refused login: 300 a day are allowed, and a new password waits no longer
MAX_BODY = 8 * 1024 * 1024  # bytes; a page of 100 posts has about 300 kB


class Account:
    """Asks in the name of one account; safe to share between threads, one question at a time."""

    def __init__(
        self,
        service: str,
        handle: str,
        password: Secret,
        *,
        user_agent: str,
        clock: Callable[[], datetime],
        allow_private: bool = False,
        seconds: float = ANSWER_SECONDS,
        resolver: Resolver = resolve,
    ) -> None:
        self._service = service
        self._handle = handle.removeprefix("@")
        self._password = password
        self._user_agent = user_agent
        self._clock = clock
        self._transport = _Transport(allow_private=allow_private, seconds=seconds, resolver=resolver)
        self._client: Client | None = None
        self._refused: tuple[datetime, str] | None = None  # until when no login is tried, and what was said
        self._lock = threading.Lock()

    @property
    def requests(self) -> int:
        """Network requests made until now, those for the session included."""
        return self._transport.requests

    def ask(self, method: str, params: ParamsModelBase) -> dict[str, Any]:
        """The answer to a query, as it came: the library's models would refuse a whole page for one odd post.

        Raises:
            AccessDenied: the login is refused, or the app password cannot be read.
            BadRequest: the question is refused.
            SourceError: as it says.
        """
        with self._lock:
            fresh = self._client is None
            try:
                return self._asked(method, params)
            except StaleSession:
                self._client = None  # ended before its time, or by the clock of the server
                if fresh:
                    raise
            return self._asked(method, params)

    def log_in(self) -> None:
        """Make a session, unless there is one.

        Raises:
            SourceError: as `ask`.
        """
        with self._lock:
            self._session()

    def _asked(self, method: str, params: ParamsModelBase) -> dict[str, Any]:
        client = self._session()
        try:
            content = client.invoke_query(method, params=params, output_encoding="application/json").content
        except Exception as error:  # noqa: BLE001 - sorted there; what is a bug is raised again
            raise translated(self._host, error, self._clock()) from None
        if not isinstance(content, dict):
            raise UnexpectedReply(f"{self._host} answered with something that is no JSON object")
        return content

    def _session(self) -> Client:
        if self._client is not None:
            return self._client
        if self._refused is not None and self._clock() < self._refused[0]:
            raise AccessDenied(self._refused[1])
        try:
            password = self._password.reveal()
        except SecretUnavailable as error:
            raise AccessDenied(str(error)) from None
        request = Request(transport=self._transport, trust_env=False)
        request.add_additional_header("User-Agent", self._user_agent)
        request.add_additional_header("Accept-Encoding", "identity")
        client = Client(self._service, request=request)
        try:
            client.login(self._handle, password, fetch_bsky_profile=False)
        except Exception as error:  # noqa: BLE001 - sorted there; what is a bug is raised again
            failure = translated(self._host, error, self._clock())
            if isinstance(failure, AccessDenied):
                self._refused = (self._clock() + REFUSED_REST, str(failure))
            raise failure from None
        self._client, self._refused = client, None
        return client

    @property
    def _host(self) -> str:
        return host_of(self._service)


class _Transport(httpx.BaseTransport):
    """One guarded connection for each request, within a time and a size, to the very address that was asked for."""

    def __init__(self, *, allow_private: bool, seconds: float, resolver: Resolver) -> None:
        self._allow_private = allow_private
        self._seconds = seconds
        self._resolver = resolver
        self.requests = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        host = request.url.host
        guarded = GuardedTransport(
            _trusted(),
            allow_private=self._allow_private,
            resolver=self._resolver,
            deadline=time.monotonic() + self._seconds,
        )
        try:
            answer = guarded.handle_request(request)
            if answer.is_redirect or answer.status_code == HTTPStatus.NOT_MODIFIED:
                raise UnexpectedReply(f"{host} redirects, which could carry the login elsewhere")
            if answer.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                raise UnexpectedReply(f"{host} answered in an encoding that was not asked for")
            body = b"".join(_capped(answer.iter_raw(), host))
        finally:
            guarded.close()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body, request=request)


def _capped(pieces: Iterator[bytes], host: str) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_BODY:
            raise UnexpectedReply(f"{host} answered with more than {MAX_BODY} bytes")
        yield piece


@cache
def _trusted() -> SSLContext:
    """The usual certificate authorities."""
    return httpx.create_ssl_context(trust_env=False)
