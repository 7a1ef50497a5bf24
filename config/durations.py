"""Durations and times of day as people write them: "90s", "15m", "2h", "7d"; "08:30"."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PARTS = re.compile(r"([0-9]{1,9})\s*([smhdw])\s*")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
LONGEST = timedelta(days=3653)  # ten years: beyond it, a date minus the duration may not exist


def parse_duration(value: object) -> timedelta:
    """Read "1h30m" and the like; a timedelta passes as it is.

    Raises:
        ValueError: anything else, naming what is allowed.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        text = value.strip().lower()
        parts = _PARTS.findall(text)
        if parts and not _PARTS.sub("", text).strip():
            return _sum(parts)
    raise ValueError('must be a duration such as "90s", "15m", "2h" or "7d"')


def _sum(parts: list[tuple[str, str]]) -> timedelta:
    try:
        total = sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in parts), timedelta())
    except OverflowError:
        total = timedelta.max
    if total > LONGEST:
        raise ValueError("must be at most ten years")
    return total


def format_duration(value: timedelta) -> str:
    """The shortest text that parse_duration reads back to the same duration (whole seconds)."""
    seconds = int(value.total_seconds())
    text = ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def parse_clock(value: object) -> time:
    """Read "8:30", "08:30" or a TOML local time; a time passes as it is if it has no zone of its own.

    Raises:
        ValueError: anything else, naming what is allowed.
    """
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if isinstance(value, str) and (found := _CLOCK.fullmatch(value.strip())):
        hour, minute, second = (int(part or 0) for part in found.groups())
        return time(hour, minute, second)
    raise ValueError('must be a time of day such as "08:30"')


ClockTime = Annotated[time, BeforeValidator(parse_clock), PlainSerializer(time.isoformat)]
Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration)]
