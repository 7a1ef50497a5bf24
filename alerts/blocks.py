"""A message as Slack's Block Kit shows it: post text stays data, every limit is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from alerts.base import Message
from alerts.sanitize import clean, cut, one_line, slack_escape, width
from alerts.wording import Fact, footer, judgement, origin, plain_text, quotation, title
from config.vocabulary import Severity

Block = dict[str, Any]

# Slack's limits, from slack_sdk's models and docs.slack.dev; characters.
HEADER_LIMIT = 150
URL_LIMIT = 3000  # of a link or button
SUM_LIMIT = 10_000  # our budget for all text of one message; Slack refuses near 13,200 (bolt-js #2509)

# How the budget is shared out; together with labels and fallback they stay below SUM_LIMIT.
QUOTE_LIMIT = 2800
FACT_LIMIT = 300
GUIDANCE_LIMIT = 1500
LINE_LIMIT = 300
LINES_LIMIT = 6
WHY_LIMIT = 700
FALLBACK_LIMIT = 1000  # the top-level text: notifications and screen readers

EVENT_TYPE = "monitor_delivery"  # of the metadata in which the delivery key stands

_MARKS = {Severity.CRITICAL: "🔴", Severity.SERIOUS: "🟠", Severity.MILD: "🟡", Severity.NONE: "⚪"}


def payload(message: Message) -> dict[str, Any]:
    """The body of chat.postMessage without its channel; an incoming webhook takes a part of it.

    The whole text stays within SUM_LIMIT whatever the post holds. No text of the post is in a place where
    Slack reads markup, but the fallback, where it is escaped.
    """
    return {
        "text": fallback(message),
        "blocks": _blocks(message),
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": message.key}},
        "unfurl_links": False,
        "unfurl_media": False,
        "link_names": False,
        "parse": "none",
        "mrkdwn": False,
    }


def fallback(message: Message) -> str:
    """The message in escaped lines of at most FALLBACK_LIMIT; never empty."""
    text = plain_text(message, quote_limit=FALLBACK_LIMIT // 2)
    room = FALLBACK_LIMIT
    escaped = slack_escape(cut(text, room))
    while width(escaped) > FALLBACK_LIMIT:  # escaping lengthens; the text is cut before it, so cut it shorter
        room = room * FALLBACK_LIMIT // width(escaped)
        escaped = slack_escape(cut(text, room))
    return escaped


def _blocks(message: Message) -> list[Block]:
    blocks: list[Block] = [{"type": "header", "text": _plain(_title(message), HEADER_LIMIT)}]
    elements: list[Block] = []
    if message.lines:
        elements.append(_section([_text(_lines(message.lines))]))
    if message.mention is not None:
        quoted = quotation(message.mention, QUOTE_LIMIT)
        elements.append({"type": "rich_text_quote", "elements": [_text(quoted)]})
        elements.append(_section(_listed([*origin(message), *judgement(message.mention)])))
    if message.guidance:
        words = cut(clean(message.guidance).strip(), GUIDANCE_LIMIT)
        elements.append(_section([_text("\nWhat to do  ", bold=True), _text(words or "-")]))
    if elements:
        blocks.append({"type": "rich_text", "elements": elements})
    why = f"Why you get this: {message.why}" if message.why else ""
    closing = [_plain(line, WHY_LIMIT) for line in (why, footer(message)) if line]
    blocks.append({"type": "context", "elements": closing})
    return blocks


def _title(message: Message) -> str:
    mark = f"{_MARKS[message.mention.severity]} " if message.mention is not None else ""
    return mark + title(message)


def _lines(lines: Sequence[str]) -> str:
    shown = [cut(one_line(line), LINE_LIMIT) for line in lines[:LINES_LIMIT]]
    if len(lines) > LINES_LIMIT:
        shown.append(f"… and {len(lines) - LINES_LIMIT} more")
    return "\n".join(shown) or "-"


def _listed(facts: Iterable[Fact]) -> list[Block]:
    elements: list[Block] = []
    for number, fact in enumerate(facts):
        elements.append(_text(f"{chr(10) if number else ''}{fact.label}  ", bold=True))
        value = cut(one_line(fact.value), FACT_LIMIT) or "-"
        if fact.url is not None and width(fact.url) <= URL_LIMIT:
            elements += [_text(f"{value}, "), {"type": "link", "url": fact.url, "text": "open the post"}]
        else:
            elements.append(_text(value))
    return elements


def _section(elements: list[Block]) -> Block:
    return {"type": "rich_text_section", "elements": elements}


def _text(text: str, *, bold: bool = False) -> Block:
    return {"type": "text", "text": text, "style": {"bold": True}} if bold else {"type": "text", "text": text}


def _plain(text: str, limit: int) -> Block:
    # emoji False: ":word:" in a post stays what its author typed.
    return {"type": "plain_text", "text": cut(one_line(text), limit) or "-", "emoji": False}
