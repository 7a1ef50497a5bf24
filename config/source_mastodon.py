"""Mastodon as a source: the instances that the operator may read, and what is read there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from config.durations import Duration
from config.secret import HttpUrl, Secret
from config.source import BY_AGE, CommonSource
from config.strict import OneLine, Strict

_TAG = re.compile(r"[#\uff03]?(\w+)")
MAX_QUERY = 500  # characters; an instance cuts or refuses what is longer


def _bare_tag(value: str) -> str:
    """The hashtag without its sign."""
    found = _TAG.fullmatch(value)
    if found is None or found[1].isdigit():
        raise ValueError('must be one hashtag such as "acme", of letters, digits and underscores')
    return found[1]


def _instance(value: str) -> str:
    parts = urlsplit(value)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError('must be an instance\'s address alone, such as "https://mastodon.example"')
    return value.rstrip("/")


Hashtag = Annotated[str, AfterValidator(_bare_tag)]
Search = Annotated[OneLine, StringConstraints(min_length=1, max_length=MAX_QUERY)]


class MastodonInstance(Strict):
    """One server that the operator may read; its terms are its own."""

    url: Annotated[HttpUrl, AfterValidator(_instance)]
    access_token: Secret | None = None  # needed for searches, and for hashtags where the instance closes them


class MastodonSource(CommonSource):
    """Public posts with chosen hashtags, or found by full-text search, on chosen Mastodon instances."""

    kind: Literal["mastodon"] = "mastodon"
    instances: Annotated[tuple[MastodonInstance, ...], Field(min_length=1)]
    hashtags: tuple[Hashtag, ...] = ()
    searches: tuple[Search, ...] = ()  # full text, on the instances with a token
    since: Duration = timedelta(days=7)  # how far back the first run reads
    only_indexable: bool = True  # leave out authors who did not agree to be found by searches
    ask_origin: bool = True  # whether a post still stands is asked of its own server, where that is no named instance
    recheck_at: tuple[Duration, ...] = BY_AGE
    allow_private_address: bool = False  # for an instance on the company's own network

    @model_validator(mode="after")
    def _complete(self) -> Self:
        hosts = [urlsplit(instance.url).netloc.lower() for instance in self.instances]
        tags = [tag.casefold() for tag in self.hashtags]
        for what, values in (("instances", hosts), ("hashtags", tags), ("searches", list(self.searches))):
            if len(set(values)) < len(values):
                raise ValueError(f"{what}: one of them stands there twice")
        if not (self.hashtags or self.searches):
            raise ValueError("needs hashtags or searches, else there is nothing to read")
        if self.searches and all(instance.access_token is None for instance in self.instances):
            raise ValueError("searches need an instance with access_token: nobody may search without logging in")
        return self
