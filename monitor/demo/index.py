"""One page of everything that the demo told, as people would see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config.settings import Settings
from monitor.demo.capture import Captured, subject_of
from monitor.digest.period import Week
from monitor.states import CaseState
from monitor.store.values import CaseFacts

ALL = tuple(CaseState)


def page(
    settings: Settings, week: Week, captured: Captured, cases: Sequence[CaseFacts], *, rejects: Sequence[str]
) -> str:
    """The page, self-contained; all foreign text escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = {c.conversation: c.name for c in settings.channels if c.kind == "slack"}
    return environment.get_template("index.html.jinja").render(
        company=settings.company,
        week=week,
        weeks=(week, week.back(1)),
        slack=[
            (f"{n:04}", names.get(m.get("channel", ""), "?"), bool(m.get("thread_ts")), list(_lines(m)))
            for n, m in enumerate(captured.slack, 1)
        ],
        mails=[(f"{n:04}", subject_of(raw), addressee(raw)) for n, raw in enumerate(captured.mails, 1)],
        webhooks=len(captured.webhooks),
        states=[(state.value, sum(case.state is state for case in cases)) for state in CaseState],
        rejects=rejects,
    )


def addressee(mail: bytes) -> str:
    """To whom a raw mail is addressed."""
    return str(message_from_bytes(mail, policy=policy.default)["To"])


def _lines(message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The blocks of a Slack message as (kind, text)."""
    for block in message.get("blocks", ()):
        if block["type"] == "header":
            yield "header", block["text"]["text"]
        elif block["type"] == "context":
            for element in block["elements"]:
                yield "context", element["text"]
        else:
            for part in block.get("elements", ()):
                kind = "quote" if part["type"] == "rich_text_quote" else "text"
                yield kind, "".join(piece.get("text") or piece.get("url", "") for piece in part["elements"])
