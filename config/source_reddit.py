"""The settings of a source that reads Reddit."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from config.durations import Duration
from config.secret import HttpUrl, Secret
from config.source import BY_AGE, CommonSource, Every
from config.strict import OneLine, Strict

MAX_QUERY = 512  # characters that Reddit's search takes
_USER_AGENT = re.compile(r"[\w.-]+:[\w.-]+:[\w.-]+ \(by /?u/[\w-]{3,20}\)", re.ASCII)
_COMMUNITY = re.compile(r"(?:u_)?\w[\w-]{1,20}", re.ASCII)
_NO_COMMUNITY = frozenset(("all", "popular", "mod", "friends", "random"))


def _reddits_form(value: str) -> str:
    if not _USER_AGENT.fullmatch(value):
        raise ValueError(
            'must be in the form that Reddit asks for: "platform:app id:version (by /u/name)", '
            'such as "linux:com.acme.monitor:1.0 (by /u/acme_care)"'
        )
    return value


def _without_prefix(value: object) -> object:
    return re.sub(r"^/?r/", "", value.strip()) if isinstance(value, str) else value


def _is_community(value: str) -> str:
    if not _COMMUNITY.fullmatch(value):
        raise ValueError('must be the name of one community, such as "acme" or "r/acme"')
    if value.lower() in _NO_COMMUNITY:
        raise ValueError(f"r/{value} is no community; it cannot be read to its end")
    return value


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    if len({value.lower() for value in values}) < len(values):
        raise ValueError("names something twice")
    return values


SearchText = Annotated[OneLine, StringConstraints(min_length=1, max_length=MAX_QUERY)]
Community = Annotated[str, BeforeValidator(_without_prefix), AfterValidator(_is_community)]


class RedditThreads(Strict):
    """How the conversations below the submissions that a search found are followed."""

    follow_for: Duration = timedelta(days=14)  # from the submission on; 0s: not at all
    more_comments: Annotated[int, Field(ge=0, le=50)] = 8  # requests for what one look at a long thread leaves out
    at_most: Annotated[int, Field(ge=1, le=1000)] = 200  # threads followed at a time; the oldest make room


class RedditSource(CommonSource):
    """Submissions and comments on Reddit, by an application of the company's own that may only read."""

    kind: Literal["reddit"] = "reddit"
    every: Every = timedelta(minutes=10)
    client_id: Secret
    client_secret: Secret
    user_agent: Annotated[str, AfterValidator(_reddits_form)]
    searches: Annotated[tuple[SearchText, ...], AfterValidator(_each_once)] = ()
    communities: Annotated[tuple[Community, ...], AfterValidator(_each_once)] = ()
    threads: RedditThreads = RedditThreads()
    since: Duration = timedelta(days=7)  # how far back the first run reads
    recheck_at: tuple[Duration, ...] = BY_AGE
    keep_text_for: Duration | None = timedelta(hours=48)  # what Reddit's terms suggest: then only what was derived
    api_url: HttpUrl = "https://oauth.reddit.com"
    login_url: HttpUrl = "https://www.reddit.com"
    allow_private_address: bool = False

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if not self.searches and not self.communities:
            raise ValueError("needs searches or communities to read")
        return self
