"""The root of the settings; the checks that need more than one part of them are in `config.crosschecks`."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from config.alerting import Address, Alerting, Channel, Route
from config.brands import Brand
from config.durations import ClockTime
from config.models import Model, Thresholds
from config.secret import PlainUrl, Secret
from config.sources import Source
from config.strict import OneLine, Strict, known_zone


class Database(Strict):
    """Where everything is kept. SQLite beside the configuration file unless said otherwise."""

    url: PlainUrl = "sqlite:///monitor.db"  # or postgresql+psycopg://host/name (user and password: see below)
    user: str | None = None
    password: Secret | None = None
    migrate: bool = False  # PostgreSQL: bring the schema up to date at start (SQLite always does)


class Digest(Strict):
    """The weekly digest: when, in the organisation's zone, and to whom."""

    enabled: bool = True
    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = "mon"
    at: ClockTime = time(8, 30)
    channel: str | None = None  # the mail channel whose server sends it
    recipients: tuple[Address, ...] = ()


class Settings(Strict):
    """The whole configuration, checked."""

    company: Annotated[OneLine, StringConstraints(min_length=1, max_length=100)]
    time_zone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    brands: Annotated[tuple[Brand, ...], Field(min_length=1)]
    sources: tuple[Source, ...] = ()
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    routes: tuple[Route, ...] = ()
    default_route: Route  # obligatory: where a mention goes that no route takes
    thresholds: Thresholds = Thresholds()
    model: Model = Model()
    alerting: Alerting = Alerting()
    digest: Digest = Digest()
    database: Database = Database()

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's time zone."""
        return ZoneInfo(self.time_zone)
