"""What may be spent on X now: pure sums over the ledger, in millionths, exact.

Before a page is asked for, the most it could cost must be left: so a budget is never overdrawn, and at its end a few
cents stay unspent. From the soft share on, only the newest page of each query is read, and a small one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, Self

from collectors.base import MICROS, Outlay
from config.source_x import READS_A_POST, SMALLEST_PAGE, XSource, micros

FULL_PAGE = 100  # X's highest max_results
SOFT_PAGE = 20  # posts, once the soft share is spent: enough to see that something is going on
_DAY = timedelta(days=1)
_CENT = MICROS // 100
_LEAST_ELAPSED = timedelta(hours=1)  # below it, a forecast is a guess

State = Literal["free", "soft", "share", "day", "month"]


@dataclass(frozen=True, slots=True)
class Limits:
    """A budget and its prices, in millionths of its currency."""

    post: int
    user: int
    daily: int
    monthly: int
    soft_millionths: int

    @classmethod
    def of(cls, source: XSource) -> Self:
        """The limits that the settings name."""
        budget = source.budget
        return cls(
            post=micros(source.price_post_read),
            user=micros(source.price_user_read),
            daily=micros(budget.daily),
            monthly=micros(budget.monthly),
            soft_millionths=round(budget.soft_share * MICROS),
        )

    def most(self, results: int) -> int:
        """What a page of so many results may cost at the very most."""
        return results * READS_A_POST * (self.post + self.user)


@dataclass(frozen=True, slots=True)
class Spent:
    """What the ledger says, at one moment."""

    today: int
    month: int
    today_by_query: Mapping[str, int]
    now: datetime

    @classmethod
    def of(cls, outlays: Sequence[Outlay], now: datetime) -> Self:
        """The sums of this UTC day and month."""
        day = now.astimezone(UTC).date()
        of_day = [one for one in outlays if one.day == day]
        by_query: dict[str, int] = {}
        for one in of_day:
            by_query[one.query] = by_query.get(one.query, 0) + one.micros
        month = sum(one.micros for one in outlays if one.day >= month_start(now))
        return cls(sum(one.micros for one in of_day), month, by_query, now)


@dataclass(frozen=True, slots=True)
class Leave:
    """How much may be read for a query now."""

    state: State
    results: int  # 0: nothing, for now


def leave(query: str, queries: Collection[str], spent: Spent, limits: Limits, page: int = FULL_PAGE) -> Leave:
    """How many results of a query may be paid for now.

    Each query has an equal share of the day. What the others have not used of theirs is kept for them, less and less
    as the day goes on; a query below its own share always gets its smallest page.
    """
    left_day, left_month = limits.daily - spent.today, limits.monthly - spent.month
    smallest = limits.most(SMALLEST_PAGE)
    for state, left in (("month", left_month), ("day", left_day)):
        if left < max(smallest, 1):
            return Leave("month" if state == "month" else "day", 0)
    soft = _soft(spent, limits)
    share = limits.daily // max(1, len(queries))
    mine = spent.today_by_query.get(query, 0)
    of_others = (spent.today_by_query.get(other, 0) for other in queries if other != query)
    kept = sum(max(0, _later(share, spent.now) - used) for used in of_others)
    left = min(left_day, left_month)
    free = max(left - kept, smallest if mine < share else 0)
    if free < smallest:
        return Leave("share", 0)
    most = min(page, SOFT_PAGE) if soft else page
    dearest = limits.most(1)
    return Leave("soft" if soft else "free", min(most, free // dearest) if dearest else most)


def _soft(spent: Spent, limits: Limits) -> bool:
    pairs = ((spent.today, limits.daily), (spent.month, limits.monthly))
    return any(used * MICROS >= limit * limits.soft_millionths for used, limit in pairs)


def _later(share: int, now: datetime) -> int:
    """What of a day's share falls on the rest of the day."""
    left = next_day(now) - now
    return share * int(left.total_seconds()) // int(_DAY.total_seconds())


def renewed(state: State, now: datetime) -> datetime:
    """When what is spent may be spent again."""
    return next_month(now) if state == "month" else next_day(now)


def month_start(now: datetime) -> date:
    """The first day of the UTC month."""
    return now.astimezone(UTC).date().replace(day=1)


def next_day(now: datetime) -> datetime:
    """The next midnight in UTC."""
    return datetime.combine(now.astimezone(UTC).date() + _DAY, time(), UTC)


def next_month(now: datetime) -> datetime:
    """The next first of a month, midnight in UTC."""
    return datetime.combine((month_start(now) + timedelta(days=31)).replace(day=1), time(), UTC)


def forecast(outlays: Sequence[Outlay], now: datetime) -> int:
    """What the UTC month will have cost at its end, in whole cents, if it goes on as since its first expense."""
    of_month = [one for one in outlays if one.day >= month_start(now) and one.micros]
    if not of_month:
        return 0
    start = datetime.combine(min(one.day for one in of_month), time(), UTC)
    elapsed = max(now - start, _LEAST_ELAPSED)
    whole = max(next_month(now) - start, elapsed)
    total = sum(one.micros for one in of_month)
    return total * int(whole.total_seconds()) // int(elapsed.total_seconds()) // _CENT * _CENT


def money(amount: int, currency: str) -> str:
    """An amount of millionths as people read it: whole cents, and finer only where it is finer."""
    whole, rest = divmod(amount, MICROS)
    decimals = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"{whole}.{decimals} {currency}"
