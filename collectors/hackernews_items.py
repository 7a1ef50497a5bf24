"""Posts of what Algolia's Hacker News search tells: search hits and single items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from collectors.base import MAX_TEXT, Post, Reject
from collectors.dates import of_seconds
from collectors.plain import links_in, strip_html, web_link
from config.vocabulary import Platform


def posts_of(hits: Sequence[Any]) -> tuple[list[Post], list[Reject]]:
    """The posts of a search page, and a reject for each hit that is none."""
    posts: list[Post] = []
    rejects: list[Reject] = []
    for number, hit in enumerate(hits, 1):
        try:
            posts.append(of_hit(hit))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            rejects.append(Reject(f"search page, hit {number}", f"not in the shape of a hit: {type(error).__name__}"))
    return posts, rejects


def of_hit(hit: Any) -> Post:
    """A post of a search hit; a comment's story title stays out, since it is not what the comment says."""
    is_comment = hit.get("comment_text") is not None
    markup = (hit["comment_text"] if is_comment else hit.get("story_text")) or ""
    native_id = str(hit["objectID"])
    thread = hit.get("story_id")
    return _post(
        native_id=native_id,
        markup=markup,
        title=None if is_comment else hit.get("title"),
        link=None if is_comment else hit.get("url"),
        seconds=hit["created_at_i"],
        author=hit.get("author"),
        is_comment=is_comment,
        thread=native_id if thread is None else str(thread),
        parent=hit.get("parent_id"),
    )


def of_item(item: Mapping[str, Any]) -> Post:
    """A post of a single item.

    Raises:
        KeyError, TypeError, ValueError: it is not in the shape of one.
    """
    is_comment = item.get("type") == "comment"
    native_id = str(item["id"])
    thread = item.get("story_id")
    return _post(
        native_id=native_id,
        markup=item.get("text") or "",
        title=None if is_comment else item.get("title"),
        link=None if is_comment else item.get("url"),
        seconds=item["created_at_i"],
        author=item.get("author"),
        is_comment=is_comment,
        thread=native_id if thread is None else str(thread),
        parent=item.get("parent_id"),
    )


def _post(
    *,
    native_id: str,
    markup: str,
    title: str | None,
    link: object,
    seconds: int,
    author: str | None,
    is_comment: bool,
    thread: str,
    parent: int | None,
) -> Post:
    if not (native_id.isascii() and native_id.isdigit()):
        raise ValueError("objectID is no number")
    body, heading = strip_html(markup)[:MAX_TEXT], strip_html(title or "")
    if not (body or heading):
        raise ValueError("says nothing")
    story_link = web_link(link)
    return Post(
        platform=Platform.HACKERNEWS,
        native_id=native_id,
        text=body or heading,
        published_at=of_seconds(seconds),
        kind="comment" if is_comment else "post",
        title=heading if body and heading else None,
        author_id=author,
        author_handle=author,
        url=f"https://news.ycombinator.com/item?id={native_id}",
        thread=thread,
        parent=None if parent is None else str(parent),
        links=((story_link,) if story_link else ()) + links_in(markup),
    )
