"""A local mail server that speaks real SMTP (aiosmtpd), with TLS, AUTH and refusals ordered in advance.

In a test: `with MailServer() as post: ...`. As a process of its own, for tests that kill the monitor:
`python tests/kits/smtp_server.py --port 0 --out mails.jsonl` prints its port, and one JSON line a mail is kept.
"""

# ruff: noqa: N802 - the names that aiosmtpd asks for

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import socket
import ssl
import subprocess
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Literal, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Step = Literal["GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "CONTENT"]
USER, PASSWORD = "monitor", "smtp-test-password"
DROP = "drop"  # instead of a reply: the connection breaks
MUTE = "mute"  # instead of a reply: nothing, until the client gives up


@dataclass(frozen=True, slots=True)
class Received:
    """One accepted mail: its envelope and its bytes as text, dot-unstuffed."""

    sender: str
    recipients: tuple[str, ...]
    text: str
    tls: bool
    user: str | None

    @property
    def mail(self) -> EmailMessage:
        parsed = message_from_string(self.text, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-signed certificate for localhost and 127.0.0.1, and its key; two PEM files."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def openssl() -> str | None:
    """Where the openssl command is, or None: tests of TLS then skip and say so."""
    return shutil.which("openssl")


def make_certificate(folder: Path) -> Certificate:
    """Make a certificate with the openssl command."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    command = [
        openssl() or "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]
    command += [
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
    ]
    command += ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return made


class MailServer:
    """Accepted mails are in `mails`, oldest first; `order(step, reply)` makes the next such step go wrong once."""

    def __init__(
        self,
        *,
        port: int = 0,
        certificate: Certificate | None = None,
        implicit_tls: bool = False,
        auth: bool = False,
        out: Path | None = None,
        size_limit: int = 10_000_000,
    ) -> None:
        self.mails: list[Received] = []
        self.connections = 0
        self.open: list[Any] = []  # every connection's transport; aborting a closed one does nothing
        self._ordered: dict[Step, deque[str]] = defaultdict(deque)
        self._out = out
        self._lock = threading.Lock()
        server = self

        class OneController(Controller):
            def factory(self) -> SMTP:
                return _Dialogue(server, self.handler, **self.SMTP_kwargs)

        context = certificate.context() if certificate else None
        self._controller = OneController(
            _Keeper(self),
            hostname="127.0.0.1",
            port=port or _free_port(),
            ssl_context=context if implicit_tls else None,
            tls_context=None if implicit_tls else context,
            authenticator=_authenticate if auth else None,
            auth_require_tls=bool(certificate) and not implicit_tls,
            data_size_limit=size_limit,
        )

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def order(self, step: Step, reply: str) -> None:
        """The next time a client comes to this step, it gets this reply; or DROP, or MUTE."""
        with self._lock:
            self._ordered[step].append(reply)

    def take(self, step: Step) -> str | None:
        with self._lock:
            return self._ordered[step].popleft() if self._ordered[step] else None

    def keep(self, received: Received) -> None:
        with self._lock:
            self.mails.append(received)
            if self._out is not None:
                line = {"sender": received.sender, "recipients": received.recipients, "text": received.text}
                with self._out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._controller.loop).result(10)
        self._controller.stop()

    async def _hang_up(self) -> None:
        for transport in self.open:
            transport.abort()
        for _ in range(5):  # turns of the loop in which the connections learn that they are closed
            await asyncio.sleep(0)


class _Keeper:
    """Takes the content of a mail: keeps it, or does what was ordered for CONTENT (DROP keeps it first)."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_DATA(self, server: _Dialogue, session: Session, envelope: Envelope) -> str:
        ordered = self._server.take("CONTENT")
        if ordered in (None, DROP, MUTE):
            content = envelope.content
            assert isinstance(content, bytes)
            data: Any = session.auth_data
            user = data.login.decode() if session.authenticated else None
            received = Received(
                envelope.mail_from or "",
                tuple(envelope.rcpt_tos),
                content.decode("ascii"),
                bool(session.ssl),
                user,
            )
            self._server.keep(received)
        if ordered in (DROP, MUTE):
            await server.vanish(ordered)
        return ordered or "250 2.0.0 taken"


class _Dialogue(SMTP):
    def __init__(self, owner: MailServer, handler: Any, **given: Any) -> None:
        super().__init__(handler, hostname="localhost", **given)
        self._owner = owner
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._owner.open.append(transport)
        super().connection_made(transport)

    async def vanish(self, how: str) -> None:
        transport: Any = self.transport  # plain or TLS; both can abort
        if how == DROP:
            transport.abort()
            raise ConnectionResetError
        # MUTE: read on until the client has gone; it is this coroutine that would have answered.
        await self._reader.read()
        transport.abort()
        raise ConnectionResetError

    async def push(self, status: Any) -> None:
        if not self._greeted:
            self._greeted = True
            self._owner.connections += 1
            ordered = self._owner.take("GREETING")
            if ordered in (DROP, MUTE):
                await self.vanish(ordered)
            status = ordered or status
        await super().push(status)

    async def _went_wrong(self, step: Step) -> bool:
        ordered = self._owner.take(step)
        if ordered is None:
            return False
        if ordered in (DROP, MUTE):
            await self.vanish(ordered)
        await self.push(ordered)
        return True

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._went_wrong("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self._went_wrong("STARTTLS"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._went_wrong("AUTH"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self._went_wrong("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self._went_wrong("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if not await self._went_wrong("DATA"):
            await super().smtp_DATA(arg)


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
    right = data == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False, auth_data=data)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description="A local mail server for tests")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with MailServer(port=given.port, out=given.out) as post:
        print(json.dumps({"port": post.port}), flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
