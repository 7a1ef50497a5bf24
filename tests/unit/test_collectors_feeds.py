from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from faulty_server import Answer, FaultyServer, zipped
from feed_server import Entry, FeedServer

from collectors.base import AccessDenied, Harvest, Post, RateLimited, Rechecked, Reject, UnexpectedReply
from collectors.feeds import FeedCollector, normal_link
from collectors.http import Http
from config.sources import FeedSource
from config.vocabulary import Platform

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHARED = Path(os.environ.get("MONITOR_SHARED") or Path(__file__).resolve().parents[2].parent / "shared")
RECORDED = SHARED / "recordings" / "feed-rs"


@pytest.fixture
def feed() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


def a_collector(url: str, now: datetime = NOON) -> FeedCollector:
    http = Http(user_agent="monitor/test", clock=lambda: now, allow_private=True, read_seconds=2)
    source = FeedSource(name="press", url=url, allow_private_address=True)
    return FeedCollector(source, http=http, clock=lambda: now)


def read(entry: Entry, feed: FeedServer) -> Post:
    feed.entries = [entry]
    [post] = a_collector(feed.url).collect(None).posts
    return post


def document_of(body: bytes, content_type: str = "application/xml") -> Harvest:
    with FaultyServer(lambda _: Answer(body, 200, {"Content-Type": content_type})) as server:
        return a_collector(server.base + "/feed.xml").collect(None)


def test_an_entry_becomes_a_post(feed: FeedServer) -> None:
    entry = Entry(
        "urn:1",
        title="Acme &amp; the <b>bags</b>",
        description='<p>Lost &amp; found.</p><script>alert(1)</script><p>See <a href="https://acme.example/x?a=1&amp;b=2">it</a></p>',
        link="https://press.example/1",
        extra="<author>mia@press.example (Mia M)</author>",
    )
    assert read(entry, feed) == Post(
        platform=Platform.FEED,
        native_id="urn:1",
        text="Lost & found.\n\nSee it",
        published_at=datetime(2026, 11, 21, 9, tzinfo=UTC),
        kind="article",
        title="Acme & the bags",
        author_name="mia@press.example (Mia M)",
        url="https://press.example/1",
        language="en",
        links=("https://acme.example/x?a=1&b=2",),
    )


def test_a_headline_alone_is_the_text_and_its_outlet_the_author(feed: FeedServer) -> None:
    source = '<source url="https://paper.example">The Paper</source>'
    post = read(Entry("urn:1", title="Acme is late", description=None, extra=source), feed)
    assert (post.text, post.title, post.author_name) == ("Acme is late", None, "The Paper")


@pytest.mark.parametrize(
    ("entry", "native_id"),
    [
        (Entry("tag:x,2026:1", link="https://a.example/1"), "tag:x,2026:1"),
        (Entry("1024", link="https://a.example/1"), "127.0.0.1#1024"),
        (Entry(None, link="https://A.example:443/1?utm_source=rss&id=7#top"), "https://a.example/1?id=7"),
    ],
)
def test_an_entry_is_known_by_its_id_or_its_link(feed: FeedServer, entry: Entry, native_id: str) -> None:
    assert read(entry, feed).native_id == native_id


def test_an_entry_without_id_and_link_is_known_by_what_it_says(feed: FeedServer) -> None:
    one = read(Entry(None, title="a", description="b"), feed)
    other = read(Entry(None, title="a", description="c"), feed)
    again = read(Entry(None, title="a", description="b", date=None), feed)
    assert one.native_id == again.native_id != other.native_id
    assert one.native_id.startswith("digest:")


def test_an_id_of_any_length_fits(feed: FeedServer) -> None:
    assert len(read(Entry("urn:" + "x" * 5_000), feed).native_id) < 50


@pytest.mark.parametrize("link", ["javascript:alert(1)", "ftp://a.example/x", "https://user:pw@a.example/"])
def test_only_web_links_become_links(feed: FeedServer, link: str) -> None:
    assert read(Entry("urn:1", link=link), feed).url is None


@pytest.mark.parametrize("date", [None, "next Tuesday", "Sat, 99 Foo 2026"])
def test_an_entry_without_a_date_is_dated_by_our_clock_and_says_so(feed: FeedServer, date: str | None) -> None:
    post = read(Entry("urn:1", date=date), feed)
    assert (post.published_at, post.dated_by) == (NOON, "first_seen")


def test_entries_come_oldest_first_and_an_empty_one_is_reported(feed: FeedServer) -> None:
    feed.entries = [
        Entry("urn:late", date="Sat, 21 Nov 2026 11:00:00 GMT"),
        Entry("urn:none", title=None, description=None),
        Entry("urn:early", date="Sat, 21 Nov 2026 08:00:00 GMT"),
    ]
    harvest = a_collector(feed.url).collect(None)
    assert [post.native_id for post in harvest.posts] == ["urn:early", "urn:late"]
    assert harvest.rejects == [Reject("127.0.0.1 entry 2", "has neither title nor text")]


def test_an_unchanged_feed_is_not_sent_again(feed: FeedServer) -> None:
    feed.entries = [Entry("urn:1")]
    collector = a_collector(feed.url)
    first = collector.collect(None)
    second = collector.collect(first.cursor)
    assert (list(second.posts), second.cursor, second.requests, second.more) == ([], first.cursor, 1, False)
    asked = feed.asked[1].headers
    assert asked["if-none-match"].startswith('"')
    assert asked["if-modified-since"] == "Sat, 21 Nov 2026 09:30:00 GMT"
    feed.entries.append(Entry("urn:2"))
    assert len(collector.collect(second.cursor).posts) == 2


def test_another_address_in_the_settings_starts_afresh(feed: FeedServer) -> None:
    feed.entries = [Entry("urn:1")]
    cursor = a_collector(feed.url).collect(None).cursor
    assert len(a_collector(feed.url + "?v=2").collect(cursor).posts) == 1


def test_a_feed_that_moved_for_good_is_asked_at_its_new_address(feed: FeedServer) -> None:
    feed.entries = [Entry("urn:1")]
    feed.moved = {"/old.xml": (301, "/feed.xml")}
    collector = a_collector(feed.base + "/old.xml")
    cursor = collector.collect(None).cursor
    collector.collect(cursor)
    assert [asked.path for asked in feed.asked] == ["/old.xml", "/feed.xml", "/feed.xml"]


def test_a_feed_that_moved_for_now_is_asked_at_its_old_address(feed: FeedServer) -> None:
    feed.moved = {"/old.xml": (302, "/feed.xml")}
    feed.entries = [Entry("urn:1")]
    collector = a_collector(feed.base + "/old.xml")
    collector.collect(collector.collect(None).cursor)
    assert [asked.path for asked in feed.asked] == ["/old.xml", "/feed.xml", "/old.xml", "/feed.xml"]


def test_a_feed_that_is_gone_stops_its_source(feed: FeedServer) -> None:
    feed.moved = {"/feed.xml": (410, "")}
    with pytest.raises(AccessDenied):
        a_collector(feed.url).collect(None)


def test_a_feed_that_asks_for_patience_gets_it(feed: FeedServer) -> None:
    feed.faults.append("429 with seconds")
    with pytest.raises(RateLimited) as raised:
        a_collector(feed.url).collect(None)
    assert raised.value.retry_at == datetime(2026, 11, 21, 12, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Sorry</body></html>",
        b'{"version": "https://jsonfeed.org/version/1.1", "items": []}',
        b"\x00\xff" * 50,
    ],
)
def test_what_is_no_feed_is_not_an_empty_feed(body: bytes) -> None:
    with pytest.raises(UnexpectedReply, match="no feed"):
        document_of(body)


def test_a_feed_without_entries_is_empty(feed: FeedServer) -> None:
    harvest = a_collector(feed.url).collect(None)
    assert (list(harvest.posts), list(harvest.rejects), harvest.requests) == ([], [], 1)


def test_a_sloppy_feed_keeps_its_entries() -> None:
    body = b"<rss version='2.0'><channel><item><guid>urn:1</guid><title>Tom & Jerry</title></item><item><guid>urn:2</guid><title>cut"
    assert [post.native_id for post in document_of(body).posts][:1] == ["urn:1"]


def test_the_charset_of_the_header_is_believed() -> None:
    body = "<rss version='2.0'><channel><item><guid>urn:1</guid><title>déçu</title></item></channel></rss>".encode(
        "latin-1"
    )
    assert document_of(body, "application/xml; charset=iso-8859-1").posts[0].text == "déçu"


def test_a_compressed_feed_is_read(feed: FeedServer) -> None:
    feed.entries = [Entry("urn:1")]
    plain = feed.answer
    feed.answer = lambda asked: zipped(plain(asked))
    assert len(a_collector(feed.url).collect(None).posts) == 1


def test_no_entity_of_the_document_is_fetched_or_multiplied() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    secret = '<!ENTITY f SYSTEM "file:///etc/passwd">'
    body = f"<!DOCTYPE r [<!ENTITY l0 'ha'>{laughs}{secret}]><rss version='2.0'><channel><item><guid>urn:1</guid><title>x &l9; &f;</title></item></channel></rss>"
    begun = time.perf_counter()
    try:
        texts = [post.text for post in document_of(body.encode()).posts]
    except UnexpectedReply:
        texts = []
    assert time.perf_counter() - begun < 5
    assert all("root:" not in text and len(text) < 1_000 for text in texts)


@pytest.mark.parametrize("link", ["https://a.example:99999/x", "https://a.example/?a=1;b=2&c", "http://[::1]/x"])
def test_no_link_makes_the_reader_fail(link: str) -> None:
    assert normal_link(normal_link(link)) == normal_link(link)


def test_recheck_knows_nothing(feed: FeedServer) -> None:
    assert a_collector(feed.url).recheck(["urn:1"]) == Rechecked()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("atom__atom_example_reddit.xml", 1),
        ("atom__atom_mediarss_reddit_1.xml", 25),
        ("rss1__rss_1.0_biorxiv.xml", 1),
        ("rss1__rss_1.0_iso8859.xml", 1),
        ("rss2__rss_2.0_bbc.xml", 1),
        ("rss2__rss_2.0_cloudflare.xml", 1),
        ("rss2__rss_2.0_reddit.xml", 1),
        ("rss2__rss_2.0_spiegel.xml", 1),
        ("rss2__rss_2.0_wirecutter.xml", 1),
    ],
)
def test_a_recorded_feed_is_read_whole(name: str, entries: int) -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded feeds are not beside this repository")
    harvest = document_of((RECORDED / name).read_bytes())
    assert (len(harvest.posts), list(harvest.rejects)) == (entries, [])
    assert len({post.native_id for post in harvest.posts}) == entries
    for post in harvest.posts:
        assert post.text
        assert post.url is not None
        assert post.dated_by == "platform"
        assert "<p>" not in post.text
        assert "&amp;" not in post.text


@pytest.mark.shared
def test_a_recorded_json_feed_is_said_to_be_no_feed() -> None:
    if not RECORDED.is_dir():
        pytest.skip("the recorded feeds are not beside this repository")
    with pytest.raises(UnexpectedReply):
        document_of((RECORDED / "jsonfeed__jsonfeed_elastic_1.1.json").read_bytes(), "application/json")


def test_the_cursor_is_small_and_plain(feed: FeedServer) -> None:
    feed.entries = [Entry(f"urn:{number}") for number in range(50)]
    cursor = a_collector(feed.url).collect(None).cursor
    assert cursor is not None
    assert sorted(json.loads(cursor)) == ["configured", "etag", "modified", "url", "v"]
