"""Posts of the JSON that a sender has put together, or the first thing that is wrong with it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn, get_args

from collectors.base import MAX_TEXT, Post, PostKind
from collectors.dates import parse_date
from collectors.plain import MAX_URL, clean, language_tag, unfit, web_link
from config.source_webhook import WebhookSource
from config.vocabulary import Platform

MAX_POSTS = 1_000  # in one request, so that one transaction stays short
MAX_ID = 500  # characters of an id; a longer text is none
MAX_NAME = 200  # characters of a name
MAX_TITLE = 1_000
_KINDS: Mapping[str, PostKind] = {kind: kind for kind in get_args(PostKind)}
_SHOWN = 40  # characters of a wrong key repeated in the answer
_KEYS = frozenset(
    (
        "id",
        "text",
        "created_at",
        "author",
        "author_name",
        "url",
        "title",
        "thread",
        "language",
        "rating",
        "rating_max",
        "kind",
    )
)


class Misshapen(Exception):
    """The body is not in the shape asked for; says where and why, in words fit for its sender."""


def posts_of(body: bytes, source: WebhookSource, now: datetime) -> list[Post]:
    """The posts of `{"posts": [...]}`, or of one such object by itself, in their order; () for an empty list.

    Ids and threads are the sender's own. On the platform `web` they get the source's name before them: two systems
    of the company may count from 1 both.

    Raises:
        Misshapen: one of them is no post, and so none is taken.
    """
    value = _read(body)
    if "posts" not in value:
        return [_post(value, "", source, now)]
    unknown = sorted(set(value) - {"posts"})
    if unknown:
        raise Misshapen(f"{_name(unknown[0])}: no such key beside posts")
    listed = value["posts"]
    if not isinstance(listed, list):
        raise Misshapen("posts: must be a list")
    if len(listed) > MAX_POSTS:
        raise Misshapen(f"posts: has {len(listed)} posts, more than {MAX_POSTS}")
    return [_post(one, f"posts[{number}]", source, now) for number, one in enumerate(listed)]


def _read(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_number)
    except UnicodeDecodeError:
        raise Misshapen("the body is not in UTF-8") from None
    except RecursionError:
        raise Misshapen("the body is nested too deeply") from None
    except ValueError:
        raise Misshapen("the body is no JSON") from None
    if not isinstance(value, dict):
        raise Misshapen("the body must be a JSON object")
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are none in JSON


def _post(value: object, place: str, source: WebhookSource, now: datetime) -> Post:
    if not isinstance(value, dict):
        raise Misshapen(f"{place}: must be an object")
    unknown = sorted(set(value) - _KEYS)
    if unknown:
        raise Misshapen(f"{_at(place, _name(unknown[0]))}: no such key; there are {', '.join(sorted(_KEYS))}")
    fields = _Fields(value, place)
    rating, most = fields.number("rating"), fields.number("rating_max")
    if rating is not None and (rating < 0 or (most is not None and rating > most)):
        raise Misshapen(f"{_at(place, 'rating')}: is outside the scale")
    if rating is None and most is not None:
        raise Misshapen(f"{_at(place, 'rating')}: is missing beside rating_max")
    text = clean(fields.text("text", MAX_TEXT) or "")
    if not text and rating is None:
        raise Misshapen(f"{_at(place, 'text')}: is empty, and there is no rating")
    kind = fields.text("kind", MAX_NAME) or ("review" if rating is not None else "post")
    if kind not in _KINDS:
        raise Misshapen(f"{_at(place, 'kind')}: must be one of {', '.join(_KINDS)}")
    native_id = fields.text("id", MAX_ID)
    if not native_id:
        raise Misshapen(f"{_at(place, 'id')}: is missing")
    published_at = fields.moment("created_at")
    author = (fields.text("author", MAX_NAME) or "").lstrip("@") or None
    return Post(
        platform=source.platform,
        native_id=_own(native_id, source),
        text=text,
        published_at=published_at or now,
        dated_by="first_seen" if published_at is None else "platform",
        kind=_KINDS[kind],
        title=clean(fields.text("title", MAX_TITLE) or "") or None,
        author_handle=author,
        author_name=fields.text("author_name", MAX_NAME),
        url=fields.link("url"),
        language=language_tag(fields.text("language", MAX_NAME)),
        thread=_own(thread, source) if (thread := fields.text("thread", MAX_ID)) else None,
        rating=rating,
        rating_max=most,
    )


def _own(name: str, source: WebhookSource) -> str:
    return f"{source.name}:{name}" if source.platform is Platform.WEB else name


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _name(key: str) -> str:
    """A key as it may be repeated to its sender: it may be anything."""
    return json.dumps(key[:_SHOWN], ensure_ascii=True)


class _Fields:
    """The values of one post by their kinds; null counts as absent."""

    def __init__(self, value: Mapping[str, object], place: str) -> None:
        self._value = value
        self._place = place

    def text(self, key: str, most: int) -> str | None:
        """A text as it stands, without blanks around it; a whole number is one, too. None: absent or empty."""
        value = self._value.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and key in ("id", "thread", "created_at"):
            value = str(value)
        if value is None:
            return None
        if not isinstance(value, str):
            self._wrong(key, "must be text")
        if unfit(value):
            self._wrong(key, "holds a NUL or half a character")
        value = value.strip()
        if len(value) > most:
            self._wrong(key, f"has {len(value)} characters, more than {most}")
        return value or None

    def number(self, key: str) -> float | None:
        value = self._value.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong(key, "must be a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self._wrong(key, "is no number of use")
        return number

    def moment(self, key: str) -> datetime | None:
        text = self.text(key, MAX_NAME)
        if text is None:
            return None
        try:
            return parse_date(text, None)
        except ValueError:
            self._wrong(key, "must be a time with its zone, such as 2026-11-21T12:00:00Z, or seconds since 1970")

    def link(self, key: str) -> str | None:
        text = self.text(key, MAX_URL)
        if text is None:
            return None
        link = web_link(text)
        if link is None:
            self._wrong(key, "must be an http or https address")
        return link

    def _wrong(self, key: str, why: str) -> NoReturn:
        raise Misshapen(f"{_at(self._place, key)}: {why}")
