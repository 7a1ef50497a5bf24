"""Posts of what Bluesky tells: records of its stream, and the views of its search.

A post is known by its AT-URI (`at://did/app.bsky.feed.post/rkey`): a handle may change, the DID in it may not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from collectors.base import MAX_TEXT, Engagement, Post, Reject
from collectors.dates import parse_date
from collectors.plain import MAX_LINKS, clean, language_tag, web_link
from config.vocabulary import Platform

POSTS = "app.bsky.feed.post"  # the collection of an account's repository that holds its posts
FIRST_YEAR = 1990  # a post dated before the web is a mistake of the program that wrote it
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,2000}")
_RKEY = re.compile(r"[A-Za-z0-9._:~-]{1,512}")
_URI = re.compile(rf"at://({_DID.pattern})/{re.escape(POSTS)}/({_RKEY.pattern})")
_NO_HANDLE = "handle.invalid"  # what the platform writes where a handle cannot be verified


def uri_of(did: object, rkey: object) -> str:
    """The lasting name of a post.

    Raises:
        ValueError: the parts are not in the shape that the protocol promises.
    """
    if not (isinstance(did, str) and _DID.fullmatch(did)):
        raise ValueError("did")
    if not (isinstance(rkey, str) and _RKEY.fullmatch(rkey)):
        raise ValueError("rkey")
    return f"at://{did}/{POSTS}/{rkey}"


def is_post_uri(uri: object) -> bool:
    """Whether it names a post by the DID of its author."""
    return isinstance(uri, str) and _URI.fullmatch(uri) is not None


def of_record(did: object, rkey: object, cid: object, record: object, seen: datetime | None) -> Post:
    """A post of a record in the stream, where its author is known by DID alone.

    `seen` is when the stream saw it, if it says so.

    Raises:
        ValueError: it is not in the shape of one; the message is the name of what is wrong, never its content.
    """
    return _post(uri_of(did, rkey), cid, record, seen, {}, None)


def posts_of(views: Sequence[Any], place: str) -> tuple[list[Post], list[Reject]]:
    """The posts of a page of views, and a reject for each that is none."""
    posts: list[Post] = []
    rejects: list[Reject] = []
    for number, view in enumerate(views, 1):
        try:
            posts.append(of_view(view))
        except ValueError as error:
            rejects.append(Reject(f"{place}, post {number}", f"not in the shape of a post: {error}"))
    return posts, rejects


def of_view(view: Any) -> Post:
    """A post as search and look-up show it, with its author and how it was taken.

    Raises:
        ValueError: it is not in the shape of one.
    """
    if not isinstance(view, dict):
        raise ValueError("view")  # noqa: TRY004 - one class for all that is in no known shape
    found = _URI.fullmatch(view["uri"]) if isinstance(view.get("uri"), str) else None
    if found is None:
        raise ValueError("uri")
    author = view.get("author")
    counts = Engagement(
        likes=_count(view.get("likeCount")),
        reposts=_count(view.get("repostCount")),
        replies=_count(view.get("replyCount")),
        quotes=_count(view.get("quoteCount")),
    )
    seen = _moment(view.get("indexedAt"))
    return _post(
        found[0],
        view.get("cid"),
        view.get("record"),
        seen,
        author if isinstance(author, dict) else {},
        counts if counts != Engagement() else None,
    )


def handle_of(author: Mapping[str, Any]) -> str | None:
    """The author's handle, where the platform could verify one."""
    handle = author.get("handle")
    return handle if isinstance(handle, str) and handle and handle != _NO_HANDLE else None


def name_of(author: Mapping[str, Any]) -> str | None:
    """The name that the author shows."""
    name = author.get("displayName")
    return (clean(name) or None) if isinstance(name, str) else None


def _post(
    uri: str,
    cid: object,
    record: object,
    seen: datetime | None,
    author: Mapping[str, Any],
    engagement: Engagement | None,
) -> Post:
    if not isinstance(record, dict):
        raise ValueError("record")  # noqa: TRY004 - one class for all that is in no known shape
    text = record.get("text")
    if not isinstance(text, str):
        raise ValueError("text")  # noqa: TRY004
    did, _, rkey = uri.removeprefix("at://").split("/")
    reply = _dict(record.get("reply"))
    parent, root = (_uri(_dict(reply.get(end)).get("uri")) for end in ("parent", "root"))
    quoted = _quoted(record.get("embed"))
    kind: Literal["reply", "quote", "post"] = "reply" if parent else "quote" if quoted else "post"
    languages = record.get("langs")
    return Post(
        platform=Platform.BLUESKY,
        native_id=uri,
        text=clean(text)[:MAX_TEXT],
        published_at=_published(record.get("createdAt"), seen),
        kind=kind,
        author_id=did,
        author_handle=handle_of(author),
        author_name=name_of(author),
        url=f"https://bsky.app/profile/{did}/post/{rkey}",
        language=language_tag(languages[0]) if isinstance(languages, list) and languages else None,
        thread=root or parent or uri,
        parent=parent,
        links=tuple(dict.fromkeys(_links(record)))[:MAX_LINKS],
        version=cid if isinstance(cid, str) and cid else None,
        quoted=quoted,
        engagement=engagement,
    )


def _published(created: object, seen: datetime | None) -> datetime:
    """When the post was published: what its author's program says, but never after the network has seen it.

    That is the platform's own rule (`sortAt`): `createdAt` is set by the program, and may be old for an import.

    Raises:
        ValueError: neither time can be read.
    """
    said = _moment(created)
    if seen is None:
        if said is None:
            raise ValueError("createdAt")
        return said
    return seen if said is None else min(said, seen)


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = parse_date(value, UTC)
    except ValueError:
        return None
    return moment if moment.year >= FIRST_YEAR else None


def _links(record: Mapping[str, Any]) -> Iterator[str]:
    """The whole addresses: the text itself shows them cut short."""
    facets = record.get("facets")
    for facet in facets if isinstance(facets, list) else ():
        features = _dict(facet).get("features")
        for feature in features if isinstance(features, list) else ():
            if link := web_link(_dict(feature).get("uri")):
                yield link
    embed = _dict(record.get("embed"))
    for holder in (embed, _dict(embed.get("media"))):
        if link := web_link(_dict(holder.get("external")).get("uri")):
            yield link


def _quoted(embed: object) -> str | None:
    """The post that an embed shows: `record` holds its name, alone or (beside media) one record deeper."""
    record = _dict(_dict(embed).get("record"))
    return _uri(record.get("uri")) or _uri(_dict(record.get("record")).get("uri"))


def _uri(value: object) -> str | None:
    return value if isinstance(value, str) and is_post_uri(value) else None


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
