from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from x_server import an_id, tweet

from collectors.base import MAX_TEXT, Engagement, Post, Reject, UnexpectedReply
from collectors.x_cursor import id_at, time_of
from collectors.x_posts import Page, read_page
from config.vocabulary import Platform

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HERE, BEFORE, FIRST = an_id(NOON), an_id(NOON - timedelta(hours=1)), an_id(NOON - timedelta(hours=2))
SHARED = Path(os.environ.get("MONITOR_SHARED") or Path(__file__).resolve().parents[2].parent / "shared")
RECORDED = SHARED / "recordings" / "python-twitter"
MIA = {"id": "900", "username": "mia", "name": "Mia", "public_metrics": {"followers_count": 42}}


def page_of(*items: Any, tweets: Any = (), users: Any = (MIA,), **more: Any) -> Page:
    included = {"tweets": list(tweets), "users": list(users)}
    payload = {"data": list(items), "includes": included, "meta": {"result_count": len(items)}, **more}
    return read_page(json.loads(json.dumps(payload)), place="search")


def post_of(item: Any, **given: Any) -> Post:
    page = page_of(item, **given)
    assert page.rejects == []
    return page.posts[0]


def test_a_post_carries_all_that_x_tells() -> None:
    urls = [{"url": "https://t.co/1", "expanded_url": "https://acme.example/x", "display_url": "acme.example/x"}]
    metrics = {"retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 4, "impression_count": 500}
    item = tweet(
        HERE,
        "Acme &amp; its bags https://t.co/1",
        entities={"urls": urls},
        conversation_id=FIRST,
        referenced_tweets=[{"type": "replied_to", "id": BEFORE}, {"type": "quoted", "id": "17"}],
        public_metrics=metrics,
    )
    assert post_of(item) == Post(
        platform=Platform.X,
        native_id=HERE,
        text="Acme & its bags https://t.co/1",
        published_at=NOON,
        kind="reply",
        author_id="900",
        author_handle="mia",
        author_name="Mia",
        followers=42,
        url=f"https://x.com/mia/status/{HERE}",
        language="en",
        thread=FIRST,
        parent=BEFORE,
        links=("https://acme.example/x",),
        version=HERE,
        quoted="17",
        engagement=Engagement(likes=3, reposts=1, replies=2, quotes=4, views=500),
    )


def test_a_repost_carries_the_whole_text_of_what_it_passes_on() -> None:
    whole = tweet(BEFORE, "acme " * 40, entities={"urls": [{"expanded_url": "https://acme.example"}]})
    item = tweet(HERE, "RT @mia: acme acme …", referenced_tweets=[{"type": "retweeted", "id": BEFORE}])
    post = post_of(item, tweets=[whole])
    assert (post.kind, post.repost_of, post.text, post.links, post.engagement) == (
        "repost",
        BEFORE,
        ("acme " * 40).strip(),
        ("https://acme.example",),
        None,
    )
    assert post_of(item).text == "RT @mia: acme acme …"  # X did not send what it passes on


def test_a_long_post_is_taken_whole() -> None:
    note = {"text": "acme " * 100 + "end", "entities": {"urls": [{"expanded_url": "https://acme.example/long"}]}}
    post = post_of(tweet(HERE, "acme acme…", note_tweet=note))
    assert (post.text, post.links) == ("acme " * 100 + "end", ("https://acme.example/long",))


def test_an_edited_post_keeps_its_first_id_and_of_two_states_the_later_counts() -> None:
    chain = [FIRST, BEFORE, HERE]
    states = [tweet(state, f"acme {state}", edit_history_tweet_ids=chain) for state in chain]
    page = page_of(states[2], states[0], states[1])
    assert [(post.native_id, post.version, post.text) for post in page.posts] == [(FIRST, HERE, f"acme {HERE}")]
    assert (page.newer, page.ids) == ((), [int(HERE), int(FIRST), int(BEFORE)])
    assert page_of(states[0]).newer == (HERE,)


def test_what_is_referred_to_is_named_by_its_first_id() -> None:
    edited = tweet(BEFORE, edit_history_tweet_ids=[FIRST, BEFORE])
    for kind, field in (("replied_to", "parent"), ("quoted", "quoted"), ("retweeted", "repost_of")):
        post = post_of(tweet(HERE, referenced_tweets=[{"type": kind, "id": BEFORE}]), tweets=[edited])
        assert getattr(post, field) == FIRST


@pytest.mark.parametrize(
    ("given", "language"),
    [("en", "en"), ("iw", "he"), ("in", "id"), ("zh-CN", "zh"), ("und", None), ("qme", None), (None, None), (7, None)],
)
def test_the_languages_of_x_are_read(given: Any, language: str | None) -> None:
    assert post_of(tweet(HERE, lang=given)).language == language


def test_an_author_whom_x_does_not_tell_leaves_the_post_as_it_is() -> None:
    post = post_of(tweet(HERE), users=[])
    assert (post.author_id, post.author_handle, post.followers) == ("900", None, None)
    assert post.url == f"https://x.com/i/status/{HERE}"


def test_the_least_that_x_sends_is_a_post() -> None:
    post = post_of({"id": HERE, "text": "acme"}, users=[])
    assert post == Post(
        platform=Platform.X,
        native_id=HERE,
        text="acme",
        published_at=NOON,
        url=f"https://x.com/i/status/{HERE}",
        version=HERE,
    )


def test_hostile_values_do_no_harm() -> None:
    hostile = {
        "id": "900",
        "username": "../../evil?",
        "name": "\x00\u202eMia\ud83d\n" * 90,
        "public_metrics": {"followers_count": True},
    }
    item = tweet(
        HERE,
        "acme \x00\x07\ud83d <b>&lt;script&gt;</b>" + "x" * 2 * MAX_TEXT,
        entities={"urls": [{"expanded_url": "javascript:alert(1)"}, "x", {"expanded_url": "https://u:p@h/"}]},
        public_metrics={"like_count": -1, "retweet_count": 2**70, "reply_count": "7"},
    )
    post = post_of(item, users=[hostile])
    assert post.text.startswith("acme <b><script></b>xxx")
    assert len(post.text) == MAX_TEXT
    assert (post.author_handle, post.followers, post.links, post.engagement) == (None, None, (), Engagement())
    assert post.author_name is not None
    assert "\x00" not in post.author_name
    assert "\n" not in post.author_name
    assert len(post.author_name) <= 200
    assert post.url == f"https://x.com/i/status/{HERE}"


def test_an_item_that_is_no_post_is_a_reject_and_disturbs_no_other() -> None:
    odd: list[Any] = [
        "no object",
        {"text": "no id"},
        tweet("1", id=17),
        tweet("1", id="../../1"),
        {"id": "3"},
        tweet("4", created_at="yesterday"),
        tweet("5", referenced_tweets=["x"]),
        tweet("6", text=None),
        None,
    ]
    page = page_of(tweet(HERE), *odd)
    assert [post.native_id for post in page.posts] == [HERE]
    assert [reject.place for reject in page.rejects] == [f"search, post {number}" for number in range(2, 11)]
    assert page.rejects[1] == Reject("search, post 3", "not in the shape of a post: KeyError")


def test_every_resource_returned_is_charged_once() -> None:
    page = page_of(tweet(HERE), tweet(BEFORE), {"id": "3"}, tweets=[tweet(BEFORE), tweet(FIRST)], users=[MIA, MIA])
    assert (page.charged_posts, page.charged_users) == ((HERE, BEFORE, "3", FIRST), ("900",))


def test_partial_errors_are_counted_by_their_title() -> None:
    errors: list[Any] = [{"title": "Not Found Error"}, {"title": "Not Found Error"}, {"detail": "?"}, "odd"]
    page = page_of(tweet(HERE), errors=errors)
    assert page.complaint() == "X left out what posts refer to: 2 times 'Not Found Error', 1 times 'without a title'"
    assert page_of(tweet(HERE)).complaint() is None


def test_an_empty_page_is_no_failure() -> None:
    page = read_page({"meta": {"result_count": 0}}, place="search")
    assert page == Page((), [], [], (), (), None, [])


@pytest.mark.parametrize(
    "payload",
    [{}, {"data": []}, {"data": {}, "meta": {"result_count": 0}}, {"meta": []}, {"meta": {"result_count": "1"}}],
)
def test_what_is_no_page_is_unexpected(payload: Any) -> None:
    with pytest.raises(UnexpectedReply):
        read_page(payload, place="search")


def test_an_id_tells_its_time() -> None:
    assert time_of(1278347468690915330).replace(microsecond=0) == datetime(2020, 7, 1, 15, 19, 21, tzinfo=UTC)
    assert time_of(id_at(NOON)) == NOON
    assert id_at(datetime(2000, 1, 1, tzinfo=UTC)) == 0


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "searches__search_tweets_for_nyc",
        "searches__search_tweets_query",
        "timeline__timeline_mentions",
        "tweet__tweet_quote_tweets_resp",
        "tweet__tweet_retweet_tweets_resp",
        "tweet__tweets_resp",
    ],
)
def test_recorded_answers_are_read_whole(name: str) -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded answers are not beside this repository")
    payload = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    page = read_page(payload, place="recorded", search="meta" in payload)
    assert [post.native_id for post in page.posts] == [item["id"] for item in payload["data"]]
    assert page.rejects == []
    assert all(post.text and "&amp;" not in post.text for post in page.posts)
    for post, item in zip(page.posts, payload["data"], strict=True):
        assert post.published_at.replace(microsecond=0) == time_of(int(post.native_id)).replace(microsecond=0)
        kinds = {one["type"] for one in item.get("referenced_tweets", ())}
        assert post.kind == (
            "repost" if "retweeted" in kinds else "reply" if "replied_to" in kinds else "quote" if kinds else "post"
        )
