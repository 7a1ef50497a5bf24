"""How a source is: a pure rule that tells quiet from broken."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from config.sources import Source
from monitor.store.values import SourceFacts

BROKEN_AFTER = 3  # failures in a row; fewer are the weather of the internet
LATE_FACTOR = 3  # intervals without a success


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
    grace = max(source.every * LATE_FACTOR, timedelta(minutes=5))
    if now - (facts.last_success_at or facts.first_run_at or facts.last_try_at) > grace:
        return Health.LATE
    if now - (facts.last_new_at or facts.first_run_at or facts.last_try_at) > source.quiet_after:
        return Health.QUIET
    return Health.HEALTHY
