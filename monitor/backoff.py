"""How long to wait before the next try, as rules of data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random

from alerts.base import ErrorClass

BASE = timedelta(seconds=2)
CAP = timedelta(minutes=15)
ALERT_HORIZON = timedelta(hours=24)  # after so long an alert is dead, and the operators are told
DIGEST_HORIZON = timedelta(hours=72)

# SMTP servers that greylist or hold a full mailbox want minutes, growing (the ladder is pretix's).
SLOW_LADDER = tuple(timedelta(seconds=s) for s in (60, 300, 600, 1200, 1800))

SOURCE_BASE = timedelta(seconds=30)
SOURCE_CAP = timedelta(hours=1)


def full_jitter(tries: int, rng: Random, *, base: timedelta = BASE, cap: timedelta = CAP) -> timedelta:
    """A pause drawn evenly from 0 to min(cap, base * 2**tries); `tries` counts failures so far, from 1."""
    ceiling = min(cap, base * (1 << min(tries, 30)))
    return ceiling * rng.random()


def retry_at(error: ErrorClass, tries: int, now: datetime, rng: Random) -> datetime:
    """When a delivery that failed for the `tries`-th time is due again."""
    if error is ErrorClass.SLOW:
        return now + SLOW_LADDER[min(tries, len(SLOW_LADDER)) - 1]
    return now + full_jitter(tries, rng)


def source_due(failures: int, now: datetime, rng: Random) -> datetime:
    """When a source that failed for the `failures`-th time in a row is due: between half and the whole pause.

    Not full jitter: a broken platform should never be asked again within the same second.
    """
    pause = min(SOURCE_CAP, SOURCE_BASE * (1 << min(failures - 1, 20)))
    return now + pause * (0.5 + rng.random() / 2)


def next_look(published_at: datetime, ages: Iterable[timedelta], now: datetime) -> datetime | None:
    """When a post is to be looked at again: at the first of the ages that it has not reached; None: never."""
    old = now - published_at
    age = min((age for age in ages if age > old), default=None)
    try:
        return None if age is None else published_at + age
    except OverflowError:  # after the last day that there is
        return None
