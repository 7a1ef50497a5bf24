"""Talking to YouTube's Data API: the key, the daily quota, and what its refusals mean."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from collectors.base import AccessDenied, BudgetSpent, Purse, RateLimited, SourceError, Spend, UnexpectedReply
from collectors.http import DEFAULT_PATIENCE, Http, Reply
from config.secret import SecretUnavailable
from config.source_youtube import YouTubeSource

QUOTA = "quota_unit"
SOFT = 0.8  # of the quota: beyond it only newest pages are read, so that the day does not end blind
PACIFIC = ZoneInfo("America/Los_Angeles")  # where YouTube's day begins

_SPENT = frozenset(("quotaExceeded", "dailyLimitExceeded"))
_HURRIED = frozenset(("rateLimitExceeded", "userRateLimitExceeded"))
_BAD_KEY = frozenset(("keyInvalid", "keyExpired", "API_KEY_INVALID", "API_KEY_EXPIRED"))  # come with status 400
_REASON = re.compile(r"[A-Za-z_]{1,60}")  # a machine's word; anything else is not repeated


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or a refusal that concerns only what was asked for: `refused` is then its reason."""

    spent: tuple[Spend, ...]
    requests: int
    body: Mapping[str, Any] = field(default_factory=dict)
    status: int = HTTPStatus.OK
    refused: str = ""

    def items(self) -> list[Any]:
        """The things asked for.

        Raises:
            UnexpectedReply: the answer holds none, not even an empty list.
        """
        items = self.body.get("items")
        if not isinstance(items, list):
            raise _counted(UnexpectedReply("YouTube answered without items"), self.spent)
        return items

    def next_token(self, asked: str) -> str:
        """The token of the next page, "" where there is none.

        Raises:
            UnexpectedReply: it is the token just asked for, so that the pages would never end.
        """
        token = self.body.get("nextPageToken") or ""
        if not isinstance(token, str) or (token and token == asked):
            raise _counted(UnexpectedReply("YouTube answered with a page token that leads nowhere"), self.spent)
        return token


class Wire:
    """Asks, and writes down what it has cost."""

    def __init__(self, source: YouTubeSource, *, http: Http, clock: Callable[[], datetime], purse: Purse) -> None:
        self._source = source
        self._http = http
        self._clock = clock
        self._purse = purse

    def used(self) -> int:
        """Units of quota used on YouTube's present day."""
        today = pacific_day(self._clock())
        return sum(one.units for one in self._purse.spent(today) if one.day == today and one.resource == QUOTA)

    def is_short(self) -> bool:
        """Whether so much of the day's quota is used that only newest pages are to be read.

        Raises:
            BudgetSpent: all of it is.
        """
        used = self.used()
        if used >= self._source.daily_quota:
            raise self.budget_spent(f"the daily quota of {self._source.daily_quota} units is used up")
        return used >= SOFT * self._source.daily_quota

    def budget_spent(self, why: str) -> BudgetSpent:
        """That nothing more is asked on this day."""
        return BudgetSpent(why, next_pacific_day(self._clock()))

    def ask(self, what: str, params: Mapping[str, str]) -> Answer:
        """One request, one unit, counted whether it brings an answer or a failure.

        Raises:
            AccessDenied: the key is missing or refused, or the address is.
            BudgetSpent: YouTube says that the day's quota is used up.
            SourceError: as Http.get.
        """
        try:
            key = self._source.key.reveal()
        except SecretUnavailable as error:
            raise AccessDenied(str(error)) from None
        spent = (Spend(day=pacific_day(self._clock()), resource=QUOTA, units=1),)
        url = f"{self._source.base_url.rstrip('/')}/{what}"
        accept = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
        try:
            reply = self._http.get(url, params=params, headers={"X-Goog-Api-Key": key}, accept=accept)
        except AccessDenied:
            raise  # nothing was asked: the address is refused
        except SourceError as error:
            raise _counted(error, spent) from None
        try:
            if reply.status in accept:
                return self._refusal(reply, spent)
            return Answer(spent, reply.requests, reply.json_object())
        except SourceError as error:
            raise _counted(error, spent) from None

    def _refusal(self, reply: Reply, spent: tuple[Spend, ...]) -> Answer:
        reasons = _reasons(reply.body)
        shown = next(iter(reasons), "no reason given")
        if _SPENT.intersection(reasons):
            raise self.budget_spent("YouTube says that the day's quota is used up")
        if _HURRIED.intersection(reasons):
            raise RateLimited("YouTube asks for fewer requests", self._clock() + DEFAULT_PATIENCE)
        # A private video is "forbidden", and nothing else is said of it; a key that is held back says why.
        is_of_the_thing = (
            reply.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
            or "commentsDisabled" in reasons
            or (reply.status == HTTPStatus.FORBIDDEN and reasons == ("forbidden",))
        )
        if not is_of_the_thing or _BAD_KEY.intersection(reasons):
            raise AccessDenied(f"YouTube refuses the key ({shown})")
        return Answer(spent, reply.requests, status=reply.status, refused=shown)


def no_such_answer(what: str, answer: Answer) -> NoReturn:
    """Raise that a request was refused in a way that nothing explains.

    Raises:
        UnexpectedReply: always.
    """
    said = f"YouTube refused {what} with status {int(answer.status)} ({answer.refused})"
    raise _counted(UnexpectedReply(said), answer.spent)


def pacific_day(moment: datetime) -> date:
    """The day of YouTube's reckoning."""
    return moment.astimezone(PACIFIC).date()


def next_pacific_day(moment: datetime) -> datetime:
    """When the next one begins; a day has 23 or 25 hours where the clocks change."""
    tomorrow = pacific_day(moment) + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, PACIFIC).astimezone(UTC)


def _counted(error: SourceError, spent: Sequence[Spend]) -> SourceError:
    error.spent = spent
    return error


def _reasons(body: bytes) -> tuple[str, ...]:
    """The reasons in a refusal, in the old and the new form; none where it has another shape."""
    try:
        error = json.loads(body)["error"]
        listed = [*error.get("errors", ()), *error.get("details", ())]
        words = [one.get("reason") for one in listed if isinstance(one, dict)]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return ()
    return tuple(dict.fromkeys(word for word in words if isinstance(word, str) and _REASON.fullmatch(word)))
