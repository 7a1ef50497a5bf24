"""Short-lived signed tokens (JWT), and clocks that do not agree with the platform's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Literal

import jwt

from collectors.base import AccessDenied
from config.secret import Secret, SecretUnavailable

CLOCKS_AGREE = timedelta(seconds=60)  # platforms allow about as much


def revealed(secret: Secret) -> str:
    """The secret.

    Raises:
        AccessDenied: its place holds nothing.
    """
    try:
        return secret.reveal()
    except SecretUnavailable as error:
        raise AccessDenied(str(error)) from None


def signed(
    claims: Mapping[str, Any], *, key: str, algorithm: Literal["ES256", "RS256"], key_id: str | None, place: str
) -> str:
    """The claims as a token. `place` is where the key came from, for the message.

    Raises:
        AccessDenied: the key is none, or not one for the algorithm.
    """
    # An environment variable often holds the two characters \\n in the place of each line's end.
    pem = key.replace("\\n", "\n")
    try:
        headers = {"kid": key_id} if key_id else None
        return jwt.encode(dict(claims), _loaded(pem, algorithm), algorithm=algorithm, headers=headers)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        raise AccessDenied(f"{place}: holds no private key for {algorithm}") from None


@lru_cache(maxsize=8)
def _loaded(pem: str, algorithm: str) -> Any:
    """The key, checked; kept, since checking takes 40 ms. Raises what the library does for a key that is none."""
    return jwt.get_algorithm_by_name(algorithm).prepare_key(pem)


def clock_error(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How much the server's clock, by its Date, is ahead of ours; 0 where it tells none."""
    try:
        told = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError):
        return timedelta()
    return (told if told.utcoffset() is not None else told.replace(tzinfo=UTC)) - now
