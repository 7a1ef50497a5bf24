"""Local HTTP servers for tests: faults that can be ordered in advance, requests that can be looked at after."""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Literal, Self

HANG_AT_MOST = 60.0  # seconds; ends earlier when the server stops


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request.

    "refuse": nothing is done, the reply is `status` and `body`. "reset": nothing is done, the connection breaks.
    "accept_reset", "accept_hang", "accept_fail": the work is done, then the connection breaks, or no reply comes,
    or the reply is `status` and `body`. "slow": the work is done and answered after `seconds`.
    """

    kind: Literal["refuse", "reset", "accept_reset", "accept_hang", "accept_fail", "slow"]
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply as it goes."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class LocalServer:
    """A threaded HTTP/1.1 server on 127.0.0.1 with keep-alive; a context manager. Subclasses write `answer`."""

    def __init__(self, *, port: int = 0) -> None:
        self.asked: list[Asked] = []
        self._faults: deque[Fault] = deque()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _bound(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fail(self, *faults: Fault) -> None:
        """The next requests go wrong, in this order, one fault each."""
        with self._lock:
            self._faults.extend(faults)

    def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def take(self, asked: Asked) -> Answer | None:
        """The reply to a request, after its fault if one is due; None: the connection is to be broken."""
        with self._lock:
            self.asked.append(asked)
            fault = self._faults.popleft() if self._faults else None
        if fault is None:
            return self.answer(asked)
        if fault.kind == "reset":
            return None
        refusal = Answer(fault.status, fault.body, fault.headers)
        if fault.kind == "refuse":
            return refusal
        answer = self.answer(asked)
        if fault.kind == "accept_fail":
            return refusal
        if fault.kind == "accept_reset":
            return None
        self._stopping.wait(fault.seconds if fault.kind == "slow" else HANG_AT_MOST)
        return answer if fault.kind == "slow" else None


def _bound(owner: LocalServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        server_side = owner

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server_side: ClassVar[LocalServer]

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:  # the other side was killed in the middle of its request
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server_side.take(Asked(self.path, headers, body))
        if answer is None:
            # Linger of zero: closing sends a reset, not an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        raw = answer.body.encode("utf-8")
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST  # noqa: N815 - the name that http.server asks for

    def log_message(self, *_: Any) -> None:
        """Silence: the tests look at `asked`."""
