"""A Google service account: from its key file to a token that opens the API for an hour."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from collectors.base import AccessDenied, SourceDown, UnexpectedReply
from collectors.http import Http, Reply
from collectors.signing import CLOCKS_AGREE, clock_error, revealed, signed
from config.source_google_play import GooglePlaySource

SCOPE = "https://www.googleapis.com/auth/androidpublisher"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE = timedelta(hours=1)  # of the signed request; Google takes none of more
RENEW = timedelta(minutes=1)  # before a token's end
HOME = "googleapis.com"

_WORD = re.compile(r"[a-z_]{1,60}")  # a machine's word; anything else is not repeated
_TOKEN = re.compile(r"[\x21-\x7e]{1,8000}")  # what may stand in a header


@dataclass(frozen=True, slots=True)
class _Key:
    """What is needed of a key file."""

    email: str
    private_key: str
    key_id: str | None
    token_uri: str


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: datetime  # by our clock
    file: str  # the key file that it was got by: one that was replaced is used at once


class Account:
    """Holds the present token in memory, and nowhere else."""

    def __init__(self, source: GooglePlaySource, *, http: Http, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._http = http
        self._clock = clock
        self._token: _Token | None = None
        self._ahead = timedelta()  # Google's clock, of ours

    def forget(self) -> None:
        """Ask for another token next time: the present one is no longer taken."""
        self._token = None

    def bearer(self) -> tuple[str, int]:
        """A token that is good for another minute at least, and the requests it took.

        Raises:
            AccessDenied: the key file is missing, damaged, points elsewhere, or is refused.
            SourceError: as Http.post.
        """
        file = revealed(self._source.service_account)
        token = self._token
        if token is not None and token.file == file and token.until - RENEW > self._clock():
            return token.text, 0
        key = self._read(file)
        requests = 0
        for _ in range(2):
            reply = self._ask(key)
            requests += reply.requests
            if reply.status == HTTPStatus.OK:
                token = self._token = self._taken(reply, file)
                return token.text, requests
            ahead = clock_error(reply.headers, self._clock())
            if abs(ahead - self._ahead) <= CLOCKS_AGREE:
                break
            self._ahead = ahead  # our clock is wrong, and Google takes no request of another hour
        raise AccessDenied(f"Google refuses the service account ({_reason(reply)})")

    def _ask(self, key: _Key) -> Reply:
        issued = int((self._clock() + self._ahead).timestamp())
        claims = {
            "iss": key.email,
            "scope": SCOPE,
            "aud": key.token_uri,
            "iat": issued,
            "exp": issued + int(LIFE.total_seconds()),
        }
        place = self._source.service_account.place
        assertion = signed(claims, key=key.private_key, algorithm="RS256", key_id=key.key_id, place=place)
        return self._http.post(
            key.token_uri,
            content=urlencode({"grant_type": GRANT, "assertion": assertion}).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            accept=(HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
        )

    def _taken(self, reply: Reply, file: str) -> _Token:
        body = reply.json_object()
        text, seconds = body.get("access_token"), body.get("expires_in")
        if not isinstance(text, str) or not _TOKEN.fullmatch(text) or not isinstance(seconds, int):
            raise UnexpectedReply("Google answered the service account without a token")
        if seconds <= RENEW.total_seconds():
            raise SourceDown("Google gave a token that is about to end")
        return _Token(text, self._clock() + min(timedelta(seconds=seconds), LIFE), file)

    def _read(self, file: str) -> _Key:
        """What the key file says; its contents are in no message."""
        place = self._source.service_account.place
        try:
            value = json.loads(file)
            email, private_key, key_id = value["client_email"], value["private_key"], value.get("private_key_id")
            told = value.get("token_uri", "")
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            raise AccessDenied(f"{place}: is no JSON key file of a service account") from None
        if not all(isinstance(one, str) for one in (email, private_key, told)):
            raise AccessDenied(f"{place}: is no JSON key file of a service account")
        token_uri = self._source.token_uri or told
        if self._source.token_uri is None and not _is_google(told):
            # What it signs opens the account: a changed file must not send that elsewhere.
            raise AccessDenied(f"{place}: its token_uri is not at {HOME}; set token_uri if that is meant")
        return _Key(email, private_key, key_id if isinstance(key_id, str) else None, token_uri)


def _is_google(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and port in (None, 443) and f".{host}".endswith(f".{HOME}") and not parts.username


def _reason(reply: Reply) -> str:
    try:
        word = json.loads(reply.body)["error"]
    except (ValueError, RecursionError, KeyError, TypeError):
        word = None
    return word if isinstance(word, str) and _WORD.fullmatch(word) else f"status {reply.status}"
