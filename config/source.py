"""What every kind of source has in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, StringConstraints

from config.durations import Duration
from config.strict import Strict

SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


FASTEST = timedelta(seconds=10)  # below it, a public service would be right to lock us out
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY_AGE = (HOUR, DAY, 7 * DAY, 30 * DAY)  # ages at which a post is looked at again, where that costs nothing


def _no_faster(every: timedelta) -> timedelta:
    if every < FASTEST:
        raise ValueError(f"must be {FASTEST.seconds}s or longer")
    return every


Every = Annotated[Duration, AfterValidator(_no_faster)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How much a source may use up in one period: money, or units of what the platform counts."""

    period: Literal["day", "month"]
    amount: int  # millionths of `unit` where that is a currency, else a count of it
    unit: str  # "USD", "units", ...
    resource: str | None = None  # None: money; else the resource that is counted, as the collector's `Spend` names it
    zone: str = "UTC"  # in which the platform's day begins at midnight
    soft_share: float | None = None  # of the amount: from then on the collector reads less


class CommonSource(Strict):
    """The settings that every source has."""

    # Each call shows the newest items again, known or not: where there were some, an empty answer is no silence.
    steady: ClassVar[bool] = False

    name: SourceName
    enabled: bool = True
    every: Every = timedelta(minutes=15)
    brand: str | None = None  # all posts are about this brand, no alias needed (a survey, an own feed)
    quiet_after: Duration = timedelta(days=2)  # no new post for so long is told as "quiet"
    recheck_at: tuple[Duration, ...] = ()  # ages at which a post is looked at again: edited, gone?
    keep_text_for: Duration | None = None  # then text, author and address are erased; what was counted stays

    def limits(self) -> tuple[Limit, ...]:
        """What may be used up; () where nothing is counted."""
        return ()
