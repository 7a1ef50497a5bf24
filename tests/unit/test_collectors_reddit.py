from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from faulty_server import Answer
from reddit_house import NOON, Clock, a_collector, a_round, ids
from reddit_server import CLIENT_ID, CLIENT_SECRET, RedditServer, comment, submission

from collectors.base import (
    AccessDenied,
    Gone,
    Harvest,
    Loss,
    Rechecked,
    SourceDown,
    UnexpectedReply,
)
from collectors.matching import Matcher
from collectors.reddit import STUMBLES, RedditCollector
from collectors.reddit_state import Thread, read_again
from config.brands import Alias, Brand
from config.source_reddit import RedditThreads
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


@pytest.mark.parametrize("elsewhere", [200, 504])
def test_a_conversation_that_reddit_cannot_serve_is_put_off_unless_reddit_itself_is_down(
    server: RedditServer, clock: Clock, elsewhere: int
) -> None:
    a_thread(server, comment("c1", NOW - 50, "same", link="q1"))
    server.answers["/comments/q1"] = Answer(b"<html>", 504)
    if elsewhere != 200:
        server.answers["/api/info/"] = Answer(b"<html>", elsewhere)
    collector = a_collector(server, clock)
    cursor = collector.collect(None).cursor
    for _ in range(STUMBLES - 1):
        with pytest.raises(SourceDown):
            collector.collect(cursor)
    if elsewhere == 200:
        assert "put off for an hour" in collector.collect(cursor).notes[0]
    else:
        with pytest.raises(SourceDown):
            collector.collect(cursor)


def test_a_listing_that_goes_round_in_circles_ends(server: RedditServer, clock: Clock) -> None:
    listing = {"data": {"after": "t1_c1", "children": [{"kind": "t1", "data": comment("c1", NOW, "x", link="q1")}]}}
    server.answers["/r/travel/comments"] = Answer(json.dumps(listing).encode())
    harvest = a_round(a_collector(server, clock, communities=("travel",), searches=()))
    assert (len(harvest.posts), len(harvest.notes)) == (20, 1)


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
