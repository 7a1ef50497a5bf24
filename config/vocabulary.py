"""Closed words that every package shares."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Sentiment(StrEnum):
    """How a post speaks of what it is about, as a reader would hear it."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Severity(IntEnum):
    """How bad a complaint is for the customer and the company."""

    NONE = 0  # no complaint
    MILD = 1  # slight annoyance, polite request, disappointment
    SERIOUS = 2  # clear anger, repeated failure, lost money or time, public warning
    CRITICAL = 3  # safety, fraud, privacy, legal threat, someone stranded, threat to go to the press


class Flag(StrEnum):
    """What else a post says that decides who should see it."""

    LEAVES = "leaves"  # leaves, has left, boycotts, "never again"
    NEEDS_REPLY = "needs_reply"  # expects or deserves a reply from the company
    PRAISE = "praise"  # praises the company, its product or its staff
    NAMES_STAFF_OR_PLACE = "names_staff_or_place"  # points to a member of staff, a shop, a crew


class Platform(StrEnum):
    """Where a post stands in public."""

    X = "x"
    REDDIT = "reddit"
    BLUESKY = "bluesky"
    MASTODON = "mastodon"
    HACKERNEWS = "hackernews"
    YOUTUBE = "youtube"
    APP_STORE = "app_store"
    GOOGLE_PLAY = "google_play"
    FEED = "feed"
    FILE = "file"
    WEB = "web"  # the company's own site, a forum, any other tool: what comes by webhook or plug-in


# What customers complain about, in the words of the shipped model, with the meaning shown to people.
COMPLAINT_TYPES: dict[str, str] = {
    "quality": "product or service quality",
    "delay": "delay or cancellation",
    "lost_or_damaged": "lost, stolen, damaged or wrong item",
    "billing": "billing, price, fees, refund",
    "ordering": "ordering, booking, changing, availability",
    "technical": "website, app, login, outage",
    "staff": "staff conduct",
    "support": "no answer or no solution from support",
    "policy": "policy, ethics, marketing",
    "safety": "safety, health, privacy, fraud, legal",
    "other": "another complaint",
}
