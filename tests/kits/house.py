"""A whole house for stage tests: the real store, real rules and stages, a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event
from typing import Any

from alerts.base import DeliveryFailed, Message, Receipt
from classifiers.base import Verdict
from collectors.base import Checked, Harvest, Post, Rechecked
from collectors.matching import Matcher
from config.settings import Settings
from config.vocabulary import Flag, Platform, Sentiment, Severity
from monitor.clock import SetClock
from monitor.pipeline.alarms import Alarms
from monitor.pipeline.collect import Collect
from monitor.pipeline.decide import Decide
from monitor.pipeline.deliver import Deliver
from monitor.pipeline.destinations import Destinations
from monitor.pipeline.notices import Notices
from monitor.pipeline.score import Score
from monitor.pipeline.tend import Tend
from monitor.states import JOINABLE, CaseState
from monitor.store.engine import Store
from monitor.store.values import CaseFacts

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)  # a Wednesday, within office hours

SETTINGS: dict[str, Any] = {
    "company": "Acme",
    "brands": [
        {
            "name": "Acme",
            "aliases": [{"text": "acme"}],
            "own_accounts": [{"platform": "x", "handle": "acme_help"}],
        }
    ],
    "sources": [{"kind": "files", "name": "inbox", "path": "/nowhere.csv", "every": "15m"}],
    "channels": [
        {"kind": "slack", "name": "care", "token": "env:UNUSED", "conversation": "C1", "per_minute": 6000},
        {"kind": "slack", "name": "boss", "token": "env:UNUSED", "conversation": "C2", "per_minute": 6000},
    ],
    "default_route": {"name": "everything", "channels": ["care"]},
    "alerting": {
        "operators": ["boss"],
        "escalation": {"escalate_to": ["boss"], "remind_after": "2h", "remind_times": 2, "escalate_after": "8h"},
        "playbook": {"billing": "Offer to look at the bill together."},
    },
    "digest": {"enabled": False},
}


class WordClassifier:
    """Judges by plain words, so that a test reads like what it says: "awful", "furious", "unsafe", "lovely"."""

    version = "words-1"

    def __init__(self) -> None:
        self.judged: list[str] = []

    def classify(self, texts: Sequence[str], /) -> Sequence[Verdict]:
        if any("poison" in text for text in texts):
            raise RuntimeError("this text breaks the model")
        self.judged += texts
        return [self._one(text) for text in texts]

    @staticmethod
    def _one(text: str) -> Verdict:
        if "hola" in text:
            return Verdict(Sentiment.NEUTRAL, 0, 0, 0, 0, complaint=False, language="es", judged=False)
        severity = next(
            (
                s
                for word, s in (("unsafe", Severity.CRITICAL), ("furious", Severity.SERIOUS), ("awful", Severity.MILD))
                if word in text
            ),
            Severity.NONE,
        )
        kind = next((k for k in ("billing", "delay", "staff") if k in text), "other")
        if severity is not Severity.NONE:
            return Verdict(
                Sentiment.NEGATIVE,
                0.9,
                0.08,
                0.02,
                0.95,
                complaint=True,
                types=(kind,),
                type_probabilities={kind: 0.9},
                severity=severity,
                severity_probabilities=(0.1, 0.1, 0.1, 0.7),
                flags=(Flag.NEEDS_REPLY,),
                language="en",
            )
        sentiment = Sentiment.POSITIVE if "lovely" in text else Sentiment.NEUTRAL
        p = (0.02, 0.08, 0.9) if sentiment is Sentiment.POSITIVE else (0.1, 0.8, 0.1)
        return Verdict(sentiment, *p, 0.05, complaint=False, language="en")


@dataclass
class Inbox:
    """A channel that keeps what it is sent, and fails when told to."""

    name: str
    messages: list[Message] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    replies: list[str | None] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    faults: list[DeliveryFailed | None] = field(default_factory=list)  # one a send, before anything is kept
    afterwards: list[DeliveryFailed] = field(default_factory=list)  # one a send, after it was kept
    asked: int = 0
    sends: int = 0

    def render(self, message: Message, /) -> str:
        return message.to_json()

    def send(self, key: str, body: str, /, *, reply_to: Receipt | None = None) -> Receipt:
        self.sends += 1
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault
        self.keys.append(key)
        self.bodies.append(body)
        self.messages.append(Message.from_json(body))
        self.replies.append(reply_to.provider_id if reply_to else None)
        if self.afterwards:
            raise self.afterwards.pop(0)
        return Receipt(str(len(self.keys)))

    def find(self, key: str, /, *, since: datetime, reply_to: Receipt | None = None) -> Receipt | None:
        self.asked += 1
        return Receipt(str(self.keys.index(key) + 1)) if key in self.keys else None


@dataclass
class ScriptedSource:
    """A collector that brings what it is given, call by call; an exception in the list is raised."""

    script: list[Harvest | Exception]
    source: str = "inbox"

    def collect(self, cursor: str | None, /) -> Harvest:
        if not self.script:
            return Harvest(cursor=cursor)
        one = self.script.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        return Rechecked()

    def check(self) -> Sequence[Checked]:
        return (Checked("reach", ok=True),)


class House:
    """The stages over one store. `hears` runs posts through all of them."""

    def __init__(self, store: Store, **changes: Any) -> None:
        self.store = store
        self.clock = SetClock(NOON)
        self.settings = Settings.model_validate(_merged(SETTINGS, changes))
        self.rng = Random(7)
        self.classifier = WordClassifier()
        self.care, self.boss = Inbox("care"), Inbox("boss")
        self.destinations = Destinations(
            {"care": (self.care,), "boss": (self.boss,)},
            per_minute={"care": 6000, "boss": 6000},
            default=self.settings.default_route.channels,
        )
        self.new_workers()

    def new_workers(self) -> None:
        """What a restart does: everything in memory is made anew."""
        self.stop = Event()
        self.notices = Notices(self.store, self.settings, self.destinations, self.clock)
        self.score = Score(self.store, self.classifier, self.notices, self.clock, batch=100)
        self.decide = Decide(self.store, self.settings, self.destinations, self.notices, self.clock, batch=100)
        self.workers = {
            name: Deliver(name, self.destinations, self.store, self.notices, self.clock, self.rng, stop=self.stop)
            for name in self.destinations.all
        }
        self.tend = Tend(self.store, self.settings, self.destinations, self.clock)
        for worker in self.workers.values():
            worker.recover()

    def source(self, *script: Harvest | Exception) -> Collect:
        """The source "inbox" with a script."""
        return Collect(
            self.settings.sources[0],
            ScriptedSource(list(script)),
            Matcher(self.settings.brands),
            self.store,
            Alarms(self.store, self.notices, self.clock, self.settings.zone),
            self.clock,
            self.rng,
        )

    def hears(self, *posts: Post) -> None:
        """Collect posts, judge, decide and deliver."""
        self.source(Harvest(posts=posts)).piece()
        self.works()

    def works(self) -> None:
        """Every stage but collecting, until nothing is due."""
        stages: tuple[Callable[[], int], ...] = (
            self.score.batch,
            self.decide.batch,
            *(w.batch for w in self.workers.values()),
            self.tend.batch,
        )
        while any([stage() for stage in stages]):
            pass

    def later(self, **by: float) -> None:
        """Let time pass, and work."""
        self.clock.advance(timedelta(**by))
        self.works()

    def cases(self, *states: CaseState) -> list[CaseFacts]:
        """The cases, by number."""
        found = self.store.cases.listing(frozenset(states) or frozenset(CaseState), limit=1000)
        return sorted(found, key=lambda case: case.id)

    def open_cases(self) -> list[CaseFacts]:
        """The cases that are not closed."""
        return self.cases(*JOINABLE)


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


_numbers = iter(range(1, 1_000_000))


def says(text: str, **changes: Any) -> Post:
    """A post on X about Acme, by mia, now; each has an id of its own."""
    post = Post(
        platform=Platform.X,
        native_id=f"p{next(_numbers):06}",
        text=f"acme {text}",
        published_at=NOON,
        author_id="mia-1",
        author_handle="mia",
        followers=120,
        url="https://x.com/mia/status/1",
    )
    return replace(post, **changes)
