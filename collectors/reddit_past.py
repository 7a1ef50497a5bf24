"""Reading the past of Reddit, as far as its listings show it: a job with a cursor of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from collectors.base import Harvest, Loss, Post
from collectors.reddit_reading import Reader
from collectors.reddit_state import (
    Lane,
    Spot,
    State,
    Thread,
    begun,
    read_cursor,
    seconds_of,
    shown_too_little,
    spots_of,
    write_cursor,
)
from collectors.reddit_wire import NotThere
from config.source_reddit import RedditSource

Stretch = tuple[datetime, datetime]  # the first moment, and the first after it


def read_past(reader: Reader, source: RedditSource, cursor: str | None, stretch: Stretch, now: int) -> Harvest:
    """The next posts published in the stretch; `more` until every listing and conversation has been read.

    Listings are read from now back, since Reddit has no other way in; what it shows no more is a Loss. Each
    conversation that a search finds is read once.

    Raises:
        SourceError: as Reader.page.
    """
    known, spots = read_cursor(cursor), spots_of(source)
    state = State({spot.key: known.lanes.get(spot.key, Lane()) for spot in spots}, known.threads)
    spot = next((spot for spot in spots if not state.lanes[spot.key].done), None)
    if spot is not None:
        harvest = _page(reader, source, state, spot, stretch, now)
    elif (name := state.due) is not None:
        harvest = _talk(reader, state, name, stretch)
    else:
        harvest = Harvest()
    return replace(harvest, cursor=write_cursor(state), more=state.unfinished, gaps=state.gaps)


def _page(reader: Reader, source: RedditSource, state: State, spot: Spot, stretch: Stretch, now: int) -> Harvest:
    lane = begun(state.lanes[spot.key], now, seconds_of(stretch[0]))
    try:
        things, after = reader.page(lane, spot, now)
    except NotThere as error:
        if spot.kind == "search":
            raise
        state.lanes[spot.key] = replace(lane, done=True, anchors=())
        return Harvest(notes=(f"{spot.label} cannot be read: {error}",))
    state.lanes[spot.key] = after
    posts = [post for post in things.posts if _within(post, stretch)]
    if spot.kind == "search" and source.threads.follow_for > timedelta(0):
        talked = {post.native_id: seconds_of(post.published_at) for post in posts if _answered(post)}
        state.threads = {name: Thread(created, due=0) for name, created in talked.items()} | state.threads
    short = shown_too_little(lane, after, spot)
    lost: tuple[Loss, ...] = ()
    if short is not None and datetime.fromtimestamp(short[0], UTC) < stretch[1]:
        since, until = (datetime.fromtimestamp(seconds, UTC) for seconds in short)
        lost = (Loss(spot.label, since, min(until, stretch[1]), "Reddit shows no more of a listing"),)
    return Harvest(posts=posts, gone=things.gone, rejects=things.rejects, lost=lost)


def _talk(reader: Reader, state: State, name: str, stretch: Stretch) -> Harvest:
    del state.threads[name]
    try:
        talk = reader.talk(name)
    except NotThere as error:
        return Harvest(notes=(f"conversation {name} cannot be read: {error}",))
    notes = [f"conversation {name}: {talk.left_out} comments were left out (threads.more_comments)"]
    return Harvest(
        posts=[post for post in talk.posts if _within(post, stretch)],
        gone=talk.gone,
        rejects=talk.rejects,
        notes=notes if talk.left_out else (),
    )


def _within(post: Post, stretch: Stretch) -> bool:
    return stretch[0] <= post.published_at < stretch[1]


def _answered(post: Post) -> bool:
    return post.engagement is None or post.engagement.replies != 0
