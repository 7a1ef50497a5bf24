"""What of a source's budget is spent: sums over the ledger, by the platform's own days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from collectors.base import MICROS, Outlay
from config.source import Limit
from config.sources import Source
from monitor.store.engine import Store

LONGEST_MONTH = timedelta(days=31)
ANY_ZONE = timedelta(days=1)  # the platform's day may be another than ours
_LEAST_ELAPSED = timedelta(days=1)  # of a month: below it, a forecast is a guess


@dataclass(frozen=True, slots=True)
class Budget:
    """One limit of a source, and how much of it is used at one moment."""

    limit: Limit
    first_day: date  # of the present period
    ends: datetime
    used: int

    @property
    def share(self) -> float:
        """Of the limit, used."""
        return self.used / self.limit.amount if self.limit.amount else 1.0

    @property
    def is_short(self) -> bool:
        """Whether the collector reads less than it could to make it last."""
        return self.limit.soft_share is not None and self.limit.soft_share <= self.share < 1

    def __str__(self) -> str:
        money = self.limit.resource is None
        used, most = (f"{n / MICROS:.2f}" if money else f"{n:,}" for n in (self.used, self.limit.amount))
        return f"{used} of {most} {self.limit.unit} {'today' if self.limit.period == 'day' else 'this month'}"


def budgets(source: Source, store: Store, now: datetime) -> list[Budget]:
    """Every limit of the source with what is used of it, the most used first; none where nothing is counted."""
    limits = source.limits()
    if not limits:
        return []
    outlays = store.ledger.spent(source.name, (now - LONGEST_MONTH - ANY_ZONE).date())
    return sorted((_budget(limit, outlays, now) for limit in limits), key=lambda one: one.share, reverse=True)


def _budget(limit: Limit, outlays: Sequence[Outlay], now: datetime) -> Budget:
    zone = ZoneInfo(limit.zone)
    today = now.astimezone(zone).date()
    first, end = (today, today + timedelta(days=1)) if limit.period == "day" else (today.replace(day=1), _next(today))
    of_period = (one for one in outlays if first <= one.day < end and limit.resource in (None, one.resource))
    used = sum(one.micros if limit.resource is None else one.units for one in of_period)
    return Budget(limit, first, datetime.combine(end, time(), zone).astimezone(UTC), used)


def forecast(used: int, now: datetime) -> int:
    """What a month (in UTC) comes to at its end, if it goes on as it has begun: used so far / elapsed share."""
    first = datetime.combine(now.astimezone(UTC).date().replace(day=1), time(), UTC)
    whole = datetime.combine(_next(first.date()), time(), UTC) - first
    return round(used * (whole / max(now - first, _LEAST_ELAPSED)))


def _next(day: date) -> date:
    """The first day of the next month."""
    return (day.replace(day=1) + LONGEST_MONTH).replace(day=1)
