"""What a frame of Jetstream says: a post, a deletion, an account that is gone, or nothing that concerns us.

The library's frame reader is used, its event models are not: they take eight times as long, and one event in an odd
shape would end the stream.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from atproto_jetstream.exceptions import JetstreamDecodingError
from atproto_jetstream.models import ErrorFrame, parse_frame

from collectors.base import Gone, Post, Reject
from collectors.bluesky_cursor import micros, moment
from collectors.bluesky_posts import POSTS, of_record, uri_of
from collectors.dates import parse_date
from collectors.folding import fold
from config.vocabulary import Platform

METHOD = "network.bsky.jetstream.subscribeEvents"
OUTDATED_CURSOR, FUTURE_CURSOR = "OutdatedCursor", "FutureCursor"  # names of notices
# An account in one of these states shows its posts to nobody, whoever has decided so.
_GONE_STATUS = frozenset(("deleted", "takendown", "suspended", "deactivated"))
_NAME = re.compile(r"[A-Za-z]{1,40}")

Found = Post | Gone | Reject


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the stream; `found` is None where it does not concern us, and is passed over."""

    seq: int | None  # None: a frame that cannot be read, which has no place of its own
    time: int | None  # microseconds since 1970
    found: Found | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What the server says about the stream itself; an error ends it."""

    name: str
    is_error: bool = False


class Sieve:
    """Lets through what may be about a brand: a cheap superset of the matching that follows, which alone decides.

    A post passes that holds a term (a substring, folded as the matching folds) in its text or links, or whose author
    is named. No terms: everything passes.
    """

    def __init__(self, terms: Sequence[str], always_from: Sequence[str]) -> None:
        self._terms = tuple(fold(term) for term in terms)
        self._always = frozenset(always_from)

    def passes(self, post: Post) -> bool:
        """Whether the post is worth matching."""
        if not self._terms or post.author_id in self._always:
            return True
        text = fold("\n".join((post.text, *post.links)))
        return any(term in text for term in self._terms)


def read_event(raw: str | bytes, place: str, sieve: Sieve) -> Event | Notice | None:
    """What a frame says; None for a kind of message that is not known here. Never raises."""
    try:
        frame = parse_frame(raw)
    except JetstreamDecodingError:
        return Event(None, None, Reject(place, "no frame of the stream"))
    if isinstance(frame, ErrorFrame):
        return Notice(_name(frame.error), is_error=True)
    payload = frame.payload
    kind = payload.get("$type")
    if kind == f"{METHOD}#info":
        return Notice(_name(payload.get("name")))
    if kind not in (f"{METHOD}#commit", f"{METHOD}#account"):
        return None
    seq = payload.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
        return Event(None, None, Reject(place, "an event without its number"))
    time = _time(payload.get("witnessedAt")) or _time(payload.get("time"))
    found: Found | None
    try:
        found = _commit(payload, time, sieve) if kind == f"{METHOD}#commit" else _account(payload)
    except ValueError as error:
        found = Reject(f"{place}, event {seq}", f"not in the shape of an event: {error}")
    return Event(seq, time, found)


def _commit(payload: Mapping[str, Any], time: int | None, sieve: Sieve) -> Post | Gone | None:
    if payload.get("collection") != POSTS:
        return None
    did, rkey, operation = payload.get("did"), payload.get("rkey"), payload.get("operation")
    if operation == "delete":
        return Gone(Platform.BLUESKY, native_id=uri_of(did, rkey))
    if operation not in ("create", "update"):
        raise ValueError("operation")
    seen = None if time is None else moment(time)
    post = of_record(did, rkey, payload.get("cid"), payload.get("record"), seen)
    return post if sieve.passes(post) else None


def _account(payload: Mapping[str, Any]) -> Gone | None:
    account = payload.get("account")
    if not isinstance(account, dict):
        raise ValueError("account")  # noqa: TRY004 - one class for all that is in no known shape
    status = account.get("status")
    if account.get("active") is not False or not isinstance(status, str) or status not in _GONE_STATUS:
        return None
    did, _, _ = uri_of(payload.get("did"), "-").removeprefix("at://").partition("/")
    return Gone(Platform.BLUESKY, author_id=did)


def _time(value: object) -> int | None:
    if not isinstance(value, str):
        return None
    try:
        return micros(parse_date(value, UTC))
    except ValueError:
        return None


def _name(value: object) -> str:
    """A name that the server gives to something, fit for a log: a word, or nothing of it."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else "a name that cannot be shown"
