"""What `monitor doctor` asks of a Mastodon instance; every question is free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from collectors.base import AccessDenied, Checked, SourceError
from collectors.checking import CREDENTIALS, REACH
from collectors.mastodon_posts import posts_of
from collectors.mastodon_wire import Wire
from config.source_mastodon import MastodonSource


def checks(wire: Wire, source: MastodonSource) -> Iterator[Checked]:
    """Whether the instance can be reached, takes the token, and shows hashtags and searches to this reader."""
    try:
        feeds = _hashtag_feeds(wire.description())
    except SourceError as error:
        yield _failed(wire, REACH, error)
        return
    yield Checked(f"{wire.host}: {REACH}", ok=True)
    if wire.has_token:
        try:
            wire.account()
        except SourceError as error:
            yield _failed(wire, CREDENTIALS, error)
            return
        yield Checked(f"{wire.host}: {CREDENTIALS}", ok=True)
    if source.hashtags:
        yield _tags(wire, source, feeds)
    if source.searches and wire.has_token:
        yield _search(wire, source)


def _tags(wire: Wire, source: MastodonSource, feeds: set[str]) -> Checked:
    what = f"{wire.host}: hashtags"
    if feeds and "public" not in feeds and not (wire.has_token and "authenticated" in feeds):
        return Checked(
            what, ok=False, detail="the instance hides them from this reader: needs an access_token at least"
        )
    tag = source.hashtags[0]
    try:
        page = wire.tagged(tag)
    except SourceError as error:
        return _failed(wire, "hashtags", error)
    taken = posts_of(page, wire.host, tag, only_indexable=source.only_indexable)
    hidden = f", {taken.left_out} of them left out: their authors do not agree to be found" if taken.left_out else ""
    return Checked(what, ok=True, detail=f"the newest {len(page)} posts with #{tag} were shown{hidden}")


def _search(wire: Wire, source: MastodonSource) -> Checked:
    try:
        page = wire.found(source.searches[0])
    except SourceError as error:
        return _failed(wire, "searches", error)
    empty = "nothing was found: it may have no full-text search, or nobody agreed to be found by it"
    return Checked(f"{wire.host}: searches", ok=True, detail="" if page else empty)


def _hashtag_feeds(description: Mapping[str, Any]) -> set[str]:
    """Who sees hashtag timelines, as an instance says from Mastodon 4.5 on: public, authenticated, disabled."""
    feeds: Any = description
    for step in ("configuration", "timelines_access", "hashtag_feeds"):
        feeds = feeds.get(step) if isinstance(feeds, dict) else None
    return {who for who in feeds.values() if isinstance(who, str)} if isinstance(feeds, dict) else set()


def _failed(wire: Wire, what: str, error: SourceError) -> Checked:
    of = CREDENTIALS if isinstance(error, AccessDenied) else what
    return Checked(f"{wire.host}: {of}", ok=False, detail=str(error))
