"""The one HTTP client of the collectors: guarded against slow, huge and misleading servers.

No retries, no sleeping, no proxy or .netrc from the environment, no cookies, one connection for each request.
"""

from __future__ import annotations

import json
import ssl
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from collectors.addresses import AddressRefused, Resolver, resolve
from collectors.base import AccessDenied, RateLimited, SourceDown, SourceError, UnexpectedReply
from collectors.network import GuardedTransport

MAX_BODY = 16 * 1024 * 1024  # bytes after decompression; feeds and result pages stay below 5 MB
MAX_REDIRECTS = 5  # as curl's users set it; browsers allow 20, and loops cost time
CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0  # between two pieces of an answer
TOTAL_SECONDS = 60.0  # a whole request with its redirects, so that a drip-feeding server cannot hold a thread
DEFAULT_PATIENCE = timedelta(minutes=5)  # a 429 that names no time
MAX_PATIENCE = timedelta(days=1)  # a Retry-After beyond that is a mistake or a trap

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PERMANENT = frozenset((301, 308))
_REFUSED = frozenset((401, 402, 403, 407, 410, 451))
_PASSING = frozenset((408, 421, 425))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as taken: its body decompressed, its headers by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str  # the address that answered
    moved_to: str | None  # where the first address has moved for good (301, 308), never from https to http
    requests: int  # network requests made, redirects included

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            UnexpectedReply: it is none.
        """
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            raise UnexpectedReply(f"{_host_of(self.url)} answered with something that is not JSON") from None
        if not isinstance(value, dict):
            raise UnexpectedReply(f"{_host_of(self.url)} answered with JSON that is not an object")
        return value


class Http:
    """Fetches by GET and POST. Safe to share between threads: nothing is kept between two requests."""

    def __init__(
        self,
        *,
        user_agent: str,
        clock: Callable[[], datetime],
        allow_private: bool = False,
        max_body: int = MAX_BODY,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._clock = clock
        self._allow_private = allow_private
        self._max_body = max_body
        self._timeout = httpx.Timeout(read_seconds, connect=connect_seconds)
        self._total = total_seconds
        self._resolver = resolver
        self._tls = tls or _trusted()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
    ) -> Reply:
        """The answer to GET; 2xx, 304 and the statuses of `accept` are answers, all else is an error.

        A redirect whose status is in `accept` is an answer too: it is not followed.

        Every hop of a redirect is checked as the first address is: http(s) only, no user part, its host resolved
        and the connection made to the very address that was checked.

        Raises:
            AccessDenied: a refused address, 401, 402, 403, 407, 410 or 451.
            RateLimited: 429, or 503 with Retry-After.
            SourceDown: no name, no connection, no answer in time, a broken answer, another 5xx.
            UnexpectedReply: another status, a redirect without end, a body too large or badly compressed.
        """
        return self._ask("GET", url, params, headers, accept, None)

    def post(
        self,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
    ) -> Reply:
        """The answer to POST, as `get` gives it; a redirect is not followed, for it would carry the body elsewhere.

        Raises:
            SourceError: as `get`.
        """
        return self._ask("POST", url, None, headers, accept, content)

    def _ask(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        accept: Collection[int],
        content: bytes | None,
    ) -> Reply:
        host = _host_of(url)
        try:
            where = httpx.URL(url, params=params) if params else httpx.URL(url)
            return self._follow(method, where, headers or {}, accept, content)
        except (httpx.InvalidURL, UnicodeError, ValueError):
            raise UnexpectedReply(f"{host}: the address cannot be read") from None
        except AddressRefused as error:
            raise AccessDenied(str(error)) from None
        except (httpx.TimeoutException, httpcore.TimeoutException):
            raise SourceDown(f"{host} did not answer in time") from None
        except (httpx.UnsupportedProtocol, httpcore.UnsupportedProtocol):
            raise AccessDenied(f"{host} is not reached by http or https") from None
        except (httpx.HTTPError, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise SourceDown(f"{host} could not be read: {type(error).__name__}") from None

    def _follow(
        self,
        method: str,
        url: httpx.URL,
        headers: Mapping[str, str],
        accept: Collection[int],
        content: bytes | None,
    ) -> Reply:
        transport = GuardedTransport(
            self._tls,
            allow_private=self._allow_private,
            resolver=self._resolver,
            deadline=time.monotonic() + self._total,
        )
        moved: str | None = None
        for_good = True
        with httpx.Client(transport=transport, timeout=self._timeout, trust_env=False) as client:
            for hop in range(MAX_REDIRECTS + 1):
                _check_scheme(url)
                asked = {"User-Agent": self._user_agent, "Accept-Encoding": "gzip", **headers}
                with client.stream(method, url, headers=asked, content=content, follow_redirects=False) as answer:
                    if answer.status_code not in _REDIRECTS or answer.status_code in accept:
                        return self._taken(answer, accept, moved, hop + 1)
                    if content is not None:
                        raise UnexpectedReply(f"{url.host} redirects a request that carries a body")
                    target = _target(url, answer)
                    for_good &= answer.status_code in _PERMANENT and not (url.scheme == "https" != target.scheme)
                    moved = str(target) if for_good else moved
                    if _origin(target) != _origin(url):
                        headers = {}  # a key or token is for the server that it was meant for
                    url = target
        raise UnexpectedReply(f"{url.host} redirects without end")

    def _taken(self, answer: httpx.Response, accept: Collection[int], moved: str | None, requests: int) -> Reply:
        status = answer.status_code
        if not (answer.is_success or status == HTTPStatus.NOT_MODIFIED or status in accept):
            raise self._error(answer)
        body = b"" if status == HTTPStatus.NOT_MODIFIED else b"".join(self._pieces(answer))
        return Reply(status, dict(answer.headers), body, str(answer.url), moved, requests)

    def _pieces(self, answer: httpx.Response) -> Iterator[bytes]:
        """The body, decompressed in small steps so that a bomb is noticed before it fills the memory."""
        host = answer.url.host
        encoding = answer.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise UnexpectedReply(f"{host} answered in an encoding that was not asked for")
        raw: Iterable[bytes] = answer.iter_raw()
        size = 0
        for piece in raw if encoding in ("identity", "") else _gunzip(raw, host):
            size += len(piece)
            if size > self._max_body:
                raise UnexpectedReply(f"{host} answered with more than {self._max_body} bytes")
            yield piece

    def _error(self, answer: httpx.Response) -> SourceError:
        status, host = answer.status_code, answer.url.host
        said = f"{host} answered with status {status}"
        busy = status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in answer.headers
        if status == HTTPStatus.TOO_MANY_REQUESTS or busy:
            return RateLimited(said, retry_at(answer.headers, self._clock()))
        if status in _REFUSED:
            return AccessDenied(said)
        if answer.is_server_error or status in _PASSING:
            return SourceDown(said)
        return UnexpectedReply(said)


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """When Retry-After ends on our own clock: a date is read against the server's Date, whose clock may differ.

    Without a readable Retry-After, after DEFAULT_PATIENCE. Always later than `now`, by MAX_PATIENCE at most.
    """
    text = headers.get("retry-after", "").strip()
    wait = DEFAULT_PATIENCE
    if text.isascii() and text.isdigit():
        wait = timedelta(seconds=min(int(text[:9]), MAX_PATIENCE.total_seconds()))
    elif (until := _http_date(text)) is not None:
        wait = until - (_http_date(headers.get("date", "")) or now)
    return now + min(max(wait, timedelta(seconds=1)), MAX_PATIENCE)


@cache
def _trusted() -> ssl.SSLContext:
    """The usual certificate authorities; read once, since that takes 20 ms."""
    return httpx.create_ssl_context(trust_env=False)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)


def _gunzip(raw: Iterable[bytes], host: str) -> Iterator[bytes]:
    step = 64 * 1024
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for piece in raw:
            while piece:
                if inflate.eof:  # a further member
                    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
                yield inflate.decompress(piece, step)
                piece = inflate.unused_data if inflate.eof else inflate.unconsumed_tail  # noqa: PLW2901
        if not inflate.eof:
            raise SourceDown(f"{host} broke off in the middle of its answer")
    except zlib.error:
        raise UnexpectedReply(f"{host} answered with damaged compression") from None


def _check_scheme(url: httpx.URL) -> None:
    if url.scheme not in ("http", "https") or not url.host:
        raise AccessDenied(f"{url.host or 'the address'} is not reached by http or https")
    if url.userinfo:
        raise AccessDenied(f"{url.host}: an address with a user name in it is refused")


def _target(url: httpx.URL, answer: httpx.Response) -> httpx.URL:
    location = answer.headers.get("location")
    if not location:
        raise UnexpectedReply(f"{url.host} redirects to nowhere")
    return url.join(location)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or "the address"
    except ValueError:
        return "the address"
