"""A local HTTP server that answers as it is told, and goes wrong on demand."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    method: str = "GET"


@dataclass(frozen=True)
class Answer:
    """What to answer."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


FAULTS = ("500", "503", "503 with date", "html", "truncated", "reset", "hang", "429", "429 with seconds", "empty")


DISTORTIONS = ("unknown fields", "doubled", "reversed")


def distorted(answer: Answer, how: str) -> Answer:
    """The same answer with every object of its JSON, or every list of objects, changed; all else as it is."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return answer
    if isinstance(body, list):  # its places may mean something, as in Reddit's answer for a conversation
        changed: Any = [_distorted(part, how) for part in body]
    else:
        changed = _distorted(body, how)
    return Answer(json.dumps(changed).encode(), answer.status, answer.headers)


def _distorted(value: Any, how: str) -> Any:
    if isinstance(value, dict):
        inside = {key: _distorted(one, how) for key, one in value.items()}
        return {**inside, "x_new_field": {"deep": [1, None]}} if how == "unknown fields" else inside
    if isinstance(value, list):
        inner = [_distorted(one, how) for one in value]
        if inner and all(isinstance(one, dict) for one in inner):
            return {"doubled": [*inner, inner[0]], "reversed": inner[::-1]}.get(how, inner)
        return inner
    return value


class FaultyServer:
    """Serves `answer(asked)` on 127.0.0.1; a fault put in `faults` spoils one request each.

    For all servers together: `distortion` changes every answer, and the fault "redirect" leads to `trap`.
    """

    distortion: ClassVar[str | None] = None
    trap: ClassVar[str] = "http://127.0.0.1:9/"

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self.answer = answer
        self.faults: deque[str] = deque()
        self.asked: list[Asked] = []
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_talk())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve_tls(self, context: ssl.SSLContext) -> None:
        """Speak HTTPS from the next connection on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _make_talk(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Talk(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", "0")))
                asked = Asked(parts.path, dict(parse_qsl(parts.query)), headers, body, self.command)
                server.asked.append(asked)
                fault = server.faults.popleft() if server.faults else None
                self.close_connection = True
                if fault is None:
                    answer = server.answer(asked)
                    self._send(distorted(answer, server.distortion) if server.distortion else answer)
                else:
                    self._spoil(fault, asked)

            do_POST = do_GET  # noqa: N815 - the name that http.server asks for

            def _spoil(self, fault: str, asked: Asked) -> None:
                page = b"<html><body><h1>We are upgrading</h1></body></html>"
                match fault:
                    case "500" | "503" | "429":
                        self._send(Answer(page, int(fault)))
                    case "503 with date":
                        date = {"Date": "Sat, 21 Nov 2026 10:00:00 GMT", "Retry-After": "Sat, 21 Nov 2026 10:02:00 GMT"}
                        self._send(Answer(page, 503, date))
                    case "429 with seconds":
                        self._send(Answer(page, 429, {"Retry-After": "90"}))
                    case "html":
                        self._send(Answer(page, 200, {"Content-Type": "text/html"}))
                    case "empty":
                        self._send(Answer(b""))
                    case "redirect":
                        self._send(Answer(b"", 302, {"Location": server.trap}))
                    case "truncated":
                        whole = server.answer(asked)
                        size = {"Content-Length": str(len(whole.body) + 10)}
                        self._send(Answer(whole.body[: len(whole.body) // 2], 200, {**whole.headers, **size}))
                    case "reset":
                        self.connection.close()
                    case "hang":
                        server._released.wait(20)

            def _send(self, answer: Answer) -> None:
                self.send_response_only(answer.status)
                headers = {"Content-Length": str(len(answer.body)), **answer.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                self.end_headers()
                try:
                    self.wfile.write(answer.body)
                except OSError:
                    return  # the client had enough

            def log_message(self, *_: Any) -> None:
                return

        return Talk


def zipped(answer: Answer) -> Answer:
    """The same answer, compressed."""
    return Answer(gzip.compress(answer.body), answer.status, {**answer.headers, "Content-Encoding": "gzip"})
