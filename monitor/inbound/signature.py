"""Whether a request comes from somebody who knows the secret, and was signed just now.

The scheme is that of the monitor's own outgoing webhook (docs/webhook.md): "v1=" and the HMAC-SHA256 in hex of the
timestamp, a full stop and the raw body.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)  # between the sender's clock and ours, either way
_MAX_DIGITS = 12  # of a timestamp


def is_genuine(secrets: Sequence[str], timestamp: str, signature: str, body: bytes, now: datetime) -> bool:
    """Whether one of the secrets has signed this body with this timestamp, and that is fresh at `now`.

    All secrets are tried, in the same time whichever fits. False for whatever is missing or malformed.
    """
    signed = timestamp.encode("latin-1", "replace") + b"." + body
    given = signature.encode("latin-1", "replace")
    fits = False
    for secret in secrets:
        made = hmac.new(secret.encode("utf-8"), signed, hashlib.sha256).hexdigest()
        fits |= hmac.compare_digest(f"v1={made}".encode("ascii"), given)
    return _is_fresh(timestamp, now) and fits


def _is_fresh(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _MAX_DIGITS):
        return False
    return abs(now.timestamp() - int(timestamp)) <= TOLERANCE.total_seconds()
