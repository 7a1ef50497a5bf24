"""A connection to a server of Jetstream v2: guarded as the HTTP client is, and without the library's own patience.

`JetstreamClient` of the library is not used: it waits and dials again by itself, follows proxies of the environment,
connects to any address, and leaves out what it cannot read without a word.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http import HTTPStatus
from ssl import SSLContext
from urllib.parse import urlsplit

import httpx
from atproto_subscription import build_websocket_uri
from pydantic_core import from_json
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from collectors.addresses import AddressRefused, Resolver, checked, resolve
from collectors.base import AccessDenied, SourceDown, UnexpectedReply
from collectors.bluesky_errors import of_status
from collectors.bluesky_events import METHOD
from collectors.bluesky_posts import POSTS

OPEN_SECONDS = 5.0  # to connect and to agree; two servers in a row stay near the daemon's patience at its end
PING_SECONDS = 20.0  # between two pings, and for their answer: so a dead connection is noticed within 40 s
CLOSE_SECONDS = 0.5  # for the farewell, which nothing depends on
MAX_FRAME = 4 * 1024 * 1024  # bytes; a record may have 1 MiB, and JSON makes it longer
KINDS = ("commit", "account")  # "identity" and "sync" tell nothing that a post needs
_SUBPROTOCOL = Subprotocol("xrpc.v1.json")
_TOO_OLD = "CursorTooOld"

_log = logging.getLogger("collectors.bluesky.socket")
_log.setLevel(logging.CRITICAL)  # the library logs frames, which are posts; what fails is told by an error instead


class CursorTooOld(Exception):
    """The server no longer holds what comes after the cursor."""


@dataclass(frozen=True, slots=True)
class Dialler:
    """Opens connections; `clock` is for times that a server names."""

    user_agent: str
    clock: Callable[[], datetime]
    allow_private: bool = False
    resolver: Resolver = resolve
    open_seconds: float = OPEN_SECONDS
    ping_seconds: float = PING_SECONDS

    @contextmanager
    def open(self, server: str, cursor: int | None) -> Iterator[ClientConnection]:
        """A connection that brings all events from `cursor` on (included), or from now on where it is None.

        Raises:
            CursorTooOld: see there.
            SourceError: no such connection.
        """
        host = host_of(server)
        with ExitStack() as stack:
            try:
                raw = self._connected(server)
                stack.callback(raw.close)
                connection = stack.enter_context(self._agreed(server, raw, cursor))
            except InvalidStatus as error:
                raise self._refused(host, error) from None
            except AddressRefused as error:
                raise AccessDenied(str(error)) from None
            except TimeoutError:
                raise SourceDown(f"{host} did not answer in time") from None
            except (OSError, EOFError, ConnectionClosed, InvalidMessage) as error:
                raise SourceDown(f"{host} could not be reached: {type(error).__name__}") from None
            except (WebSocketException, ValueError) as error:  # no such sub-protocol, a redirect, an odd header
                raise UnexpectedReply(f"{host} is no Jetstream v2 server: {type(error).__name__}") from None
            yield connection

    def _connected(self, server: str) -> socket.socket:
        parts = urlsplit(server)
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        failed: OSError = OSError("no address")
        host = parts.hostname or ""
        for address in checked(host, port, allow_private=self.allow_private, resolver=self.resolver):
            try:
                return socket.create_connection((address, port), self.open_seconds)
            except OSError as error:
                failed = error
        raise failed

    def _agreed(self, server: str, raw: socket.socket, cursor: int | None) -> ClientConnection:
        secure = server.startswith("wss://")
        return connect(
            address_of(server, cursor),
            sock=raw,
            ssl=_trusted() if secure else None,
            subprotocols=[_SUBPROTOCOL],
            user_agent_header=self.user_agent,
            proxy=None,
            open_timeout=self.open_seconds,
            ping_interval=self.ping_seconds,
            ping_timeout=self.ping_seconds,
            close_timeout=CLOSE_SECONDS,
            max_size=MAX_FRAME,
            logger=_log,
        )

    def _refused(self, host: str, error: InvalidStatus) -> Exception:
        answer = error.response
        if answer.status_code == HTTPStatus.BAD_REQUEST and _error_in(answer.body) == _TOO_OLD:
            return CursorTooOld()
        headers: Mapping[str, str] = {name.lower(): value for name, value in answer.headers.raw_items()}
        return of_status(host, answer.status_code, headers, self.clock())


def reach(dialler: Dialler, server: str, seconds: float) -> None:
    """Open the stream and see that it lives: an answer to a ping, which a quiet stream gives too.

    Raises:
        SourceError: it does not.
    """
    with dialler.open(server, None) as connection:
        try:
            answered = connection.ping().wait(seconds)
        except ConnectionClosed:
            answered = False
    if not answered:
        raise SourceDown(f"{host_of(server)} opened the stream and fell silent")


def address_of(server: str, cursor: int | None) -> str:
    """The address of the stream: posts alone, and what happens to accounts, which no filter of posts holds back."""
    params: dict[str, object] = {"collections": [POSTS], "kinds": list(KINDS)}
    if cursor is not None:
        params["cursor"] = cursor
    base = server.rstrip("/")
    return str(build_websocket_uri(METHOD, base if base.endswith("/xrpc") else f"{base}/xrpc", params))


def host_of(url: str) -> str:
    """The host of an address, for messages."""
    return urlsplit(url).hostname or "the server"


def _error_in(body: bytes | bytearray) -> object:
    try:
        value = from_json(body)
    except ValueError:
        return None
    return value.get("error") if isinstance(value, dict) else None


@cache
def _trusted() -> SSLContext:
    """The usual certificate authorities."""
    return httpx.create_ssl_context(trust_env=False)
