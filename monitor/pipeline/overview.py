"""The state of the whole house at one instant, for people and for other programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts import registry
from config.settings import Settings
from config.sources import Source
from monitor.pipeline.budgets import budgets
from monitor.pipeline.health import Health, condition
from monitor.states import DeliveryState
from monitor.store.engine import Store
from monitor.store.languages import Languages
from monitor.store.values import Pace, SourceFacts

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source."""

    name: str
    health: Health
    facts: SourceFacts
    why: str = ""
    lag_seconds: float | None = None  # how old its newest post is; None: it has brought none
    pace: Pace = field(default_factory=Pace)
    budget: str = ""  # the limit that is nearest, and what is used of it; "": it has none


@dataclass(frozen=True, slots=True)
class DestinationLine:
    """One destination of the outbox."""

    name: str
    waiting: int  # not yet delivered, for whatever reason
    sent: int
    dead: int
    state: str  # "working", "paused until …", "parked: …"


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything `monitor status` shows."""

    at: datetime
    sources: tuple[SourceLine, ...]
    posts: dict[str, int]  # by state
    destinations: tuple[DestinationLine, ...]
    oldest_waiting: datetime | None
    languages: Languages = field(default_factory=Languages)  # of the posts of the last seven days
    languages_before: Languages = field(default_factory=Languages)  # of the seven days before


def overview(store: Store, settings: Settings, now: datetime) -> Overview:
    """Read the state of the house."""
    places = {name for channel in settings.channels for name in registry.destinations(channel)}
    places |= {f"{settings.digest.channel}:{reader}" for reader in settings.digest.recipients}
    known = {facts.name: facts for facts in store.sources.all()}
    sources = tuple(
        _source(store, source, known.get(source.name, SourceFacts(name=source.name)), now)
        for source in settings.sources
    )
    depth = store.outbox.depth()
    faults = {d.name: d for d in store.outbox.destinations()}
    lines = []
    for name in sorted({channel for channel, _ in depth} | set(faults)):
        by_state = {state: count for (channel, state), count in depth.items() if channel == name}
        sent, dead = by_state.get(DeliveryState.SENT, 0), by_state.get(DeliveryState.DEAD, 0)
        gone = sent + dead + by_state.get(DeliveryState.CANCELLED, 0)
        fault = faults.get(name)
        waiting = sum(by_state.values()) - gone
        state = "working" if name in places else "no such channel any more" if waiting else "gone"
        if fault is not None and fault.parked_at is not None:
            state = f"parked: {fault.why}"
        elif fault is not None and fault.paused_until is not None and fault.paused_until > now:
            state = f"paused until {fault.paused_until.astimezone(settings.zone):%H:%M:%S}: {fault.why}"
        lines.append(DestinationLine(name, waiting, sent, dead, state))
    posts = {state.value: count for state, count in store.posts.backlog().items()}
    return Overview(
        now,
        sources,
        posts,
        tuple(lines),
        store.outbox.oldest_due(now),
        store.reports.languages(now - WEEK, now),
        store.reports.languages(now - 2 * WEEK, now - WEEK),
    )


def _source(store: Store, source: Source, facts: SourceFacts, now: datetime) -> SourceLine:
    pace = store.sources.pace(source.name, facts.empties)
    seen = condition(source, facts, now, pace)
    return SourceLine(
        source.name,
        seen.health,
        facts,
        seen.why,
        (now - facts.last_post_at).total_seconds() if facts.last_post_at else None,
        pace,
        next((str(budget) for budget in budgets(source, store, now)), ""),
    )
