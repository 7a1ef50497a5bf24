"""What is known of all streams and instances between two calls, as it stands in the cursor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from collectors.base import AccessDenied, RateLimited, SourceError
from collectors.mastodon_streams import Search, Slice, Stream, Tag

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Key:
    """Names a stream."""

    url: str  # of the instance
    kind: str  # "tag" or "search"
    words: str

    def __str__(self) -> str:
        return f"#{self.words}" if self.kind == "tag" else f"search {self.words!r}"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an instance could not be read when it was last asked."""

    why: str
    denied: bool  # for good
    until: float = 0.0  # seconds since 1970; it asks for patience
    now: bool = True  # in this round: it is not asked again before the next


@dataclass(frozen=True, slots=True)
class State:
    """All streams of the source and the instances in trouble."""

    streams: Mapping[Key, Stream]
    troubles: Mapping[str, Trouble] = field(default_factory=dict)

    @property
    def waiting(self) -> list[Key]:
        """The streams to be read in this round, of instances that can be read."""
        return [key for key, stream in self.streams.items() if not stream.done and not self.is_out(key.url)]

    @property
    def gaps(self) -> int:
        """Streams that are not read to their end, for want of time or because their instance fails."""
        return sum(stream.is_open or self.is_out(key.url) for key, stream in self.streams.items())

    def is_out(self, url: str) -> bool:
        """Whether the instance has failed in this round."""
        return url in self.troubles and self.troubles[url].now

    def anew(self, now: datetime) -> State:
        """The beginning of the next round: whoever failed is asked again, unless it asked for patience."""
        streams = {key: stream.anew() for key, stream in self.streams.items()}
        moment = now.timestamp()
        troubles = {url: replace(trouble, now=trouble.until > moment) for url, trouble in self.troubles.items()}
        return State(streams, troubles)

    def read(self, key: Key, stream: Stream) -> State:
        """After a page: its instance is well."""
        return State(
            {**self.streams, key: stream}, {url: trouble for url, trouble in self.troubles.items() if url != key.url}
        )

    def failed(self, url: str, error: SourceError) -> State:
        """After a refusal or a fault of an instance."""
        until = error.retry_at.timestamp() if isinstance(error, RateLimited) else 0.0
        trouble = Trouble(str(error), isinstance(error, AccessDenied), until)
        return State(self.streams, {**self.troubles, url: trouble})

    def write(self) -> str:
        """The state as a cursor."""
        streams = [[key.url, key.kind, key.words, asdict(stream)] for key, stream in self.streams.items()]
        troubles = {url: asdict(trouble) for url, trouble in self.troubles.items()}
        return json.dumps({"v": _VERSION, "streams": streams, "troubles": troubles})


def read_state(cursor: str | None, keys: list[Key]) -> State:
    """What the cursor says of these streams; of one that another version wrote, nothing: they begin anew."""
    value = json.loads(cursor) if cursor is not None else {}
    known: dict[Key, Stream] = {}
    troubles: dict[str, Trouble] = {}
    if value.get("v") == _VERSION:
        known = {Key(url, kind, words): _stream(kind, of) for url, kind, words, of in value["streams"]}
        troubles = {url: Trouble(**of) for url, of in value["troubles"].items()}
    urls = {key.url for key in keys}
    return State(
        {key: known.get(key) or (Tag() if key.kind == "tag" else Search()) for key in keys},
        {url: trouble for url, trouble in troubles.items() if url in urls},
    )


def _stream(kind: str, of: Mapping[str, Any]) -> Stream:
    if kind == "tag":
        return Tag(**of)
    return Search(**{**of, "rest": Slice(**of["rest"]) if of["rest"] else None})
