"""Invented mentions and messages for tests of alerts: one line of set-up each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.base import Mention, Message
from alerts.compose import case_opened, delivery_key
from alerts.policy import Decision, Reason
from alerts.routing import Routing
from config.vocabulary import Flag, Platform, Sentiment, Severity

NOW = datetime(2026, 11, 16, 8, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
PLAYBOOK = {"billing": "Say sorry, ask for the order number by direct message, never argue in public."}


def a_mention(**changes: Any) -> Mention:
    """A serious billing complaint on X, two hours old at NOW."""
    facts: dict[str, Any] = {
        "post_id": 7,
        "brand": "Lumen Bank",
        "alias": "@lumenbank",
        "platform": Platform.X,
        "source": "x",
        "text": "@lumenbank you charged me twice for the same card and nobody answers. Third week now!",
        "title": None,
        "author_handle": "mia_k",
        "author_name": "Mia K.",
        "followers": 12_300,
        "url": "https://x.com/mia_k/status/1",
        "published_at": NOW - timedelta(hours=2),
        "language": "en",
        "judged": True,
        "sentiment": Sentiment.NEGATIVE,
        "confidence": 0.93,
        "p_complaint": 0.88,
        "complaint": True,
        "types": ("billing", "support"),
        "type_confidence": 0.71,
        "severity": Severity.SERIOUS,
        "severity_confidence": 0.64,
        "flags": (Flag.NEEDS_REPLY,),
    }
    return Mention(**(facts | changes))


def a_decision() -> Decision:
    """To alert, for a negative complaint."""
    detail = "negative 93.0% (at least 60.0%); serious complaint 88.0% (at least 50.0%)"
    return Decision(alert=True, reason=Reason.NEGATIVE_COMPLAINT, detail=detail)


def a_routing() -> Routing:
    """By one route to one channel."""
    why = "money: severity serious >= serious; type billing in (billing)"
    return Routing(names=("money",), channels=("care",), quiet=False, why=(why,))


def an_alert(mention: Mention | None = None, **changes: Any) -> Message:
    """The first alert of case 42."""
    given: dict[str, Any] = {
        "key": delivery_key("case", 42, "care"),
        "case_id": 42,
        "decision": a_decision(),
        "routing": a_routing(),
        "company": "Lumen Bank",
        "zone": BERLIN,
        "playbook": PLAYBOOK,
        "now": NOW,
    }
    return case_opened(mention or a_mention(), **(given | changes))
