"""How a source is: a pure rule that tells quiet from broken."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from config.sources import Source
from monitor.store.values import SourceFacts

BROKEN_AFTER = 3  # failures in a row; fewer are the weather of the internet
LATE_FACTOR = 3  # intervals without a success
MIN_GRACE = timedelta(minutes=5)  # a restart takes its time


class Health(StrEnum):
    """The state of a source, in one word."""

    NEW = "new"  # never asked yet
    HEALTHY = "healthy"
    QUIET = "quiet"  # it answers, and has brought nothing new for long
    LATE = "late"  # it has not been asked, or has not answered, for longer than it should
    BROKEN = "broken"  # it fails
    STOPPED = "stopped"  # access denied: somebody must change something
    DISABLED = "disabled"


def health(source: Source, facts: SourceFacts, now: datetime) -> Health:
    """How the source is at `now`."""
    if not source.enabled:
        return Health.DISABLED
    if facts.stopped:
        return Health.STOPPED
    if facts.failures >= BROKEN_AFTER:
        return Health.BROKEN
    if facts.last_try_at is None:
        return Health.NEW
    return _of_a_living(source, facts, now, begun=facts.first_run_at or facts.last_try_at)


def _of_a_living(source: Source, facts: SourceFacts, now: datetime, *, begun: datetime) -> Health:
    grace = max(source.every * LATE_FACTOR, MIN_GRACE)
    if now - (facts.last_success_at or begun) > grace:
        return Health.LATE
    return Health.QUIET if now - (facts.last_new_at or begun) > source.quiet_after else Health.HEALTHY
