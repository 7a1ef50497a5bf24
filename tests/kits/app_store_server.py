"""Apple's two ways to reviews as far as a collector meets them: the App Store Connect API and the public feed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from faulty_server import Answer, Asked, FaultyServer

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY_ID, ISSUER = "ABC123DEFG", "69a6de70-0000-47e3-e053-5b8c7c11a4d1"
LEEWAY = timedelta(seconds=60)


@dataclass(frozen=True)
class Review:
    """A review as it stands in the shop; its answer, if it has one."""

    id: str
    at: datetime
    body: str = "crashes"
    title: str = "Bad"
    stars: int = 1
    app: str = "123"
    country: str = "us"  # in the feed; "USA" and the like in the API
    name: str = "mia"
    answer: str | None = None
    answered_at: datetime = NOON
    more: dict[str, Any] = field(default_factory=dict)


@cache
def private_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def p8() -> str:
    return private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class ConnectServer(FaultyServer):
    """Serves `reviews` of the apps in `apps`, newest first, to whoever shows a token that is good at `now`."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.reviews: list[Review] = []
        self.apps = {"123"}
        self.now = NOON
        self.tokens: list[dict[str, Any]] = []  # the claims of those that were taken
        self.bad_cursors = 0  # still to be refused
        self.next_base = ""  # where the next page is said to be; "" = here

    def _answer(self, asked: Asked) -> Answer:
        if not self._is_good(asked.headers.get("authorization", "")):
            headers = {"Date": format_datetime(self.now, usegmt=True)}
            return Answer(_errors(401, "NOT_AUTHORIZED"), 401, headers)
        parts = asked.path.strip("/").split("/")
        match parts:
            case ["v1", "apps", app, "customerReviews"] if app in self.apps:
                return self._list(app, asked)
            case ["v1", "customerReviews", native_id]:
                found = next((one for one in self.reviews if one.id == native_id), None)
                if found is not None:
                    return _json({"data": _data(found), "included": _included([found]), "links": {}})
        return Answer(_errors(404, "NOT_FOUND"), 404)

    def _is_good(self, header: str) -> bool:
        token = header.removeprefix("Bearer ")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                private_key().public_key(),
                algorithms=["ES256"],
                audience="appstoreconnect-v1",
                options={"verify_exp": False, "verify_iat": False},
            )
            kid = jwt.get_unverified_header(token)["kid"]
        except jwt.PyJWTError:
            return False
        issued, ends = (datetime.fromtimestamp(claims[key], UTC) for key in ("iat", "exp"))
        in_time = issued <= self.now + LEEWAY and self.now <= ends and ends - issued <= timedelta(minutes=20)
        if not (in_time and kid == KEY_ID and claims["iss"] == ISSUER):
            return False
        self.tokens.append(claims)
        return True

    def _list(self, app: str, asked: Asked) -> Answer:
        params = dict(asked.params)
        if "cursor" in params and self.bad_cursors > 0:
            self.bad_cursors -= 1
            return Answer(_errors(400, "PARAMETER_ERROR.INVALID"), 400)
        first, size = int(params.get("cursor", "0")), int(params["limit"])
        listed = sorted((one for one in self.reviews if one.app == app), key=lambda one: (one.at, one.id), reverse=True)
        shown = listed[first : first + size]
        links = {"self": f"{self.base}{asked.path}"}
        if first + size < len(listed):
            query = urlencode({**params, "cursor": str(first + size)})
            links["next"] = f"{self.next_base or self.base}{asked.path}?{query}"
        meta = {"paging": {"total": len(listed), "limit": size}}
        return _json(
            {"data": [_data(one) for one in shown], "included": _included(shown), "links": links, "meta": meta}
        )


def _data(one: Review) -> dict[str, Any]:
    linked = {"type": "customerReviewResponses", "id": f"answer-{one.id}"} if one.answer is not None else None
    return {
        "type": "customerReviews",
        "id": one.id,
        "attributes": {
            "rating": one.stars,
            "title": one.title,
            "body": one.body,
            "reviewerNickname": one.name,
            "createdDate": one.at.astimezone(UTC).isoformat(),
            "territory": {"us": "USA", "de": "DEU"}.get(one.country, one.country),
            "somethingNew": [1],
            **one.more,
        },
        "relationships": {"response": {"links": {}, **({"data": linked} if linked else {})}},
    }


def _included(shown: list[Review]) -> list[dict[str, Any]]:
    return [
        {
            "type": "customerReviewResponses",
            "id": f"answer-{one.id}",
            "attributes": {
                "responseBody": one.answer,
                "lastModifiedDate": one.answered_at.isoformat(),
                "state": "PUBLISHED",
            },
        }
        for one in shown
        if one.answer is not None
    ]


class FeedServer(FaultyServer):
    """Serves `reviews` as the public feed does: by country, ten pages at most, the app itself first."""

    def __init__(self, page: int = 50) -> None:
        super().__init__(self._answer)
        self.reviews: list[Review] = []
        self.page = page
        self.silent: set[str] = set()  # countries whose feed is empty
        self.missing: set[str] = set()  # countries without a feed
        self.tells_time = True

    def _answer(self, asked: Asked) -> Answer:
        country, _, _, page, app, *_ = asked.path.strip("/").split("/")
        number, native_id = int(page.removeprefix("page=")), app.removeprefix("id=")
        if country in self.missing or number > 10:
            return Answer(b"CustomerReviews RSS page depth is limited to 10", 400)
        listed = [one for one in self.reviews if (one.country, one.app) == (country, native_id)]
        listed.sort(key=lambda one: (one.at, one.id), reverse=True)
        shown = [] if country in self.silent else listed[(number - 1) * self.page : number * self.page]
        entries = [self._entry(one) for one in shown]
        if entries and number == 1:
            entries.insert(0, {"im:name": {"label": "Acme"}, "id": {"label": "https://apps.apple.com/us/app/id123"}})
        feed: dict[str, Any] = {"author": {"name": {"label": "iTunes Store"}}, "id": {"label": "x"}, "new": 1}
        if entries:
            feed["entry"] = entries if len(entries) > 1 else entries[0]
        return _json({"feed": feed})

    def _entry(self, one: Review) -> dict[str, Any]:
        return {
            "author": {
                "uri": {"label": f"https://itunes.apple.com/{one.country}/reviews/id77{one.id}"},
                "name": {"label": one.name},
                "label": "",
            },
            **({"updated": {"label": one.at.isoformat()}} if self.tells_time else {}),
            "im:rating": {"label": str(one.stars)},
            "im:version": {"label": "3.4.3"},
            "id": {"label": one.id},
            "title": {"label": one.title},
            "content": {"label": one.body, "attributes": {"type": "text"}},
            "link": {"attributes": {"rel": "related", "href": "https://itunes.apple.com/us/review?id=123"}},
            "im:voteSum": {"label": "2"},
            "im:voteCount": {"label": "3"},
            **one.more,
        }


def _json(body: dict[str, Any]) -> Answer:
    return Answer(json.dumps(body).encode(), 200, {"Content-Type": "application/json"})


def _errors(status: int, code: str) -> bytes:
    return json.dumps({"errors": [{"status": str(status), "code": code, "title": "x", "detail": "y"}]}).encode()
