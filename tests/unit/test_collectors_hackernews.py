from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from faulty_server import Answer
from hackernews_server import HackerNewsServer, comment, story

from collectors.base import Harvest, Post, Reject, SourceDown, UnexpectedReply
from collectors.hackernews import MAX_RECHECK, HackerNewsCollector
from collectors.http import Http
from config.sources import HackerNewsSource
from config.vocabulary import Platform

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW = int(NOON.timestamp())
SHARED = Path(os.environ.get("MONITOR_SHARED") or Path(__file__).resolve().parents[2].parent / "shared")
RECORDED = SHARED / "recordings" / "python-hacker-news"


@pytest.fixture
def server() -> Iterator[HackerNewsServer]:
    with HackerNewsServer() as server:
        yield server


def a_collector(
    server: HackerNewsServer, *queries: str, page: int = 200, since: timedelta = timedelta(days=7)
) -> HackerNewsCollector:
    http = Http(user_agent="monitor/test", clock=lambda: NOON, allow_private=True, read_seconds=2)
    source = HackerNewsSource(
        name="hn", queries=queries or ("acme",), base_url=server.base, allow_private_address=True, since=since
    )
    return HackerNewsCollector(source, http=http, clock=lambda: NOON, page=page)


def a_round(collector: HackerNewsCollector, cursor: str | None = None) -> Harvest:
    posts: list[Post] = []
    notes: list[str] = []
    requests = 0
    for _ in range(2_000):
        harvest = collector.collect(cursor)
        cursor = harvest.cursor
        posts, notes, requests = [*posts, *harvest.posts], [*notes, *harvest.notes], requests + harvest.requests
        if not harvest.more:
            return Harvest(posts=posts, notes=notes, cursor=cursor, requests=requests)
    raise AssertionError("never ends")


def ids(harvest: Harvest) -> set[str]:
    return {post.native_id for post in harvest.posts}


def test_a_comment_becomes_a_post(server: HackerNewsServer) -> None:
    text = '<p>Acme &amp; its <i>bags</i><p>see <a href="https:&#x2F;&#x2F;acme.example&#x2F;x" rel="nofollow">it</a>'
    server.items = [comment(7, NOW - 60, text, story_id=3, parent_id=5)]
    assert list(a_collector(server).collect(None).posts) == [
        Post(
            platform=Platform.HACKERNEWS,
            native_id="7",
            text="Acme & its bags\nsee it",
            published_at=NOON - timedelta(minutes=1),
            kind="comment",
            author_id="mia",
            author_handle="mia",
            url="https://news.ycombinator.com/item?id=7",
            thread="3",
            parent="5",
            links=("https://acme.example/x",),
        )
    ]


def test_a_story_becomes_a_post_with_its_link(server: HackerNewsServer) -> None:
    server.items = [
        story(8, NOW - 60, "Acme down", url="https://acme.example/x"),
        story(9, NOW - 30, "Ask: Acme?", story_text="<p>Why?"),
    ]
    ask, down = a_collector(server).collect(None).posts
    assert (down.text, down.title, down.kind, down.thread, down.parent) == ("Acme down", None, "post", "8", None)
    assert down.links == ("https://acme.example/x",)
    assert (ask.text, ask.title) == ("Why?", "Ask: Acme?")


def test_the_search_is_asked_as_its_makers_say(server: HackerNewsServer) -> None:
    a_collector(server, since=timedelta(days=1)).collect(None)
    [asked] = server.asked
    assert asked.path == "/api/v1/search_by_date"
    assert asked.params == {
        "query": "acme",
        "tags": "(story,comment)",
        "numericFilters": f"created_at_i>={NOW - 86_400}",
        "hitsPerPage": "200",
        "page": "0",
        "typoTolerance": "false",
    }


def test_more_than_a_thousand_hits_are_read_by_slices_of_time(server: HackerNewsServer) -> None:
    server.items = [comment(number, NOW - number // 3, "acme") for number in range(1, 3_501)]
    harvest = a_round(a_collector(server))
    assert ids(harvest) == {str(number) for number in range(1, 3_501)}
    assert harvest.notes == []
    assert harvest.requests < 25  # 18 full pages and what their edges repeat


def test_a_second_that_fills_several_pages_is_read_page_by_page(server: HackerNewsServer) -> None:
    server.items = [comment(number, NOW - 500, "acme") for number in range(1, 700)]
    server.items += [comment(1_000 + number, NOW - 500 - number, "acme") for number in range(1, 50)]
    assert len(ids(a_round(a_collector(server)))) == 748


def test_a_second_beyond_the_ceiling_is_reported_and_the_rest_is_read(server: HackerNewsServer) -> None:
    server.items = [comment(number, NOW - 500, "acme") for number in range(1, 1_301)]
    server.items += [comment(9_000, NOW - 600, "acme")]
    harvest = a_round(a_collector(server))
    assert len(ids(harvest)) == 1_001
    assert "9000" in ids(harvest)
    assert harvest.notes == [f"query 'acme': more than 1000 posts in the second {NOW - 500}; the others cannot be read"]


def test_the_next_round_reads_from_a_quarter_of_an_hour_before(server: HackerNewsServer) -> None:
    server.items = [comment(1, NOW - 5_000, "acme"), comment(2, NOW - 3_000, "acme")]
    collector = a_collector(server)
    cursor = a_round(collector).cursor
    server.items += [comment(3, NOW - 3_800, "acme, indexed late"), comment(4, NOW - 100, "acme")]
    assert ids(a_round(collector, cursor)) == {"2", "3", "4"}
    assert server.asked[-1].params["numericFilters"] == f"created_at_i>={NOW - 3_000 - 900}"


def test_a_post_from_the_future_hides_none_that_come_before_it(server: HackerNewsServer) -> None:
    server.items = [comment(1, NOW + 86_400, "acme")]
    collector = a_collector(server)
    cursor = a_round(collector).cursor
    server.items += [comment(2, NOW + 60, "acme")]
    assert ids(a_round(collector, cursor)) == {"1", "2"}


def test_a_failed_second_page_is_read_before_anything_else(server: HackerNewsServer) -> None:
    server.items = [comment(number, NOW - number, "acme") for number in range(1, 8)]
    collector = a_collector(server, page=3)
    first = collector.collect(None)
    server.faults.append("500")
    with pytest.raises(SourceDown):
        collector.collect(first.cursor)
    server.items.append(comment(99, NOW, "acme"))
    rest = a_round(a_collector(server, page=3), first.cursor)
    assert ids(first) | ids(rest) == {str(number) for number in range(1, 8)}
    assert ids(a_round(collector, rest.cursor)) >= {"99"}


def test_every_query_has_its_own_place(server: HackerNewsServer) -> None:
    server.items = [comment(1, NOW - 10, "acme"), comment(2, NOW - 9_000, "bolt")]
    cursor = a_round(a_collector(server, "acme", "bolt")).cursor
    server.items.append(comment(3, NOW - 9_500, "carl"))
    collector = a_collector(server, "bolt", "carl")
    caught_up = a_round(collector, cursor)
    assert ids(caught_up) == {"3"}
    assert ids(a_round(collector, caught_up.cursor)) == {"2", "3"}


def test_one_call_is_one_page(server: HackerNewsServer) -> None:
    server.items = [comment(number, NOW - number, "acme") for number in range(1, 8)]
    harvest = a_collector(server, page=3).collect(None)
    assert (len(harvest.posts), harvest.requests, harvest.more) == (3, 1, True)


def test_a_hit_that_is_none_is_reported_and_disturbs_no_other(server: HackerNewsServer) -> None:
    good = comment(1, NOW - 10, "acme")
    hits = [
        good,
        {"objectID": "2"},
        "no object",
        {**good, "objectID": "../x"},
        {**good, "objectID": "5", "comment_text": "<p>"},
    ]
    server.answer = lambda _: Answer(json.dumps({"hits": hits, "nbHits": 5}).encode())
    harvest = a_collector(server).collect(None)
    assert ids(harvest) == {"1"}
    assert [reject.place for reject in harvest.rejects] == [f"search page, hit {number}" for number in (2, 3, 4, 5)]
    assert harvest.rejects[0] == Reject("search page, hit 2", "not in the shape of a hit: KeyError")


@pytest.mark.parametrize("body", [b"{}", b'{"hits": {}, "nbHits": 1}', b'{"hits": [1], "nbHits": 9}', b"[]"])
def test_a_page_in_another_shape_is_unexpected(server: HackerNewsServer, body: bytes) -> None:
    server.answer = lambda _: Answer(body)
    with pytest.raises(UnexpectedReply):
        a_collector(server).collect(None)


def test_a_server_that_ignores_the_time_asked_for_is_found_out(server: HackerNewsServer) -> None:
    page = json.dumps({"hits": [comment(n, NOW - n, "acme") for n in (1, 2, 3)], "nbHits": 99}).encode()
    server.answer = lambda _: Answer(page)
    collector = a_collector(server, page=3)
    with pytest.raises(UnexpectedReply, match="outside the time"):
        a_round(collector)


def test_recheck_tells_what_became_of_each(server: HackerNewsServer) -> None:
    edited = comment(1, NOW - 10, "acme, edited")
    gone = {**comment(2, NOW - 10, ""), "author": None, "comment_text": None}
    server.items = [edited, gone]
    found = a_collector(server).recheck(["1", "2", "3", "../4"]).found
    assert sorted(found) == ["1", "2", "3"]
    assert (found["2"], found["3"]) == (None, None)
    assert found["1"] == a_collector(server).collect(None).posts[0]


@pytest.mark.parametrize("time", [10**17, -(10**17), float("inf"), NOW * 1_000_000])
def test_a_time_that_is_none_is_a_reject_and_to_recheck_unknown(server: HackerNewsServer, time: float) -> None:
    hits = [comment(1, NOW, "acme"), comment(2, NOW, "acme", created_at_i=time)]
    server.answer = lambda _: Answer(json.dumps({"hits": hits, "nbHits": 2}).encode())
    harvest = a_collector(server).collect(None)
    assert (ids(harvest), len(harvest.rejects), harvest.more) == ({"1"}, 1, False)
    item = json.dumps({"id": 2, "type": "comment", "text": "acme", "author": "mia", "created_at_i": time}).encode()
    server.answer = lambda _: Answer(item)
    assert a_collector(server).recheck(["2"]).found == {}


def test_recheck_asks_a_bounded_number_of_times(server: HackerNewsServer) -> None:
    found = a_collector(server).recheck([str(number) for number in range(1, 100)]).found
    assert len(found) == len(server.asked) == MAX_RECHECK


def test_recheck_that_fails_says_so(server: HackerNewsServer) -> None:
    server.faults.append("500")
    with pytest.raises(SourceDown):
        a_collector(server).recheck(["1"])


@pytest.mark.shared
def test_recorded_pages_are_read_whole(server: HackerNewsServer) -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded pages are not beside this repository")
    for name in ("1.1.json", "1.2.json"):
        body = (RECORDED / name).read_bytes()
        server.answer = lambda _, body=body: Answer(body)  # type: ignore[misc]
        harvest = a_collector(server, since=timedelta(days=3_650)).collect(None)
        hits = json.loads(body)["hits"]
        assert [post.native_id for post in harvest.posts] == [hit["objectID"] for hit in hits]
        assert list(harvest.rejects) == []
        assert harvest.more  # 17 million more, it says
        assert all("&#x" not in post.text and "<p>" not in post.text for post in harvest.posts)


@pytest.mark.shared
def test_a_recorded_item_is_read(server: HackerNewsServer) -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded pages are not beside this repository")
    body = (RECORDED / "item.json").read_bytes()
    server.answer = lambda _: Answer(body)
    post = a_collector(server).recheck(["18562744"]).found["18562744"]
    assert post is not None
    assert (post.native_id, post.kind, post.thread, post.author_handle) == (
        "18562744",
        "post",
        "18562744",
        "santiagobasulto",
    )
    assert len(post.links) == 2
