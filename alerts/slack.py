"""Slack: as a bot, which can be asked what arrived, and by incoming webhook, which cannot."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.request import Request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from alerts.base import DeliveryFailed, ErrorClass, Message, Receipt
from alerts.blocks import EVENT_TYPE, payload
from alerts.slack_errors import API_ERRORS, NO_THREAD, WEBHOOK_ERRORS
from alerts.wire import TIMEOUT, Reply, Wire, retry_after, status_class
from config.alerting import SlackChannel, SlackWebhookChannel
from config.secret import Secret, SecretUnavailable

CLOCK_SLACK = timedelta(seconds=5)  # Slack's clock may be behind ours by so much
PAGE = 200  # messages a page: what Slack recommends as the most for conversations.history
MAX_PAGES = 50  # 10,000 messages since one attempt began: beyond that, ask again later


class _Client(WebClient):
    """slack_sdk's client over our wire.

    urllib would follow a redirect with the token on it, and read proxies from the environment; and slack_sdk
    logs request bodies at DEBUG, so its logger is silent.
    """

    def __init__(self, token: str, base_url: str, wire: Wire) -> None:
        silent = logging.getLogger("alerts.slack.vendor")
        silent.setLevel(logging.CRITICAL + 1)
        # proxy: a value that is never used; none would make slack_sdk look for one in the environment.
        super().__init__(token, base_url, logger=silent, retry_handlers=[], proxy="http://unused.invalid")
        self._wire = wire

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        reply = self._wire.post(url, cast("bytes", req.data), dict(req.header_items()))
        return {"status": reply.status, "headers": reply.headers, "body": reply.text}


class SlackBot:
    """One Slack conversation, spoken to with a bot token.

    Scopes needed: chat:write, metadata.message:read and the history scope of the conversation's kind. A
    delivery is known by its key in the message's metadata, so `find` can tell whether it arrived.
    """

    def __init__(self, settings: SlackChannel, *, timeout: float = TIMEOUT) -> None:
        self._settings = settings
        self._wire = Wire(guarded=False, timeout=timeout)

    @property
    def name(self) -> str:
        """The channel's name in the configuration."""
        return self._settings.name

    def render(self, message: Message, /) -> str:
        """The JSON body of chat.postMessage; the thread is added when it is sent."""
        body = {"channel": self._settings.conversation, **payload(message)}
        return json.dumps(body, ensure_ascii=True, separators=(",", ":"))

    def send(self, key: str, body: str, /, *, reply_to: Receipt | None = None) -> Receipt:
        """Post once; in the thread of `reply_to` where there is one.

        A refusal that a plainer message may pass (no such thread, blocks refused) is answered at once with
        that plainer message: nothing had been posted. The receipt's details then say so under "plainer".

        Raises:
            DeliveryFailed: by API_ERRORS and the HTTP status.
        """
        request: dict[str, Any] = json.loads(body)
        if reply_to is not None:
            request |= {"thread_ts": reply_to.provider_id, "reply_broadcast": False}
        given_up: list[str] = []
        while True:
            try:
                answer = self._call("chat.postMessage", request)
            except _Refused as refused:
                plainer = _plainer(request, refused)
                if plainer is None:
                    raise DeliveryFailed(refused.error_class, refused.why, refused.retry_after) from None
                request = plainer
                given_up.append(refused.word)
                continue
            details = {"channel": str(answer["channel"]), "ts": str(answer["ts"])}
            if given_up:
                details["plainer"] = ",".join(given_up)
            return Receipt(str(answer["ts"]), details)

    def find(self, key: str, /, *, since: datetime, reply_to: Receipt | None = None) -> Receipt | None:
        """Look for the key in the conversation, and in the thread of `reply_to`, from `since` on.

        Raises:
            DeliveryFailed: never AMBIGUOUS: a question without an answer is TRANSIENT.
        """
        place = {
            "channel": self._settings.conversation,
            "oldest": f"{(since - CLOCK_SLACK).timestamp():.6f}",
            "include_all_metadata": True,
            "limit": PAGE,
        }
        try:
            if reply_to is not None:
                found = self._search("conversations.replies", {**place, "ts": reply_to.provider_id}, key)
                if found is not None:
                    return found
            return self._search("conversations.history", place, key)
        except _Refused as refused:
            raise _as_question(refused) from None
        except DeliveryFailed as failed:
            raise _as_question(failed) from None

    def _search(self, method: str, place: Mapping[str, Any], key: str) -> Receipt | None:
        request = dict(place)
        for _ in range(MAX_PAGES):
            try:
                page = self._call(method, request)
            except _Refused as refused:
                if refused.word in NO_THREAD:
                    return None
                raise
            for message in page.get("messages", ()):
                metadata = message.get("metadata") or {}
                if metadata.get("event_type") == EVENT_TYPE and metadata.get("event_payload", {}).get("key") == key:
                    return Receipt(message["ts"], {"channel": self._settings.conversation, "ts": message["ts"]})
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None
            request["cursor"] = cursor
        raise DeliveryFailed(ErrorClass.TRANSIENT, f"{method}: more than {MAX_PAGES} pages")

    def _call(self, method: str, request: Mapping[str, Any]) -> dict[str, Any]:
        client = _Client(_reveal(self._settings.token), self._settings.api_url, self._wire)
        try:
            if method == "chat.postMessage":
                answer = client.api_call(method, json=dict(request))
            else:  # Slack's reading methods take no JSON
                answer = client.api_call(method, params=dict(request))
        except SlackApiError as error:
            raise _refusal(error.response) from None
        data = answer.data
        if not isinstance(data, dict):
            raise DeliveryFailed(ErrorClass.AMBIGUOUS, "the answer is no JSON object")
        return data


class SlackWebhook:
    """A Slack incoming webhook. Posts to one conversation; no thread, no look-up."""

    def __init__(self, settings: SlackWebhookChannel, *, timeout: float = TIMEOUT) -> None:
        self._settings = settings
        self._wire = Wire(guarded=False, timeout=timeout)

    @property
    def name(self) -> str:
        """The channel's name in the configuration."""
        return self._settings.name

    def render(self, message: Message, /) -> str:
        """The JSON body of the post."""
        kept = ("text", "blocks", "unfurl_links", "unfurl_media")
        body = {part: value for part, value in payload(message).items() if part in kept}
        return json.dumps(body, ensure_ascii=True, separators=(",", ":"))

    def send(self, key: str, body: str, /, *, reply_to: Receipt | None = None) -> Receipt:
        """Post once; a thread has no meaning here, and Slack gives no id: the receipt names the key.

        Raises:
            DeliveryFailed: by WEBHOOK_ERRORS and the HTTP status.
        """
        headers = {"Content-Type": "application/json; charset=utf-8"}
        reply = self._wire.post(_reveal(self._settings.url), body.encode("ascii"), headers)
        if reply.ok:
            return Receipt(key)
        word = _word(reply.text)
        error_class = WEBHOOK_ERRORS.get(word) or status_class(reply.status)
        raise DeliveryFailed(error_class, f"HTTP {reply.status} {word}".strip(), _wait(error_class, reply))

    def find(self, key: str, /, *, since: datetime, reply_to: Receipt | None = None) -> Receipt | None:
        """None: an incoming webhook cannot be asked."""
        return None


class _Refused(DeliveryFailed):
    """Slack said no, and with which word."""

    word: str = ""


def _refusal(response: SlackResponse) -> _Refused:
    data = response.data
    word = _word(str(data.get("error", ""))) if isinstance(data, dict) else ""
    reply = Reply(response.status_code, {k.lower(): v for k, v in response.headers.items()}, "")
    if word in API_ERRORS:
        error_class = API_ERRORS[word]
    elif reply.ok:
        error_class = ErrorClass.TRANSIENT if word else ErrorClass.AMBIGUOUS
    else:
        error_class = status_class(reply.status)
    refused = _Refused(error_class, f"HTTP {reply.status} {word}".strip(), _wait(error_class, reply))
    refused.word = word
    return refused


def _wait(error_class: ErrorClass, reply: Reply) -> timedelta | None:
    return retry_after(reply.headers, datetime.now(UTC)) if error_class is ErrorClass.THROTTLE else None


def _plainer(request: Mapping[str, Any], refused: _Refused) -> dict[str, Any] | None:
    """The next plainer request after a refusal, or None where none would help."""
    if refused.word in NO_THREAD and "thread_ts" in request:
        return {k: v for k, v in request.items() if k not in ("thread_ts", "reply_broadcast")}
    if refused.error_class is ErrorClass.CONTENT and "blocks" in request:
        return {k: v for k, v in request.items() if k != "blocks"}
    return None


def _as_question(failed: DeliveryFailed) -> DeliveryFailed:
    ambiguous = failed.error_class is ErrorClass.AMBIGUOUS
    error_class = ErrorClass.TRANSIENT if ambiguous else failed.error_class
    return DeliveryFailed(error_class, f"look-up: {failed.why}", failed.retry_after)


def _word(text: str) -> str:
    """The text where it is one of Slack's bare error words, else "": anything else may hold what we sent."""
    return text.strip() if re.fullmatch(r"[a-z_]{1,60}", text.strip()) else ""


def _reveal(secret: Secret) -> str:
    try:
        return secret.reveal()
    except SecretUnavailable as missing:
        raise DeliveryFailed(ErrorClass.CREDENTIAL, str(missing)) from None
