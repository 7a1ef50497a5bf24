"""The words in which every channel shows a message, so that Slack, mail and console say the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.base import Mention, Message, MessageKind
from alerts.sanitize import clean, cut, one_line, web_url
from config.languages import language_name
from config.vocabulary import COMPLAINT_TYPES, Flag, Platform, Sentiment, Severity

NAME_LIMIT = 80  # characters of an author's handle or name: the longest platforms allow fewer
NO_TEXT = "(no text)"
NO_AUTHOR = "an unnamed author"

PLATFORMS: dict[Platform, str] = {
    Platform.X: "X",
    Platform.REDDIT: "Reddit",
    Platform.BLUESKY: "Bluesky",
    Platform.MASTODON: "Mastodon",
    Platform.HACKERNEWS: "Hacker News",
    Platform.YOUTUBE: "YouTube",
    Platform.APP_STORE: "the App Store",
    Platform.GOOGLE_PLAY: "Google Play",
    Platform.FEED: "a news feed",
    Platform.FILE: "an imported file",
    Platform.WEB: "the web",
}

FLAGS: dict[Flag, str] = {
    Flag.LEAVES: "says they are leaving",
    Flag.NEEDS_REPLY: "expects a reply",
    Flag.PRAISE: "also praises",
    Flag.NAMES_STAFF_OR_PLACE: "names staff or a place",
}

# For headlines: shorter than COMPLAINT_TYPES says it; "other" says nothing there.
_SHORT_TYPES = {
    "quality": "quality",
    "delay": "delay",
    "lost_or_damaged": "lost or damaged",
    "billing": "billing",
    "ordering": "ordering",
    "technical": "technical",
    "staff": "staff conduct",
    "support": "support",
    "policy": "policy",
    "safety": "safety",
}

_NAMED_BY_AT = frozenset({Platform.X, Platform.BLUESKY, Platform.MASTODON, Platform.YOUTUBE})
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what is known: clean, not escaped for any sink; `url` where it leads somewhere."""

    label: str
    value: str
    url: str | None = None


def author(mention: Mention) -> str:
    """Who wrote it, as people of that platform would say; never empty."""
    if mention.author_handle and one_line(mention.author_handle):
        handle = cut(one_line(mention.author_handle).lstrip("@"), NAME_LIMIT)
        if mention.platform is Platform.REDDIT:
            return f"u/{handle}"
        return f"@{handle}" if mention.platform in _NAMED_BY_AT else handle
    if mention.author_name and one_line(mention.author_name):
        return cut(one_line(mention.author_name), NAME_LIMIT)
    return NO_AUTHOR


def reach(mention: Mention) -> str:
    """How far the author reaches, in words."""
    if mention.followers is None:
        return "reach unknown"
    return "1 follower" if mention.followers == 1 else f"{mention.followers:,} followers"


def percent(probability: float) -> str:
    """A probability as whole per cent; ">99%" and "<1%" where rounding would claim certainty."""
    shown = f"{probability:.0%}"
    if shown == "100%" and probability < 1:
        return ">99%"
    return "<1%" if shown == "0%" and probability > 0 else shown


def ago(then: datetime, now: datetime) -> str:
    """How long ago, in the largest unit: "just now", "5 minutes ago", "2 days ago"; also "in 3 hours"."""
    gap = now - then
    if abs(gap) < _MINUTE:
        return "just now"
    words = span(abs(gap))
    return f"{words} ago" if gap > timedelta() else f"in {words}"


def span(length: timedelta) -> str:
    """A length of time in its largest whole unit, rounded down; under a minute: "less than a minute"."""
    for unit, size in (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE)):
        count = length // size
        if count:
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "less than a minute"


def local(at: datetime, zone: ZoneInfo) -> str:
    """An instant as the organisation's clocks show it: "Mon 16 Nov 2026, 09:12 CET"."""
    here = at.astimezone(zone)
    # Written without locale-dependent formats.
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[here.weekday()]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day} {here.day} {months[here.month - 1]} {here.year}, {here:%H:%M} {here.tzname()}"


def type_names(mention: Mention) -> tuple[str, ...]:
    """The mention's complaint types as people read them; one without a name of its own is shown by its word."""
    if mention.type_names:
        return tuple(one_line(name) for name in mention.type_names)
    return tuple(COMPLAINT_TYPES.get(word, _plain_word(word)) for word in mention.types)


def _plain_word(word: str) -> str:
    return one_line(word).replace("_", " ")


def judgement(mention: Mention) -> tuple[Fact, ...]:
    """Sentiment, complaint types and severity, each with its probability; empty where not judged."""
    if not mention.judged:
        return ()
    facts = [Fact("Sentiment", f"{mention.sentiment.value} ({percent(mention.confidence)})")]
    if mention.sentiment_only:
        where = language_name(mention.language)
        return *facts, Fact("Complaint", f"not judged in {where}, nor type and severity: only the sentiment is")
    complaint = f"{'yes' if mention.complaint else 'no'} ({percent(mention.p_complaint)})"
    facts.append(Fact("Complaint", complaint))
    if mention.types:
        main, *others = type_names(mention)
        sure = f" ({percent(mention.type_confidence)})" if mention.type_confidence > 0 else ""
        facts.append(Fact("About", f"{main}{sure}" + (f"; also {'; '.join(others)}" if others else "")))
    if mention.severity > Severity.NONE:
        sure = f" ({percent(mention.severity_confidence)})" if mention.severity_confidence > 0 else ""
        facts.append(Fact("Severity", f"{mention.severity.name.lower()}{sure}"))
    if mention.flags:
        facts.append(Fact("The post", ", ".join(FLAGS[flag] for flag in mention.flags)))
    return tuple(facts)


def origin(message: Message) -> tuple[Fact, ...]:
    """By whom and how far it reaches, where it stands, when and how long ago; empty for a notice."""
    mention = message.mention
    if mention is None:
        return ()
    name = one_line(mention.author_name or "")
    called = f" ({cut(name, NAME_LIMIT)})" if mention.author_handle and name and name != mention.author_handle else ""
    when = local(mention.published_at, ZoneInfo(message.time_zone))
    facts = [
        Fact("From", f"{author(mention)}{called}, {reach(mention)}"),
        Fact("Where", f"{PLATFORMS[mention.platform]}, about {one_line(mention.brand)}", web_url(mention.url)),
        Fact("When", f"{when}, {ago(mention.published_at, message.written_at)}"),
    ]
    if message.earlier_posts:
        posts = "1 post" if message.earlier_posts == 1 else f"{message.earlier_posts} posts"
        facts.append(Fact("Before", f"{posts} of this customer in the case"))
    return tuple(facts)


def headline(mention: Mention, kind: MessageKind, waited: timedelta = timedelta()) -> str:
    """What happened, of what sort, from whom and where: "Again: serious billing complaint from @mia on X".

    `waited` is how long nobody has answered, for reminders and escalations.
    """
    main = mention.types[0] if mention.types else ""
    named = _SHORT_TYPES.get(main, "" if main in COMPLAINT_TYPES else _plain_word(main))
    severity = mention.severity.name.lower() if mention.severity > Severity.NONE else ""
    if mention.complaint or severity:
        words = [severity, named, "complaint"]
    else:
        words = ["negative" if mention.sentiment is Sentiment.NEGATIVE else "", "post"]
    by = author(mention)
    where = "in" if mention.platform in (Platform.FEED, Platform.FILE) else "on"
    preposition = "by" if by == NO_AUTHOR else "from"
    what = f"{' '.join(word for word in words if word)} {preposition} {by} {where} {PLATFORMS[mention.platform]}"
    before = {
        MessageKind.CASE_UPDATED: "again: ",
        MessageKind.REMINDER: f"unanswered for {span(waited)}: ",
        MessageKind.ESCALATION: f"escalated, unanswered for {span(waited)}: ",
    }.get(kind, "")
    return f"{before}{what}"[0].upper() + f"{before}{what}"[1:]


def title(message: Message) -> str:
    """The message in one line without the post's words, which are quoted below; a notice's subject."""
    if message.mention is None:
        return one_line(message.subject)
    waited = message.written_at - (message.opened_at or message.written_at)
    return headline(message.mention, message.kind, waited)


def quotation(mention: Mention, limit: int) -> str:
    """What was said, title first: clean, no blank stretches, within `limit` UTF-16 units, never empty."""
    said = "\n".join(part for part in (clean(mention.title or "").strip(), clean(mention.text).strip()) if part)
    lines = [line.rstrip() for line in said.split("\n")]
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return cut("\n".join(kept), limit) or NO_TEXT


def footer(message: Message) -> str:
    """Whose monitor speaks, and of which case."""
    case = f"case {message.case_id}, " if message.case_id is not None else ""
    written = local(message.written_at, ZoneInfo(message.time_zone))
    return f"{one_line(message.company)} sentiment monitor, {case}{written}"


def plain_text(message: Message, *, quote_limit: int) -> str:
    """The whole message as plain text, the headline first; written for people, ends with a newline."""
    parts = [title(message)]
    if message.lines:
        parts.append("\n".join(one_line(line) for line in message.lines))
    if message.mention is not None:
        said = quotation(message.mention, quote_limit)
        parts.append("\n".join(f"> {line}" for line in said.split("\n")))
        facts = [*origin(message), *judgement(message.mention)]
        # The address stands alone at the end of its line, so that a terminal or mail program links it whole.
        parts.append("\n".join(f"{f.label + ':':<11}{f.value}{f'  {f.url}' if f.url else ''}" for f in facts))
    if message.guidance:
        parts.append(f"What to do: {clean(message.guidance).strip()}")
    if message.why:
        parts.append(f"Why you get this: {one_line(message.why)}")
    parts.append(footer(message))
    return "\n\n".join(parts) + "\n"
