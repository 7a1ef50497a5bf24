"""What Bluesky's refusals and failures mean: the one place where they become errors of the seam."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpcore
from atproto_client.exceptions import RequestErrorBase
from atproto_client.models.common import XrpcError
from atproto_core.exceptions import AtProtocolError

from collectors.addresses import AddressRefused
from collectors.base import AccessDenied, RateLimited, SourceDown, SourceError, UnexpectedReply
from collectors.http import DEFAULT_PATIENCE, MAX_PATIENCE

_REFUSED = frozenset((401, 402, 403, 407, 410, 451))
_PASSING = frozenset((408, 421, 425, 502))
_TOO_MANY, _BUSY, _BAD_REQUEST, _SERVER_ERROR = 429, 503, 400, 500
_WORD = re.compile(r"[A-Za-z]{1,60}")
_STALE = frozenset(("ExpiredToken", "InvalidToken"))  # of a session that has to be made anew


class BadRequest(UnexpectedReply):
    """The server does not like the question (400): repeating it as it is helps nobody."""


class StaleSession(UnexpectedReply):
    """The session has ended; a new one is to be made."""


def translated(host: str, error: Exception, now: datetime) -> SourceError:
    """The error of the seam for one of the library or of the connection; its message holds nothing that was sent.

    An error of the seam stays as it is; what is none of these is a bug, and is raised again.
    """
    if isinstance(error, SourceError):
        return error
    if isinstance(error, RequestErrorBase) and error.response is not None:
        content = error.response.content
        word = content.error if isinstance(content, XrpcError) else ""
        return of_status(host, error.response.status_code, error.response.headers, now, word)
    found: SourceError
    match error:
        case AddressRefused():
            found = AccessDenied(str(error))
        case httpcore.TimeoutException() | TimeoutError():
            found = SourceDown(f"{host} did not answer in time")
        case httpcore.UnsupportedProtocol():
            found = AccessDenied(f"{host} is not reached by http or https")
        case httpcore.NetworkError() | httpcore.ProtocolError() | OSError():
            found = SourceDown(f"{host} could not be read: {type(error).__name__}")
        case AtProtocolError() | ValueError():  # an answer that is no JSON, or not in the shape of one
            found = UnexpectedReply(f"{host} answered in a shape that is not known: {type(error).__name__}")
        case _:
            raise error
    return found


def of_status(host: str, status: int, headers: Mapping[str, str], now: datetime, word: str = "") -> SourceError:
    """The error for an HTTP status, with the one word that the protocol gives as its name.

    A 403 need not be about the password: Bluesky answers so, with a page of HTML, to addresses that it does not like.
    """
    word = word if _WORD.fullmatch(word) else ""
    said = f"{host} answered with status {status}" + (f" ({word})" if word else "")
    if status == _TOO_MANY or (status == _BUSY and "retry-after" in headers):
        return RateLimited(said, now + _wait(headers, now))
    if word in _STALE:
        return StaleSession(said)
    if status in _REFUSED:
        return AccessDenied(said)
    if status >= _SERVER_ERROR or status in _PASSING:
        return SourceDown(said)
    return BadRequest(said) if status == _BAD_REQUEST else UnexpectedReply(said)


def _wait(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How long to be patient: the server's times are read against its own clock, which may differ from ours."""
    server_now = _date(headers.get("date", "")) or now
    after, reset = (headers.get(name, "").strip() for name in ("retry-after", "ratelimit-reset"))
    wait = DEFAULT_PATIENCE
    if after.isascii() and after.isdigit():
        wait = timedelta(seconds=min(int(after[:9]), MAX_PATIENCE.total_seconds()))
    elif (until := _date(after)) is not None:
        wait = until - server_now
    elif reset.isascii() and reset.isdigit():
        wait = datetime.fromtimestamp(min(int(reset[:12]), 253_402_300_799), UTC) - server_now
    return min(max(wait, timedelta(seconds=1)), MAX_PATIENCE)


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
