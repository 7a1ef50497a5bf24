"""The WSGI application that takes posts: stored first, answered then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, BinaryIO, cast

from collectors.matching import Matcher
from collectors.webhook_posts import Misshapen, posts_of
from config.secret import SecretUnavailable
from config.source_webhook import WebhookSource
from monitor import logs
from monitor.clock import Clock
from monitor.inbound.signature import is_genuine
from monitor.store.engine import Store
from monitor.store.inbound import KeyReused
from monitor.store.transactions import StoreUnusable
from monitor.store.values import Tally

MAX_KEY = 200  # characters of an Idempotency-Key
RETRY_AFTER = "30"  # seconds; a database that restarts takes about as long
TRY_AGAIN = "the posts could not be stored; send the same request again later"

log = logs.get("inbound")

Environ = Mapping[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


@dataclass(frozen=True, slots=True)
class _Answer:
    status: HTTPStatus
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class _Refused(Exception):
    """The request is not taken."""

    def __init__(self, status: HTTPStatus, why: str, **headers: str) -> None:
        super().__init__(why)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = _Answer(status, json.dumps({"error": why}), named)


class Application:
    """Takes signed POST requests at the paths of the sources. Safe to be called by several threads."""

    def __init__(self, sources: Sequence[WebhookSource], matcher: Matcher, store: Store, clock: Clock) -> None:
        self._sources = {source.path: source for source in sources}
        self._matcher = matcher
        self._store = store
        self._clock = clock

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """One request: 202 once its posts are stored; no trace of what went wrong inside leaves the house."""
        try:
            answer = self._answer(environ)
        except _Refused as refused:
            answer = refused.answer
        except Exception:  # a bug: told with its traceback, and the sender tries again
            log.exception("a request failed", path=str(environ.get("PATH_INFO", ""))[:MAX_KEY])
            answer = _Refused(HTTPStatus.INTERNAL_SERVER_ERROR, TRY_AGAIN).answer
        body = answer.body.encode("ascii")
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Cache-Control": "no-store"}
        status = f"{answer.status.value} {answer.status.phrase}"
        start_response(status, list((headers | dict(answer.headers)).items()))
        return (body,)

    def _answer(self, environ: Environ) -> _Answer:
        source = self._sources.get(environ.get("PATH_INFO", ""))
        if source is None:
            raise _Refused(HTTPStatus.NOT_FOUND, "nothing is taken here")
        if environ.get("REQUEST_METHOD") != "POST":
            raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED, "only POST is taken here", Allow="POST")
        body = _body(environ, source.max_body)
        self._check_signature(source, environ, body)
        digest = hashlib.sha256(body).hexdigest()
        key = _key(environ) or f"sha256:{digest}"
        try:
            posts = posts_of(body, source, self._clock())
        except Misshapen as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
        heard = self._matcher.heard_all(posts, source.brand)
        now = self._clock()
        try:
            taken = self._store.inbound.take(
                source.name,
                key,
                digest,
                heard,
                unmatched=len(posts) - len(heard),
                answer=_counts,
                next_due_at=now + source.every,
                now=now,
                recheck_ages=source.recheck_at,
            )
        except KeyReused:
            raise _Refused(HTTPStatus.CONFLICT, "this Idempotency-Key was used with another body") from None
        except StoreUnusable as error:
            log.warning("posts could not be stored", source=source.name, why=str(error))
            raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, TRY_AGAIN, Retry_After=RETRY_AFTER) from None
        log.info("request taken", source=source.name, posts=len(posts), repeated=taken.repeated)
        return _Answer(HTTPStatus.ACCEPTED, taken.answer)

    def _check_signature(self, source: WebhookSource, environ: Environ, body: bytes) -> None:
        """Refuse without a hint: who guesses must not learn what was wrong."""
        secrets = []
        for secret in source.secret:
            try:
                secrets.append(secret.reveal())
            except SecretUnavailable as error:
                log.warning("a secret cannot be read", source=source.name, why=str(error))
        timestamp, signature = (str(environ.get(f"HTTP_X_MONITOR_{name}", "")) for name in ("TIMESTAMP", "SIGNATURE"))
        if not is_genuine(secrets, timestamp, signature, body, self._clock()):
            log.warning("a request without a good signature was refused", source=source.name)
            raise _Refused(HTTPStatus.UNAUTHORIZED, "the signature is missing or wrong, or too old")


def _body(environ: Environ, most: int) -> bytes:
    """The whole body; what is too large is refused before it is read."""
    text = str(environ.get("CONTENT_LENGTH") or "0")
    size = int(text) if text.isascii() and text.isdigit() else 0
    if size > most:
        raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {most} bytes")
    return cast("BinaryIO", environ["wsgi.input"]).read(size)


def _key(environ: Environ) -> str:
    """The sender's own key of the request, "" where it gives none."""
    key = str(environ.get("HTTP_IDEMPOTENCY_KEY", "")).strip()
    if len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise _Refused(HTTPStatus.BAD_REQUEST, f"Idempotency-Key: must be at most {MAX_KEY} visible ASCII characters")
    return key


def _counts(tally: Tally) -> str:
    names = ("stored", "duplicates", "edited", "unmatched")
    return json.dumps({name: getattr(tally, name) for name in names})
