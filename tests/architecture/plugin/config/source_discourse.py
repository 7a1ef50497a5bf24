"""A forum that runs Discourse: its public posts."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from config.durations import Duration
from config.secret import HttpUrl
from config.source import CommonSource


class DiscourseSource(CommonSource):
    """Every public post of one Discourse forum; no key."""

    steady: ClassVar[bool] = True  # every call shows the newest posts again

    kind: Literal["discourse"] = "discourse"
    url: HttpUrl
    since: Duration = timedelta(days=7)  # how far back the first run reads
    allow_private_address: bool = False
