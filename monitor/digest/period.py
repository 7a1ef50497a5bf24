"""Weeks of the organisation's calendar: ISO weeks, cut at its own midnight."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Self

from config.settings import Digest

_WEEK = re.compile(r"(\d{4})-W(\d{2})")
MOST_WEEKS = 4  # how far back a missed digest is still made: a month
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """An ISO 8601 week, such as 2026-W46. The year is the ISO year: 2027-01-01 lies in 2026-W53."""

    year: int
    number: int

    def __post_init__(self) -> None:
        """Refuse a week that the year does not have."""
        try:
            date.fromisocalendar(self.year, self.number, 1)
        except ValueError:
            raise ValueError(f"{self} is no ISO week") from None

    def __str__(self) -> str:
        return f"{self.year:04}-W{self.number:02}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "2026-W46".

        Raises:
            ValueError: anything else, or a week that the year does not have.
        """
        match = _WEEK.fullmatch(text.strip())
        if match is None:
            raise ValueError(f'"{text}" is no week such as "2026-W46"')
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, instant: datetime, zone: tzinfo) -> Self:
        """The week in which an aware instant lies, by the zone's calendar."""
        if instant.utcoffset() is None:
            raise ValueError("instant must be timezone-aware")
        calendar = instant.astimezone(zone).isocalendar()
        return cls(calendar.year, calendar.week)

    @property
    def days(self) -> tuple[date, ...]:
        """Its seven days, Monday first."""
        monday = date.fromisocalendar(self.year, self.number, 1)
        return tuple(monday + timedelta(days=n) for n in range(7))

    def back(self, weeks: int) -> Self:
        """The week so many weeks earlier; negative: later."""
        calendar = (self.days[0] - timedelta(weeks=weeks)).isocalendar()
        return type(self)(calendar.year, calendar.week)

    def start(self, zone: tzinfo) -> datetime:
        """Monday 00:00 in the zone, as an instant in UTC (where midnight is skipped: the moment after the skip)."""
        return _instant(self.days[0], time(), zone)

    def end(self, zone: tzinfo) -> datetime:
        """The next Monday 00:00: the first instant that is no longer in it."""
        return self.back(-1).start(zone)


def last_closed(now: datetime, zone: tzinfo) -> Week:
    """The newest week that is over."""
    return Week.of(now, zone).back(1)


def send_time(week: Week, zone: tzinfo, digest: Digest) -> datetime:
    """When a week's digest is due: the configured day and hour at or after the week's end, in UTC."""
    monday_after = week.back(-1).days[0]
    return _instant(monday_after + timedelta(days=_DAYS.index(digest.day)), digest.at, zone)


def weeks_due(now: datetime, zone: tzinfo, digest: Digest, *, since: datetime) -> tuple[Week, ...]:
    """The closed weeks whose send time has passed, oldest first; asked often, they stay the answer.

    At most the last four: a monitor that was off for longer does not open with a heap of old reports. None where
    nobody is to be told. A week that was over when listening began (`since`) is left out: a monitor that is set up on
    a Wednesday has not seen it.
    """
    if not digest.enabled or not digest.recipients:
        return ()
    newest = last_closed(now, zone)
    if send_time(newest, zone, digest) > now:
        newest = newest.back(1)  # sent at the latest seven days after its end, which have passed
    weeks = (newest.back(n) for n in range(MOST_WEEKS - 1, -1, -1))
    return tuple(week for week in weeks if week.end(zone) > since)


def _instant(day: date, at: time, zone: tzinfo) -> datetime:
    # In UTC: Python compares and subtracts two times of one zone by their wall clocks, wrong across a DST change.
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
