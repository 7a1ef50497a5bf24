"""The address at which posts are taken, served by waitress in threads of its own.

Waitress reads a request whole before it gives it to a thread, so a sender that drips its body holds a connection, and
no thread.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from threading import Event, Thread
from time import monotonic, time
from typing import Any

from waitress.server import create_server

from collectors.matching import Matcher
from config.settings import Settings
from config.source_webhook import WebhookSource
from monitor import logs
from monitor.clock import Clock
from monitor.inbound.app import Application
from monitor.store.engine import Store

THREADS = 4  # requests stored at the same time; the database takes one after the other anyway
MAX_HEADERS = 16 * 1024  # bytes
SILENCE = 30  # seconds without a byte after which a connection is closed
LONGEST = 120.0  # seconds that a connection may last, whatever drips in; a sender connects again
CONNECTIONS = 100
LAST_WORDS = 1.0  # seconds that answers get to leave once all requests in hand are done
_STEP = 0.2  # seconds between two looks at whether to stop

log = logs.get("inbound")


class DoorUnusable(Exception):
    """The address cannot be listened at; the message says why."""


class Door:
    """Listens from birth until `close`; `died` is called if it ends by itself."""

    def __init__(
        self,
        app: Application,
        host: str,
        port: int,
        *,
        max_body: int,
        died: Callable[[], None],
        longest: float = LONGEST,
    ) -> None:
        self._died = died
        self._longest = longest
        self._closing = Event()
        self._map: dict[int, Any] = {}
        try:
            listening = socket.create_server((host, port), family=_family(host, port))
        except OSError as error:
            raise DoorUnusable(f"inbound: cannot listen at {host}:{port}: {error.strerror or error}") from None
        logging.getLogger("waitress").setLevel(logging.ERROR)  # it tells of every queue and every broken connection
        self._server = create_server(
            app,
            map=self._map,
            sockets=[listening],
            threads=THREADS,
            ident="monitor",
            connection_limit=CONNECTIONS,
            channel_timeout=SILENCE,
            cleanup_interval=5,
            max_request_header_size=MAX_HEADERS,
            max_request_body_size=max_body * 2,  # it counts the framing of a body in chunks; the app counts the body
            asyncore_use_poll=True,
        )
        self.port = int(listening.getsockname()[1])
        self._thread = Thread(target=self._serve, name="inbound", daemon=True)
        self._thread.start()

    def close(self, patience: float) -> None:
        """Take no further connection, let the requests in hand end within `patience` seconds, and hang up."""
        self._closing.set()
        self._server.pull_trigger()
        self._thread.join(_STEP + 1)
        self._server.accepting = False
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=patience)
        until = monotonic() + LAST_WORDS
        while monotonic() < until and any(getattr(one, "total_outbufs_len", 0) for one in list(self._map.values())):
            self._step()
        self._server.asyncore.close_all(self._map, ignore_all=True)

    def _serve(self) -> None:
        try:
            while not self._closing.is_set():
                self._step()
        except Exception:
            log.exception("the inbound address died")
        if not self._closing.is_set():
            self._died()

    def _step(self) -> None:
        self._server.asyncore.loop(timeout=_STEP, use_poll=True, map=self._map, count=1)
        for connection in self._server.active_channels.values():
            if not connection.requests and time() - connection.creation_time > self._longest:
                connection.will_close = True


def opened(settings: Settings, store: Store, clock: Clock, *, died: Callable[[], None]) -> Door | None:
    """The door of the webhooks that are switched on; None where there is none.

    Raises:
        DoorUnusable: the address is taken, or not this machine's.
    """
    sources = [one for one in settings.sources if isinstance(one, WebhookSource) and one.enabled]
    if not sources:
        return None
    app = Application(sources, Matcher(settings.brands), store, clock)
    place = settings.inbound
    door = Door(app, place.host, place.port, max_body=max(one.max_body for one in sources), died=died)
    log.info("listening", host=place.host, port=door.port, paths=[one.path for one in sources])
    return door


def _family(host: str, port: int) -> socket.AddressFamily:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
