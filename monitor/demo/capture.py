"""Small local ends of the wire for the demo: they take what Slack, a mail server and a webhook would have got.

They speak just enough of each protocol for the real channels to be none the wiser, listen on the loopback address
only, and keep every message as a file.
"""

from __future__ import annotations

import json
import socketserver
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs

LOOPBACK = "127.0.0.1"


@dataclass
class Captured:
    """The messages taken so far, in order of arrival, each also a file in the folder."""

    folder: Path
    slack: list[dict[str, Any]] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    webhooks: list[dict[str, Any]] = field(default_factory=list)
    slack_port: int = 0
    smtp_port: int = 0
    webhook_port: int = 0
    _lock: Lock = field(default_factory=Lock)

    def keep(self, kind: str, taken: list[Any], one: Any, suffix: str, raw: bytes) -> int:
        """Keep one message; its number, from 1."""
        with self._lock:
            taken.append(one)
            folder = self.folder / kind
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{len(taken):04}{suffix}").write_bytes(raw)
            return len(taken)


@contextmanager
def capturing(folder: Path) -> Iterator[Captured]:
    """Listen on three ports of the loopback address until the block ends."""
    captured = Captured(folder)
    with ExitStack() as stack:
        captured.slack_port = _serve(stack, ThreadingHTTPServer((LOOPBACK, 0), _slack(captured)))
        captured.webhook_port = _serve(stack, ThreadingHTTPServer((LOOPBACK, 0), _webhook(captured)))
        captured.smtp_port = _serve(stack, _MailServer((LOOPBACK, 0), _mail(captured)))
        yield captured


def _serve(stack: ExitStack, server: socketserver.TCPServer) -> int:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    stack.callback(stop)
    return int(server.server_address[1])


class _Http(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive: one connection for many messages
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: the demo's own output is the show."""

    def body(self) -> bytes:
        """The request's body."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, body: dict[str, Any]) -> None:
        """A JSON answer."""
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def _slack(captured: Captured) -> type[_Http]:
    class Slack(_Http):
        def do_POST(self) -> None:
            raw = self.body()
            asked = self._fields(raw)
            if not self.path.rstrip("/").endswith("chat.postMessage"):
                self.answer(200, {"ok": True, "messages": [], "has_more": False})
                return
            number = captured.keep(
                "slack", captured.slack, asked, ".json", json.dumps(asked, indent=2, ensure_ascii=False).encode()
            )
            self.answer(200, {"ok": True, "channel": asked.get("channel"), "ts": f"{1_700_000_000 + number}.000100"})

        def _fields(self, raw: bytes) -> dict[str, Any]:
            if "json" in self.headers.get("Content-Type", ""):
                return dict(json.loads(raw))
            fields: dict[str, Any] = {k: v[0] for k, v in parse_qs(raw.decode()).items()}
            for name in ("blocks", "metadata"):
                if isinstance(fields.get(name), str):
                    fields[name] = json.loads(fields[name])
            return fields

    return Slack


def _webhook(captured: Captured) -> type[_Http]:
    class Webhook(_Http):
        def do_POST(self) -> None:
            raw = self.body()
            body = json.loads(raw)
            captured.keep(
                "webhook", captured.webhooks, body, ".json", json.dumps(body, indent=2, ensure_ascii=False).encode()
            )
            self.answer(202, {})

    return Webhook


class _MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def _mail(captured: Captured) -> type[socketserver.StreamRequestHandler]:
    class Mail(socketserver.StreamRequestHandler):
        """SMTP as far as one client needs it (RFC 5321, without extensions)."""

        def handle(self) -> None:
            self._say("220 demo ready")
            while line := self.rfile.readline(1000):
                verb = line.split(None, 1)[0].upper() if line.strip() else b""
                if verb == b"DATA":
                    self._say("354 go on")
                    self._take()
                    self._say("250 taken")
                elif verb == b"QUIT":
                    self._say("221 bye")
                    return
                elif verb in (b"EHLO", b"HELO", b"MAIL", b"RCPT", b"RSET", b"NOOP"):
                    self._say("250 fine")
                else:
                    self._say("502 not here")

        def _say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def _take(self) -> None:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line[1:] if line.startswith(b".") else line)
            raw = b"".join(lines)
            captured.keep("mail", captured.mails, raw, ".eml", raw)

    return Mail


def subject_of(mail: bytes) -> str:
    """The subject of a raw mail."""
    return str(message_from_bytes(mail, policy=policy.default)["Subject"])
