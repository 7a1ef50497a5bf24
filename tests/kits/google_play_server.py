"""Google's token endpoint and the Play Developer API as far as a collector of reviews meets them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from faulty_server import Answer, Asked, FaultyServer

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PACKAGE = "com.example.acme"
EMAIL = "reader@acme-reviews.iam.gserviceaccount.com"
WEEK = timedelta(days=7)
LEEWAY = timedelta(minutes=5)


@dataclass(frozen=True)
class Review:
    """A review as it stands in the shop; its answer, if it has one."""

    id: str
    at: datetime
    text: str = "crashes"
    stars: int = 1
    name: str = "Mia"
    answer: str | None = None
    answered_at: datetime = NOON
    more: dict[str, Any] = field(default_factory=dict)


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2_048)


class GooglePlayServer(FaultyServer):
    """Serves those of `reviews` that are not older than a week at `now`, to whoever has got a token here."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.reviews: list[Review] = []
        self.now = NOON
        self.tokens: list[str] = []  # that were given
        self.lasts = 3_599  # seconds
        self.bad_pages = 0  # page tokens still to be refused
        self.is_silent = False  # whether no review is shown at all

    def key_file(self, **more: Any) -> str:
        pem = private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "acme-reviews",
                "private_key_id": "k1",
                "private_key": pem,
                "client_email": EMAIL,
                "token_uri": "https://oauth2.googleapis.com/token",
                **more,
            }
        )

    def reviews_asked(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.path != "/token"]

    def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/token":
            return self._give_token(asked)
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens[-1:]:
            return refusal(401, "authError")
        match asked.path.strip("/").split("/"):
            case ["androidpublisher", "v3", "applications", package, "reviews"] if package == PACKAGE:
                return self._list(asked)
            case ["androidpublisher", "v3", "applications", package, "reviews", native_id] if package == PACKAGE:
                found = next((one for one in self.reviews if one.id == unquote(native_id)), None)
                if found is not None:
                    return _json(_told(found))
        return refusal(404, "notFound")

    def _give_token(self, asked: Asked) -> Answer:
        form = parse_qs(asked.body.decode())
        try:
            claims = jwt.decode(
                form["assertion"][0],
                private_key().public_key(),
                algorithms=["RS256"],
                audience=f"{self.base}/token",
                options={"verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, KeyError):
            return self._no_token()
        issued, ends = (datetime.fromtimestamp(claims[key], UTC) for key in ("iat", "exp"))
        in_time = abs(issued - self.now) <= LEEWAY and ends - issued <= timedelta(hours=1)
        scope = "https://www.googleapis.com/auth/androidpublisher"
        grant = form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        if not (in_time and grant and claims["iss"] == EMAIL and claims["scope"] == scope):
            return self._no_token()
        self.tokens.append(f"ya29.token-{len(self.tokens)}")
        return _json({"access_token": self.tokens[-1], "expires_in": self.lasts, "token_type": "Bearer"})

    def _no_token(self) -> Answer:
        body = {"error": "invalid_grant", "error_description": "Invalid JWT: <b>…</b>"}
        return Answer(json.dumps(body).encode(), 400, {"Date": format_datetime(self.now, usegmt=True)})

    def _list(self, asked: Asked) -> Answer:
        token = asked.params.get("token", "")
        if token and self.bad_pages > 0:
            self.bad_pages -= 1
            return refusal(400, "invalidPageToken")
        first, size = int(token or "0"), int(asked.params["maxResults"])
        listed = [one for one in self.reviews if one.at > self.now - WEEK and not self.is_silent]
        listed.sort(key=lambda one: (one.at, one.id), reverse=True)
        body: dict[str, Any] = {"pageInfo": {"totalResults": len(listed)}, "somethingNew": {}}
        if listed:
            body["reviews"] = [_told(one) for one in listed[first : first + size]]
        if first + size < len(listed):
            body["tokenPagination"] = {"nextPageToken": str(first + size)}
        return _json(body)


def _told(one: Review) -> dict[str, Any]:
    user = {
        "text": one.text,
        "lastModified": {"seconds": str(int(one.at.timestamp())), "nanos": 713_000_000},
        "starRating": one.stars,
        "reviewerLanguage": "en_GB",
        "device": "trltecan",
        "androidOsVersion": 21,
        "appVersionCode": 12_345,
        "appVersionName": "1.2.3",
        "thumbsUpCount": 10,
        "thumbsDownCount": 3,
        "deviceMetadata": {"productName": "a phone"},
        **one.more,
    }
    comments: list[dict[str, Any]] = [{"userComment": user}]
    if one.answer is not None:
        modified = {"seconds": str(int(one.answered_at.timestamp()))}
        comments.append({"developerComment": {"text": one.answer, "lastModified": modified}})
    return {"reviewId": one.id, "authorName": one.name, "comments": comments, "somethingNew": [1]}


def _json(body: dict[str, Any]) -> Answer:
    return Answer(json.dumps(body).encode(), 200, {"Content-Type": "application/json"})


def refusal(status: int, reason: str) -> Answer:
    listed = [{"message": "x", "domain": "androidpublisher", "reason": reason}]
    return Answer(json.dumps({"error": {"code": status, "message": "x", "errors": listed}}).encode(), status)
