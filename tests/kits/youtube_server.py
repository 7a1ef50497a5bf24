"""YouTube's Data API as far as a collector of comments meets it: threads, replies, page tokens, quota, refusals."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from faulty_server import Answer, Asked, FaultyServer

KEY = "an-invented-key"
CHANNEL = "UC" + "a" * 22


@dataclass(frozen=True)
class Comment:
    """A comment as it stands at YouTube."""

    id: str
    at: datetime
    text: str = "acme"
    parent: str | None = None
    video: str = "v" * 11
    author: str | None = "@mia"
    updated: datetime | None = None
    likes: int = 0


class YouTubeServer(FaultyServer):
    """Serves `comments`, newest thread first; `shown` replies come with their thread."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.comments: list[Comment] = []
        self.shown = 5
        self.quota = 10_000  # requests answered before YouTube says that the quota is used up
        self.disabled: set[str] = set()  # videos without comments
        self.gone: set[str] = set()  # videos that are no more
        self.bad_tokens = 0  # page tokens still to be refused
        self.tells_videos = True  # whether a single comment tells its video

    def _answer(self, asked: Asked) -> Answer:  # noqa: PLR0911 - one for each thing that can be asked
        params = asked.params
        if asked.headers.get("x-goog-api-key") != KEY:
            details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
            return refusal(400, "badRequest", details=details)
        if self.quota <= 0:
            return refusal(403, "quotaExceeded")
        self.quota -= 1
        if params.get("pageToken") and self.bad_tokens > 0:
            self.bad_tokens -= 1
            return refusal(400, "invalidPageToken")
        if asked.path == "/commentThreads":
            return self._threads(params)
        if asked.path == "/comments" and "parentId" in params:
            replies = [one for one in self.comments if one.parent == params["parentId"]]
            if not any(one.id == params["parentId"] for one in self.comments):
                return refusal(404, "commentNotFound")
            return self._page([self._comment(one, video=False) for one in replies], params)
        if asked.path == "/comments":
            wanted = params["id"].split(",")
            found = [self._comment(one, video=self.tells_videos) for one in self.comments if one.id in wanted]
            return told({"kind": "youtube#commentListResponse", "items": found})
        return refusal(404, "notFound")

    def _threads(self, params: Any) -> Answer:
        video = params.get("videoId")
        if video in self.gone:
            return refusal(404, "videoNotFound")
        if video in self.disabled:
            return refusal(403, "commentsDisabled")
        tops = [one for one in self.comments if one.parent is None and video in (None, one.video)]
        tops.sort(key=lambda one: (one.at, one.id), reverse=True)
        return self._page([self._told_thread(one) for one in tops], params)

    def _page(self, items: list[Any], params: Any) -> Answer:
        first, size = int(params.get("pageToken", "token0")[5:]), int(params["maxResults"])
        last = first + size
        more = {"nextPageToken": f"token{last}"} if last < len(items) else {}
        return told({"kind": "youtube#aList", "etag": "x", "new": {"a": [1]}, **more, "items": items[first:last]})

    def _told_thread(self, top: Comment) -> dict[str, Any]:
        replies = [one for one in self.comments if one.parent == top.id]
        shown = {"replies": {"comments": [self._comment(one) for one in replies[-self.shown :]]}} if replies else {}
        return {
            "kind": "youtube#commentThread",
            "etag": "y",
            "id": top.id,
            "snippet": {
                "channelId": CHANNEL,
                "videoId": top.video,
                "topLevelComment": self._comment(top),
                "canReply": True,
                "totalReplyCount": len(replies),
                "isPublic": True,
                "somethingNew": None,
            },
            **shown,
        }

    def _comment(self, one: Comment, *, video: bool = True) -> dict[str, Any]:
        author = {"authorChannelId": {"value": f"UC-{one.author[1:]}"}} if one.author else {}
        return {
            "kind": "youtube#comment",
            "etag": "z",
            "id": one.id,
            "snippet": {
                "channelId": CHANNEL,
                **({"videoId": one.video} if video else {}),
                "textDisplay": one.text,
                "textOriginal": one.text,
                **({"parentId": one.parent} if one.parent else {}),
                "authorDisplayName": one.author or "",
                **author,
                "canRate": True,
                "viewerRating": "none",
                "likeCount": one.likes,
                "publishedAt": stamp(one.at),
                "updatedAt": stamp(one.updated or one.at),
            },
        }


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def told(body: dict[str, Any], status: int = 200) -> Answer:
    return Answer(json.dumps(body).encode(), status, {"Content-Type": "application/json; charset=UTF-8"})


def refusal(status: int, reason: str, **more: Any) -> Answer:
    message = f"The request cannot be completed: <b>{reason}</b>"
    listed = [{"message": message, "domain": "youtube.aDomain", "reason": reason, "location": "x"}]
    return told({"error": {"code": status, "message": message, "errors": listed, **more}}, status)
