"""Posts of Google Play's reviews, and of the developer's answers to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from collectors.base import MAX_TEXT, Engagement, Post
from collectors.dates import of_seconds
from collectors.plain import clean, language_tag
from config.vocabulary import Platform

RATING_MAX = 5
DEVELOPER = "developer"  # the handle of whoever answers for the app, to be named in own_accounts
ANSWER = "/developer"  # after a review's id: the id of the answer to it
NATIVE_ID = re.compile(r"[A-Za-z0-9:_.-]{1,200}")


def posts_of(item: Any, package: str) -> list[Post]:
    """A review, by its newest state, and the answer to it if there is one.

    A reviewer's name is no handle: anybody may call themselves "developer".

    Raises:
        KeyError, TypeError, ValueError, AttributeError, OverflowError: it is not in the shape of a review.
    """
    native_id = item["reviewId"]
    if not NATIVE_ID.fullmatch(native_id):
        raise ValueError("the id has characters that no id has")
    comments = [one for one in item["comments"] if isinstance(one, dict)]
    told = max((one["userComment"] for one in comments if "userComment" in one), key=_modified)
    answers = [one["developerComment"] for one in comments if "developerComment" in one]
    name = item.get("authorName")
    text = told.get("text") or ""
    # Where the shop asked for a title of its own, it stands before a tab.
    title, _, body = text.partition("\t") if "\t" in text else ("", "", text)
    post = Post(
        platform=Platform.GOOGLE_PLAY,
        native_id=native_id,
        text=clean(body)[:MAX_TEXT],
        title=clean(title) or None,
        published_at=_modified(told),
        kind="review",
        author_name=clean(name) or None if isinstance(name, str) else None,
        url=f"https://play.google.com/store/apps/details?id={package}&reviewId={quote(native_id, safe='')}",
        language=language_tag(told.get("reviewerLanguage")),
        thread=native_id,
        rating=_stars(told.get("starRating")),
        rating_max=RATING_MAX,
        version=_version(told),
        community=f"app {package}",
        engagement=_engagement(told),
    )
    return [post, *_answer(answers, post)]


def _answer(answers: list[Any], post: Post) -> list[Post]:
    """The developer's newest answer, by its own handle; nothing where none is in the shape of one."""
    try:
        told = max(answers, key=_modified)
        return [
            Post(
                platform=Platform.GOOGLE_PLAY,
                native_id=post.native_id + ANSWER,
                text=clean(told["text"])[:MAX_TEXT],
                published_at=_modified(told),
                kind="reply",
                author_handle=DEVELOPER,
                url=post.url,
                thread=post.native_id,
                parent=post.native_id,
                version=_version(told),
                community=post.community,
            )
        ]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return []


def _modified(comment: Mapping[str, Any]) -> datetime:
    """When a comment was last changed, the only time that Google tells; to the second."""
    return of_seconds(int(comment["lastModified"]["seconds"]))


def _version(comment: Mapping[str, Any]) -> str:
    told = comment["lastModified"]
    nanos = told.get("nanos")
    return f"{int(told['seconds'])}.{nanos if isinstance(nanos, int) else 0:09}"


def _stars(value: object) -> float | None:
    return float(value) if isinstance(value, int) and 1 <= value <= RATING_MAX else None


def _engagement(told: Mapping[str, Any]) -> Engagement | None:
    up, down = told.get("thumbsUpCount"), told.get("thumbsDownCount")
    if not isinstance(up, int):
        return None
    return Engagement(likes=up, score=up - down if isinstance(down, int) else None)
