"""One-line set-ups: each value is complete and valid, and a test names only what it is about."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.base import Mention, Message, MessageKind, Receipt
from classifiers.base import Verdict
from collectors.base import Heard, Match, Post
from config.vocabulary import Platform, Sentiment, Severity
from monitor.states import CaseState
from monitor.store.engine import Store
from monitor.store.values import CaseFacts, CasePost, Decisions, NewDecision, NewDelivery, Tally

NOW = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)  # a Tuesday
MINUTE = timedelta(minutes=1)

_numbers = itertools.count(1)


def a_post(author: str = "mia", **given: Any) -> Post:
    """A post with an id of its own, an hour old, that complains about Acme."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "platform": Platform.X,
        "native_id": f"n{number:06}",  # in order also as text: posts of one time are stored in this order
        "text": f"Acme lost my parcel again ({number})",
        "published_at": NOW - timedelta(hours=1),
        "author_id": f"id-{author}",
        "author_handle": author,
        "author_name": author.capitalize(),
        "url": f"https://x.com/{author}/status/{number}",
        "thread": f"t{number}",
    }
    return Post(**(values | given))


def heard(*posts: Post, brand: str = "Acme", ours: bool = False) -> list[Heard]:
    """Each post with the match for which it is kept."""
    return [Heard(post, (Match(brand, brand.lower(), "text", 0, len(brand)),), ours) for post in posts]


def a_verdict(**given: Any) -> Verdict:
    """A serious complaint about a delay, negative at 90 %."""
    values: dict[str, Any] = {
        "sentiment": Sentiment.NEGATIVE,
        "p_negative": 0.9,
        "p_neutral": 0.06,
        "p_positive": 0.04,
        "p_complaint": 0.85,
        "complaint": True,
        "types": ("delay",),
        "type_probabilities": {"delay": 0.8, "billing": 0.1},
        "severity": Severity.SERIOUS,
        "severity_probabilities": (0.05, 0.15, 0.7, 0.1),
        "flag_probabilities": {"needs_reply": 0.4},
        "language": "en",
    }
    return Verdict(**(values | given))


def a_mention(**given: Any) -> Mention:
    """What rules and messages see of such a post and verdict."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "post_id": number,
        "brand": "Acme",
        "alias": "acme",
        "platform": Platform.X,
        "source": "x-acme",
        "text": f"Acme lost my parcel again ({number})",
        "title": None,
        "author_handle": "mia",
        "author_name": "Mia",
        "followers": 120,
        "url": f"https://x.com/mia/status/{number}",
        "published_at": NOW - timedelta(hours=1),
        "language": "en",
        "judged": True,
        "sentiment": Sentiment.NEGATIVE,
        "confidence": 0.9,
        "p_complaint": 0.85,
        "complaint": True,
        "types": ("delay",),
        "type_confidence": 0.8,
        "severity": Severity.SERIOUS,
        "severity_confidence": 0.7,
        "flags": (),
    }
    return Mention(**(values | given))


def a_message(**given: Any) -> Message:
    """A message about a new case."""
    values: dict[str, Any] = {
        "key": f"key-{next(_numbers)}",
        "kind": MessageKind.CASE_OPENED,
        "subject": "Serious delay complaint",
        "written_at": NOW,
        "company": "Acme",
        "time_zone": "Europe/Berlin",
    }
    return Message(**(values | given))


def a_case(case_id: int = 1, **given: Any) -> CaseFacts:
    """An open case of one post."""
    values: dict[str, Any] = {
        "id": case_id,
        "brand": "Acme",
        "platform": Platform.X,
        "thread": f"t{case_id}",
        "author": f"id-{case_id}",
        "handle": "mia",
        "state": CaseState.OPEN,
        "severity": Severity.SERIOUS,
        "main_type": "delay",
        "routes": ("default",),
        "channels": ("care",),
        "posts": 1,
        "opened_at": NOW,
        "first_post_at": NOW - timedelta(hours=1),
        "last_post_at": NOW - timedelta(hours=1),
        "waits_since": NOW,
        "next_step_at": NOW + timedelta(hours=4),
    }
    return CaseFacts(**(values | given))


def a_delivery(**given: Any) -> NewDelivery:
    """A message that is due, to the destination "care"."""
    message = a_message()
    values: dict[str, Any] = {
        "key": message.key,
        "kind": message.kind,
        "channel": "care",
        "message": message.to_json(),
        "not_before": NOW,
    }
    return NewDelivery(**(values | given))


def a_receipt(provider_id: str = "1699.0001") -> Receipt:
    """The other side's word that a message arrived."""
    return Receipt(provider_id, {"channel": "C1"})


def keep(store: Store, *posts: Post, source: str = "x-acme", now: datetime = NOW, **given: Any) -> Tally:
    """Store posts as one harvest of a source."""
    values: dict[str, Any] = {
        "rejects": (),
        "unmatched": 0,
        "cursor": "c1",
        "next_due_at": now + timedelta(minutes=15),
        "gone": (),
    }
    chosen = {name: given.pop(name) for name in list(given) if name in values}
    return store.posts.save_harvest(source, heard(*posts, **given), now=now, **(values | chosen))


def judge(store: Store, verdict: Verdict | None = None, *, model: str = "m1", now: datetime = NOW) -> list[int]:
    """Give each post that waits for one the same verdict; their ids."""
    texts = store.posts.to_score(100_000)
    store.posts.save_verdicts([(text, verdict or a_verdict()) for text in texts], model=model, now=now)
    return [text.post_id for text in texts]


def keep_judged(store: Store, *posts: Post, **given: Any) -> list[int]:
    """Store and judge posts; their ids, oldest first."""
    keep(store, *posts, **given)
    return judge(store)


def open_cases(store: Store, *cases: CaseFacts, deliveries: Iterable[NewDelivery] = ()) -> None:
    """Store cases, each with a judged post of its own, and deliveries."""
    ids = keep_judged(store, *(a_post() for _ in cases))
    store.cases.save_decisions(
        Decisions(
            post_ids=ids,
            decisions=[a_decision(post_id) for post_id in ids],
            new_cases=cases,
            case_posts=[CasePost(case.id, post_id, "customer") for case, post_id in zip(cases, ids, strict=True)],
            deliveries=list(deliveries),
        ),
        now=NOW,
    )


def a_decision(post_id: int, **given: Any) -> NewDecision:
    """A decision to alert about a post."""
    decision = NewDecision(post_id, "Acme", "m1", True, "negative_complaint", "negative at 90 %", ("default",))
    return replace(decision, **given)
