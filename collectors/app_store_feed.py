"""Reviews of any app by Apple's public feed: keyless, the newest 500 of each country."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from collectors.app_store_pages import Taken, review
from collectors.base import AccessDenied, Checked, Post, Rechecked, Reject, UnexpectedReply
from collectors.checking import reached
from collectors.dates import parse_date
from collectors.http import Http
from config.source_app_store import AppStoreSource

LAST_PAGE = 10  # of 50 reviews; Apple shows no more

_ID = re.compile(r"[0-9]{1,30}")
_REVIEWER = re.compile(r"/id([0-9]{1,30})$")
_MISSHAPEN = (KeyError, TypeError, ValueError, AttributeError)


class FeedReader:
    """One list for each app and country."""

    def __init__(self, source: AppStoreSource, *, http: Http, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._http = http
        self._clock = clock
        self.names = tuple(f"app {app}, {country}" for app in source.apps for country in source.countries)

    def page(self, name: str, token: str) -> Taken:
        """A page of a country's reviews, by its number."""
        app, country = name.removeprefix("app ").split(", ")
        number = int(token or 1)
        path = f"{country}/rss/customerreviews/page={number}/id={app}/sortby=mostrecent/json"
        accept = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
        reply = self._http.get(f"{self._source.feed_url.rstrip('/')}/{path}", accept=accept)
        if reply.status in accept:
            # Beyond its last page the feed says so by a refusal.
            return Taken(reply.requests, refused="" if number > 1 else "list", reason=f"status {reply.status}")
        feed = reply.json_object().get("feed")
        if not isinstance(feed, dict):
            raise UnexpectedReply("the App Store's feed answered without a feed")
        entries = feed.get("entry", [])
        entries = entries if isinstance(entries, list) else [entries]  # a single one stands alone
        posts: list[Post] = []
        rejects: list[Reject] = []
        for place, entry in enumerate(entries, 1):
            if _is_app(entry):
                continue
            try:
                posts.append(self._post(entry, app, country))
            except _MISSHAPEN as error:
                shown = f"not in the shape of a review: {type(error).__name__}"
                rejects.append(Reject(f"{name}, page {number}, entry {place}", shown))
        times = [post.published_at for post in posts if post.dated_by == "platform"]
        goes_on = bool(posts or rejects) and number < LAST_PAGE
        is_cut = bool(posts) and number == LAST_PAGE
        return Taken(reply.requests, posts, rejects, times, str(number + 1) if goes_on else "", is_cut)

    def recheck(self, native_ids: Sequence[str]) -> Rechecked:
        """Nothing: the feed cannot be asked for single reviews."""
        return Rechecked()

    def check(self) -> Checked:
        """Whether the feed of the first app and country answers."""
        return reached(self._reach)

    def _reach(self) -> None:
        taken = self.page(self.names[0], "")
        if taken.refused:
            raise AccessDenied(f"{self.names[0]}: there is no such feed ({taken.reason})")

    def _post(self, entry: Mapping[str, Any], app: str, country: str) -> Post:
        """A review of the feed; one that tells no time is dated by now.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is not in the shape of one.
        """
        native_id = entry["id"]["label"]
        if not _ID.fullmatch(native_id):
            raise ValueError("the id is no number")
        author = entry.get("author") or {}
        reviewer = _REVIEWER.search(_label(author, "uri"))
        updated, app_version = _label(entry, "updated"), _label(entry, "im:version")
        helpful = _label(entry, "im:voteSum")
        state = "; ".join((*((updated,) if updated else ()), *((f"app {app_version}",) if app_version else ())))
        return review(
            native_id=native_id,
            title=_label(entry, "title"),
            body=entry["content"]["label"],
            rating=entry["im:rating"]["label"],
            published_at=parse_date(updated, None) if updated else self._clock(),
            dated_by="platform" if updated else "first_seen",
            name=_label(author, "name"),
            author_id=reviewer[1] if reviewer else None,
            app=app,
            country=country,
            version=state[:200] or None,
            likes=int(helpful[:9]) if helpful.isascii() and helpful.isdigit() else None,
        )


def _is_app(entry: Any) -> bool:
    """Whether an entry is the app itself, with which the feed may begin."""
    return isinstance(entry, dict) and "im:rating" not in entry and "im:name" in entry


def _label(holder: Mapping[str, Any], name: str) -> str:
    part = holder.get(name)
    label = part.get("label") if isinstance(part, dict) else None
    return label if isinstance(label, str) else ""
