"""One HTTP POST, once, with what went wrong said in the outbox's words."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from alerts.base import DeliveryFailed, ErrorClass
from config.addresses import is_private

TIMEOUT = 10.0  # seconds for each of connect, write, read: Slack answers well under one
DEADLINE = 30.0  # seconds for a whole reply, against one that drips; half a lease of 60 s
MAX_REPLY = 8 * 1024 * 1024  # bytes: a page of 200 Slack messages with blocks stays under 4 MB
MAX_WAIT = timedelta(hours=24)  # a longer Retry-After is no advice; the alert's horizon is 24 h

# What a status means where the other side says nothing better; other 4xx are CONTENT.
STATUS_CLASSES: dict[int, ErrorClass] = {
    401: ErrorClass.CREDENTIAL,
    403: ErrorClass.CREDENTIAL,
    404: ErrorClass.DESTINATION,
    405: ErrorClass.DESTINATION,
    407: ErrorClass.CREDENTIAL,
    408: ErrorClass.AMBIGUOUS,
    410: ErrorClass.DESTINATION,
    421: ErrorClass.TRANSIENT,
    423: ErrorClass.TRANSIENT,
    425: ErrorClass.TRANSIENT,
    429: ErrorClass.THROTTLE,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return httpx.codes.is_success(self.status)


class Wire:
    """Posts to one place: nothing from the environment, no redirect, no retry, no cookie kept.

    A connection for each post: at the few messages a second that people can take, a kept one would save little,
    and breaking on reuse it would make a delivery doubtful. `guarded` refuses hosts that are not public, checking
    the very address that is then connected to. Safe for several threads.
    """

    def __init__(self, *, guarded: bool, timeout: float = TIMEOUT) -> None:
        # httpx logs every URL at INFO; a webhook's URL is its secret.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(trust_env=False, follow_redirects=False, timeout=timeout, limits=limits)
        self._guarded = guarded

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Post once and read the whole reply, whatever its status.

        Raises:
            DeliveryFailed: TRANSIENT where nothing was sent, AMBIGUOUS where something may have been,
                CREDENTIAL where the certificate cannot be trusted, DESTINATION where the URL cannot be used.
        """
        try:
            request = self.request(url, body, headers)
            deadline = time.monotonic() + DEADLINE
            response = self._client.send(request, stream=True)
            try:
                text = _read(response, deadline)
            finally:
                self._client.cookies.clear()
                response.close()
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            raise DeliveryFailed(ErrorClass.DESTINATION, f"the URL cannot be used: {_name(error)}") from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            if _is_tls(error):
                raise DeliveryFailed(ErrorClass.CREDENTIAL, "the TLS connection was refused") from None
            raise DeliveryFailed(ErrorClass.TRANSIENT, f"no connection: {_name(error)}") from None
        except httpx.HTTPError as error:
            raise DeliveryFailed(ErrorClass.AMBIGUOUS, f"no whole reply: {_name(error)}") from None
        return Reply(response.status_code, dict(response.headers), text)

    def request(self, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Request:
        """The request as `post` sends it; where guarded, to the address that was checked, under the URL's name.

        Raises:
            DeliveryFailed: the host does not resolve, or is not public.
        """
        if not self._guarded:
            return self._client.build_request("POST", url, content=body, headers=dict(headers))
        parsed = httpx.URL(url)
        pinned = parsed.copy_with(host=public_address(parsed.host, parsed.port or 443))
        sent = {**headers, "Host": parsed.netloc.decode("ascii")}
        # TLS still asks for, and checks, the name in the URL.
        extensions = {"sni_hostname": parsed.raw_host.decode("ascii")}
        return self._client.build_request("POST", pinned, content=body, headers=sent, extensions=extensions)


def public_address(host: str, port: int) -> str:
    """One address of the host, where all of its addresses are public.

    Raises:
        DeliveryFailed: TRANSIENT: the name does not resolve; DESTINATION: an address is not public.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DeliveryFailed(ErrorClass.TRANSIENT, "the host name does not resolve") from None
    addresses = [str(entry[4][0]) for entry in found]
    if any(is_private(address) for address in addresses):
        raise DeliveryFailed(
            ErrorClass.DESTINATION,
            "the host is not on the public network; set allow_private_address if it should be",
        )
    return addresses[0]


def status_class(status: int) -> ErrorClass:
    """What an HTTP status that is no success means for the delivery."""
    if status in STATUS_CLASSES:
        return STATUS_CLASSES[status]
    if httpx.codes.is_client_error(status):
        return ErrorClass.CONTENT
    return ErrorClass.DESTINATION if httpx.codes.is_redirect(status) else ErrorClass.AMBIGUOUS


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the other side asks us to wait, in seconds or until a date; None where it says neither."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text), 10**6)), MAX_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta()), MAX_WAIT)


def _read(response: httpx.Response, deadline: float) -> str:
    parts, size = [], 0
    for part in response.iter_bytes():
        size += len(part)
        if size > MAX_REPLY or time.monotonic() > deadline:
            raise httpx.ReadTimeout("the reply does not end")
        parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")


def _is_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _name(error: Exception) -> str:
    return type(error).__name__
