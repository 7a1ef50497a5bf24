"""The root of the settings; the checks that need more than one part of them are in `config.crosschecks`."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from config.alerting import Address, Alerting, Channel, Route
from config.brands import Brand
from config.complaint_types import ComplaintType, types_in_force
from config.durations import ClockTime
from config.layout import ImportMapping
from config.models import Model
from config.secret import PlainUrl, Secret
from config.sources import Source
from config.strict import OneLine, Strict, known_zone
from config.thresholds import Thresholds
from config.vocabulary import COMPLAINT_TYPES


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


class Inbound(Strict):
    """Where the monitor listens for what other systems send to sources of kind webhook."""

    host: Annotated[str, StringConstraints(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8321


class Settings(Strict):
    """The whole configuration, checked."""

    company: Annotated[OneLine, StringConstraints(min_length=1, max_length=100)]
    time_zone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    brands: Annotated[tuple[Brand, ...], Field(min_length=1)]
    sources: tuple[Source, ...] = ()
    mappings: tuple[ImportMapping, ...] = ()
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    routes: tuple[Route, ...] = ()
    default_route: Route  # obligatory: where a mention goes that no route takes
    complaint_types: tuple[ComplaintType, ...] = ()  # none: the shipped eleven
    thresholds: Thresholds = Thresholds()
    model: Model = Model()
    alerting: Alerting = Alerting()
    digest: Digest = Digest()
    inbound: Inbound = Inbound()
    database: Database = Database()

    @property
    def type_names(self) -> dict[str, str]:
        """Every complaint type in force, with what people read."""
        return {one.name: one.meaning for one in types_in_force(self.complaint_types)}

    @property
    def every_type_name(self) -> dict[str, str]:
        """Those and, for what was judged before they were in force, the shipped ones."""
        return {**COMPLAINT_TYPES, **self.type_names}

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's time zone."""
        return ZoneInfo(self.time_zone)
