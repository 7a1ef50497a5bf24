from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hostile import HOSTILE
from mastodon_server import Status, account, status

from collectors.base import Engagement, Post, Reject
from collectors.mastodon_posts import posts_of
from config.vocabulary import Platform

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW = NOON.timestamp()
SHARED = Path(os.environ.get("MONITOR_SHARED") or Path(__file__).resolve().parents[2].parent / "shared")
RECORDED = SHARED / "recordings" / "rtoot"


def the_only(*statuses: Status, only_indexable: bool = True) -> Post:
    taken = posts_of(statuses, "a.example", "a.example #acme", only_indexable=only_indexable)
    (post,) = taken.posts
    return post


def test_a_status_becomes_a_post() -> None:
    told = status(
        7,
        NOW - 60,
        '<span class="h-card"><a href="https://social.example/@acme" class="u-url mention">@<span>acme</span></a></span>'
        ' lost my bag &amp; more: <a href="https://acme.example/x?a=1&amp;b=2" rel="nofollow"><span class="invisible">'
        'https://</span><span class="ellipsis">acme.example/x</span></a>',
        spoiler_text="flying <3",
        edited_at="2026-11-21T13:59:30+02:00",
        favourites_count=3,
        reblogs_count=2,
        replies_count=1,
        quotes_count=0,
        card={"url": "https://news.example/acme"},
    )
    assert the_only(told) == Post(
        platform=Platform.MASTODON,
        native_id="https://social.example/users/mia/statuses/7",
        text="flying <3\n\n@acme lost my bag & more: https://acme.example/x #acme",
        published_at=NOON - timedelta(minutes=1),
        author_id="https://social.example/users/mia",
        author_handle="mia@social.example",
        author_name="Mia \N{BUG}",
        followers=12,
        url="https://social.example/@mia/7",
        language="en",
        thread="https://social.example/users/mia/statuses/7",
        links=("https://acme.example/x?a=1&b=2", "https://news.example/acme"),
        version="2026-11-21T11:59:30+00:00",
        community="a.example",
        engagement=Engagement(likes=3, reposts=2, replies=1, quotes=0),
    )


def test_an_account_of_the_instance_itself_gets_its_server_in_its_name() -> None:
    local = account(acct="mia", uri="https://a.example/users/mia")
    assert the_only(status(1, NOW, account=local)).author_handle == "mia@a.example"


def test_replies_boosts_and_quotes_name_what_they_are_about() -> None:
    first = status(1, NOW - 90)
    answer = status(2, NOW - 60, in_reply_to_id=first["id"])
    stray = status(3, NOW - 50, in_reply_to_id="99")
    boost = status(4, NOW - 40, content="", reblog=first)
    quote = status(5, NOW - 30, quote={"state": "accepted", "quoted_status": first})
    hidden = status(6, NOW - 20, quote={"state": "pending", "quoted_status": None})
    taken = posts_of((answer, first, stray, boost, quote, hidden), "a.example", "here", only_indexable=True)
    assert [(p.kind, p.thread == p.native_id, p.parent, p.repost_of, p.quoted) for p in taken.posts] == [
        ("reply", False, first["uri"], None, None),
        ("post", True, None, None, None),
        ("reply", False, None, None, None),
        ("repost", False, None, first["uri"], None),
        ("quote", True, None, None, first["uri"]),
        ("post", True, None, None, None),
    ]
    assert taken.posts[3].text == taken.posts[1].text


@pytest.mark.parametrize("visibility", ["unlisted", "private", "direct", "new kind"])
def test_only_public_posts_are_taken(visibility: str) -> None:
    unlisted = status(1, NOW, visibility=visibility)
    boosted = status(2, NOW, reblog=unlisted)
    taken = posts_of((unlisted, boosted), "a.example", "here", only_indexable=False)
    assert (taken.posts, taken.rejects, taken.left_out) == ((), (), 2)


@pytest.mark.parametrize(
    ("wishes", "taken", "taken_if_loosened"),
    [
        ({"indexable": True}, True, True),
        ({"indexable": False}, False, True),
        ({"indexable": True, "noindex": True}, False, False),
        ({"indexable": True, "noindex": False}, True, True),
        ({"indexable": None}, True, True),
    ],
)
def test_authors_who_do_not_want_to_be_found_are_left_out(
    wishes: dict[str, object], taken: bool, taken_if_loosened: bool
) -> None:
    told = status(1, NOW, account=account(**wishes))
    for only_indexable, expected in ((True, taken), (False, taken_if_loosened)):
        assert bool(posts_of((told,), "a", "here", only_indexable=only_indexable).posts) is expected


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_becomes_a_plain_post_or_a_reject(text: str) -> None:
    told = status(1, NOW, text, spoiler_text=text, account=account(display_name=text, acct=text, note=text), url=text)
    taken = posts_of((told, status(2, NOW)), "a.example", "here", only_indexable=True)
    assert taken.posts[-1].native_id.endswith("/2")
    for post in taken.posts:
        assert not any(char in post.text for char in "\x00\x07\x1b\ud83d")
        assert "<script" not in post.text or "<script" in text.replace("&lt;", "<").replace("&#60;", "<")


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {**status(1, NOW), "account": None},
        {**status(1, NOW), "created_at": "yesterday"},
        {**status(1, NOW), "created_at": "2026-11-21T12:00:00"},
        {**status(1, NOW), "created_at": "0001-01-01T00:00:00+10:00"},
        {**status(1, NOW), "created_at": "9999-12-31T23:00:00Z"},
        {**status(1, NOW), "created_at": 5},
        {**status(1, NOW), "uri": ""},
        {**status(1, NOW), "uri": "https://a.example/\x00"},
        {**status(1, NOW), "uri": "x" * 2_001},
        {**status(1, NOW), "content": None},
        {**status(1, NOW), "content": "<p></p>"},
        {**status(1, NOW), "edited_at": "soon"},
        {**status(1, NOW), "reblog": "x"},
    ],
)
def test_what_is_no_status_is_rejected_and_nothing_else_is_lost(broken: Any) -> None:
    taken = posts_of((broken, status(2, NOW)), "a.example", "a.example #acme", only_indexable=True)
    assert [post.native_id[-1] for post in taken.posts] == ["2"]
    (reject,) = taken.rejects
    assert reject.place == f"a.example #acme, status {broken['id'] if broken else 'no. 1'}"
    assert reject.reason.startswith("not in the shape of a status: ")


def test_strange_counts_and_missing_fields_are_unknown() -> None:
    bare = {key: status(1, NOW)[key] for key in ("id", "created_at", "uri", "content", "visibility")}
    post = the_only({**bare, "account": {"followers_count": -1}, "favourites_count": "3", "reblogs_count": True})
    assert (post.author_id, post.author_handle, post.author_name, post.followers) == (None, None, None, None)
    assert (post.language, post.url, post.engagement) == (None, bare["uri"], Engagement())


@pytest.mark.shared
@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers are not here")
@pytest.mark.parametrize(
    ("name", "taken", "left_out"),
    [
        ("get_timeline_hashtag_anonymous", 2, 3),
        ("get_timeline_hashtag_default", 2, 3),
        ("get_timeline_public_anonymous", 6, 14),
    ],
)
def test_recorded_answers_become_posts(name: str, taken: int, left_out: int) -> None:
    yaml = pytest.importorskip("yaml")
    record = yaml.safe_load((RECORDED / f"{name}.yml").read_text("utf-8"))["http_interactions"][0]["response"]
    statuses = json.loads(record["body"]["string"])
    strict = posts_of(statuses, "a.example", name, only_indexable=True)
    assert (len(strict.posts), strict.left_out, strict.rejects) == (taken, left_out, ())
    loose = posts_of(statuses, "a.example", name, only_indexable=False)
    assert loose.rejects == () or all(isinstance(reject, Reject) for reject in loose.rejects)
    for post in loose.posts:
        assert post.native_id.startswith("https://")
        assert post.author_handle is not None
        assert "@" in post.author_handle
        assert post.followers is not None
        assert post.url is not None
        assert not any("/tags/" in link for link in post.links)
