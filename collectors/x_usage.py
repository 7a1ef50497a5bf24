"""X's own count of the posts read, laid beside the ledger's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from collectors.base import Outlay, UnexpectedReply
from collectors.x_cursor import Account

POST_READ = "post_read"
USER_READ = "user_read"
TOLERANCE = 100  # the counts may differ by one in so many before it is told


@dataclass(frozen=True, slots=True)
class Usage:
    """Posts read in X's current period: by X's count, for the whole project, and by the ledger, for this source."""

    period: date  # its first day
    theirs: int
    ours: int
    cap: int | None  # what X allows in the period

    @property
    def exhausted(self) -> bool:
        """Whether X will answer no more before the period ends."""
        return self.cap is not None and self.theirs >= self.cap


def read_usage(payload: Mapping[str, Any], now: datetime) -> tuple[date, int, int | None]:
    """The first day of X's period, its count and its cap.

    Raises:
        UnexpectedReply: the answer holds no count.
    """
    data = payload.get("data")
    count = _number(data.get("project_usage")) if isinstance(data, dict) else None
    if not isinstance(data, dict) or count is None:
        raise UnexpectedReply("X answered without a count of what was used")
    return _period(_number(data.get("cap_reset_day")) or 1, now), count, _number(data.get("project_cap"))


def usage_of(payload: Mapping[str, Any], outlays: Sequence[Outlay], now: datetime) -> Usage:
    """The two counts; `outlays` reach back a month at least.

    Raises:
        UnexpectedReply: as read_usage.
    """
    period, theirs, cap = read_usage(payload, now)
    ours = sum(one.units for one in outlays if one.resource == POST_READ and one.day >= period)
    return Usage(period, theirs, ours, cap)


def reconciled(usage: Usage, account: Account | None, unbooked: int) -> tuple[Account, str | None]:
    """From where the counts are compared, and in words where they are more than 1 % apart.

    What the project had read before the first comparison is not ours. `unbooked` posts of the call at hand stand in
    X's count, as far as they are new to X today, but not in the ledger yet.
    """
    period = usage.period.isoformat()
    if account is None:
        return Account(period, usage.theirs, usage.ours + unbooked), None
    if account.period != period:
        account = Account(period, 0, 0)
    theirs, least = usage.theirs - account.theirs, usage.ours - account.ours
    off = max(theirs - least - unbooked, least - theirs, 0)
    if off * TOLERANCE <= max(theirs, least, 1):
        return account, None
    since = f"since {period}" if account.theirs == 0 else "since they were first compared"
    return account, f"X counts {theirs} posts read {since}, the ledger {least}: more than 1 % apart"


def _period(reset_day: int, now: datetime) -> date:
    """The last day on which X's count began anew; a day that a month lacks is that month's last."""
    today = now.astimezone(UTC).date()
    this = _on(today.replace(day=1), reset_day)
    return this if this <= today else _on((today.replace(day=1) - timedelta(days=1)).replace(day=1), reset_day)


def _on(first: date, day: int) -> date:
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(max(day, 1), last.day))


def _number(value: Any) -> int | None:
    """X writes its counts as texts."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None
