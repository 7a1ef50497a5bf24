"""Customer reviews on Apple's App Store."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from config.durations import Duration
from config.secret import HttpUrl, Secret
from config.source import DAY, HOUR, CommonSource, Every

AppId = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,19}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$", to_lower=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise ValueError("names one twice")
    return values


class AppStoreSource(CommonSource):
    """Reviews of own apps by the App Store Connect API, or of any app by Apple's public feed."""

    steady: ClassVar[bool] = True  # the newest reviews are shown each time, known or not

    kind: Literal["app_store"] = "app_store"
    apps: Annotated[tuple[AppId, ...], Field(min_length=1), AfterValidator(_each_once)]
    key_id: Name | None = None  # these three together: the App Store Connect API; none of them: the public feed
    issuer_id: Name | None = None
    private_key: Secret | None = None
    # of the public feed, which has one list for each country
    countries: Annotated[tuple[Country, ...], Field(min_length=1), AfterValidator(_each_once)] = ("us",)
    every: Every = HOUR
    since: Duration = timedelta(days=30)  # how far back the first run reads
    look_back: Duration = timedelta(days=7)  # read again each time: answers of the developer, edits
    recheck_at: tuple[Duration, ...] = (DAY, 7 * DAY, 30 * DAY)
    base_url: HttpUrl = "https://api.appstoreconnect.apple.com"
    feed_url: HttpUrl = "https://itunes.apple.com"
    allow_private_address: bool = False

    @model_validator(mode="after")
    def _whole_key_or_none(self) -> Self:
        given = [name for name in ("key_id", "issuer_id", "private_key") if getattr(self, name) is not None]
        if len(given) not in (0, 3):
            raise ValueError(f"key_id, issuer_id and private_key go together; given: {', '.join(given)}")
        return self
