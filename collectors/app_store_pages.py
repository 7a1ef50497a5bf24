"""What both ways to read the App Store's reviews have in common: a page as taken, and the posts of reviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from collectors.base import MAX_TEXT, Checked, Engagement, Post, Rechecked, Reject
from collectors.plain import clean
from config.vocabulary import Platform

RATING_MAX = 5
DEVELOPER = "developer"  # the handle of whoever answers for the app, to be named in own_accounts
ANSWER = "/developer"  # after a review's id: the id of the answer to it


@dataclass(frozen=True, slots=True)
class Taken:
    """A page of a list, or why there is none."""

    requests: int
    posts: Sequence[Post] = ()
    rejects: Sequence[Reject] = ()
    times: Sequence[datetime] = ()  # of the reviews, in the page's order
    token: str = ""  # of the next page; "" = this is the last
    is_cut: bool = False  # it is the last that the platform shows, not the last there is
    refused: Literal["", "list", "token"] = ""  # there is no such list, or the token is not taken
    reason: str = ""


class Reader(Protocol):
    """One way to read."""

    names: tuple[str, ...]  # of the lists

    def page(self, name: str, token: str) -> Taken:
        """A page of a list; "" = the newest.

        Raises:
            SourceError: nothing was taken.
        """
        ...

    def recheck(self, native_ids: Sequence[str]) -> Rechecked:
        """What became of some of the posts.

        Raises:
            SourceError: nothing is known.
        """
        ...

    def check(self) -> Checked:
        """Whether the first list can be read."""
        ...


def review(
    *,
    native_id: str,
    title: object,
    body: object,
    rating: object,
    published_at: datetime,
    dated_by: Literal["platform", "first_seen"] = "platform",
    name: object,
    author_id: str | None = None,
    app: str | None,
    country: str | None,
    version: str | None = None,
    likes: int | None = None,
) -> Post:
    """The post of a review. A reviewer's name is no handle: anybody may call themselves "developer"."""
    where = f"app {app}, {country}" if app and country else None
    shop = f"{country}/" if country and len(country) == len("us") else ""
    return Post(
        platform=Platform.APP_STORE,
        native_id=native_id,
        text=clean(body)[:MAX_TEXT] if isinstance(body, str) else "",
        title=clean(title) or None if isinstance(title, str) else None,
        published_at=published_at,
        dated_by=dated_by,
        kind="review",
        author_id=author_id,
        author_name=clean(name) or None if isinstance(name, str) else None,
        url=f"https://apps.apple.com/{shop}app/id{app}?see-all=reviews" if app else None,
        thread=native_id,
        rating=stars(rating),
        rating_max=RATING_MAX,
        version=version,
        community=where,
        engagement=Engagement(likes=likes) if likes is not None else None,
    )


def stars(value: object) -> float | None:
    """A rating of 1 to 5; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:3])
    return float(value) if isinstance(value, int) and 1 <= value <= RATING_MAX else None
