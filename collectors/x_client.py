"""tweepy's client, held on a leash: where it may connect, how long it may take, what its failures mean."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
import tweepy
from urllib3.exceptions import HTTPError as TransportError

from collectors.addresses import AddressRefused
from collectors.base import AccessDenied, BudgetSpent, RateLimited, SourceDown, SourceError, UnexpectedReply
from collectors.http import CONNECT_SECONDS, MAX_BODY, READ_SECONDS, TOTAL_SECONDS
from collectors.plain import clean
from collectors.x_budget import next_day
from collectors.x_guard import Guard, TooLarge, TooSlow, X
from config.secret import SecretUnavailable
from config.source_x import XSource

DEFAULT_PATIENCE = timedelta(minutes=15)  # X's limits are counted over so long; for a 429 that names no time
MAX_PATIENCE = timedelta(days=1)  # a reset beyond that is a mistake
_SHOWN = 200  # characters repeated of what X says is wrong
_REFUSED = frozenset((401, 403, 451))
_PASSING = frozenset((408, 425))

TWEET_FIELDS = (
    "created_at,lang,author_id,conversation_id,in_reply_to_user_id,referenced_tweets,public_metrics,"
    "edit_history_tweet_ids,entities,note_tweet"
)
FIELDS = {
    "tweet_fields": TWEET_FIELDS,
    "expansions": "author_id,referenced_tweets.id,referenced_tweets.id.author_id",
    "user_fields": "username,name,public_metrics",
}

logging.getLogger("tweepy").setLevel(logging.WARNING)  # at DEBUG it prints the bearer token


@dataclass(frozen=True, slots=True)
class Answer:
    """What X said, and when by its own clock."""

    payload: Mapping[str, Any]
    served: datetime | None


class NotUnderstood(UnexpectedReply):
    """X finds fault with parameters of a request, and names them."""

    def __init__(self, said: str, parameters: frozenset[str], served: datetime | None) -> None:
        super().__init__(said)
        self.parameters = parameters
        self.served = served


class XClient:
    """Asks X. Safe to share between threads: each request has a session of its own, and reads the token anew."""

    def __init__(
        self,
        source: XSource,
        *,
        user_agent: str,
        clock: Callable[[], datetime],
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._source = source
        self._user_agent = user_agent
        self._clock = clock
        self._timeout = (connect_seconds, read_seconds)
        self._total = total_seconds
        self._host = urlsplit(source.base_url).hostname or "X"

    def search(self, query: str, **params: Any) -> Answer:
        """A page of the recent search, newest first.

        Raises:
            NotUnderstood: X finds fault with the query or another parameter.
            AccessDenied, RateLimited, BudgetSpent, SourceDown, UnexpectedReply: as _error says.
        """
        return self._ask(lambda c: c.search_recent_tweets(query, sort_order="recency", **FIELDS, **params))

    def lookup(self, ids: list[str]) -> Answer:
        """Posts by id, 100 at most; what is gone stands among the partial errors.

        Raises:
            SourceError: as search.
        """
        return self._ask(lambda c: c.get_tweets(ids, **FIELDS))

    def usage(self) -> Answer:
        """What the project has read in the current period by X's count; costs nothing.

        Raises:
            SourceError: as search.
        """
        return self._ask(lambda c: c.request("GET", "/2/usage/tweets"))

    def _ask(self, call: Callable[[tweepy.Client], requests.Response]) -> Answer:
        guard = Guard(self._source, self._timeout, time.monotonic() + self._total)
        client = tweepy.Client(self._token(), return_type=requests.Response, wait_on_rate_limit=False)
        client.user_agent = f"{self._user_agent} {client.user_agent}"
        with client.session as session:
            session.trust_env = False  # no proxy, no .netrc
            session.max_redirects = 0
            session.mount(f"{X}/", guard)
            try:
                call(client)
            except AddressRefused as error:
                raise AccessDenied(str(error)) from None
            except requests.TooManyRedirects:
                raise UnexpectedReply(f"{self._host} redirects, which is not followed") from None
            except (requests.Timeout, TooSlow):
                raise SourceDown(f"{self._host} did not answer in time") from None
            except TooLarge:
                raise UnexpectedReply(f"{self._host} answered with more than {MAX_BODY} bytes") from None
            except (requests.RequestException, TransportError, OSError) as error:
                raise SourceDown(f"{self._host} could not be read: {type(error).__name__}") from None
            except (tweepy.TweepyException, AttributeError, TypeError, KeyError, ValueError):
                # tweepy stumbles over bodies and headers that it does not expect: the answer itself says more.
                if guard.answer is None:
                    raise
        if guard.answer is None:
            raise UnexpectedReply(f"{self._host} was not asked")
        return self._read(guard.answer)

    def _token(self) -> str:
        secret = self._source.bearer_token
        try:
            token = secret.reveal()
        except SecretUnavailable as error:
            raise AccessDenied(f"bearer_token: {error}") from None
        if not (token.isascii() and token.isprintable() and " " not in token):
            raise AccessDenied(f"bearer_token: {secret.place} holds what cannot be a token")
        return token

    def _read(self, answer: requests.Response) -> Answer:
        body = _json(answer)
        served = _http_date(answer.headers.get("Date", ""))
        if answer.status_code != HTTPStatus.OK:
            self._fail(answer, body if isinstance(body, dict) else {}, served)
        if not isinstance(body, dict):
            raise UnexpectedReply(f"{self._host} answered with something that is no JSON object")
        return Answer(body, served)

    def _fail(self, answer: requests.Response, body: Mapping[str, Any], served: datetime | None) -> NoReturn:
        """Say what a refusal means, in the words of the seam."""
        status = answer.status_code
        reason = clean(str(body.get("detail") or body.get("title") or ""))[:_SHOWN]
        said = f"{self._host} answered with status {status}" + (f": {reason}" if reason else "")
        if status == HTTPStatus.BAD_REQUEST:
            raise self._not_understood(said, body, served)
        raise self._error(status, said, answer.headers, body, served)

    def _error(
        self, status: int, said: str, headers: Mapping[str, str], body: Mapping[str, Any], served: datetime | None
    ) -> SourceError:
        now = self._clock()
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            if body.get("title") == "UsageCapExceeded" or str(body.get("type", "")).endswith("/usage-capped"):
                # The cap may be raised or paid for any day, and asking costs nothing: not only when it is reset.
                by_them = served or now
                return BudgetSpent(said, now + (next_day(by_them) - by_them))
            return RateLimited(said, now + _patience(headers, served or now))
        if status == HTTPStatus.PAYMENT_REQUIRED:
            return BudgetSpent(said, now + timedelta(days=1))
        if status in _REFUSED:
            return AccessDenied(said)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
            return SourceDown(said)
        return UnexpectedReply(said)

    def _not_understood(self, said: str, body: Mapping[str, Any], served: datetime | None) -> NotUnderstood:
        errors = body.get("errors")
        found = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
        named = frozenset(name for error in found for name in error.get("parameters") or () if isinstance(name, str))
        words = [clean(str(error["message"]))[:_SHOWN] for error in found if error.get("message")]
        return NotUnderstood("; ".join([said, *words[:3]]), named, served)


def _json(answer: requests.Response) -> Any:
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)


def _patience(headers: Mapping[str, str], by_them: datetime) -> timedelta:
    """How long to wait: until the reset that X names, told from X's own clock, since ours may be wrong."""
    text = headers.get("x-rate-limit-reset", "").strip()
    if not (text.isascii() and text.isdigit()):
        return DEFAULT_PATIENCE
    wait = timedelta(seconds=min(int(text[:12]) - int(by_them.timestamp()), int(MAX_PATIENCE.total_seconds())))
    return max(wait, timedelta(seconds=1))
