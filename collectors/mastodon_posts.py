"""Posts of the statuses that a Mastodon instance tells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from collectors.base import MAX_TEXT, Engagement, Post, PostKind, Reject
from collectors.dates import YEARS
from collectors.plain import MAX_LINKS, MAX_URL, clean, language_tag, links_in, strip_html, unfit, web_link
from config.vocabulary import Platform

# Links to the people and hashtags that a post names: they lead to instances, not to what the post is about.
_MENTION = re.compile(r"""<a\s[^<>]{0,2000}?class\s*=\s*["'][^"'<>]{0,200}\bmention\b[^<>]{0,2000}>""", re.IGNORECASE)
_WRONG = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a page of statuses holds."""

    posts: tuple[Post, ...]
    rejects: tuple[Reject, ...]
    left_out: int  # not public, or by authors who do not want to be found


def posts_of(statuses: Sequence[Any], host: str, place: str, *, only_indexable: bool) -> Taken:
    """The posts of a page that may be taken, and a reject for each status that is none. Empty in, empty out."""
    uris = {str(s.get("id")): s.get("uri") for s in statuses if isinstance(s, dict)}
    posts: list[Post] = []
    rejects: list[Reject] = []
    left_out = 0
    for number, status in enumerate(statuses, 1):
        try:
            if may_be_taken(status, only_indexable=only_indexable):
                posts.append(post_of(status, host, uris))
            else:
                left_out += 1
        except _WRONG as error:
            known = id_of(status)
            where = f"status {known}" if known is not None else f"status no. {number}"
            rejects.append(Reject(f"{place}, {where}", f"not in the shape of a status: {type(error).__name__}"))
    return Taken(tuple(posts), tuple(rejects), left_out)


def id_of(status: Any) -> int | None:
    """The instance's own number of a status, which rises with time; None where it has no such."""
    value = status.get("id") if isinstance(status, dict) else None
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19 else None  # noqa: PLR2004 - 64 bits


def second_of(status: Any) -> int | None:
    """When a status was published, in seconds since 1970; None where it does not say."""
    try:
        return int(_moment(status["created_at"]).timestamp())
    except _WRONG:
        return None


def may_be_taken(status: Mapping[str, Any], *, only_indexable: bool) -> bool:
    """Whether a status is public, and its author does not object.

    `noindex` is an author's wish to be left out of searches. `indexable` false is no consent to be found by them,
    which is how accounts begin; with `only_indexable` their posts stay out too. Where an instance knows neither,
    public is public. A boost needs the leave of both.

    Raises:
        KeyError, TypeError, AttributeError: it is not in the shape of a status.
    """
    account = status["account"]
    refused = account.get("noindex") is True or (only_indexable and account.get("indexable") is False)
    if status["visibility"] != "public" or refused:
        return False
    passed_on = status.get("reblog")
    return passed_on is None or may_be_taken(passed_on, only_indexable=only_indexable)


def post_of(status: Mapping[str, Any], host: str, uris: Mapping[str, Any]) -> Post:
    """A post of a status that `host` shows; `uris` are those of the statuses beside it, by their ids there.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, OverflowError: it is not in the shape of a status.
    """
    passed_on = status.get("reblog")
    shown = passed_on if passed_on is not None else status
    account = status["account"]
    uri = _uri(status["uri"])
    answers = status.get("in_reply_to_id")
    parent = uris.get(str(answers)) if answers is not None else None
    quoted = _quoted(status)
    text = _text(shown)
    if not text:
        raise ValueError("says nothing")
    return Post(
        platform=Platform.MASTODON,
        native_id=uri,
        text=text,
        published_at=_moment(status["created_at"]),
        kind=_kind(passed_on=passed_on is not None, quotes=quoted is not None, answers=answers is not None),
        author_id=_known(account.get("uri")) or web_link(account.get("url")),
        author_handle=_handle(account, host),
        author_name=clean(account.get("display_name") or "") or None,
        followers=_count(account.get("followers_count")),
        url=web_link(status.get("url")) or web_link(uri),
        language=language_tag(shown.get("language")),
        thread=uri if answers is None and passed_on is None else None,
        parent=_known(parent),
        links=_links(shown),
        version=_version(shown),
        community=host,
        repost_of=_uri(passed_on["uri"]) if passed_on is not None else None,
        quoted=quoted,
        engagement=Engagement(
            likes=_count(status.get("favourites_count")),
            reposts=_count(status.get("reblogs_count")),
            replies=_count(status.get("replies_count")),
            quotes=_count(status.get("quotes_count")),
        ),
    )


def _text(status: Mapping[str, Any]) -> str:
    """What a status says: its warning (plain text), then its content (HTML)."""
    warning, content = clean(status.get("spoiler_text") or ""), strip_html(status["content"])
    return "\n\n".join(part for part in (warning, content) if part)[:MAX_TEXT]


def _kind(*, passed_on: bool, quotes: bool, answers: bool) -> PostKind:
    if passed_on:
        return "repost"
    if quotes:
        return "quote"
    return "reply" if answers else "post"


def _quoted(status: Mapping[str, Any]) -> str | None:
    """The post quoted (Mastodon 4.5), where its author agreed to it; else it is not shown."""
    quote = status.get("quote")
    inner = quote.get("quoted_status") if isinstance(quote, dict) else None
    return _known(inner.get("uri")) if isinstance(inner, dict) else None


def _links(status: Mapping[str, Any]) -> tuple[str, ...]:
    card = status.get("card")
    shown = web_link(card.get("url")) if isinstance(card, dict) else None
    found = links_in(_MENTION.sub("", status["content"]))
    return tuple(dict.fromkeys((*found, shown) if shown else found))[:MAX_LINKS]


def _handle(account: Mapping[str, Any], host: str) -> str | None:
    """name@server, for an instance's own accounts too: the bare name means others elsewhere."""
    name = account.get("acct")
    if not isinstance(name, str) or not name or unfit(name):
        return None
    return name if "@" in name else f"{name}@{urlsplit(account.get('uri') or '').hostname or host}"


def _version(status: Mapping[str, Any]) -> str | None:
    edited = status.get("edited_at")
    return None if edited is None else _moment(edited).isoformat()


def _uri(value: object) -> str:
    """The name that a status has on every instance.

    Raises:
        ValueError: it is none.
    """
    known = _known(value)
    if known is None:
        raise ValueError("no uri")
    return known


def _known(value: object) -> str | None:
    fit = isinstance(value, str) and 0 < len(value) <= MAX_URL and not unfit(value) and value.isprintable()
    return str(value) if fit else None


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.utcoffset() is None:
        raise ValueError("a time without a zone")
    if moment.year not in YEARS:
        raise ValueError("no date of use")
    return moment.astimezone(UTC)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
