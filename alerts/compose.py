"""Builds the messages: what is said on which occasion, frozen before any channel renders it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.base import Mention, Message, MessageKind
from alerts.policy import Decision
from alerts.routing import Routing
from alerts.sanitize import cut, one_line
from alerts.wording import headline, local, quotation, span

SUBJECT_LIMIT = 140  # UTF-16 units: whole within a Slack header (150) and most mail lists
QUOTE_IN_SUBJECT = 60  # enough to know the post again, short enough to leave the important thing first


def delivery_key(*parts: object) -> str:
    """The lasting name of one delivery: sha256 in hex over the parts, told apart by their lengths.

    The same parts give the same key, always; ("ab", "c") and ("a", "bc") do not.
    """
    digest = hashlib.sha256()
    for part in parts:
        raw = str(part).encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(raw) + raw)
    return digest.hexdigest()


def subject(mention: Mention, kind: MessageKind, waited: timedelta = timedelta()) -> str:
    """One line, the important thing first, then a short quote; at most SUBJECT_LIMIT units."""
    said = cut(one_line(quotation(mention, QUOTE_IN_SUBJECT * 4)), QUOTE_IN_SUBJECT)
    return cut(one_line(f"{headline(mention, kind, waited)}: {said}"), SUBJECT_LIMIT)


def case_opened(
    mention: Mention,
    *,
    key: str,
    case_id: int,
    decision: Decision,
    routing: Routing,
    company: str,
    zone: ZoneInfo,
    playbook: Mapping[str, str],
    now: datetime,
) -> Message:
    """A new case: the first alert about it."""
    return Message(
        key=key,
        kind=MessageKind.CASE_OPENED,
        subject=subject(mention, MessageKind.CASE_OPENED),
        written_at=now,
        company=company,
        time_zone=zone.key,
        case_id=case_id,
        mention=mention,
        why=reasons(decision, routing),
        guidance=guidance(mention, playbook),
        opened_at=now,
    )


def case_updated(
    mention: Mention,
    *,
    key: str,
    case_id: int,
    decision: Decision,
    routing: Routing,
    company: str,
    zone: ZoneInfo,
    playbook: Mapping[str, str],
    now: datetime,
    opened_at: datetime,
    earlier_posts: int,
) -> Message:
    """The customer of an open case posted again; `earlier_posts` counts those before this one."""
    return Message(
        key=key,
        kind=MessageKind.CASE_UPDATED,
        subject=subject(mention, MessageKind.CASE_UPDATED),
        written_at=now,
        company=company,
        time_zone=zone.key,
        case_id=case_id,
        mention=mention,
        why=reasons(decision, routing),
        guidance=guidance(mention, playbook),
        earlier_posts=earlier_posts,
        opened_at=opened_at,
    )


def reminder(
    mention: Mention,
    *,
    key: str,
    case_id: int,
    company: str,
    zone: ZoneInfo,
    playbook: Mapping[str, str],
    now: datetime,
    opened_at: datetime,
    number: int,
    escalates_at: datetime | None = None,
) -> Message:
    """Nobody has answered yet: reminder `number`, and when the case is handed up, if it is."""
    lines = [f"Nobody has answered for {span(now - opened_at)}. This is reminder {number}."]
    if escalates_at is not None:
        lines.append(f"It is escalated on {local(escalates_at, zone)} unless somebody takes it.")
    return Message(
        key=key,
        kind=MessageKind.REMINDER,
        subject=subject(mention, MessageKind.REMINDER, now - opened_at),
        written_at=now,
        company=company,
        time_zone=zone.key,
        case_id=case_id,
        mention=mention,
        why="The case is open and nobody has taken or answered it.",
        guidance=guidance(mention, playbook),
        opened_at=opened_at,
        lines=tuple(lines),
    )


def escalation(
    mention: Mention,
    *,
    key: str,
    case_id: int,
    company: str,
    zone: ZoneInfo,
    playbook: Mapping[str, str],
    now: datetime,
    opened_at: datetime,
    told: Sequence[str] = (),
) -> Message:
    """Nobody has answered for too long: said to those further up; `told` names the channels told before."""
    before = f" Told before: {', '.join(told)}." if told else ""
    return Message(
        key=key,
        kind=MessageKind.ESCALATION,
        subject=subject(mention, MessageKind.ESCALATION, now - opened_at),
        written_at=now,
        company=company,
        time_zone=zone.key,
        case_id=case_id,
        mention=mention,
        why="The case is open, nobody has taken or answered it, and this channel is named for escalation.",
        guidance=guidance(mention, playbook),
        opened_at=opened_at,
        lines=(f"The case was opened on {local(opened_at, zone)} and is still unanswered.{before}",),
    )


def notice(
    *,
    key: str,
    subject: str,
    lines: Sequence[str],
    company: str,
    zone: ZoneInfo,
    now: datetime,
    why: str = "",
) -> Message:
    """To the operators: something is broken, or works again."""
    return Message(
        key=key,
        kind=MessageKind.NOTICE,
        subject=cut(one_line(subject), SUBJECT_LIMIT),
        written_at=now,
        company=company,
        time_zone=zone.key,
        why=why,
        lines=tuple(one_line(line) for line in lines),
    )


def reasons(decision: Decision, routing: Routing) -> str:
    """Why it was sent, and why here, in one paragraph."""
    figures = f": {decision.detail}" if decision.detail else ""
    routes = " ".join(f"Route {why}." for why in routing.why)
    return f"{decision.sentence.removesuffix('.')}{figures}. {routes}".strip()


def guidance(mention: Mention, playbook: Mapping[str, str]) -> str:
    """The director's words for the first of the mention's complaint types that has any, else ""."""
    return next((playbook[word] for word in mention.types if playbook.get(word)), "")
