"""How far Bluesky has been read: a place in one server's stream, and the holes that the search is still to fill."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

_VERSION = 1  # of the cursors
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the stream.

    `seq` counts the events of one server and means nothing to another; `time` (microseconds since 1970, when the
    network was seen to say it) is understood by all of them, but for a few seconds.
    """

    server: str
    seq: int | None  # of the last event taken; None: none was ever taken
    time: int


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch of time (microseconds since 1970, `until` excluded) that one query is to search, newest first."""

    query: str
    since: int
    until: int
    page: str | None = None  # the search's own word for the next page
    oldest: int | None = None  # of the posts already found: from here the search begins anew if it forgets its word


@dataclass(frozen=True, slots=True)
class State:
    """What the live cursor says."""

    position: Position
    holes: tuple[Hole, ...] = ()


def moment(micros: int) -> datetime:
    """The instant of so many microseconds since 1970."""
    return _EPOCH + micros * _MICRO


def micros(instant: datetime) -> int:
    """Microseconds since 1970."""
    return (instant - _EPOCH) // _MICRO


def write_state(state: State) -> str:
    """The live cursor."""
    return json.dumps({"v": _VERSION, "position": asdict(state.position), "holes": _rows(state.holes)})


def read_state(cursor: str | None) -> State | None:
    """What the live cursor says; None where there is none, or another version wrote it."""
    value = json.loads(cursor) if cursor is not None else {}
    if value.get("v") != _VERSION:
        return None
    return State(Position(**value["position"]), tuple(Hole(**hole) for hole in value["holes"]))


def write_holes(holes: Sequence[Hole]) -> str:
    """The cursor of a backfill."""
    return json.dumps({"v": _VERSION, "holes": _rows(holes)})


def read_holes(cursor: str | None) -> tuple[Hole, ...] | None:
    """What is left of a backfill; None where it has not begun, or another version began it."""
    value = json.loads(cursor) if cursor is not None else {}
    return tuple(Hole(**hole) for hole in value["holes"]) if value.get("v") == _VERSION else None


def _rows(holes: Sequence[Hole]) -> list[dict[str, object]]:
    return [asdict(hole) for hole in holes]
