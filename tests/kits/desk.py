"""A customer-relations desk for acceptance tests: real servers, a real configuration, the real program."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slack_server import TOKEN, SlackServer
from smtp_server import MailServer
from sqlalchemy import create_engine, text

from config.settings import Database

ROOT = Path(__file__).parents[2]

SETTINGS = """
company = "Acme"
time_zone = "Europe/Berlin"

[database]
url = "{url}"
migrate = true
{user}

[[brands]]
name = "Acme"
aliases = [{{ text = "acme" }}, {{ text = "company", kind = "handle" }}]
own_accounts = [{{ platform = "x", handle = "acme_help" }}]

[[sources]]
kind = "files"
name = "export"
path = "{posts}"
platform = "x"
columns = {columns}

[[channels]]
kind = "slack"
name = "care"
token = "env:ACME_SLACK_TOKEN"
conversation = "C0CARE"
api_url = "{slack}"
per_minute = 6000

[[channels]]
kind = "mail"
name = "leads"
host = "127.0.0.1"
port = {smtp}
security = "none"
sender = "monitor@acme.example"
recipients = ["lead@acme.example"]
per_minute = 6000

[[channels]]
kind = "console"
name = "terminal"

[[routes]]
name = "critical"
when = {{ min_severity = "critical" }}
channels = ["leads", "care"]

[default_route]
name = "everything"
channels = ["care"]

[alerting]
operators = ["terminal"]
playbook = {{ billing = "Offer to go through the bill together." }}

[digest]
enabled = {digest}
channel = "leads"
recipients = ["director@acme.example"]
"""

COLUMNS = '{ text = "text", id = "id", created_at = "created_at", author = "author", thread = "thread" }'


@dataclass
class Desk:
    """One installation in a folder."""

    folder: Path
    slack: SlackServer
    mail: MailServer
    database: Database
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, *, posts: Path, columns: str = COLUMNS, digest: bool = False, more: str = "") -> None:
        """Write the configuration."""
        user = f'user = "{self.database.user}"' if self.database.user else ""
        (self.folder / "monitor.toml").write_text(
            SETTINGS.format(
                url=self.database.url,
                user=user,
                posts=posts,
                columns=columns,
                slack=self.slack.api_url,
                smtp=self.mail.port,
                digest=str(digest).lower(),
            )
            + more
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the program in the folder, its output in program.log."""
        environment = os.environ | {"ACME_SLACK_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)} | self.environment
        with (self.folder / "program.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "monitor", "--config", "monitor.toml", *arguments],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                text=True,
            )

    def run(self, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
        """Run the program to its end; its output is in the result."""
        environment = os.environ | {"ACME_SLACK_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)} | self.environment
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "--config", "monitor.toml", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def log(self) -> str:
        """All that the started programs have said."""
        path = self.folder / "program.log"
        return path.read_text() if path.exists() else ""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database holds, asked by SQL that is not the product's."""
        url = self.database.url
        if self.database.user:
            url = url.replace("://", f"://{self.database.user}@", 1)
        engine = create_engine(url)
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(sql))]
        finally:
            engine.dispose()

    def outcome(self) -> Outcome:
        """Everything that must not depend on kills."""
        case_posts: dict[int, list[tuple[str, str]]] = {}
        for case_id, native_id, role in self.rows(
            "select cp.case_id, p.native_id, cp.role from case_post cp join post p on p.id = cp.post_id"
        ):
            case_posts.setdefault(case_id, []).append((native_id, role))
        cases = {row[0]: row[1:] for row in self.rows('select id, state, severity, main_type, routes from "case"')}
        verdicts = Counter(
            self.rows(
                "select p.native_id, v.sentiment, v.types, v.severity, v.flags from post p join verdict v on v.post_id = p.id"
            )
        )
        decisions = Counter(
            self.rows("select p.native_id, d.brand, d.alert, d.reason from post p join decision d on d.post_id = p.id")
        )
        deliveries = Counter(self.rows("select channel, state, kind from delivery"))
        return Outcome(
            posts=Counter(self.rows("select platform, native_id, state from post")),
            verdicts=verdicts,
            decisions=decisions,
            cases=Counter((tuple(sorted(ids)), *cases[case_id]) for case_id, ids in case_posts.items()),
            deliveries=deliveries,
        )


@dataclass(frozen=True)
class Outcome:
    """What one run of the main job leaves behind, without the numbers that chance gives."""

    posts: Mapping[Any, int]
    verdicts: Mapping[Any, int]
    decisions: Mapping[Any, int]
    cases: Mapping[Any, int]
    deliveries: Mapping[Any, int]


@contextmanager
def desk(folder: Path, database: Database) -> Iterator[Desk]:
    """A desk with its own Slack and mail server."""
    with SlackServer() as slack, MailServer() as mail:
        yield Desk(folder, slack, mail, database)


def wait_for(said: str, program: subprocess.Popen[str], at: Desk, *, since: int = 0, seconds: float = 60) -> None:
    """Wait until the program has logged something after position `since`."""
    deadline = time.monotonic() + seconds
    while said not in at.log()[since:]:
        assert program.poll() is None, at.log()[since:]
        assert time.monotonic() < deadline, f"{said!r} was not logged:\n{at.log()[since:]}"
        time.sleep(0.02)


def kill(program: subprocess.Popen[str]) -> None:
    """SIGKILL, as the out-of-memory killer does it."""
    program.send_signal(signal.SIGKILL)
    program.wait()


def write_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """A CSV file of invented posts."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


_THINGS = ("the bill", "my parcel", "your app", "the router", "the technician", "my refund", "the hotline")
_WOES = (
    "{thing} from acme is wrong again and nobody answers, I am furious",
    "third week without {thing}, acme keeps lying to me, this is unacceptable",
    "acme charged me twice and {thing} is still broken, give me my money back",
    "thank you acme, {thing} was great and your staff lovely",
    "does anybody know when acme opens on Sunday? asking because of {thing}",
    "acme just announced news about {thing}",
    "{thing} caught fire, acme, my kitchen is full of smoke and this is dangerous",
)


def invented_posts(count: int, *, day: str) -> list[dict[str, str]]:
    """Clearly invented posts: a third of the customers post more than once."""
    return [
        {
            "id": f"invented-{n}",
            "text": f"{_WOES[n % len(_WOES)].format(thing=_THINGS[n // 7 % len(_THINGS)])} #{n}",
            "created_at": f"{day}T{n // 60 % 24:02}:{n % 60:02}:00+00:00",
            "author": f"demo_{n // 3 if n % 2 else n}",
            "thread": "",
        }
        for n in range(count)
    ]


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON that a command printed."""
    return json.loads(done.stdout)
