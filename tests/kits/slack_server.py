"""A local Slack: the part of the Web API and the incoming webhook that the monitor speaks to.

In a test: `with SlackServer() as slack: ...`. As a process of its own, for tests that kill the monitor:
`python tests/kits/slack_server.py --port 0 --out messages.jsonl` prints its port, and one JSON line a message is
kept in the file.
"""

from __future__ import annotations

import argparse
import base64
import json
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from block_rules import complaint
from http_faults import Answer, Asked, Fault, LocalServer

TOKEN = "xoxb-local-test-token"
HOOK = "/services/T000/B000/hook-secret"
EARLY = 0.05  # seconds before the end of a pause that still count as after it (clock and scheduling)


class SlackServer(LocalServer):
    """What was posted is in `messages`, oldest first, each as Slack would show it plus its channel.

    `channels`: None knows every channel. `per_second`: more posts a second to one channel get 429 with
    Retry-After. `early`: posts that came before a Retry-After was over. `page`: the most that one page holds.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = TOKEN,
        out: Path | None = None,
        per_second: float | None = None,
        page: int = 200,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(port=port)
        self.messages: list[dict[str, Any]] = []
        self.channels: set[str] | None = None
        self.early = 0
        self._token, self._out, self._per_second, self._page, self._clock = (
            token,
            out,
            per_second,
            page,
            clock,
        )
        self._state = threading.RLock()
        self._last_ts = 0.0
        self._last_post: dict[str, float] = {}
        self._paused_until: dict[str, float] = {}

    @property
    def api_url(self) -> str:
        return f"{self.origin}/api/"

    @property
    def hook_url(self) -> str:
        return f"{self.origin}{HOOK}"

    @property
    def keys(self) -> list[str]:
        """The delivery keys received, oldest first."""
        return [m["metadata"]["event_payload"]["key"] for m in self.messages if m.get("metadata")]

    def refuse(self, *words: str) -> None:
        """The next calls are answered ok: false with these error words."""
        self.fail(*(Fault("refuse", 200, body=json.dumps({"ok": False, "error": word})) for word in words))

    def answer(self, asked: Asked) -> Answer:
        with self._state:
            if asked.path == HOOK:
                return self._hook(json.loads(asked.body))
            if asked.path.startswith("/services/"):
                return Answer(404, "no_service")
            return self._api(asked)

    def _hook(self, body: dict[str, Any]) -> Answer:
        wrong = complaint(body)
        if wrong is not None:
            return Answer(400, wrong)
        self._keep("hook", body)
        return Answer(200, "ok")

    def _api(self, asked: Asked) -> Answer:
        given = _given(asked)
        sent = asked.headers.get("authorization", "").removeprefix("Bearer ") or given.get("token", "")
        if sent != self._token:
            return _error("invalid_auth" if sent else "not_authed")
        match asked.path.removeprefix("/api/"):
            case "auth.test":
                return _ok(user="monitor", team="local", bot_id="B000")
            case "chat.postMessage":
                return self._post(given)
            case "conversations.history":
                return self._history(given)
            case "conversations.replies":
                return self._replies(given)
            case _:
                return _error("unknown_method")

    def _post(self, given: dict[str, Any]) -> Answer:
        channel = str(given.get("channel", ""))
        if not self._knows(channel):
            return _error("channel_not_found")
        pause = self._pause(channel)
        if pause is not None:
            return pause
        wrong = complaint(given)
        if wrong is not None:
            return _error(wrong)
        thread = given.get("thread_ts")
        if thread is not None and not any(m["ts"] == thread and m["channel"] == channel for m in self.messages):
            return _error("thread_not_found")
        message = self._keep(channel, given)
        return _ok(channel=channel, ts=message["ts"], message={k: v for k, v in message.items() if k != "channel"})

    def _pause(self, channel: str) -> Answer | None:
        if self._per_second is None:
            return None
        now = time.monotonic()
        if now < self._paused_until.get(channel, 0.0) - EARLY:
            self.early += 1
        if now - self._last_post.get(channel, 0.0) < 1 / self._per_second - EARLY:
            self._paused_until[channel] = now + 1
            return Answer(429, json.dumps({"ok": False, "error": "ratelimited"}), {"Retry-After": "1"})
        self._last_post[channel] = now
        return None

    def _keep(self, channel: str, given: dict[str, Any]) -> dict[str, Any]:
        self._last_ts = max(self._clock(), self._last_ts + 1e-6)
        kept = ("text", "blocks", "metadata", "thread_ts")
        message = {"type": "message", "ts": f"{self._last_ts:.6f}", "channel": channel}
        message |= {part: given[part] for part in kept if given.get(part) is not None}
        self.messages.append(message)
        if self._out is not None:
            with self._out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(message) + "\n")
        return message

    def _history(self, given: dict[str, Any]) -> Answer:
        if not self._knows(given.get("channel", "")):
            return _error("channel_not_found")
        here = [m for m in self.messages if m["channel"] == given["channel"] and "thread_ts" not in m]
        return self._paged(list(reversed(_since(here, given))), given)

    def _replies(self, given: dict[str, Any]) -> Answer:
        here = [m for m in self.messages if m["channel"] == given.get("channel")]
        root = [m for m in here if m["ts"] == given.get("ts")]
        if not root:
            return _error("thread_not_found")
        return self._paged(root + _since([m for m in here if m.get("thread_ts") == given["ts"]], given), given)

    def _paged(self, found: list[dict[str, Any]], given: dict[str, Any]) -> Answer:
        start = int(base64.b64decode(given["cursor"])) if given.get("cursor") else 0
        end = start + min(int(given.get("limit", 100)), self._page)
        shown = [{k: v for k, v in m.items() if k != "channel"} for m in found[start:end]]
        if str(given.get("include_all_metadata", "0")).lower() not in ("1", "true"):
            shown = [{k: v for k, v in m.items() if k != "metadata"} for m in shown]
        cursor = base64.b64encode(str(end).encode()).decode() if end < len(found) else ""
        return _ok(messages=shown, has_more=bool(cursor), response_metadata={"next_cursor": cursor})

    def _knows(self, channel: str) -> bool:
        return bool(channel) and (self.channels is None or channel in self.channels)


def _given(asked: Asked) -> dict[str, Any]:
    if asked.headers.get("content-type", "").startswith("application/json"):
        loaded: dict[str, Any] = json.loads(asked.body)
        return loaded
    return dict(parse_qsl(asked.body.decode("utf-8")))


def _since(messages: list[dict[str, Any]], given: dict[str, Any]) -> list[dict[str, Any]]:
    oldest, latest = float(given.get("oldest", 0)), float(given.get("latest", "inf"))
    return [m for m in messages if oldest < float(m["ts"]) < latest]


def _ok(**answer: Any) -> Answer:
    return Answer(200, json.dumps({"ok": True, **answer}))


def _error(word: str) -> Answer:
    return Answer(200, json.dumps({"ok": False, "error": word}))


def main() -> None:
    parser = argparse.ArgumentParser(description="A local Slack for tests")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--per-second", type=float)
    given = parser.parse_args()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with SlackServer(port=given.port, token=given.token, out=given.out, per_second=given.per_second) as slack:
        print(json.dumps({"port": slack.port, "api_url": slack.api_url, "hook_url": slack.hook_url}), flush=True)
        stopped.wait()


if __name__ == "__main__":
    main()
