"""The seam of every channel, and what is said over it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, Self

from config.vocabulary import Flag, Platform, Sentiment, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A judged post about a brand, as rules and messages see it."""

    post_id: int
    brand: str
    alias: str  # which alias matched
    platform: Platform
    source: str
    text: str
    title: str | None
    author_handle: str | None
    author_name: str | None
    followers: int | None
    url: str | None
    published_at: datetime
    language: str
    judged: bool
    sentiment: Sentiment
    confidence: float  # probability of the sentiment
    p_complaint: float
    complaint: bool
    types: tuple[str, ...]  # the main one first
    type_confidence: float  # probability of the main type, 0.0 without one
    severity: Severity
    severity_confidence: float  # probability of the severity, 0.0 if the model has none
    flags: tuple[Flag, ...]
    ours: bool = False
    type_names: tuple[str, ...] = ()  # `types` as people read them; (): as the shipped types are called
    sentiment_only: bool = False  # complaint, types, severity and flags are not known: nothing judges them here

    def __post_init__(self) -> None:
        """Refuse a naive time."""
        if self.published_at.utcoffset() is None:
            raise ValueError("published_at must be timezone-aware")
        if self.type_names and len(self.type_names) != len(self.types):
            raise ValueError(f"{len(self.types)} types with {len(self.type_names)} names")


class MessageKind(StrEnum):
    """What a message is about; together with the case and the channel it makes a delivery unique."""

    CASE_OPENED = "case_opened"
    CASE_UPDATED = "case_updated"  # the customer posted again
    REMINDER = "reminder"
    ESCALATION = "escalation"
    DIGEST = "digest"  # the weekly report; its body is rendered when its facts are frozen
    NOTICE = "notice"  # to the operators: a source or a channel is broken, or recovered


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Everything a channel needs to say one thing once. Frozen with the decision, before it is rendered."""

    key: str  # delivery key, unique for all time
    kind: MessageKind
    subject: str  # the important thing first; no markup
    written_at: datetime
    company: str
    time_zone: str  # IANA name, for showing times
    case_id: int | None = None
    mention: Mention | None = None
    why: str = ""  # why it was sent, and why here
    guidance: str = ""  # the director's playbook for the main complaint type
    earlier_posts: int = 0  # posts of this customer in the case before this one
    opened_at: datetime | None = None  # of the case
    lines: tuple[str, ...] = ()  # further plain lines (notices, reminders)

    def to_json(self) -> str:
        """The frozen form kept in the outbox, in ASCII; `from_json` reads it back to an equal message."""
        # Not asdict: it copies deeply, which takes longer than everything else about a message.
        flat = {name: getattr(self, name) for name in self.__slots__}
        if self.mention is not None:
            flat["mention"] = {name: getattr(self.mention, name) for name in self.mention.__slots__}
        return json.dumps(flat, default=_plain, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str, /) -> Self:
        """Read what `to_json` wrote."""
        raw: dict[str, Any] = json.loads(text)
        raw["kind"] = MessageKind(raw["kind"])
        raw["written_at"] = datetime.fromisoformat(raw["written_at"])
        raw["opened_at"] = datetime.fromisoformat(raw["opened_at"]) if raw["opened_at"] else None
        raw["lines"] = tuple(raw["lines"])
        if raw["mention"] is not None:
            raw["mention"] = _mention(raw["mention"])
        return cls(**raw)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _mention(raw: dict[str, Any]) -> Mention:
    raw |= {
        "platform": Platform(raw["platform"]),
        "published_at": datetime.fromisoformat(raw["published_at"]),
        "sentiment": Sentiment(raw["sentiment"]),
        "types": tuple(raw["types"]),
        "severity": Severity(raw["severity"]),
        "flags": tuple(Flag(f) for f in raw["flags"]),
        "type_names": tuple(raw.get("type_names", ())),  # absent in messages of versions before it
    }
    return Mention(**raw)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The other side's word that a message arrived."""

    provider_id: str  # Slack ts, Message-ID, …
    details: Mapping[str, str] = field(default_factory=dict)  # what a later edit or reply needs


class ErrorClass(StrEnum):
    """What a failed delivery means; the outbox reacts to the class, never to the vendor's words."""

    THROTTLE = "throttle"  # too fast: the whole destination waits, no attempt is counted
    TRANSIENT = "transient"  # nothing arrived, try again soon
    SLOW = "slow"  # nothing arrived, try again in minutes (greylisting, full mailbox)
    AMBIGUOUS = "ambiguous"  # it may have arrived: ask before sending again
    CREDENTIAL = "credential"  # refused who we are: park the destination, tell the operators elsewhere
    DESTINATION = "destination"  # the place is gone: park the destination
    RECIPIENT = "recipient"  # this recipient is refused for good: this delivery is dead
    CONTENT = "content"  # this message is refused for good: this delivery is dead, and a bug to report


@dataclass(eq=False)
class DeliveryFailed(Exception):
    """One attempt failed. `why` is short, fit for an operator, and holds no secret and no post text."""

    error_class: ErrorClass
    why: str
    retry_after: timedelta | None = None

    def __str__(self) -> str:
        return f"{self.error_class}: {self.why}"


class Channel(Protocol):
    """Speaks to people at one place. Never retries, never sleeps, never stores."""

    @property
    def name(self) -> str:
        """The channel's name in the configuration."""
        ...

    def render(self, message: Message, /) -> str:
        """The body as this channel will send it, kept by the outbox and sent byte for byte at each attempt."""
        ...

    def send(self, key: str, body: str, /, *, reply_to: Receipt | None = None) -> Receipt:
        """Send a rendered body once; `reply_to` is the receipt of the case's first message here.

        Raises:
            DeliveryFailed: with the class that says what to do next.
        """
        ...

    def find(self, key: str, /, *, since: datetime, reply_to: Receipt | None = None) -> Receipt | None:
        """Whether the message with this key has arrived since then; None: it has not, or it cannot be asked here.

        `reply_to` as it was given to `send`: a reply stands in another place than a message of its own.

        Raises:
            DeliveryFailed: the question itself failed; ask again later.
        """
        ...
