"""One Mastodon instance through Mastodon.py, which is let do one thing: put a request together and read its answer.

Everything that goes over the network goes through the collectors' own client: its time limits, its size cap and its
refusal of private addresses hold. A refused request ends there as an error of the seam, so the library never sees
one; nor does it see rate headers and dates, for it would sleep for them, or stumble over a malformed one.

Pages are asked for by `fetch_next`, not by `timeline_hashtag` and `search_v2`: those first fetch the instance's
description, whatever the version check is set to, and hide it when that fails. `fetch_next` also leaves statuses as
they came, twenty times faster than turning them into the library's own types.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from mastodon import Mastodon
from mastodon.errors import MastodonError, MastodonNetworkError

from collectors.base import AccessDenied, RateLimited, SourceError, UnexpectedReply
from collectors.http import TOTAL_SECONDS, Http, Reply, retry_at
from config.secret import SecretUnavailable
from config.source_mastodon import MastodonInstance

PAGE = 40  # statuses asked for at once: an instance gives no more
WINDOW = timedelta(minutes=5)  # over which an instance counts its 300 requests
MAX_WAIT = timedelta(hours=1)  # a reset beyond that is a mistake or a trap
_MISSING = (404, 410)
_REDIRECTS = (301, 302, 303, 307, 308)
_JUDGED_HERE = (*_REDIRECTS, *_MISSING, 401, 403, 422, 429)
_PASSED_ON = ("authorization",)  # of the library's headers


class NotThere(UnexpectedReply):
    """What was asked for does not stand on the instance."""


class Wire:
    """Asks one instance, one request at a time. Makes the client when first asked: the secret is read then."""

    def __init__(self, instance: MastodonInstance, *, http: Http, clock: Callable[[], datetime]) -> None:
        self.url = instance.url
        self.host = urlsplit(instance.url).netloc.lower()
        self._instance = instance
        self._line = _Line(http, clock, self.host, has_token=self.has_token)
        self._client: Mastodon | None = None
        self._turn = threading.Lock()

    @property
    def has_token(self) -> bool:
        """Whether requests are made for an account."""
        return self._instance.access_token is not None

    @property
    def requests(self) -> int:
        """Network requests made so far."""
        return self._line.requests

    def tagged(self, tag: str, **span: int) -> Sequence[Any]:
        """A page of a hashtag's timeline, newest first.

        Raises:
            SourceError: as `Http.get`; AccessDenied also for 401, 403 and for 422 where a login is asked for.
        """
        return self._list(f"/api/v1/timelines/tag/{quote(tag, safe='')}", **span)

    def found(self, query: str, **span: int) -> Sequence[Any]:
        """A page of a full-text search, newest first. Raises as `tagged`."""
        answer = self._object("/api/v2/search", q=query, type="statuses", limit=PAGE, **span)
        statuses = answer.get("statuses")
        if not isinstance(statuses, list):
            raise UnexpectedReply(f"{self.host} answered a search without statuses")
        return statuses

    def status(self, status_id: str) -> Mapping[str, Any] | None:
        """One status; None where the instance says that it is no more. Raises as `tagged`."""
        try:
            return self._object(f"/api/v1/statuses/{quote(status_id, safe='')}")
        except NotThere:
            return None

    def description(self) -> Mapping[str, Any]:
        """What the instance says of itself. Raises as `tagged`."""
        return self._object("/api/v2/instance")

    def account(self) -> Mapping[str, Any]:
        """The account that the token stands for. Raises as `tagged`."""
        return self._object("/api/v1/accounts/verify_credentials")

    def _list(self, path: str, **params: Any) -> list[Any]:
        answer = self._ask(path, {"limit": PAGE, **params})
        if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
            raise UnexpectedReply(f"{self.host} answered with something that is no list of statuses")
        return answer

    def _object(self, path: str, **params: Any) -> dict[str, Any]:
        answer = self._ask(path, params)
        if not isinstance(answer, dict):
            raise UnexpectedReply(f"{self.host} answered with something that is no object")
        return answer

    def _ask(self, path: str, params: Mapping[str, Any]) -> Any:
        page = {"_pagination_method": "GET", "_pagination_endpoint": path, "_mastopy_type": _AsItCame, **params}
        with self._turn:
            try:
                if self._client is None:
                    self._client = self._made()
                return self._client.fetch_next(page)
            except SecretUnavailable as error:
                raise AccessDenied(str(error)) from None
            except MastodonNetworkError as error:
                cause = error.__context__
                if isinstance(cause, AccessDenied):
                    self._client = None  # a token that is changed meanwhile is read again
                if isinstance(cause, SourceError):
                    raise cause from None
                raise UnexpectedReply(f"{self.host} could not be asked: {type(cause).__name__}") from None
            except (MastodonError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                # The library's own words quote the answer.
                raise UnexpectedReply(
                    f"{self.host} gave an answer that cannot be read: {type(error).__name__}"
                ) from None

    def _made(self) -> Mastodon:
        session = requests.Session()
        session.trust_env = False
        session.max_redirects = 0
        session.mount("https://", self._line)
        session.mount("http://", self._line)
        client = Mastodon(
            api_base_url=self.url,
            session=session,
            ratelimit_method="throw",
            request_timeout=TOTAL_SECONDS,
            version_check_mode="none",
        )
        token = self._instance.access_token
        if token is not None:  # not by the constructor: it would look for a file of that name
            client.access_token = token.reveal()
        return client


class _AsItCame:
    """The type of an answer, to the library: whatever it is, it stays that."""

    def __new__(cls, value: Any) -> Any:
        return value


class _Line(requests.adapters.BaseAdapter):
    """Carries the requests of a requests.Session by the collectors' client; only answers with a result come back."""

    def __init__(self, http: Http, clock: Callable[[], datetime], host: str, *, has_token: bool) -> None:
        super().__init__()
        self._http = http
        self._clock = clock
        self._host = host
        self._has_token = has_token
        self.requests = 0

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        headers = {name: str(value) for name, value in request.headers.items() if name.lower() in _PASSED_ON}
        self.requests += 1
        reply = self._http.get(request.url or "", headers=headers, accept=_JUDGED_HERE)
        if reply.status in _JUDGED_HERE:
            raise self._error(reply)
        response = requests.Response()
        response.status_code = reply.status
        response.url = reply.url
        response.encoding = "utf-8"
        response.raw = io.BytesIO(reply.body)
        response.request = request
        return response

    def close(self) -> None:
        """Nothing is kept open."""

    def _error(self, reply: Reply) -> SourceError:
        """What a refusal means, in words that say what to do."""
        status, said = reply.status, f"{self._host} answered with status {reply.status}"
        if status in _REDIRECTS:
            return UnexpectedReply(f"{self._host} sends its readers elsewhere; name the instance by its own address")
        if status in _MISSING:
            return NotThere(f"{said}: not there, or no Mastodon")
        if status == 429:  # noqa: PLR2004
            return RateLimited(said, _reset_at(reply.headers, self._clock()))
        if status == 403:  # noqa: PLR2004
            return AccessDenied(f"{said}: this reader is turned away, or the token lacks the scope read")
        if status == 422 and not _wants_login(reply):  # noqa: PLR2004
            return UnexpectedReply(f"{said}: it does not understand the question")
        anonymous = "it shows this to accounts alone; give it an access_token, or take it out"
        return AccessDenied(f"{said}: {'it does not take the access token' if self._has_token else anonymous}")


def _wants_login(reply: Reply) -> bool:
    """Whether a 422 says "This method requires an authenticated user"; other 422 find fault with the question."""
    try:
        said = reply.json_object().get("error")
    except UnexpectedReply:
        return False
    return isinstance(said, str) and "authenticated" in said.lower()


def _reset_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """When the instance's window begins anew, on our own clock; without a readable word of it, as `retry_at`."""
    reset = _moment(headers.get("x-ratelimit-reset", ""))
    if "retry-after" in headers or reset is None:
        return retry_at(headers, now)
    as_date = {"retry-after": format_datetime(reset, usegmt=True), "date": headers.get("date", "")}
    return min(retry_at(as_date, now), now + MAX_WAIT)


def _moment(text: str) -> datetime | None:
    """ISO time as Mastodon writes it, or seconds since 1970 as GoToSocial does."""
    text = text.strip()
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text[:11]), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.astimezone(UTC) if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
