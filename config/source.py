"""What every kind of source has in common."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

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


class CommonSource(Strict):
    """The settings that every source has."""

    name: SourceName
    enabled: bool = True
    every: Every = timedelta(minutes=15)
    brand: str | None = None  # all posts are about this brand, no alias needed (a survey, an own feed)
    quiet_after: Duration = timedelta(days=2)  # no new post for so long is told as "quiet"
    recheck_at: tuple[Duration, ...] = ()  # ages at which a post is looked at again: edited, gone?
    keep_text_for: Duration | None = None  # then text, author and address are erased; what was counted stays
