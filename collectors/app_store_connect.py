"""Reviews of own apps by the App Store Connect API, with the developer's answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from collectors.app_store_pages import ANSWER, DEVELOPER, Taken, review
from collectors.base import MAX_TEXT, AccessDenied, Checked, Post, Rechecked, Reject, UnexpectedReply
from collectors.checking import reached
from collectors.dates import parse_date
from collectors.http import Http, Reply
from collectors.plain import clean
from collectors.signing import CLOCKS_AGREE, clock_error, revealed, signed
from config.secret import Secret
from config.source_app_store import AppStoreSource
from config.vocabulary import Platform

PAGE = 200  # reviews asked for at once, the most that Apple gives
MAX_RECHECK = 20  # reviews asked for in one recheck, one request each
LIFE = timedelta(minutes=15)  # of a token; Apple takes none of more than 20
RENEW = timedelta(minutes=1)  # before its end
AUDIENCE = "appstoreconnect-v1"

_ID = re.compile(r"[A-Za-z0-9-]{1,100}")
_MISSHAPEN = (KeyError, TypeError, ValueError, AttributeError)
_ACCEPTED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: datetime  # by our clock
    key: str  # that signed it: a key that was replaced is used at once


class ConnectReader:
    """One list for each app."""

    def __init__(
        self, source: AppStoreSource, key: Secret, *, http: Http, clock: Callable[[], datetime], page: int = PAGE
    ) -> None:
        self._source = source
        self._key = key
        self._http = http
        self._clock = clock
        self._page = page
        self._token: _Token | None = None
        self._ahead = timedelta()  # Apple's clock, of ours
        self.names = tuple(f"app {app}" for app in source.apps)

    def page(self, name: str, token: str) -> Taken:
        """A page of an app's reviews, each with its answer if it has one."""
        app = name.removeprefix("app ")
        path = token or f"{self._list(app)}?{urlencode(self._params(self._page))}"
        reply, requests = self._get(path)
        if reply.status == HTTPStatus.NOT_FOUND:
            return Taken(requests, refused="list", reason="no such app for this key")
        if reply.status == HTTPStatus.BAD_REQUEST and token:
            return Taken(requests, refused="token", reason="status 400")
        if reply.status == HTTPStatus.BAD_REQUEST:
            raise UnexpectedReply("App Store Connect does not understand the request (status 400)")
        body = reply.json_object()
        items = body.get("data")
        if not isinstance(items, list):
            raise UnexpectedReply("App Store Connect answered without reviews")
        answers = _answers(body)
        posts: list[Post] = []
        rejects: list[Reject] = []
        times: list[datetime] = []
        for number, item in enumerate(items, 1):
            try:
                found = _posts(item, answers, app)
            except _MISSHAPEN as error:
                shown = f"not in the shape of a review: {type(error).__name__}"
                rejects.append(Reject(f"{name}, review {number}", shown))
                continue
            posts.extend(found)
            times.append(found[0].published_at)
        return Taken(requests, posts, rejects, times, self._next(body, app, token))

    def recheck(self, native_ids: Sequence[str]) -> Rechecked:
        """What became of the first MAX_RECHECK reviews and their answers, one request each."""
        found: dict[str, Post | None] = {}
        requests = 0
        wanted = dict.fromkeys(one.removesuffix(ANSWER) for one in native_ids)
        app = self._source.apps[0] if len(self._source.apps) == 1 else None  # else the answer does not tell which
        for native_id in [one for one in wanted if _ID.fullmatch(one)][:MAX_RECHECK]:
            asked = {native_id, native_id + ANSWER} & set(native_ids)
            reply, more = self._get(f"/v1/customerReviews/{native_id}?include=response")
            requests += more
            if reply.status == HTTPStatus.NOT_FOUND:
                found |= dict.fromkeys(asked)
                continue
            if reply.status == HTTPStatus.BAD_REQUEST:
                continue  # unknown
            body = reply.json_object()
            try:
                posts = {post.native_id: post for post in _posts(body["data"], _answers(body), app)}
            except _MISSHAPEN:
                continue  # in no shape that we know: unknown
            if native_id in posts:
                found |= {one: posts.get(one) for one in asked}
        return Rechecked(found=found, requests=requests)

    def check(self) -> Checked:
        """Whether the key is taken and shows the first app."""
        return reached(self._reach)

    def _reach(self) -> None:
        app = self._source.apps[0]
        reply, _ = self._get(f"{self._list(app)}?{urlencode(self._params(1))}")
        if reply.status == HTTPStatus.NOT_FOUND:
            raise AccessDenied(f"app {app}: no such app for this key")
        if reply.status == HTTPStatus.BAD_REQUEST:
            raise UnexpectedReply("App Store Connect does not understand the request (status 400)")

    def _list(self, app: str) -> str:
        return f"/v1/apps/{app}/customerReviews"

    def _params(self, size: int) -> dict[str, str]:
        return {"sort": "-createdDate", "limit": str(size), "include": "response"}

    def _next(self, body: Mapping[str, Any], app: str, token: str) -> str:
        """Path and query of the next page, "" where there is none; an address elsewhere is never followed."""
        links = body.get("links")
        link = links.get("next") if isinstance(links, dict) else None
        if not link:
            return ""
        base = urlsplit(self._source.base_url)
        try:
            parts = urlsplit(link)
            same = (parts.scheme, parts.netloc) == (base.scheme, base.netloc)
        except (ValueError, TypeError, AttributeError):
            raise UnexpectedReply("App Store Connect named a next page that is no address") from None
        path = f"{parts.path.removeprefix(base.path.rstrip('/'))}?{parts.query}"
        if not same or not path.startswith(self._list(app) + "?") or path == token:
            raise UnexpectedReply("App Store Connect named a next page that leads elsewhere")
        return path

    def _get(self, path: str) -> tuple[Reply, int]:
        """An answer and the requests it took; where our clock is wrong, asked once more by Apple's.

        Raises:
            AccessDenied: the key is missing, damaged or refused.
            SourceError: as Http.get.
        """
        url = self._source.base_url.rstrip("/") + path
        requests = 0
        for _ in range(2):
            reply = self._http.get(url, headers={"Authorization": f"Bearer {self._bearer()}"}, accept=_ACCEPTED)
            requests += reply.requests
            if reply.status != HTTPStatus.UNAUTHORIZED:
                return reply, requests
            ahead = clock_error(reply.headers, self._clock())
            if abs(ahead - self._ahead) <= CLOCKS_AGREE:
                break
            self._token, self._ahead = None, ahead
        raise AccessDenied("App Store Connect refuses the key: see key_id, issuer_id and private_key")

    def _bearer(self) -> str:
        now, key = self._clock(), revealed(self._key)
        token = self._token
        if token is None or token.key != key or token.until - RENEW <= now:
            issued = int((now + self._ahead).timestamp())
            claims = {
                "iss": self._source.issuer_id,
                "iat": issued,
                "exp": issued + int(LIFE.total_seconds()),
                "aud": AUDIENCE,
            }
            text = signed(claims, key=key, algorithm="ES256", key_id=self._source.key_id, place=self._key.place)
            token = self._token = _Token(text, now + LIFE, key)
        return token.text


def _answers(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    included = body.get("included")
    listed = included if isinstance(included, list) else []
    return {
        one["id"]: one
        for one in listed
        if isinstance(one, dict) and one.get("type") == "customerReviewResponses" and isinstance(one.get("id"), str)
    }


def _posts(item: Any, answers: Mapping[str, Mapping[str, Any]], app: str | None) -> list[Post]:
    """A review, and the answer to it if there is one.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is not in the shape of a review.
    """
    native_id, told = item["id"], item["attributes"]
    if not _ID.fullmatch(native_id):
        raise ValueError("the id has characters that no id has")
    territory = told.get("territory")
    post = review(
        native_id=native_id,
        title=told.get("title"),
        body=told.get("body"),
        rating=told.get("rating"),
        published_at=parse_date(told["createdDate"], None),
        name=told.get("reviewerNickname"),
        app=app,
        country=territory.lower() if isinstance(territory, str) and territory.isalpha() else None,
    )
    linked = ((item.get("relationships") or {}).get("response") or {}).get("data") or {}
    answer = answers.get(linked.get("id", ""))
    return [post] if answer is None else [post, *_answer(answer, post)]


def _answer(answer: Mapping[str, Any], post: Post) -> list[Post]:
    """The developer's answer, by its own handle; nothing where it is not in the shape of one."""
    try:
        told = answer["attributes"]
        modified = told["lastModifiedDate"]
        return [
            Post(
                platform=Platform.APP_STORE,
                native_id=post.native_id + ANSWER,
                text=clean(told["responseBody"])[:MAX_TEXT],
                published_at=parse_date(modified, None),
                kind="reply",
                author_handle=DEVELOPER,
                url=post.url,
                thread=post.native_id,
                parent=post.native_id,
                version=modified,
                community=post.community,
            )
        ]
    except _MISSHAPEN:
        return []
