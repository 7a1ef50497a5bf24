"""Dates as exports write them, read into UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime

_EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?|\d{13}|\d{16}")  # seconds, milliseconds, microseconds since 1970
_TWITTER = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d\d) (\d\d):(\d\d):(\d\d) "
    r"([+-]\d\d):?(\d\d) (\d{4})"
)
_MAIL = re.compile(r"(?:\w{3,9},? )?\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4} ", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TICKS = {13: 1e3, 16: 1e6}  # digits of milliseconds and microseconds since 1970 -> to a second
YEARS = range(12, 9989)  # durations have ten years at most: such a date less or plus one exists, in every time zone
_LONGEST = 60  # characters; the longest form above has 37
_SHOWN = 40  # characters of a bad date repeated in the report


def parse_date(value: str, zone: tzinfo | None) -> datetime:
    """An instant in UTC, from ISO 8601, RFC 2822, Twitter's form, or seconds or milliseconds since 1970.

    A date without a time is midnight. `zone` is taken where the value names none.

    Raises:
        ValueError: no such date, or it has no zone and `zone` is None; the message is fit for a report.
    """
    text = value.strip()
    if not text:
        raise ValueError("is empty")
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    moment = _read(text) if len(text) <= _LONGEST else None
    if moment is None:
        raise ValueError(f'"{shown}" is no date')
    if moment.utcoffset() is None:
        if zone is None:
            raise ValueError(f'"{shown}" has no time zone, and the source sets no time_zone')
        moment = moment.replace(tzinfo=zone)
    if moment.year not in YEARS:
        raise ValueError(f'"{shown}" is no date')
    return moment.astimezone(UTC)


def of_seconds(seconds: int) -> datetime:
    """The instant of so many seconds since 1970, in UTC.

    Raises:
        ValueError: no date of use.
    """
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError):  # beyond what the machine can count
        raise ValueError("is no date") from None
    if moment.year not in YEARS:
        raise ValueError("is no date")
    return moment


def _read(text: str) -> datetime | None:
    """The moment that a text names, with a zone if it names one; None where it names no moment."""
    try:
        if _EPOCH.fullmatch(text):
            ticks = _TICKS.get(len(text.partition(".")[0]), 1.0)
            return datetime.fromtimestamp(float(text) / ticks, UTC)
        if found := _TWITTER.fullmatch(text):
            month, day, hour, minute, second, east, east_minutes, year = found.groups()
            number = _MONTHS.index(month) + 1
            return datetime.fromisoformat(f"{year}-{number:02}-{day}T{hour}:{minute}:{second}{east}:{east_minutes}")
        if _MAIL.match(text):
            return parsedate_to_datetime(text)
        return datetime.fromisoformat(text[:-4] + "+00:00" if text.endswith((" UTC", " GMT")) else text)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):  # what these readers raise on nonsense
        return None
