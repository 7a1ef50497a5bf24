"""The past of Mastodon's streams, read backwards as a job of its own: one stream after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from collectors.base import UnexpectedReply
from collectors.mastodon_cursor import Key
from collectors.mastodon_posts import id_of
from collectors.mastodon_streams import OVERLAP, Slice, id_at

_VERSION = 1

Ask = Callable[[Key, Mapping[str, int]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Past:
    """A page of the past, and where to go on."""

    key: Key | None  # None: all was read before
    statuses: Sequence[Any]
    cursor: str
    more: bool


def backfill(ask: Ask, keys: Sequence[Key], cursor: str | None, since: datetime, until: datetime) -> Past:
    """The next page of what was published in [since, until), and somewhat more on both sides.

    Raises:
        SourceError: as `ask`; UnexpectedReply also for a page that does not lead backwards.
    """
    left, at = _read(cursor, keys)
    if not left:
        return Past(None, (), _write((), None), more=False)
    key = left[0]
    page: Sequence[Any]
    rest: int | Slice | None
    if key.kind == "tag":
        # Ids follow the time of arrival: what was written before `until` may have arrived after it.
        top = at if isinstance(at, int) else id_at((until + OVERLAP).timestamp())
        page = ask(key, {"max_id": top})
        rest = _below(page, top, id_at(since.timestamp()))
    else:
        seconds = int(since.timestamp()), int(until.timestamp())
        piece = Slice(**at) if isinstance(at, dict) else Slice(*seconds)
        page = ask(key, piece.span())
        rest = piece.rest(page)
    left = left if rest is not None else left[1:]
    return Past(key, page, _write(left, rest), more=bool(left))


def _below(page: Sequence[Any], top: int, floor: int) -> int | None:
    """The id below which the timeline goes on; None where it ends, or is read back far enough."""
    if not page:
        return None
    ids = [known for status in page if (known := id_of(status)) is not None]
    if not ids or min(ids) >= top:
        raise UnexpectedReply("the timeline answered with posts that were not asked for")
    return min(ids) if min(ids) > floor else None


def _write(left: Sequence[Key], at: int | Slice | None) -> str:
    streams = [[key.url, key.kind, key.words] for key in left]
    return json.dumps({"v": _VERSION, "left": streams, "at": asdict(at) if isinstance(at, Slice) else at})


def _read(cursor: str | None, keys: Sequence[Key]) -> tuple[list[Key], Any]:
    """The streams left, of those that are still configured, and how far the first of them was read."""
    value = json.loads(cursor) if cursor is not None else {}
    if value.get("v") != _VERSION:
        return list(keys), None
    told = [Key(*names) for names in value["left"]]
    left = [key for key in told if key in keys]
    return left, value["at"] if left and left[0] == told[0] else None
