"""Reddit's API through praw, which is let do three things: get the token, renew it, put requests together.

Everything that goes over the network goes through the collectors' own client instead of praw's: its time limits, its
size cap and its refusal of private addresses hold. A refused request ends there as an error of the seam, so praw
never sees one: it has nothing to repeat, nothing to sleep for and no Retry-After to stumble over. What Reddit says of
its limits is read here and kept from praw, which would sleep for it.
"""

from __future__ import annotations

import io
import math
import re
import threading
from collections.abc import Callable, Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import praw
import requests
from praw.config import Config
from prawcore.exceptions import OAuthException, PrawcoreException, RequestException

from collectors.base import AccessDenied, RateLimited, SourceError, UnexpectedReply
from collectors.http import Http, Reply, retry_at
from config.secret import SecretUnavailable
from config.source_reddit import RedditSource

WINDOW = timedelta(minutes=10)  # over which Reddit counts requests; no reset is farther away
_TOKEN_PATH = "/api/v1/access_token"  # noqa: S105 - an address
_REDIRECTS = (301, 302, 303, 307, 308)
_JUDGED_HERE = (*_REDIRECTS, 401, 403, 404, 429, 451)
_PASSED_ON = ("user-agent", "authorization", "content-type")  # of praw's headers
_KINDS = {"comment": "t1", "message": "t4", "redditor": "t2", "submission": "t3", "subreddit": "t5", "trophy": "t6"}


class NotThere(UnexpectedReply):
    """One place on Reddit cannot be read: unknown, private, banned or withheld. The others can."""


class _TokenRefused(AccessDenied):
    """Reddit does not take the access token, though it gave it."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests Reddit still grants, and until when."""

    remaining: float
    reset_at: datetime


class Wire:
    """Asks Reddit, one request at a time; praw is not made for threads, so others wait their turn.

    Makes praw's client when first asked, and anew when Reddit no longer takes its token: the secrets are read then.
    """

    def __init__(self, source: RedditSource, *, http: Http, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._line = _Line(http, clock)
        self._reddit: praw.Reddit | None = None
        self._turn = threading.Lock()

    @property
    def requests(self) -> int:
        """Network requests made so far, those for tokens too."""
        return self._line.requests

    @property
    def allowance(self) -> Allowance | None:
        """What Reddit said last of its limits; None before it did."""
        return self._line.allowance

    def get(self, path: str, **params: str) -> Any:
        """The JSON that stands at a path.

        Raises:
            NotThere: 404, 451, a redirect, or 403 for this place alone.
            AccessDenied: 401, another 403, credentials that are not to be had or not taken, a refused address.
            RateLimited: 429, 503 with Retry-After, or no request left in Reddit's window.
            SourceDown: no answer in time, a broken one, another 5xx.
            UnexpectedReply: another status, no JSON.
        """
        return self._ask("GET", path, params=params)

    def post(self, path: str, **data: str) -> Any:
        """The JSON that answers a form; raises as `get`."""
        return self._ask("POST", path, data=data)

    def scopes(self) -> set[str]:
        """What the token allows; fetched if there is none. Raises as `get`."""
        with self._turn:
            return set(self._translated(lambda reddit: reddit.auth.scopes()))

    def _ask(self, method: str, path: str, **what: Any) -> Any:
        def ask(reddit: praw.Reddit) -> Any:
            return reddit.request(method=method, path=path, **what)

        with self._turn:
            try:
                return self._translated(ask)
            except _TokenRefused:  # grown old, or taken back: praw's own check comes ten seconds too late
                self._reddit = None
            return self._translated(ask)

    def _translated(self, ask: Callable[[praw.Reddit], Any]) -> Any:
        try:
            if self._reddit is None:
                self._reddit = _reddit(self._source, self._line)
            return ask(self._reddit)
        except SecretUnavailable as error:
            raise AccessDenied(str(error)) from None
        except RequestException as error:
            cause = error.original_exception
            if isinstance(cause, requests.RequestException | UnicodeError):  # never sent; its words may hold a secret
                raise UnexpectedReply(f"Reddit could not be asked: {type(cause).__name__}") from None
            raise cause from None
        except OAuthException:
            raise AccessDenied("Reddit refuses the client id or the client secret") from None
        except (PrawcoreException, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise UnexpectedReply(f"Reddit's answer could not be read: {type(error).__name__}") from None


def _reddit(source: RedditSource, line: _Line) -> praw.Reddit:
    """A client of praw with every setting given: no praw.ini and no environment has a say.

    Raises:
        SecretUnavailable: as Secret.reveal.
    """
    with Config.LOCK:
        Config.CONFIG = ConfigParser(interpolation=None)  # else read from the working and the home directory
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = 0
    session.mount("https://", line)
    session.mount("http://", line)
    given: dict[str, Any] = {
        "client_id": source.client_id.reveal(),
        "client_secret": source.client_secret.reveal(),
        "user_agent": source.user_agent,
        "oauth_url": source.api_url.rstrip("/"),
        "reddit_url": source.login_url.rstrip("/"),
        "short_url": "https://redd.it",
        "check_for_updates": False,
        "check_for_async": False,
        "ratelimit_seconds": 0,
        "timeout": 1,  # the line's own limits hold
        "window_size": int(WINDOW.total_seconds()),
        **dict.fromkeys(("username", "password", "refresh_token", "redirect_uri")),
        **{f"{kind}_kind": prefix for kind, prefix in _KINDS.items()},
    }
    return praw.Reddit("DEFAULT", requestor_kwargs={"session": session}, **given)


class _Line(requests.adapters.BaseAdapter):
    """Carries the requests of a requests.Session by the collectors' client; only answers with a result come back."""

    def __init__(self, http: Http, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._http = http
        self._clock = clock
        self.requests = 0
        self.allowance: Allowance | None = None

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        url = request.url or ""
        is_login = _TOKEN_PATH in url
        if not is_login:
            self._look_ahead()
        headers = {name: _text(value) for name, value in request.headers.items() if name.lower() in _PASSED_ON}
        self.requests += 1
        if request.method == "POST":
            content = _bytes(request.body)
            reply = self._http.post(url, content=content, headers=headers, accept=_JUDGED_HERE)
        else:
            reply = self._http.get(url, headers=headers, accept=_JUDGED_HERE)
        self._note_allowance(reply.headers)
        error = self._error(reply, is_login=is_login)
        if error is not None:
            raise error
        return _response(request, reply)

    def close(self) -> None:
        """Nothing is kept open."""

    def _look_ahead(self) -> None:
        left = self.allowance
        if left is not None and left.remaining < 1 and self._clock() < left.reset_at:
            raise RateLimited("Reddit grants no more requests for now", left.reset_at)

    def _note_allowance(self, headers: Mapping[str, str]) -> None:
        remaining, reset = (_number(headers.get(f"x-ratelimit-{name}")) for name in ("remaining", "reset"))
        if remaining is not None and reset is not None:
            wait = min(max(timedelta(seconds=reset), timedelta(seconds=1)), WINDOW)
            self.allowance = Allowance(remaining, self._clock() + wait)

    def _error(self, reply: Reply, *, is_login: bool) -> SourceError | None:
        """What a refusal means; None for a result. The rest is judged by the client that carries it."""
        status = reply.status
        said = f"Reddit answered with status {status}"
        if status == 429:  # noqa: PLR2004
            until = retry_at(reply.headers, self._clock())
            named = "retry-after" in reply.headers or _number(reply.headers.get("x-ratelimit-reset")) is None
            return RateLimited(said, until if named or self.allowance is None else self.allowance.reset_at)
        if status in (401, 403) and is_login:
            return AccessDenied("Reddit refuses the client id or the client secret")
        if status == 401:  # noqa: PLR2004
            return _TokenRefused("Reddit does not take the access token")
        if status == 403:  # noqa: PLR2004
            return self._forbidden(reply)
        if status in _REDIRECTS and is_login:
            return AccessDenied("Reddit sends the login elsewhere; it is not followed")
        return NotThere(said) if status in _JUDGED_HERE else None

    @staticmethod
    def _forbidden(reply: Reply) -> SourceError:
        if "insufficient_scope" in reply.headers.get("www-authenticate", ""):
            return AccessDenied("the application may not read; it needs the scope read")
        try:
            reason = reply.json_object().get("reason")
        except UnexpectedReply:  # a page for people: the whole application is turned away
            return AccessDenied("Reddit turns the application away (403); look at its user agent and approval")
        known = isinstance(reason, str) and re.fullmatch(r"[a-z_]{1,40}", reason)
        return NotThere(f"Reddit answered with status 403{f' ({reason})' if known else ''}")


def _response(request: requests.PreparedRequest, reply: Reply) -> requests.Response:
    """The answer as prawcore reads it: without the headers that it would act on."""
    response = requests.Response()
    response.status_code = reply.status
    response.url = reply.url
    response.encoding = "utf-8"
    response.raw = io.BytesIO(reply.body)
    response.request = request
    return response


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _bytes(body: object) -> bytes:
    """A form as requests has written it."""
    return body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
