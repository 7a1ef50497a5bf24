from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from reddit_house import NOON, Clock, a_collector, a_round, ids
from reddit_server import CLIENT_ID, CLIENT_SECRET, RedditServer, comment, submission

from collectors.base import (
    Gone,
    Post,
)
from config.vocabulary import Platform

NOW = NOON.timestamp()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


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


def one_post(server: RedditServer, clock: Clock, thing: dict[str, Any]) -> Post:
    server.things = [thing]
    more = {"communities": ("travel",), "searches": ()}
    [post] = a_round(a_collector(server, clock, **more)).posts
    return post


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
        comment("c6", 1e17, "x", link="q1"),
        comment("c7", 253_402_300_799, "x", link="q1"),
        {**comment("c4", NOW, "x", link="q1"), "body": {"not": "text"}},
        comment("c5", NOW, "  ", link="q1"),
    ]
    server.things = [*bad, good]
    harvest = a_round(a_collector(server, clock, communities=("travel",), searches=()))
    assert (ids(harvest), len(harvest.rejects)) == (["t1_c9"], len(bad))
    assert {reject.place.partition(",")[0] for reject in harvest.rejects} == {"r/travel/comments"}
