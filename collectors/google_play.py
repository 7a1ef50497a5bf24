"""Google Play reviews by the Play Developer API: the last week, which is all that Google shows, read whole each round.

Answers and changed reviews stand anywhere in that week, so a round does not end where the last one began.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from collectors.base import AccessDenied, Checked, Harvest, Loss, Post, RateLimited, Rechecked, Reject, UnexpectedReply
from collectors.checking import reached
from collectors.google_play_account import Account
from collectors.google_play_posts import ANSWER, NATIVE_ID, posts_of
from collectors.http import Http, Reply
from config.source_google_play import GooglePlaySource

PAGE = 100  # reviews asked for at once, the most that Google gives
MAX_RECHECK = 10  # reviews asked for in one recheck, one request each; Google allows 200 requests an hour
WEEK = timedelta(days=7)  # what Google shows
SURE = timedelta(days=6)  # a review so old or younger must be shown, whichever clock is wrong by some hours
LONGEST_ROUND = timedelta(days=1)  # a page token older than that is not tried any more
MAX_RESTARTS = 3  # of a round whose page token Google refuses
HURRIED = timedelta(hours=1)  # Google's limit is one of requests an hour
_VERSION = 1  # of the cursor
_MISSHAPEN = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class _State:
    """How far the reviews are read. Saved with those of the page that moved it."""

    covered: datetime | None = None  # all until then, by our clock, is stored
    newest: datetime | None = None  # review, by Google's clock
    began: datetime | None = None  # the round that is under way; None: there is none
    token: str = ""  # of its next page
    restarts: int = 0  # of it

    def cursor(self) -> str:
        moments = {name: getattr(self, name) for name in ("covered", "newest", "began")}
        told = {name: moment and moment.isoformat() for name, moment in moments.items()}
        return json.dumps({"v": _VERSION, **told, "token": self.token, "restarts": self.restarts})


class GooglePlayCollector:
    """Reads the reviews of the last week, one page a call.

    An empty week although a review of it is known is an alarm, not a zero: UnexpectedReply, until some are shown.
    """

    def __init__(
        self, source: GooglePlaySource, *, http: Http, clock: Callable[[], datetime], page: int = PAGE
    ) -> None:
        self._source = source
        self._http = http
        self._clock = clock
        self._page = page
        self._account = Account(source, http=http, clock=clock)

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        return self._source.name

    def collect(self, cursor: str | None, /) -> Harvest:
        """One page of the last week's reviews; `more` until the whole week is read.

        What an interruption of more than a week has pushed out of reach is lost, and told once.

        Raises:
            AccessDenied: the account or the app is refused.
            UnexpectedReply: also where the week is empty although it cannot be.
            SourceError: as Http.get.
        """
        now = self._clock().astimezone(UTC)
        state, lost = self._in_reach(_read_cursor(cursor), now)
        if state.began is None or now - state.began > LONGEST_ROUND:
            state = replace(state, began=now, token="", restarts=0)
        params = {"maxResults": str(self._page), **({"token": state.token} if state.token else {})}
        reply, requests = self._get("", params)
        if reply.status == HTTPStatus.BAD_REQUEST and state.token:
            return self._restarted(state, requests, lost)
        body = _body(reply)
        items = body.get("reviews", [])
        if not isinstance(items, list):
            raise UnexpectedReply("Google Play answered without a list of reviews")
        if not items and not state.token and state.newest is not None and now - state.newest < SURE:
            day = state.newest.date().isoformat()
            raise UnexpectedReply(f"the answer holds no review, although one of {day} must be in it")
        posts, rejects = self._posts(items)
        state = self._moved(state, body, [post.published_at for post in posts if post.kind == "review"], now)
        return Harvest(
            posts=posts,
            rejects=rejects,
            cursor=state.cursor(),
            more=state.began is not None,
            requests=requests,
            lost=lost,
            gaps=int(state.began is not None),
        )

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        """What became of the first MAX_RECHECK reviews and their answers, one request each.

        Raises:
            SourceError: as `collect`.
        """
        found: dict[str, Post | None] = {}
        requests = 0
        wanted = dict.fromkeys(one.removesuffix(ANSWER) for one in native_ids)
        for native_id in [one for one in wanted if NATIVE_ID.fullmatch(one)][:MAX_RECHECK]:
            asked = {native_id, native_id + ANSWER} & set(native_ids)
            reply, more = self._get(f"/{quote(native_id, safe='')}", {}, accept=(HTTPStatus.NOT_FOUND,))
            requests += more
            if reply.status == HTTPStatus.NOT_FOUND:
                found |= dict.fromkeys(asked)
                continue
            if reply.status == HTTPStatus.BAD_REQUEST:
                continue  # unknown
            item = reply.json_object()
            try:
                posts = {post.native_id: post for post in posts_of(item, self._source.package)}
            except _MISSHAPEN:
                continue  # in no shape that we know: unknown
            if native_id in posts:
                found |= {one: posts.get(one) for one in asked}
        return Rechecked(found=found, requests=requests)

    def check(self) -> Sequence[Checked]:
        """Whether the account is taken and may read the app's reviews."""
        return (reached(lambda: _body(self._get("", {"maxResults": "1"})[0])),)

    def _in_reach(self, state: _State, now: datetime) -> tuple[_State, tuple[Loss, ...]]:
        """The state, and what lies between it and the week that is still shown."""
        horizon = now - WEEK
        if state.covered is None or state.covered >= horizon:
            return state, ()
        loss = Loss(self._source.package, state.covered, horizon, "Google Play shows the reviews of one week only")
        return replace(state, covered=horizon, began=None), (loss,)

    def _restarted(self, state: _State, requests: int, lost: tuple[Loss, ...]) -> Harvest:
        """The round begins anew, or is left to the next one where that has not helped."""
        again = state.restarts < MAX_RESTARTS
        note = "the next page was refused; " + ("the week is read again" if again else "the next round tries again")
        state = replace(state, token="", restarts=state.restarts + 1)
        state = state if again else replace(state, began=None, restarts=0)
        return Harvest(cursor=state.cursor(), more=again, requests=requests, notes=(note,), lost=lost, gaps=1)

    def _moved(self, state: _State, body: Mapping[str, Any], times: Sequence[datetime], now: datetime) -> _State:
        paging = body.get("tokenPagination")
        token = paging.get("nextPageToken") if isinstance(paging, dict) else None
        if token is not None and (not isinstance(token, str) or (token and token == state.token)):
            raise UnexpectedReply("Google Play answered with a page token that leads nowhere")
        # A review dated in the future must not keep the alarm ringing.
        known = [min(moment, now) for moment in times] + ([state.newest] if state.newest else [])
        state = replace(state, newest=max(known, default=None))
        if token:
            return replace(state, token=token)
        return replace(state, covered=state.began, began=None, token="", restarts=0)

    def _posts(self, items: Sequence[Any]) -> tuple[list[Post], list[Reject]]:
        posts: list[Post] = []
        rejects: list[Reject] = []
        for number, item in enumerate(items, 1):
            try:
                posts.extend(posts_of(item, self._source.package))
            except _MISSHAPEN as error:
                shown = f"not in the shape of a review: {type(error).__name__}"
                rejects.append(Reject(f"reviews of {self._source.package}, review {number}", shown))
        return posts, rejects

    def _get(self, path: str, params: Mapping[str, str], *, accept: Sequence[int] = ()) -> tuple[Reply, int]:
        """An answer and the requests it took; where a token is no longer taken, asked once more with a new one."""
        package = quote(self._source.package, safe="")
        url = f"{self._source.base_url.rstrip('/')}/androidpublisher/v3/applications/{package}/reviews{path}"
        known = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
        requests = 0
        for _ in range(2):
            token, more = self._account.bearer()
            reply = self._http.get(url, params=params, headers={"Authorization": f"Bearer {token}"}, accept=known)
            requests += more + reply.requests
            if reply.status != HTTPStatus.UNAUTHORIZED:
                break
            self._account.forget()
        if reply.status == HTTPStatus.FORBIDDEN and _is_hurried(reply):
            raise RateLimited("Google Play asks for fewer requests", self._clock() + HURRIED)
        if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise AccessDenied(f"the service account may not read the reviews of {self._source.package}")
        if reply.status == HTTPStatus.NOT_FOUND and reply.status not in accept:
            raise AccessDenied(f"Google Play knows no app {self._source.package}")
        return reply, requests


def _body(reply: Reply) -> dict[str, Any]:
    if reply.status == HTTPStatus.BAD_REQUEST:
        raise UnexpectedReply("Google Play does not understand the request (status 400)")
    return reply.json_object()


def _is_hurried(reply: Reply) -> bool:
    try:
        reasons = {one.get("reason") for one in json.loads(reply.body)["error"]["errors"]}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return False
    return not reasons.isdisjoint(("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"))


def _read_cursor(cursor: str | None) -> _State:
    """What the cursor says; of one that another version wrote, nothing: the week is read again."""
    value: dict[str, Any] = json.loads(cursor) if cursor is not None else {}
    if value.get("v") != _VERSION:
        return _State()
    moments = {name: value[name] and datetime.fromisoformat(value[name]) for name in ("covered", "newest", "began")}
    return _State(**moments, token=value["token"], restarts=value["restarts"])
