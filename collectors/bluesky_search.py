"""What a logged-in account can ask of Bluesky: the search, posts by name, and who their authors are."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from atproto_client import models

from collectors.base import Post, Reject, UnexpectedReply
from collectors.bluesky_account import Account
from collectors.bluesky_cursor import Hole, micros, moment
from collectors.bluesky_errors import BadRequest
from collectors.bluesky_posts import handle_of, is_post_uri, name_of, of_view, posts_of

PAGE = 100  # posts of one page, the most that may be asked for
BATCH = 25  # posts or profiles of one look-up, the most that may be asked for
MAX_RECHECK = 4 * BATCH  # posts looked up in one recheck
MAX_PROFILES = 4 * BATCH  # authors looked up for one piece of the stream
KNOWN_AUTHORS = 10_000  # profiles remembered
PROFILE_LASTS = timedelta(days=1)  # then it is asked again: handles and counts change
_SECOND = 1_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a hole: what it brought, and what is left of the hole."""

    posts: Sequence[Post]
    rejects: Sequence[Reject]
    left: Hole | None
    notes: Sequence[str] = ()


def read_page(account: Account, hole: Hole, size: int = PAGE) -> Page:
    """The next page of a hole, newest first.

    Raises:
        SourceError: nothing was read; the hole stays as it is.
    """
    params = models.AppBskyFeedSearchPosts.Params(
        q=hole.query,
        sort="latest",
        since=_stamp(moment(hole.since)),
        until=_stamp(moment(hole.until)),
        limit=size,
        cursor=hole.page,
    )
    try:
        answer = account.ask("app.bsky.feed.searchPosts", params)
    except BadRequest:
        if hole.page is None or hole.oldest is None:
            raise
        anew = replace(hole, page=None, until=min(hole.until, hole.oldest + _SECOND))
        return Page((), (), anew if anew != hole else None, ("the search has forgotten its place and begins anew",))
    views = answer.get("posts")
    if not isinstance(views, list):
        raise UnexpectedReply("the search answered without posts")
    posts, rejects = posts_of(views, "search page")
    following = answer.get("cursor")
    oldest = min((micros(post.published_at) for post in posts), default=hole.oldest)
    if not isinstance(following, str) or not following or following == hole.page or not views:
        return Page(posts, rejects, None)
    return Page(posts, rejects, replace(hole, page=following, oldest=oldest))


def look_up(account: Account, native_ids: Sequence[str]) -> dict[str, Post | None]:
    """What became of the first MAX_RECHECK posts; one that is not shown any more is None, an odd one is absent.

    Raises:
        SourceError: nothing is known.
    """
    uris = [uri for uri in native_ids if is_post_uri(uri)][:MAX_RECHECK]
    found: dict[str, Post | None] = {}
    for start in range(0, len(uris), BATCH):
        batch = uris[start : start + BATCH]
        answer = account.ask("app.bsky.feed.getPosts", models.AppBskyFeedGetPosts.Params(uris=batch))
        views = answer.get("posts")
        if not isinstance(views, list):
            raise UnexpectedReply("the look-up answered without posts")
        shown = {view.get("uri"): view for view in views if isinstance(view, dict)}
        for uri in batch:
            if uri not in shown:
                found[uri] = None
                continue
            try:
                found[uri] = of_view(shown[uri])
            except ValueError:
                continue  # in no shape that we know: absent, so unknown
    return found


@dataclass(frozen=True, slots=True)
class _Author:
    handle: str | None
    name: str | None
    followers: int | None
    asked_at: datetime


class Authors:
    """Who stands behind a DID, asked once a day for each; the stream and the search tell too little of them."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._known: OrderedDict[str, _Author] = OrderedDict()

    def named(self, posts: Sequence[Post], now: datetime) -> list[Post]:
        """The posts with their authors' handles, names and followers, as far as they are known.

        At most MAX_PROFILES authors are asked for; posts of the others stay as they are.

        Raises:
            SourceError: the authors could not be asked for.
        """
        wanted = dict.fromkeys(post.author_id for post in posts if post.author_id)
        unknown = [did for did in wanted if did not in self._known or now - self._known[did].asked_at > PROFILE_LASTS]
        for start in range(0, min(len(unknown), MAX_PROFILES), BATCH):
            self._ask(unknown[start : min(start + BATCH, MAX_PROFILES)], now)
        while len(self._known) > KNOWN_AUTHORS:
            self._known.popitem(last=False)
        return [self._with(post) for post in posts]

    def _ask(self, dids: Sequence[str], now: datetime) -> None:
        params = models.AppBskyActorGetProfiles.Params(actors=list(dids))
        profiles = self._account.ask("app.bsky.actor.getProfiles", params).get("profiles")
        if not isinstance(profiles, list):
            raise UnexpectedReply("the look-up of authors answered without profiles")
        shown = {profile.get("did"): profile for profile in profiles if isinstance(profile, dict)}
        for did in dids:
            profile: dict[str, Any] = shown.get(did, {})
            followers = profile.get("followersCount")
            count = followers if isinstance(followers, int) and not isinstance(followers, bool) else None
            self._known.pop(did, None)
            self._known[did] = _Author(handle_of(profile), name_of(profile), count, now)

    def _with(self, post: Post) -> Post:
        author = self._known.get(post.author_id or "")
        if author is None:
            return post
        return replace(
            post,
            author_handle=author.handle or post.author_handle,
            author_name=author.name or post.author_name,
            followers=post.followers if author.followers is None else author.followers,
        )


def _stamp(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
