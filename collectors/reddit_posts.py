"""Posts of what Reddit tells: submissions (t3) and comments (t1), as they stand in its JSON.

The payloads are read as they came. praw's own objects are not made of them: those fetch what a payload lacks with a
request of their own, and one thing in an unknown shape would spoil the whole page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from collectors.base import MAX_TEXT, Engagement, Gone, Post, Reject
from collectors.dates import of_seconds
from collectors.plain import MAX_LINKS, clean, web_link
from config.vocabulary import Platform

SITE = "https://www.reddit.com"
ROBOT = "AutoModerator"  # Reddit's own; what it says under a thread is house rules, not an opinion
SUBMISSION, COMMENT = "t3", "t1"

_FULLNAME = re.compile(r"t[13]_[0-9a-z]{1,13}")
_LINKED = re.compile(r"\[([^\[\]\n]{0,500})\]\((https?:[^\s()]{1,2000}|/[^\s()]{0,500})\)")  # [text](address)
_BARE = re.compile(r"https?://[^\s<>()\[\]]{1,2000}")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!~>|^/&])")  # what Reddit's editor escapes in its Markdown
_EMPTIED = {"[deleted]": "deleted", "[removed]": "removed"}
_BY_ITS_AUTHOR = frozenset(("deleted", "author"))  # of removed_by_category; the others are moderators and Reddit

Withdrawal = Literal["deleted", "removed"]


@dataclass(slots=True)
class Things:
    """What a listing holds: posts, what is no more, and what could not be read."""

    posts: list[Post] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    times: list[int] = field(default_factory=list)  # when each was published, by Reddit's clock
    names: list[str] = field(default_factory=list)  # fullnames, in order


def things_of(children: Iterable[Any], place: str) -> Things:
    """The things of a listing; one that is in no known shape is rejected and spoils no other. Empty in, empty out."""
    things = Things()
    for number, child in enumerate(children, 1):
        try:
            data, name = _named(child)
            things.names.append(name)
            if withdrawn(data) is not None:
                things.gone.append(Gone(Platform.REDDIT, name))
            else:
                things.posts.append(of_thing(child))
            things.times.append(int(data["created_utc"]))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            things.rejects.append(Reject(f"{place}, thing {number}", f"in no known shape: {type(error).__name__}"))
    return things


def withdrawn(data: Mapping[str, Any]) -> Withdrawal | None:
    """Whether its author has deleted it, or a moderator or Reddit has removed it; None: it stands.

    An author whose account is gone leaves "[deleted]" as name and the text as it was: that still stands.
    """
    by = data.get("removed_by_category")
    if isinstance(by, str) and by:
        return "deleted" if by in _BY_ITS_AUTHOR else "removed"
    text = data.get("body") if "body" in data else data.get("selftext")
    word = _EMPTIED.get(text.strip()) if isinstance(text, str) else None
    if word == "deleted":  # the word alone proves nothing: anybody may write it
        return "deleted" if data.get("author") in (None, "[deleted]") else None
    return "removed" if word == "removed" else None


def of_thing(child: Any) -> Post:
    """A post of a submission or comment that stands.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, OverflowError: it is not in the shape of one.
    """
    data, name = _named(child)
    is_comment = name.startswith(COMMENT)
    text, links = of_markdown(data["body"] if is_comment else data.get("selftext") or "")
    title = "" if is_comment else clean(_escapes(str(data["title"])))
    if not (text or title):
        raise ValueError("says nothing")
    original = None if is_comment else _crossposted(data)
    passed_on = original is not None and not text and clean(_escapes(str(original.get("title")))) == title
    handle = _text(data.get("author"))
    edited = data.get("edited")
    return Post(
        platform=Platform.REDDIT,
        native_id=name,
        text=(text or title)[:MAX_TEXT],
        published_at=of_seconds(int(data["created_utc"])),
        kind="comment" if is_comment else "post" if original is None else "repost" if passed_on else "quote",
        title=title if text and title else None,
        author_id=_text(data.get("author_fullname")),
        author_handle=None if handle == "[deleted]" else handle,
        url=_address(data, name, is_comment=is_comment),
        thread=_fullname(data["link_id"], SUBMISSION) if is_comment else name,
        parent=_fullname(data["parent_id"]) if is_comment else None,
        links=_links(() if is_comment else _target(data), links),
        version=str(int(edited)) if isinstance(edited, int | float) and not isinstance(edited, bool) else None,
        community=_community(data),
        repost_of=original["name"] if original is not None and passed_on else None,
        quoted=original["name"] if original is not None and not passed_on else None,
        engagement=_engagement(data),
    )


def of_markdown(markdown: str) -> tuple[str, tuple[str, ...]]:
    """The text with its links' words alone, and where the links lead. Quotes and emphasis stay as they are."""
    links = [found[1] for found in _LINKED.findall(markdown)] + _BARE.findall(markdown)
    text = _LINKED.sub(lambda found: found[1], markdown)
    return clean(_escapes(text)), tuple(_ESCAPED.sub(r"\1", html.unescape(link)).rstrip(".,;:!?'\"") for link in links)


def _escapes(markdown: str) -> str:
    return html.unescape(_ESCAPED.sub(r"\1", markdown)).replace("\u200b", "")  # the editor's empty paragraphs


def _named(child: Any) -> tuple[Mapping[str, Any], str]:
    kind, data = child["kind"], child["data"]
    name = data.get("name") or f"{kind}_{data['id']}"
    if kind not in (SUBMISSION, COMMENT):
        raise ValueError("neither a submission nor a comment")
    return data, _fullname(name, kind)


def _fullname(value: Any, kind: str = "") -> str:
    if not isinstance(value, str) or not _FULLNAME.fullmatch(value) or not value.startswith(kind):
        raise ValueError("no fullname")
    return value


def _text(value: Any) -> str | None:
    return clean(value) or None if isinstance(value, str) else None


def _community(data: Mapping[str, Any]) -> str | None:
    """As people write it: r/acme, or u/mia for what stands on somebody's own page."""
    name = _text(data.get("subreddit"))
    return _text(data.get("subreddit_name_prefixed")) or (f"r/{name}" if name else None)


def _address(data: Mapping[str, Any], name: str, *, is_comment: bool) -> str | None:
    """The permalink without what a search adds to it; old payloads have none, and it is put together."""
    given = data.get("permalink")
    path = urlsplit(given).path if isinstance(given, str) else ""
    if not path.startswith("/r/") and not path.startswith("/u"):
        thread = (_fullname(data["link_id"], SUBMISSION) if is_comment else name).partition("_")[2]
        path = f"/comments/{thread}/_/{name.partition('_')[2]}/" if is_comment else f"/comments/{thread}/"
        path = f"/r/{data['subreddit']}{path}" if isinstance(data.get("subreddit"), str) else path
    return web_link(SITE + path)


def _target(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a submission leads, if elsewhere than to itself."""
    if data.get("is_self"):
        return ()
    target = data.get("url_overridden_by_dest") or data.get("url")
    permalink = data.get("permalink")
    if not isinstance(target, str) or (isinstance(permalink, str) and target.endswith(permalink)):
        return ()
    return (target,)


def _links(*several: Iterable[str]) -> tuple[str, ...]:
    found = dict.fromkeys(link for links in several for raw in links if (link := web_link(raw)) is not None)
    return tuple(found)[:MAX_LINKS]


def _crossposted(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The submission that this one shows again, with its fullname as `name`."""
    parent, originals = data.get("crosspost_parent"), data.get("crosspost_parent_list")
    if not isinstance(parent, str) or not _FULLNAME.fullmatch(parent):
        return None
    first = originals[0] if isinstance(originals, list) and originals and isinstance(originals[0], dict) else {}
    return {**first, "name": parent}


def _engagement(data: Mapping[str, Any]) -> Engagement | None:
    hidden = data.get("score_hidden") or data.get("hide_score")
    score, replies = (_count(data.get(key)) for key in ("score", "num_comments"))
    seen = Engagement(score=None if hidden else score, replies=replies)
    return None if seen == Engagement() else seen


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
