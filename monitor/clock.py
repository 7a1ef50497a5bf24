"""The clock: the only place where the machine's time enters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


class SetClock:
    """A clock that stands where it was put: for the demo, which plays old posts at their own time, and for tests."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def __call__(self) -> datetime:
        """The instant at which the clock stands."""
        return self._now

    def set(self, now: datetime) -> None:
        """Put the clock to an instant.

        Raises:
            ValueError: backwards; stages count on time not running back.
        """
        if now < self._now:
            raise ValueError("a clock does not run backwards")
        self._now = now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.set(self._now + by)
