"""Posts of what X tells: pages of its search and look-ups by id."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.base import MAX_TEXT, Engagement, Post, PostKind, Reject, UnexpectedReply
from collectors.dates import parse_date
from collectors.plain import MAX_LINKS, clean, language_tag, web_link
from collectors.x_cursor import time_of
from collectors.x_query import X_LANGUAGES
from config.vocabulary import Platform

Item = Mapping[str, Any]

_ID = re.compile(r"[0-9]{1,19}")  # 64 bits
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,20}")
_ISO = {theirs: ours for ours, theirs in X_LANGUAGES.items()}
_REAL_TWO_LETTERS = 2  # X's und, qme, zxx and so on are no languages
_MAX_COUNT = 2**53  # above it no number of JSON is exact
_MAX_NAME = 200  # characters kept of a name; X allows 50
_KINDS: Mapping[str, PostKind] = {"retweeted": "repost", "replied_to": "reply", "quoted": "quote"}


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of X, read."""

    posts: Sequence[Post]
    rejects: Sequence[Reject]
    ids: Sequence[int]  # of the posts found, as numbers
    charged_posts: tuple[str, ...]  # every post returned, found or included: each is paid for
    charged_users: tuple[str, ...]
    token: str | None
    errors: Sequence[Item]  # partial ones: what could not be included
    newer: tuple[str, ...] = ()  # ids of the last states of posts found in an earlier one

    def complaint(self) -> str | None:
        """What could not be included, in words; None where all could."""
        if not self.errors:
            return None
        kinds = Counter(clean(str(error.get("title", "without a title")))[:40] for error in self.errors)
        named = ", ".join(f"{number} times {kind!r}" for kind, number in sorted(kinds.items()))
        return f"X left out what posts refer to: {named}"


def read_page(payload: Mapping[str, Any], *, place: str, search: bool = True) -> Page:
    """A page of X; an item that is no post is a reject and disturbs no other.

    Raises:
        UnexpectedReply: it is not in the shape of a page.
    """
    data = payload.get("data", [])
    meta = payload.get("meta") if search else {"result_count": 0}
    if not isinstance(data, list):
        raise UnexpectedReply("X answered with data that is no list")
    if not search and "data" not in payload and "errors" not in payload:
        raise UnexpectedReply("X answered a look-up with neither posts nor errors")
    if not isinstance(meta, dict) or not isinstance(meta.get("result_count"), int):
        raise UnexpectedReply("X answered the search without saying how much it found")
    if meta["result_count"] and not data:
        raise UnexpectedReply("X says that it found posts and sends none")
    token = meta.get("next_token")
    included = payload.get("includes")
    included = included if isinstance(included, dict) else {}
    tweets, users = _by_id(included.get("tweets")), _by_id(included.get("users"))
    posts: dict[str, Post] = {}
    rejects: list[Reject] = []
    for number, item in enumerate(data, 1):
        try:
            post = post_of(item, tweets, users)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            rejects.append(Reject(f"{place}, post {number}", f"not in the shape of a post: {type(error).__name__}"))
            continue
        known = posts.get(post.native_id)
        if known is None or int(known.version or 0) < int(post.version or 0):  # two states of one post: the later
            posts[post.native_id] = post
    found = _by_id(data)
    errors = payload.get("errors")
    return Page(
        posts=tuple(posts.values()),
        rejects=rejects,
        ids=[int(native_id) for native_id in found],
        charged_posts=tuple(dict.fromkeys((*found, *tweets))),
        charged_users=tuple(users),
        token=token if isinstance(token, str) and token else None,
        errors=[error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else [],
        newer=tuple(last for item in found.values() if (last := _chain(item)[-1]) not in found),
    )


def post_of(item: Item, tweets: Mapping[str, Item], users: Mapping[str, Item]) -> Post:
    """The post that an item of X tells of.

    Its id is the first of its chain of edits, its version the id of the state at hand. A mere repost carries the whole
    text of what it passes on, where X has sent that.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is none.
    """
    own = _id(item["id"])
    refers = {str(one["type"]): _id(one["id"]) for one in item.get("referenced_tweets") or ()}
    repost = refers.get("retweeted")
    told = tweets.get(repost, item) if repost is not None else item
    author = users.get(str(item.get("author_id")), {})
    handle = author.get("username")
    handle = handle if isinstance(handle, str) and _HANDLE.fullmatch(handle) else None
    native_id = _chain(item)[0]
    return Post(
        platform=Platform.X,
        native_id=native_id,
        text=_text(told),
        published_at=_time(item, own),
        kind=next((kind for name, kind in _KINDS.items() if name in refers), "post"),
        author_id=_id(item["author_id"]) if item.get("author_id") is not None else None,
        author_handle=handle,
        author_name=_name(author.get("name")),
        followers=_count(author.get("public_metrics"), "followers_count"),
        url=f"https://x.com/{handle or 'i'}/status/{own}",
        language=_language(item.get("lang")),
        thread=_optional_id(item.get("conversation_id")),
        parent=_origin(refers.get("replied_to"), tweets),
        links=_links(told),
        version=own,
        repost_of=_origin(repost, tweets),
        quoted=_origin(refers.get("quoted"), tweets),
        engagement=None if repost is not None else _engagement(item.get("public_metrics")),
    )


def _engagement(metrics: Any) -> Engagement | None:
    """How a post was taken; not of a repost, whose counts X copies from what it passes on."""
    if not isinstance(metrics, dict):
        return None
    return Engagement(
        likes=_count(metrics, "like_count"),
        reposts=_count(metrics, "retweet_count"),
        replies=_count(metrics, "reply_count"),
        quotes=_count(metrics, "quote_count"),
        views=_count(metrics, "impression_count"),
    )


def _text(item: Item) -> str:
    long = item.get("note_tweet")
    text = long["text"] if isinstance(long, dict) and long.get("text") else item["text"]
    return clean(html.unescape(text))[:MAX_TEXT]


def _links(item: Item) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for holder in (item.get("note_tweet"), item):
        entities = holder.get("entities") if isinstance(holder, dict) else None
        urls = entities.get("urls") if isinstance(entities, dict) else None
        for url in urls if isinstance(urls, list) else ():
            if isinstance(url, dict) and (
                link := web_link(url.get("unwound_url")) or web_link(url.get("expanded_url"))
            ):
                found[link] = None
    return tuple(found)[:MAX_LINKS]


def _time(item: Item, own: str) -> datetime:
    told = item.get("created_at")
    return time_of(int(own)) if told is None else parse_date(told, None)


def _chain(item: Item) -> Sequence[str]:
    """The ids of the post's states, oldest first, as X tells them; its own id alone where X tells none."""
    chain = item.get("edit_history_tweet_ids")
    sound = isinstance(chain, list) and bool(chain) and all(isinstance(i, str) and _ID.fullmatch(i) for i in chain)
    return chain if isinstance(chain, list) and sound else [_id(item["id"])]


def _origin(native_id: str | None, tweets: Mapping[str, Item]) -> str | None:
    """The lasting id of a post that another one refers to, as far as X has told it."""
    item = tweets.get(native_id) if native_id is not None else None
    return native_id if item is None else _chain(item)[0]


def _by_id(items: Any) -> dict[str, Item]:
    if not isinstance(items, list):
        return {}
    return {
        item["id"]: item
        for item in items
        if isinstance(item, dict) and isinstance(item.get("id"), str) and _ID.fullmatch(item["id"])
    }


def _id(value: Any) -> str:
    if not (isinstance(value, str) and _ID.fullmatch(value)):
        raise ValueError("is no id")
    return value


def _optional_id(value: Any) -> str | None:
    return None if value is None else _id(value)


def _count(holder: Any, key: str) -> int | None:
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_COUNT else None


def _name(value: Any) -> str | None:
    return (" ".join(clean(value).split())[:_MAX_NAME] or None) if isinstance(value, str) else None


def _language(value: Any) -> str | None:
    tag = language_tag(value)
    if tag is None or len(str(value).strip().split("-")[0]) != _REAL_TWO_LETTERS:
        return None
    return _ISO.get(tag, tag)
