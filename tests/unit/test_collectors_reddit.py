from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from faulty_server import Answer
from praw.config import Config
from pydantic import ValidationError
from reddit_server import CLIENT_ID, CLIENT_SECRET, RedditServer, comment, submission

from collectors.base import (
    AccessDenied,
    Checked,
    Gone,
    Harvest,
    Loss,
    Post,
    RateLimited,
    Rechecked,
    SourceDown,
    SourceError,
    UnexpectedReply,
)
from collectors.http import Http
from collectors.matching import Matcher
from collectors.reddit import STUMBLES, RedditCollector
from collectors.reddit_state import Thread, read_again
from config.brands import Alias, Brand
from config.source_reddit import RedditSource, RedditThreads
from config.vocabulary import Platform

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW = NOON.timestamp()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHARED = Path(os.environ.get("MONITOR_SHARED") or Path(__file__).resolve().parents[2].parent / "shared")
RECORDED = SHARED / "recordings" / "prawcore"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedditServer]:
    monkeypatch.setenv("TEST_REDDIT_ID", CLIENT_ID)
    monkeypatch.setenv("TEST_REDDIT_SECRET", CLIENT_SECRET)

    def now() -> float:
        return clock.now.timestamp()

    with RedditServer(now) as server:
        yield server


def a_source(server: RedditServer | None = None, **more: object) -> RedditSource:
    given: dict[str, object] = {
        "name": "reddit",
        "client_id": "env:TEST_REDDIT_ID",
        "client_secret": "env:TEST_REDDIT_SECRET",
        "user_agent": "linux:com.acme.monitor:1.0 (by /u/acme_care)",
        "searches": ("acme",),
        "allow_private_address": True,
    }
    if server is not None:
        given |= {"api_url": server.base, "login_url": server.base}
    return RedditSource.model_validate(given | more)


def a_collector(
    server: RedditServer, clock: Clock, *, page: int = 100, read_seconds: float = 5, **more: object
) -> RedditCollector:
    source = a_source(server, **more)
    http = Http(
        user_agent="monitor/test",
        clock=clock,
        allow_private=source.allow_private_address,
        read_seconds=read_seconds,
        total_seconds=10,
    )
    return RedditCollector(source, http=http, clock=clock, page=page)


def a_round(collector: RedditCollector, cursor: str | None = None) -> Harvest:
    """All harvests of one round in one."""
    every: list[Harvest] = []
    for _ in range(2_000):
        every.append(collector.collect(every[-1].cursor if every else cursor))
        if not every[-1].more:
            return replace(
                every[-1],
                **{
                    name: [one for harvest in every for one in getattr(harvest, name)]
                    for name in ("posts", "rejects", "notes", "gone", "lost")
                },
                requests=sum(harvest.requests for harvest in every),
            )
    raise AssertionError("never ends")


def ids(harvest: Harvest) -> list[str]:
    return [post.native_id for post in harvest.posts]


def one_post(server: RedditServer, clock: Clock, thing: dict[str, Any]) -> Post:
    server.things = [thing]
    more = {"communities": ("travel",), "searches": ()}
    [post] = a_round(a_collector(server, clock, **more)).posts
    return post


# ---- what a post is made of


def test_a_submission_becomes_a_post(server: RedditServer, clock: Clock) -> None:
    text = "My **bag** \\_never\\_ came, see [their page](https://acme.example/bags?x=1&amp;y).\n\n&#x200B;\n\n> &gt; x"
    server.things = [submission("q1", NOW - 60, "Acme lost it &amp; more", selftext=text, edited=NOW - 30)]
    [post] = a_collector(server, clock).collect(None).posts
    assert post == Post(
        platform=Platform.REDDIT,
        native_id="t3_q1",
        text="My **bag** _never_ came, see their page.\n\n> > x",
        published_at=NOON - MINUTE,
        kind="post",
        title="Acme lost it & more",
        author_id="t2_mia",
        author_handle="mia_k",
        url="https://www.reddit.com/r/travel/comments/q1/a_title/",
        thread="t3_q1",
        links=("https://acme.example/bags?x=1&y",),
        version=str(int(NOW) - 30),
        community="r/travel",
        engagement=post.engagement,
    )
    assert (post.engagement and (post.engagement.score, post.engagement.replies)) == (7, 0)


def test_a_comment_becomes_a_post(server: RedditServer, clock: Clock) -> None:
    post = one_post(server, clock, comment("c1", NOW - 60, "Acme again", link="q1", parent="c0"))
    assert post == Post(
        platform=Platform.REDDIT,
        native_id="t1_c1",
        text="Acme again",
        published_at=NOON - MINUTE,
        kind="comment",
        author_id="t2_bo",
        author_handle="bo_r",
        url="https://www.reddit.com/r/travel/comments/q1/a_title/c1/",
        thread="t3_q1",
        parent="t1_c0",
        community="r/travel",
        engagement=post.engagement,
    )
    assert (post.engagement and (post.engagement.score, post.engagement.replies)) == (2, None)


def test_a_link_leads_where_it_leads(server: RedditServer, clock: Clock) -> None:
    post = one_post(server, clock, submission("q1", NOW, "Acme", is_self=False, url="https://news.example/a?b=c"))
    assert (post.text, post.title, post.links) == ("Acme", None, ("https://news.example/a?b=c",))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"title": "Acme"}, ("repost", "t3_o1", None)),
        ({"title": "Acme, look at this"}, ("quote", None, "t3_o1")),
        ({"title": "Acme", "crosspost_parent": "nonsense"}, ("post", None, None)),
    ],
)
def test_a_crosspost_repeats_or_quotes(
    server: RedditServer, clock: Clock, more: dict[str, Any], expected: tuple[str, str | None, str | None]
) -> None:
    crossed = {"crosspost_parent": "t3_o1", "crosspost_parent_list": [{"name": "t3_o1", "title": "Acme"}]}
    post = one_post(server, clock, submission("q1", NOW, **{**crossed, **more}))
    assert (post.kind, post.repost_of, post.quoted) == expected


@pytest.mark.parametrize("permalink", [None, 7, "javascript:alert(1)", "//evil.example/r/x"])
def test_a_permalink_is_put_together_where_there_is_none(server: RedditServer, clock: Clock, permalink: Any) -> None:
    thing = comment("c1", NOW, "Acme", link="q1", permalink=permalink)
    if permalink is None:
        del thing["permalink"]
    post = one_post(server, clock, thing)
    allowed = {"https://www.reddit.com/r/travel/comments/q1/_/c1/", "https://www.reddit.com/r/x"}
    assert post.url in allowed


def test_what_a_payload_lacks_is_unknown_and_costs_no_request(server: RedditServer, clock: Clock) -> None:
    server.things = [{"name": "t1_c1", "body": "Acme", "created_utc": NOW, "link_id": "t3_q", "parent_id": "t3_q",
                      "subreddit": "travel"}]  # fmt: skip
    harvest = a_round(a_collector(server, clock, communities=("travel",), searches=()))
    assert harvest.posts == [
        Post(
            platform=Platform.REDDIT,
            native_id="t1_c1",
            text="Acme",
            published_at=NOON,
            kind="comment",
            url="https://www.reddit.com/r/travel/comments/q/_/c1/",
            thread="t3_q",
            parent="t3_q",
            community="r/travel",
        )
    ]
    assert (harvest.requests, len(server.asked)) == (3, 3)  # the token and two listings


WITHDRAWN = [
    ({"body": "[deleted]", "author": "[deleted]"}, True),
    ({"body": "[removed]", "author": "bo_r"}, True),
    ({"body": "[removed]", "author": "[deleted]"}, True),
    ({"body": "[deleted]", "author": "bo_r"}, False),  # anybody may write the word
    ({"body": "Acme", "author": "[deleted]"}, False),  # the account is gone, the text stands
]


@pytest.mark.parametrize(("more", "is_gone"), WITHDRAWN)
def test_deleted_and_removed_comments_are_gone(
    server: RedditServer, clock: Clock, more: dict[str, Any], is_gone: bool
) -> None:
    server.things = [{**comment("c1", NOW, "", link="q1"), **more}]
    harvest = a_round(a_collector(server, clock, communities=("travel",), searches=()))
    assert harvest.gone == ([Gone(Platform.REDDIT, "t1_c1")] if is_gone else [])
    assert [post.author_handle for post in harvest.posts] == (
        [] if is_gone else [None if more["author"] == "[deleted]" else "bo_r"]
    )


def test_hostile_text_comes_through_and_a_hidden_score_is_unknown(server: RedditServer, clock: Clock) -> None:
    hostile = "Acme \u202e<script>alert(1)</script>\x07\ud800 =cmd|' /C calc'!A0 \U0001f4a5" + "x" * 200_000
    post = one_post(server, clock, comment("c1", NOW, hostile, link="q1", score_hidden=True))
    assert post.text.startswith("Acme \u202e<script>alert(1)</script> =cmd|' /C calc'!A0 \U0001f4a5x")
    assert (len(post.text), post.engagement) == (100_000, None)


def test_what_is_in_no_known_shape_is_rejected_and_spoils_nothing_else(server: RedditServer, clock: Clock) -> None:
    good = comment("c9", NOW - 9, "Acme", link="q1", new_key={"deep": [1]})
    bad = [
        {"name": "t1_c1", "created_utc": NOW, "subreddit": "travel"},
        comment("c2", NOW, "x", link="../../etc"),
        comment("c3", 1e300, "x", link="q1"),
        {**comment("c4", NOW, "x", link="q1"), "body": {"not": "text"}},
        comment("c5", NOW, "  ", link="q1"),
    ]
    server.things = [*bad, good]
    harvest = a_round(a_collector(server, clock, communities=("travel",), searches=()))
    assert (ids(harvest), len(harvest.rejects)) == (["t1_c9"], len(bad))
    assert {reject.place.partition(",")[0] for reject in harvest.rejects} == {"r/travel/comments"}


# ---- what is asked


def test_the_search_is_asked_as_reddit_wants_it(server: RedditServer, clock: Clock) -> None:
    harvest = a_collector(server, clock).collect(None)
    token, search = server.asked
    assert (token.method, token.path, harvest.requests) == ("POST", "/api/v1/access_token", 2)
    assert search.path == "/r/all/search/"
    assert search.params == {
        "q": "acme",
        "sort": "new",
        "t": "week",
        "type": "link",
        "limit": "100",
        "restrict_sr": "False",
        "raw_json": "1",
    }
    for asked in (token, search):
        assert asked.headers["user-agent"].startswith("linux:com.acme.monitor:1.0 (by /u/acme_care) PRAW/8")
    assert "cookie" not in search.headers


def test_one_token_serves_until_reddit_refuses_it(server: RedditServer, clock: Clock) -> None:
    collector = a_collector(server, clock)
    for _ in range(3):
        collector.collect(None)
    assert len(server.tokens) == 1
    server.tokens[0] = "taken back"
    assert collector.collect(None).requests == 3  # refused, a new token, the search
    server.answers["/r/all/search/"] = Answer(b'{"message": "Unauthorized", "error": 401}', 401)
    with pytest.raises(AccessDenied, match="does not take the access token"):
        collector.collect(None)


def test_the_window_of_the_search_reaches_back_over_a_pause(server: RedditServer, clock: Clock) -> None:
    collector = a_collector(server, clock)
    cursor = a_round(collector).cursor
    for pause in (10 * MINUTE, 11 * HOUR, 13 * HOUR, 6 * DAY, 20 * DAY, 200 * DAY, 400 * DAY):
        clock.now += pause
        cursor = a_round(collector, cursor).cursor
    windows = [asked.params["t"] for asked in server.asked if "search" in asked.path]
    assert windows == ["week", "day", "day", "week", "week", "month", "year", "all"]


def test_a_search_is_read_page_by_page_and_a_day_again(server: RedditServer, clock: Clock) -> None:
    server.things = [submission(f"q{n}", NOW - n * 3_600, "acme") for n in range(1, 31)]
    collector = a_collector(server, clock, page=10)
    first = a_round(collector)
    assert (ids(first), first.requests, first.notes) == ([f"t3_q{n}" for n in range(1, 31)], 4, [])
    clock.now += 10 * MINUTE
    server.things.append(submission("late", NOW - 20 * 3_600, "acme, indexed late"))
    second = a_round(collector, first.cursor)
    assert "t3_late" in ids(second)
    assert len(ids(second)) == 24  # the last day's


def test_a_community_is_read_back_to_what_is_known(server: RedditServer, clock: Clock) -> None:
    server.things = [comment(f"c{n}", NOW - 3_600 - 300 * n, "x", link="q1") for n in range(40)]
    collector = a_collector(server, clock, searches=(), communities=("r/travel", "acme"), page=10)
    first = a_round(collector)
    assert len(ids(first)) == 40
    assert set(server.paths) == {"/r/travel+acme/comments", "/r/travel+acme/new"}
    clock.now += HOUR
    server.things += [comment(f"a{n}", NOW + 60 + n, "x", link="q1") for n in range(25)]
    second = a_round(collector, first.cursor)
    assert {f"t1_a{n}" for n in range(25)} <= set(ids(second))
    assert second.requests == 4  # three pages of comments, one of submissions


def test_nothing_older_than_the_first_reading_is_taken(server: RedditServer, clock: Clock) -> None:
    server.things = [comment("old", NOW - 8 * 86_400, "x", link="q1"), comment("new", NOW - 86_400, "x", link="q1")]
    collector = a_collector(server, clock, searches=(), communities=("travel",))
    first = a_round(collector)
    clock.now += 30 * DAY
    second = a_round(collector, first.cursor)
    assert (ids(first), ids(second)) == (["t1_new"], ["t1_new"])


def test_a_page_is_found_again_though_what_ended_the_last_one_was_removed(server: RedditServer, clock: Clock) -> None:
    server.things = [comment(f"c{n}", NOW - n, "x", link="q1") for n in range(20)]
    collector = a_collector(server, clock, searches=(), communities=("travel",), page=10)
    first = collector.collect(None)
    assert first.gaps == 1
    server.removed_anchors = {"t1_c9"}
    rest = a_round(collector, first.cursor)
    assert set(ids(first)) | set(ids(rest)) == {f"t1_c{n}" for n in range(20)}
    assert rest.gaps == 0


def test_what_a_listing_does_not_show_is_lost_once(server: RedditServer, clock: Clock) -> None:
    server.things = [comment("old", NOW - 60, "x", link="q1")]
    collector = a_collector(server, clock, searches=(), communities=("travel",))
    cursor = a_round(collector).cursor
    clock.now += 2 * HOUR
    server.things += [comment(f"c{n}", NOW + n, "x", link="q1") for n in range(1_200)]
    harvest = a_round(collector, cursor)
    oldest = NOON + timedelta(seconds=200)
    assert len(ids(harvest)) == 1_000
    assert harvest.lost == [Loss("r/travel/comments", NOON - MINUTE, oldest, "Reddit shows no more of a listing")]
    clock.now += 10 * MINUTE
    assert a_round(collector, harvest.cursor).lost == []


def test_what_a_search_does_not_show_at_first_is_noted(server: RedditServer, clock: Clock) -> None:
    server.things = [submission(f"q{n}", NOW - n, "acme") for n in range(300)]
    harvest = a_round(a_collector(server, clock))
    assert (len(ids(harvest)), harvest.lost) == (250, [])
    assert harvest.notes == [
        "50 conversations, the oldest, are not followed: threads.at_most is reached",
        "search 'acme': Reddit shows nothing older than 2026-11-21 11:55; the rest was not read",
    ]


def test_ten_thousand_comments_at_once_are_read_or_told_lost(server: RedditServer, clock: Clock) -> None:
    collector = a_collector(server, clock, searches=(), communities=("travel",))
    server.things = [comment("first", NOW - 60, "x", link="q1")]
    cursor = a_round(collector).cursor
    clock.now += 10 * MINUTE
    server.things += [comment(f"c{n}", NOW + n / 20, "x", link="q1") for n in range(10_000)]
    harvest = a_round(collector, cursor)
    [lost] = harvest.lost
    read = {post.native_id for post in harvest.posts}
    unread = {t["name"] for t in server.things} - read - {"t1_first"}
    times = [t["created_utc"] for t in server.things if t["name"] in unread]
    assert (len(read), lost.since.timestamp() < min(times), max(times) < lost.until.timestamp() + 1) == (
        1_000,
        True,
        True,
    )


def test_a_private_community_stops_nothing_else(server: RedditServer, clock: Clock) -> None:
    server.private = {"acme"}
    server.things = [submission("q1", NOW - 60, "acme")]
    harvest = a_round(a_collector(server, clock, communities=("acme",)))
    assert ids(harvest) == ["t3_q1"]
    assert harvest.notes == [
        f"r/acme/{kind} cannot be read: Reddit answered with status 403 (private)" for kind in ("comments", "new")
    ]


def test_a_source_of_which_nothing_can_be_read_is_stopped(server: RedditServer, clock: Clock) -> None:
    server.unknown = {"acme"}
    with pytest.raises(AccessDenied, match="r/acme/new"):
        a_round(a_collector(server, clock, searches=(), communities=("acme",)))
    assert all("subreddits" not in path for path in server.paths)  # the redirect was not followed


# ---- conversations


def a_thread(server: RedditServer, *comments: dict[str, Any], age: timedelta = MINUTE) -> None:
    server.things = [submission("q1", NOW - age.total_seconds(), "acme is late"), *comments]


def test_a_conversation_is_read_below_what_a_search_found(server: RedditServer, clock: Clock) -> None:
    a_thread(
        server,
        comment("c1", NOW - 50, "same here", link="q1"),
        comment("c2", NOW - 40, "and here", link="q1", parent="c1"),
        comment("c3", NOW - 30, "[deleted]", link="q1", parent="c2", author="[deleted]"),
        comment("c4", NOW - 20, "I am a bot", link="q1", author="AutoModerator"),
        comment("c5", NOW - 10, "Bolt is fine", link="q1", parent="c3"),
    )
    harvest = a_round(a_collector(server, clock))
    assert [asked.path for asked in server.asked[1:]] == ["/r/all/search/", "/comments/q1"]
    assert harvest.gone == [Gone(Platform.REDDIT, "t1_c3")]
    brands = [Brand(name=name, aliases=(Alias(text=name.lower()),)) for name in ("Acme", "Bolt")]
    heard = Matcher(brands).heard_all(harvest.posts)
    assert {one.post.native_id: {match.brand for match in one.matches} for one in heard} == {
        "t3_q1": {"Acme"},
        "t1_c1": {"Acme"},
        "t1_c2": {"Acme"},
        "t1_c5": {"Acme", "Bolt"},
    }


def test_nothing_is_kept_below_what_the_search_found_by_mistake(server: RedditServer, clock: Clock) -> None:
    a_thread(server, comment("c1", NOW - 50, "same here", link="q1"))
    server.things[0]["title"] = "acmeists of the world"
    harvest = a_round(a_collector(server, clock))
    assert ids(harvest) == ["t3_q1", "t3_q1", "t1_c1"]
    assert Matcher([Brand(name="Acme", aliases=(Alias(text="acme"),))]).heard_all(harvest.posts) == []


def test_a_conversation_is_read_ever_more_seldom_until_it_is_old() -> None:
    began, rules = int(NOW), RedditThreads()
    thread: Thread | None = Thread(began, began)
    ages: list[int] = []
    while thread is not None:
        ages.append(thread.due - began)
        thread = read_again(thread, 1, rules, thread.due)
    hour, day = 3_600, 86_400
    assert ages[:37] == [300 * n for n in range(37)]  # to the third hour
    assert ages[37:82] == [hour * n for n in range(4, 49)]  # to the second day
    assert ages[82:] == [day * n for n in range(3, 15)]


def test_a_conversation_below_which_nothing_is_new_costs_no_request(server: RedditServer, clock: Clock) -> None:
    a_thread(server, comment("c1", NOW - 50, "same", link="q1"))
    server.things.append(submission("silent", NOW - 60, "acme"))
    collector = a_collector(server, clock)
    first = a_round(collector)
    clock.now += 10 * MINUTE
    second = a_round(collector, first.cursor)
    server.things.append(comment("c2", NOW + 60, "me too", link="q1"))
    server.things.append(comment("c3", NOW + 60, "first", link="silent"))
    clock.now += 10 * MINUTE
    third = a_round(collector, second.cursor)
    assert (first.requests, second.requests, third.requests) == (3, 1, 3)
    assert {"t1_c2", "t1_c3"} <= set(ids(third))


def test_a_withdrawn_submission_ends_its_conversation(server: RedditServer, clock: Clock) -> None:
    a_thread(server, comment("c1", NOW - 50, "same here", link="q1"))
    collector = a_collector(server, clock)
    first = a_round(collector)
    server.things[0] |= {"selftext": "[removed]", "removed_by_category": "moderator", "title": "[ Removed ]"}
    clock.now += 10 * MINUTE
    second = a_round(collector, first.cursor)
    assert second.gone == [Gone(Platform.REDDIT, "t3_q1")]
    assert second.notes == ["conversation t3_q1 is followed no more: its submission was removed"]
    clock.now += 10 * MINUTE
    assert a_round(collector, second.cursor).requests == 1


def test_a_conversation_that_reddit_shows_no_more_is_followed_no_more(server: RedditServer, clock: Clock) -> None:
    a_thread(server, comment("c1", NOW - 50, "same here", link="q1"))
    server.answers["/comments/q1"] = Answer(b'{"message": "Not Found", "error": 404}', 404)
    harvest = a_round(a_collector(server, clock))
    assert harvest.notes == ["conversation t3_q1 is followed no more: Reddit answered with status 404"]


def test_the_oldest_conversations_make_room(server: RedditServer, clock: Clock) -> None:
    server.things = [submission(f"q{n}", NOW - n, "acme") for n in range(1, 4)]
    server.things += [comment(f"c{n}", NOW, "x", link=f"q{n}") for n in range(1, 4)]
    collector = a_collector(server, clock, threads={"at_most": 3})
    first = a_round(collector)
    server.things += [submission(f"p{n}", NOW + n, "acme") for n in range(2)]
    server.things += [comment(f"d{n}", NOW + 2, "x", link=name) for n, name in enumerate(("p0", "p1", "q1"))]
    clock.now += 10 * MINUTE
    second = a_round(collector, first.cursor)
    assert second.notes == ["2 conversations, the oldest, are not followed: threads.at_most is reached"]
    assert set(server.paths[-3:]) == {"/comments/p0", "/comments/p1", "/comments/q1"}


def test_what_a_long_conversation_leaves_out_is_asked_for(server: RedditServer, clock: Clock) -> None:
    deep = [comment(f"d{n}", NOW - 40, "deep", link="q1", parent=f"d{n - 1}" if n else None) for n in range(4)]
    wide = [comment(f"w{n}", NOW - 100 - n, "wide", link="q1") for n in range(260)]
    a_thread(server, *deep, *wide, age=HOUR)
    server.tree_shows = 3
    harvest = a_round(a_collector(server, clock))
    assert {post.native_id for post in harvest.posts if post.kind == "comment"} == {t["name"] for t in (*deep, *wide)}
    assert server.paths.count("/api/morechildren") == 3
    assert server.paths.count("/comments/q1/_/d2") == 1
    assert len(ids(harvest)) == 1 + 1 + 264
    assert harvest.notes == []


def test_what_is_left_out_beyond_the_cap_is_noted_once(server: RedditServer, clock: Clock) -> None:
    a_thread(server, *(comment(f"w{n}", NOW - 100 - n, "wide", link="q1") for n in range(260)), age=HOUR)
    server.tree_shows = 10
    collector = a_collector(server, clock, threads={"more_comments": 1})
    first = a_round(collector)
    assert first.notes == ["conversation t3_q1: 150 comments were left out (threads.more_comments)"]
    assert first.requests == 4  # token, search, conversation, one more
    clock.now += 10 * MINUTE
    assert a_round(collector, first.cursor).notes == []


def test_no_conversation_is_followed_where_none_is_wanted(server: RedditServer, clock: Clock) -> None:
    a_thread(server, comment("c1", NOW - 50, "same", link="q1"))
    assert a_round(a_collector(server, clock, threads={"follow_for": "0s"})).requests == 2


def test_a_conversation_that_cannot_be_read_stops_nothing_else_for_long(server: RedditServer, clock: Clock) -> None:
    a_thread(server, comment("c1", NOW - 50, "same", link="q1"))
    server.answers["/comments/q1"] = Answer(b'{"kind": "surprise"}')
    collector = a_collector(server, clock)
    cursor = collector.collect(None).cursor
    for _ in range(STUMBLES - 1):
        with pytest.raises(UnexpectedReply):
            collector.collect(cursor)
    harvest = collector.collect(cursor)
    assert (len(harvest.notes), harvest.more) == (1, False)
    assert "put off for an hour" in harvest.notes[0]


# ---- limits


def test_no_request_is_made_when_none_is_left(server: RedditServer, clock: Clock) -> None:
    server.remaining = 1
    collector = a_collector(server, clock)
    began = time.monotonic()
    first = collector.collect(None)
    with pytest.raises(RateLimited) as refused:
        collector.collect(first.cursor)
    assert refused.value.retry_at == NOON + timedelta(seconds=321)
    assert (len(server.asked), time.monotonic() - began < 2) == (2, True)  # praw would sleep 321 seconds
    clock.now = refused.value.retry_at
    server.remaining = 999
    collector.collect(first.cursor)
    assert len(server.asked) == 3


@pytest.mark.parametrize("limits", [{"remaining": "2.0", "reset": "599"}, {"remaining": "", "reset": "soon"}])
def test_praw_neither_sleeps_nor_stumbles_over_limits(
    server: RedditServer, clock: Clock, limits: dict[str, str]
) -> None:
    headers = {f"X-Ratelimit-{name}": value for name, value in limits.items()} | {"X-Ratelimit-Used": "998"}
    server.answers["/r/all/search/"] = Answer(b'{"kind":"Listing","data":{"children":[],"after":null}}', 200, headers)
    collector = a_collector(server, clock)
    began = time.monotonic()
    for _ in range(3):
        collector.collect(None)
    assert time.monotonic() - began < 2


DATES = {"Date": "Sat, 21 Nov 2026 10:00:00 GMT", "Retry-After": "Sat, 21 Nov 2026 10:02:00 GMT"}


@pytest.mark.parametrize("path", ["/r/all/search/", "/api/v1/access_token"])
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "4"}, timedelta(seconds=4)),
        (DATES, timedelta(seconds=120)),
        ({"Retry-After": "tomorrow"}, timedelta(minutes=5)),
        ({}, timedelta(minutes=5)),
        ({"X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": "77"}, timedelta(seconds=77)),
    ],
)
def test_a_429_says_when_to_come_again(
    server: RedditServer, clock: Clock, path: str, headers: dict[str, str], wait: timedelta
) -> None:
    server.answers[path] = Answer(b"<!doctype html><title>Too Many Requests</title>", 429, headers)
    with pytest.raises(RateLimited) as refused:
        a_collector(server, clock).collect(None)
    assert refused.value.retry_at == NOON + wait
    assert len(server.asked) == (1 if "token" in path else 2)


# ---- errors

FORBIDDEN = b'{"message": "Forbidden", "error": 403}'
API_ERRORS: list[tuple[Answer, type[SourceError], str]] = [
    (Answer(FORBIDDEN, 403), UnexpectedReply, "403"),
    (Answer(b"<html>blocked</html>", 403), AccessDenied, "turns the application away"),
    (Answer(FORBIDDEN, 403, {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}), AccessDenied, "scope"),
    (Answer(FORBIDDEN, 403, {"WWW-Authenticate": "nonsense"}), UnexpectedReply, "403"),
    (Answer(b"{}", 401), AccessDenied, "token"),
    (Answer(b"{}", 404), UnexpectedReply, "404"),
    (Answer(b"{}", 400), UnexpectedReply, "400"),
    (Answer(b"", 451), UnexpectedReply, "451"),
    (Answer(b"", 302, {"Location": "http://127.0.0.1:9/"}), UnexpectedReply, "302"),
    (Answer(b"", 302), UnexpectedReply, "302"),
    *((Answer(b"", status), SourceDown, str(status)) for status in (500, 502, 504, 520, 522, 408)),
    (Answer(b"not JSON"), UnexpectedReply, "BadJSON"),
    (Answer(b"[" * 100_000), UnexpectedReply, "RecursionError|BadJSON"),
    (Answer(b""), UnexpectedReply, "listing|BadJSON"),
    (Answer(b"[1, 2]"), UnexpectedReply, "listing"),
    (Answer(b'{"kind":"Listing","data":{"children":"x"}}'), UnexpectedReply, "listing"),
]


@pytest.mark.parametrize(("answer", "error", "said"), API_ERRORS)
def test_every_refusal_has_its_error_after_one_request(
    server: RedditServer, clock: Clock, answer: Answer, error: type[SourceError], said: str
) -> None:
    server.answers["/r/all/search/"] = answer
    began = time.monotonic()
    with pytest.raises(SourceError, match=said) as raised:
        a_collector(server, clock).collect(None)
    assert isinstance(raised.value, error)
    assert not isinstance(raised.value, AccessDenied) or error is AccessDenied
    assert server.paths.count("/r/all/search/") == (2 if answer.status == 401 else 1)
    assert time.monotonic() - began < 2


TOKEN_ERRORS: list[tuple[Answer, type[SourceError], str]] = [
    (Answer(b"{}", 401), AccessDenied, "client id"),
    (Answer(FORBIDDEN, 403), AccessDenied, "client id"),
    (Answer(b'{"error": "unsupported_grant_type"}'), AccessDenied, "client id"),
    (Answer(b'{"error": 400}', 400), UnexpectedReply, "400"),
    (Answer(b"", 302, {"Location": "http://127.0.0.1:9/steal"}), AccessDenied, "elsewhere"),
    (Answer(b"", 503), SourceDown, "503"),
    (Answer(b"<html>"), UnexpectedReply, "could not be read"),
    (Answer(b"[]"), UnexpectedReply, "could not be read"),
    (Answer(b'{"access_token": 7, "expires_in": "x", "scope": null}'), UnexpectedReply, "could not be read"),
]


@pytest.mark.parametrize(("answer", "error", "said"), TOKEN_ERRORS)
def test_every_trouble_with_the_token_has_its_error(
    server: RedditServer, clock: Clock, answer: Answer, error: type[SourceError], said: str
) -> None:
    server.answers["/api/v1/access_token"] = answer
    with pytest.raises(error, match=said):
        a_collector(server, clock).collect(None)
    assert len(server.asked) == 1


@pytest.mark.parametrize("fault", ["hang", "reset", "truncated"])
def test_a_broken_connection_is_a_source_that_is_down(server: RedditServer, clock: Clock, fault: str) -> None:
    collector = a_collector(server, clock, read_seconds=0.3)
    collector.collect(None)
    server.faults.append(fault)
    with pytest.raises(SourceDown):
        collector.collect(None)
    assert len(server.asked) == 3


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("bad_gateway", SourceDown),
        ("cloudflare_connection_timed_out", SourceDown),
        ("cloudflare_unknown_error", SourceDown),
        ("gateway_timeout", SourceDown),
        ("internal_server_error", SourceDown),
        ("service_unavailable", SourceDown),
        ("forbidden", UnexpectedReply),
        ("not_found", UnexpectedReply),
        ("redirect", UnexpectedReply),
        ("unavailable_for_legal_reasons", UnexpectedReply),
        ("with_insufficient_scope", AccessDenied),
        ("with_invalid_access_token", AccessDenied),
        ("too__many_requests__with_retry_headers", RateLimited),
        ("too__many_requests__without_retry_headers", RateLimited),
    ],
)
def test_recorded_refusals_have_their_errors(
    server: RedditServer, clock: Clock, name: str, error: type[SourceError]
) -> None:
    file = RECORDED / f"TestSession.test_request__{name}.json"
    if not file.exists():
        pytest.skip("the recordings are not here")
    said = json.loads(file.read_text("utf-8"))["interactions"][-1]
    kept = ("retry-after", "location", "www-authenticate", "content-type", "date")
    headers = {key: value[0] for key, value in said["response"]["headers"].items() if key.lower() in kept}
    path = "/api/v1/access_token" if "access_token" in said["request"]["uri"] else "/r/all/search/"
    body = said["response"]["body"].get("string", "").encode()
    server.answers[path] = Answer(body, said["response"]["status"]["code"], headers)
    with pytest.raises(error) as raised:
        a_collector(server, clock).collect(None)
    if name.endswith("with_retry_headers"):
        assert isinstance(raised.value, RateLimited)
        assert raised.value.retry_at == NOON + timedelta(seconds=4)


@pytest.mark.shared
def test_a_recorded_listing_is_read(server: RedditServer, clock: Clock) -> None:
    file = RECORDED / "TestSession.test_request__with_invalid_access_token__retry.json"
    if not file.exists():
        pytest.skip("the recordings are not here")
    said = json.loads(file.read_text("utf-8"))["interactions"][-1]
    server.answers["/r/all/search/"] = Answer(said["response"]["body"]["string"].encode())
    harvest = a_collector(server, clock, since="3650d").collect(None)
    assert (len(harvest.posts), harvest.rejects, harvest.requests) == (25, [], 2)
    assert all(post.url and post.community and post.engagement for post in harvest.posts)


# ---- nobody else has a say


def test_an_unset_secret_stops_the_source_and_names_the_place(
    server: RedditServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_REDDIT_SECRET")
    with pytest.raises(AccessDenied, match="env:TEST_REDDIT_SECRET"):
        a_collector(server, clock).collect(None)
    assert server.asked == []


@pytest.mark.parametrize("secret", ["wrong-secret", "w\N{SNOWMAN}rong-secret"])
def test_a_wrong_secret_is_told_and_never_shown(
    server: RedditServer, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, secret: str
) -> None:
    monkeypatch.setenv("TEST_REDDIT_SECRET", secret)
    caplog.set_level("DEBUG")
    with pytest.raises(SourceError) as raised:
        a_collector(server, clock).collect(None)
    assert "rong-secret" not in str(raised.value) + caplog.text


PLANTED = """[DEFAULT]
oauth_url=http://127.0.0.1:9
reddit_url=http://127.0.0.1:9
client_id=x
timeout=9999
username=eve
password=p
refresh_token=r
user_agent=eve
check_for_updates=true
comment_kind=t9
ratelimit_seconds=600
"""


@pytest.mark.parametrize("ini", [PLANTED, "this is [no ini file"])
def test_a_planted_praw_ini_and_the_environment_change_nothing(
    server: RedditServer, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ini: str
) -> None:
    (tmp_path / "praw.ini").write_text(ini)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(Config, "CONFIG", None)
    for name in ("client_id", "client_secret", "username", "password", "refresh_token", "user_agent"):
        monkeypatch.setenv(f"praw_{name}", "eve")
    monkeypatch.setenv("praw_site", "elsewhere")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / ".netrc").write_text("default login eve password p\n")
    server.things = [submission("q1", NOW - 60, "acme")]
    harvest = a_collector(server, clock).collect(None)
    assert (ids(harvest), [asked.path for asked in server.asked]) == (
        ["t3_q1"],
        ["/api/v1/access_token", "/r/all/search/"],
    )
    assert "eve" not in server.asked[1].headers["user-agent"]


def test_a_private_address_is_refused(server: RedditServer, clock: Clock) -> None:
    with pytest.raises(AccessDenied, match="not public"):
        a_collector(server, clock, allow_private_address=False).collect(None)
    assert server.asked == []


def test_a_cursor_of_another_version_begins_anew(server: RedditServer, clock: Clock) -> None:
    server.things = [submission("q1", NOW - 60, "acme")]
    assert ids(a_collector(server, clock).collect('{"v": 99, "else": []}')) == ["t3_q1"]


def test_a_changed_configuration_keeps_what_it_still_names(server: RedditServer, clock: Clock) -> None:
    cursor = a_round(a_collector(server, clock, searches=("acme", "bolt"))).cursor
    clock.now += 10 * MINUTE
    a_round(a_collector(server, clock, searches=("acme", "cargo")), cursor)
    searches = [(asked.params["q"], asked.params["t"]) for asked in server.asked if "search" in asked.path]
    assert searches[2:] == [("acme", "day"), ("cargo", "week")]


# ---- what became of posts


def test_posts_are_looked_at_again_in_one_request(server: RedditServer, clock: Clock) -> None:
    server.things = [
        submission("q1", NOW - 60, "acme", selftext="calmer now", edited=NOW),
        comment("c1", NOW - 60, "[removed]", link="q1"),
        comment("c2", NOW - 60, "stands", link="q1"),
        submission("q2", NOW - 60, "acme", selftext="[deleted]", author="[deleted]"),
        {**comment("c3", NOW - 60, "x", link="q1"), "body": 7},
    ]
    asked = ["t3_q1", "t1_c1", "t1_c2", "t3_q2", "t1_c3", "t1_absent", "not an id", "t1_../x", "t1_c2"]
    rechecked = a_collector(server, clock).recheck(asked)
    found = dict(rechecked.found)
    edited, standing = found.pop("t3_q1"), found.pop("t1_c2")
    assert found == {"t1_c1": None, "t3_q2": None, "t1_absent": None}  # c3 cannot be read: unknown
    assert edited is not None
    assert (edited.text, edited.version) == ("calmer now", str(int(NOW)))
    assert standing is not None
    assert rechecked.requests == 2
    assert server.asked[-1].params["id"] == "t3_q1,t1_c1,t1_c2,t3_q2,t1_c3,t1_absent"


def test_a_hundred_posts_are_looked_at_at_most(server: RedditServer, clock: Clock) -> None:
    server.things = [comment(f"c{n}", NOW, "x", link="q1") for n in range(150)]
    rechecked = a_collector(server, clock).recheck([f"t1_c{n}" for n in range(150)])
    assert (len(rechecked.found), rechecked.requests) == (100, 2)


def test_that_all_are_gone_is_asked_twice_before_it_counts(server: RedditServer, clock: Clock) -> None:
    names = [f"t1_c{n}" for n in range(10)]
    assert a_collector(server, clock).recheck(names) == Rechecked(found=dict.fromkeys(names), requests=3)
    assert a_collector(server, clock).recheck(names[:9]).requests == 2


# ---- doctor


def test_the_doctor_sees_the_token_the_reach_and_what_is_left(server: RedditServer, clock: Clock) -> None:
    server.private = {"acme"}
    checked = a_collector(server, clock, communities=("acme",)).check()
    assert list(checked) == [
        Checked("credentials", ok=True, detail="scope *"),
        Checked("reach", ok=True, detail="search 'acme'"),
        Checked("reach", ok=False, detail="r/acme/new: Reddit answered with status 403 (private)"),
        Checked("quota", ok=True, detail="994 requests left until 12:05 UTC"),
    ]
    assert len(server.asked) == 3


def test_the_doctor_tells_a_refused_application(server: RedditServer, clock: Clock) -> None:
    server.answers["/api/v1/access_token"] = Answer(b"{}", 401)
    said = "Reddit refuses the client id or the client secret"
    assert a_collector(server, clock).check() == (Checked("credentials", ok=False, detail=said),)
    server.answers.clear()
    server.scope = "identity"
    assert a_collector(server, clock).check()[0] == Checked("credentials", ok=False, detail="scope identity")


# ---- the past


def the_past(collector: RedditCollector, since: datetime, until: datetime) -> Harvest:
    every: list[Harvest] = []
    while not every or every[-1].more:
        every.append(collector.backfill(every[-1].cursor if every else None, since, until))
    return Harvest(
        posts=[post for harvest in every for post in harvest.posts],
        lost=[loss for harvest in every for loss in harvest.lost],
        notes=[note for harvest in every for note in harvest.notes],
        requests=sum(harvest.requests for harvest in every),
    )


def test_the_past_is_read_within_its_bounds(server: RedditServer, clock: Clock) -> None:
    day = 86_400
    server.things = [submission(f"q{n}", NOW - n * day, "acme") for n in range(60)]
    server.things += [comment(f"c{n}", NOW - n * day, "x", link="zz") for n in range(60)]
    server.things.append(submission("talked", NOW - 20.5 * day, "acme", subreddit="other"))
    server.things.append(comment("in", NOW - 20.2 * day, "same", link="talked", subreddit="other"))
    server.things.append(comment("after", NOW - 2 * day, "same", link="talked", subreddit="other"))
    collector = a_collector(server, clock, communities=("travel",), page=10)
    harvest = the_past(collector, NOON - 30 * DAY, NOON - 10 * DAY)
    assert {post.native_id for post in harvest.posts} == {
        *(f"t3_q{n}" for n in range(11, 31)),
        *(f"t1_c{n}" for n in range(11, 31)),
        "t3_talked",
        "t1_in",
    }
    assert (harvest.lost, harvest.notes) == ([], [])


def test_the_past_beyond_what_reddit_shows_is_lost(server: RedditServer, clock: Clock) -> None:
    server.things = [submission(f"q{n}", NOW - n * 3_600, "acme") for n in range(1_000)]
    harvest = the_past(a_collector(server, clock), NOON - 30 * DAY, NOON - 5 * DAY)
    assert len(harvest.posts) == 249 - 120
    oldest = NOON - 249 * HOUR
    assert harvest.lost == [Loss("search 'acme'", NOON - 30 * DAY, oldest, "Reddit shows no more of a listing")]


# ---- settings


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"user_agent": "python-requests/2"}, "in the form that Reddit asks for"),
        ({"searches": ()}, "needs searches or communities"),
        ({"communities": ("all",)}, "is no community"),
        ({"communities": ("a/../b",)}, "name of one community"),
        ({"communities": ("acme", "r/Acme")}, "names something twice"),
        ({"searches": ("x" * 513,)}, "at most 512"),
        ({"client_secret": "pasted-secret"}, "never written here"),
        ({"every": "1s"}, "10s or longer"),
    ],
)
def test_mistakes_in_the_settings_are_told_clearly(more: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        a_source(**more)


def test_communities_are_named_with_or_without_their_prefix() -> None:
    assert a_source(communities=("r/acme", "/r/travel", "u_mia_k")).communities == ("acme", "travel", "u_mia_k")
