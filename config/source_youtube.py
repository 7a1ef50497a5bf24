"""Comments on YouTube: of a channel and of chosen videos."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config.durations import Duration
from config.secret import HttpUrl, Secret
from config.source import DAY, CommonSource, Limit

ChannelId = Annotated[str, StringConstraints(pattern=r"^UC[A-Za-z0-9_-]{22}$")]
VideoId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{11}$")]
MAX_VIDEOS = 500  # each costs a unit of quota in each round


class YouTubeSource(CommonSource):
    """Comments and replies by YouTube's Data API v3, with an API key."""

    steady: ClassVar[bool] = True  # every call shows a list's newest page

    kind: Literal["youtube"] = "youtube"
    key: Secret
    channel_id: ChannelId | None = None  # all comments on the channel and its videos
    videos: Annotated[tuple[VideoId, ...], Field(max_length=MAX_VIDEOS)] = ()
    since: Duration = timedelta(days=7)  # how far back the first run reads
    look_back: Duration = DAY  # read again each time: comments released late by moderation, new replies, edits
    daily_quota: Annotated[int, Field(ge=1)] = 10_000  # units a day of the key's project; a call costs one
    recheck_at: tuple[Duration, ...] = (DAY, 7 * DAY, 28 * DAY)  # the last within the 30 days of the terms
    keep_text_for: Duration | None = 30 * DAY  # the terms of the API
    base_url: HttpUrl = "https://www.googleapis.com/youtube/v3"
    allow_private_address: bool = False

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if self.channel_id is None and not self.videos:
            raise ValueError("needs a channel_id or videos")
        return self

    def limits(self) -> tuple[Limit, ...]:
        """The quota of the key's project, by the day in California."""
        return (
            Limit(
                period="day",
                amount=self.daily_quota,
                unit="units",
                resource="quota_unit",
                zone="America/Los_Angeles",
                soft_share=0.8,
            ),
        )
