"""Posts on Bluesky: the public stream of all posts without a key, and the search with an app password."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from config.durations import Duration
from config.secret import HttpUrl, PlainUrl, Secret
from config.source import BY_AGE, CommonSource, Every

Term = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Did = Annotated[str, StringConstraints(pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]{1,200}$")]
Handle = Annotated[str, StringConstraints(min_length=1, max_length=253)]


def _is_websocket(value: str) -> str:
    if not value.startswith(("wss://", "ws://")):
        raise ValueError("must start with wss:// (or ws://)")
    return value


StreamUrl = Annotated[PlainUrl, AfterValidator(_is_websocket)]


class BlueskySource(CommonSource):
    """Every public post on Bluesky, by its live stream; what a stop has missed, by its search if there is a login."""

    kind: Literal["bluesky"] = "bluesky"
    every: Every = timedelta(seconds=30)
    # Jetstream v2, tried in this order
    servers: Annotated[tuple[StreamUrl, ...], Field(min_length=1)] = (
        "wss://jetstream.us-east.bsky.network",
        "wss://jetstream.us-west.bsky.network",
    )
    terms: tuple[Term, ...] = ()  # only posts that hold one of these are looked at; empty: every post on the network
    always_from: tuple[Did, ...] = ()  # whose posts pass without a term: the company's own accounts
    since: Duration = timedelta(minutes=15)  # how far back the first run reads
    queries: tuple[Term, ...] = ()  # what is searched for where the stream has a hole, and for the past
    handle: Handle | None = None  # of the account that searches
    app_password: Secret | None = None
    recheck_at: tuple[Duration, ...] = BY_AGE
    service_url: HttpUrl = "https://bsky.social"
    allow_private_address: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """A login is a handle and an app password; the search needs a login."""
        if (self.handle is None) != (self.app_password is None):
            raise ValueError("handle and app_password go together: give both or neither")
        if self.queries and self.handle is None:
            raise ValueError("queries need handle and app_password: Bluesky's search is closed without a login")
        return self
