"""Customer reviews on Google Play."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from config.durations import Duration
from config.secret import HttpUrl, Secret
from config.source import DAY, HOUR, CommonSource, Every

Package = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$", max_length=150)
]


class GooglePlaySource(CommonSource):
    """Reviews of an own app by Google's Play Developer API, with a service account."""

    steady: ClassVar[bool] = True  # the last week is shown each time, known or not

    kind: Literal["google_play"] = "google_play"
    package: Package
    service_account: Secret  # the account's JSON key file
    every: Every = HOUR
    # within the week that Google shows: of an older review, its absence would say nothing
    recheck_at: tuple[Duration, ...] = (DAY, 6 * DAY)
    token_uri: HttpUrl | None = None  # None: as the key file says, if that is at Google
    base_url: HttpUrl = "https://androidpublisher.googleapis.com"
    allow_private_address: bool = False
