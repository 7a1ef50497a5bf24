"""Sends posts to the monitor's own door as another system would, and as it should not."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.webhook import signature

PATH = "/hooks/site"


@dataclass(frozen=True)
class Said:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: Any  # JSON as read; the text itself where it is none


@dataclass
class Sender:
    """A system that knows a secret."""

    port: int
    now: datetime
    secret: str = "s3cret"

    def signed(self, body: str, *, at: float | None = None, **more: str) -> dict[str, str]:
        """The headers of a request, signed as the monitor's own outgoing webhook signs."""
        timestamp = str(int(self.now.timestamp() if at is None else at))
        headers = {"X-Monitor-Timestamp": timestamp, "X-Monitor-Signature": signature(self.secret, timestamp, body)}
        return headers | {name.replace("_", "-"): value for name, value in more.items()}

    def send(self, value: object, **more: str) -> Said:
        """Post once."""
        body = json.dumps(value)
        return self.raw(body.encode(), self.signed(body, **more))

    def raw(self, body: bytes, headers: Mapping[str, str], *, method: str = "POST", path: str = PATH) -> Said:
        """One request exactly as given."""
        lines = [f"{method} {path} HTTP/1.1", "Host: here", f"Content-Length: {len(body)}", "Connection: close"]
        head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items())])
        return self.talk(head.encode("latin-1") + b"\r\n\r\n" + body)

    def talk(self, *pieces: bytes, pause: float = 0.0) -> Said:
        """Whatever bytes, in pieces; status 0 where the other side hung up without a word."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(pause)
            except OSError:
                pass  # it had enough; what it said may still be read
            return _read(connection)


def _read(connection: socket.socket) -> Said:
    answer = b""
    try:
        while piece := connection.recv(65_536):
            answer += piece
    except ConnectionError:
        pass
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if len(lines[0].split()) < 2:
        return Said(0, {}, "")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    text = body.decode("latin-1")
    return Said(int(lines[0].split()[1]), headers, json.loads(text) if text.startswith("{") else text)
