"""Posts of YouTube's comment threads and comments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from collectors.base import MAX_TEXT, Engagement, Post, Reject
from collectors.dates import parse_date
from collectors.plain import MAX_LINKS, clean, web_link
from config.vocabulary import Platform

NATIVE_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_ADDRESS = re.compile(r"https?://[^\s<>\"]{1,2000}")
_AFTER_ADDRESS = ".,;:!?)]}'"  # at its end, more likely of the sentence than of the address


@dataclass(frozen=True, slots=True)
class Branch:
    """A thread whose replies are not all shown with it."""

    thread: str
    place: str  # "channel/video", as its replies do not tell it
    total: int  # replies, as the thread tells it
    token: str = ""  # of the next page of replies
    tries: int = 0  # page tokens refused


@dataclass(frozen=True, slots=True)
class Threads:
    """What a page of threads holds."""

    posts: list[Post]
    rejects: list[Reject]
    times: list[datetime]  # of the threads' first comments, in the page's order
    branches: list[Branch]


def threads_of(items: Sequence[Any], where: str) -> Threads:
    """The comments and replies of a page of threads, a reject for each that is none."""
    out = Threads([], [], [], [])
    for number, item in enumerate(items, 1):
        spot = f"{where}, thread {number}"
        try:
            snippet = item["snippet"]
            place = _place(snippet)
            total = snippet.get("totalReplyCount")
            total = total if isinstance(total, int) else None
            top = comment_of(snippet["topLevelComment"], place=place, replies=total)
            shown = (item.get("replies") or {}).get("comments") or []
        except _MISSHAPEN as error:
            out.rejects.append(Reject(spot, f"not in the shape of a thread: {type(error).__name__}"))
            continue
        out.posts.append(top)
        out.times.append(top.published_at)
        posts, rejects = replies_of(shown, thread=top.native_id, place=place, where=spot)
        out.posts.extend(posts)
        out.rejects.extend(rejects)
        if total is not None and total > len(posts):
            out.branches.append(Branch(top.native_id, place, total))
    return out


def replies_of(items: object, *, thread: str, place: str, where: str) -> tuple[list[Post], list[Reject]]:
    """The replies of a thread, a reject for each that is none."""
    posts: list[Post] = []
    rejects: list[Reject] = []
    for number, item in enumerate(items if isinstance(items, list) else (), 1):
        try:
            posts.append(comment_of(item, place=place, thread=thread))
        except _MISSHAPEN as error:
            shown = f"not in the shape of a comment: {type(error).__name__}"
            rejects.append(Reject(f"{where}, reply {number}", shown))
    return posts, rejects


def comment_of(item: Any, *, place: str = "", thread: str | None = None, replies: int | None = None) -> Post:
    """A post of a comment; `place` ("channel/video") stands in for what the comment itself does not tell.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is not in the shape of one.
    """
    native_id, snippet = item["id"], item["snippet"]
    if not NATIVE_ID.fullmatch(native_id):
        raise ValueError("the id has characters that no id has")
    root = snippet.get("parentId") or thread or native_id
    published, updated = snippet["publishedAt"], snippet.get("updatedAt")
    text = clean(snippet["textDisplay"])[:MAX_TEXT]
    name = snippet.get("authorDisplayName")
    name = clean(name) or None if isinstance(name, str) else None
    likes = snippet.get("likeCount")
    if not place and snippet.get("videoId"):
        place = _place(snippet)
    return Post(
        platform=Platform.YOUTUBE,
        native_id=native_id,
        text=text,
        published_at=parse_date(published, None),
        kind="comment" if root == native_id else "reply",
        author_id=_author_id(snippet),
        author_handle=name[1:] if name and name.startswith("@") and len(name) > 1 else None,
        author_name=name,
        url=_address(place, native_id),
        thread=root,
        parent=None if root == native_id else root,
        links=_links(text),
        version=updated if isinstance(updated, str) and updated != published else None,
        community=place or None,
        engagement=Engagement(likes=likes if isinstance(likes, int) else None, replies=replies),
    )


_MISSHAPEN = (KeyError, TypeError, ValueError, AttributeError)


def _place(snippet: Mapping[str, Any]) -> str:
    return "/".join(str(snippet[key]) for key in ("channelId", "videoId") if snippet.get(key))


def _author_id(snippet: Mapping[str, Any]) -> str | None:
    told = snippet.get("authorChannelId")  # missing where the account is gone
    value = told.get("value") if isinstance(told, dict) else None
    return value if isinstance(value, str) and value else None


def _address(place: str, native_id: str) -> str | None:
    _, _, video = place.partition("/")
    return f"https://www.youtube.com/watch?v={quote(video)}&lc={quote(native_id)}" if video else None


def _links(text: str) -> tuple[str, ...]:
    found = dict.fromkeys(
        link for raw in _ADDRESS.findall(text) if (link := web_link(raw.rstrip(_AFTER_ADDRESS))) is not None
    )
    return tuple(found)[:MAX_LINKS]
