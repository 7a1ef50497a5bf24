"""How a source is: a pure rule that tells quiet from broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from config.sources import Source
from monitor.store.values import Pace, SourceFacts

BROKEN_AFTER = 3  # failures in a row; fewer are the weather of the internet
LATE_FACTOR = 3  # intervals without a success
MIN_GRACE = timedelta(minutes=5)  # a restart takes its time
PATIENCE = timedelta(hours=1)  # a platform that asks for patience is given so long; X's windows are a quarter of it
EMPTY_AFTER = 5  # empty calls in a row of a steady source that never had one
EMPTY_FACTOR = 10  # times its longest run of empty calls, where it had some


class Health(StrEnum):
    """The state of a source, in one word."""

    NEW = "new"  # never asked yet
    HEALTHY = "healthy"
    QUIET = "quiet"  # it answers, and has brought nothing new for long
    LATE = "late"  # it has not been asked, or has not answered, for longer than it should
    BROKEN = "broken"  # it fails, or answers with nothing where there always was something
    STOPPED = "stopped"  # access denied, or its budget is spent
    DISABLED = "disabled"


class Alarm(StrEnum):
    """What the operators are told of."""

    BROKEN = "broken"
    STOPPED = "stopped"
    BUDGET = "budget"
    EMPTY = "empty"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Condition:
    """How a source is, why, and whether that is to be told."""

    health: Health
    why: str = ""
    alarm: Alarm | None = None


def may_be_blind(source: Source, facts: SourceFacts) -> bool:
    """Whether its pace must be known to say how a source is."""
    return source.steady and facts.empties >= EMPTY_AFTER


def condition(source: Source, facts: SourceFacts, now: datetime, pace: Pace | None = None) -> Condition:
    """How the source is at `now`; `pace` is needed where it `may_be_blind`."""
    if not source.enabled:
        return Condition(Health.DISABLED)
    if (trouble := _trouble(source, facts, now, pace)) is not None:
        return trouble
    if facts.last_try_at is None:
        return Condition(Health.NEW, facts.last_error)
    return _of_a_living(source, facts, now, begun=facts.first_run_at or facts.last_try_at)


def _trouble(source: Source, facts: SourceFacts, now: datetime, pace: Pace | None) -> Condition | None:
    if facts.stopped:
        return Condition(Health.STOPPED, facts.last_error, Alarm.STOPPED)
    if facts.blocked_until is not None and facts.blocked_until > now:
        return Condition(Health.STOPPED, facts.last_error, Alarm.BUDGET)
    if facts.failures >= BROKEN_AFTER:
        return Condition(Health.BROKEN, facts.last_error, Alarm.BROKEN)
    if pace is not None and may_be_blind(source, facts) and _is_blind(facts.empties, pace):
        why = f"{facts.empties} calls in a row brought nothing, where {pace.median:.0f} items were usual"
        return Condition(Health.BROKEN, why, Alarm.EMPTY)
    return None


def _is_blind(empties: int, pace: Pace) -> bool:
    return pace.median > 0 and empties >= EMPTY_AFTER and empties > EMPTY_FACTOR * pace.longest_run


def _of_a_living(source: Source, facts: SourceFacts, now: datetime, *, begun: datetime) -> Condition:
    grace = max(source.every * LATE_FACTOR, MIN_GRACE)
    waits = facts.next_due_at is not None and facts.next_due_at > now and facts.last_try_at != facts.last_success_at
    if now - (facts.last_success_at or begun) > (max(grace, PATIENCE) if waits else grace):
        why = facts.last_error if facts.last_try_at != facts.last_success_at else "no call has ended since"
        return Condition(Health.LATE, why, Alarm.LATE)
    if now - (facts.last_new_at or begun) > source.quiet_after:
        return Condition(Health.QUIET, facts.last_error or "it answers, and has nothing new")
    return Condition(Health.HEALTHY, facts.last_error)
