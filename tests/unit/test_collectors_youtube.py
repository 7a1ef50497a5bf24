from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from faulty_server import Answer, Asked
from hostile import HOSTILE
from pydantic import ValidationError
from youtube_server import CHANNEL, KEY, Comment, YouTubeServer, refusal, told

from collectors.base import (
    AccessDenied,
    Backfills,
    BudgetSpent,
    Checked,
    Engagement,
    Harvest,
    Loss,
    Outlay,
    Post,
    RateLimited,
    Reject,
    SourceDown,
    Spend,
    UnexpectedReply,
)
from collectors.http import Http
from collectors.newest import MAX_RESTARTS
from collectors.youtube import MAX_RECHECK, YouTubeCollector
from collectors.youtube_wire import next_pacific_day, pacific_day
from config.secret import Secret
from config.source_youtube import YouTubeSource
from config.vocabulary import Platform

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY = date(2026, 11, 21)
MIDNIGHT = datetime(2026, 11, 22, 8, tzinfo=UTC)  # in California
V, W = "v" * 11, "w" * 11
UNIT = (Spend(day=TODAY, resource="quota_unit", units=1),)


@dataclass
class Purse:
    outlays: list[Outlay] = field(default_factory=list)

    def note(self, spent: Sequence[Spend]) -> None:
        for one in spent:
            self.outlays.append(Outlay(day=one.day, resource=one.resource, query="", units=one.units, micros=0))

    def spent(self, since: date, /) -> Sequence[Outlay]:
        return [one for one in self.outlays if one.day >= since]


@dataclass
class Desk:
    """A server, and what is needed to read it."""

    server: YouTubeServer
    key: Path
    purse: Purse = field(default_factory=Purse)
    now: datetime = NOON

    def collector(self, *, page: int = 100, channel: str | None = CHANNEL, **settings: Any) -> YouTubeCollector:
        source = YouTubeSource(
            name="yt",
            key=Secret(f"file:{self.key}"),
            channel_id=channel,
            base_url=self.server.base,
            allow_private_address=True,
            **settings,
        )
        http = Http(user_agent="monitor/test", clock=lambda: self.now, allow_private=True, read_seconds=2)
        return YouTubeCollector(source, http=http, clock=lambda: self.now, purse=self.purse, page=page)

    def say(self, native_id: str, ago: float = 60, **more: Any) -> None:
        self.server.comments.append(Comment(native_id, NOON - timedelta(seconds=ago), **more))

    def spend(self, units: int) -> None:
        self.purse.note([Spend(day=TODAY, resource="quota_unit", units=units)])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    key = tmp_path / "key"
    key.write_text(KEY, "utf-8")
    key.chmod(0o600)
    with YouTubeServer() as server:
        yield Desk(server, key)


def a_round(collector: YouTubeCollector, cursor: str | None = None) -> Harvest:
    seen: list[Harvest] = []
    while not seen or seen[-1].more:
        assert len(seen) < 500, "never ends"
        seen.append(collector.collect(seen[-1].cursor if seen else cursor))
    return Harvest(
        posts=[post for one in seen for post in one.posts],
        notes=[note for one in seen for note in one.notes],
        lost=[loss for one in seen for loss in one.lost],
        spent=[spend for one in seen for spend in one.spent],
        requests=sum(one.requests for one in seen),
        cursor=seen[-1].cursor,
        gaps=seen[-1].gaps,
    )


def ids(harvest: Harvest) -> list[str]:
    return sorted(post.native_id for post in harvest.posts)


def test_a_comment_and_its_reply_become_posts(desk: Desk) -> None:
    desk.say("c1", 600, text="Where is my bag, @acme? https://acme.example/x.", likes=3)
    desk.say("c1.r1", 60, text="sorry\r\nwrite us", parent="c1", author="@acme", updated=NOON)
    harvest = desk.collector().collect(None)
    assert list(harvest.posts) == [
        Post(
            platform=Platform.YOUTUBE,
            native_id="c1",
            text="Where is my bag, @acme? https://acme.example/x.",
            published_at=NOON - timedelta(minutes=10),
            kind="comment",
            author_id="UC-mia",
            author_handle="mia",
            author_name="@mia",
            url=f"https://www.youtube.com/watch?v={V}&lc=c1",
            thread="c1",
            links=("https://acme.example/x",),
            community=f"{CHANNEL}/{V}",
            engagement=Engagement(likes=3, replies=1),
        ),
        Post(
            platform=Platform.YOUTUBE,
            native_id="c1.r1",
            text="sorry\nwrite us",
            published_at=NOON - timedelta(minutes=1),
            kind="reply",
            author_id="UC-acme",
            author_handle="acme",
            author_name="@acme",
            url=f"https://www.youtube.com/watch?v={V}&lc=c1.r1",
            thread="c1",
            parent="c1",
            version="2026-11-21T12:00:00Z",
            community=f"{CHANNEL}/{V}",
            engagement=Engagement(likes=0),
        ),
    ]
    assert (harvest.more, harvest.requests, harvest.gaps, harvest.spent) == (False, 1, 0, UNIT)


def test_the_api_is_asked_as_its_makers_say_and_no_address_holds_the_key(desk: Desk) -> None:
    a_round(desk.collector(videos=(V,)))
    common = {"part": "snippet,replies", "order": "time", "textFormat": "plainText", "maxResults": "100"}
    assert [asked.params for asked in desk.server.asked] == [
        {**common, "allThreadsRelatedToChannelId": CHANNEL},
        {**common, "videoId": V},
    ]
    assert all(KEY not in asked.path + str(asked.params) for asked in desk.server.asked)
    assert {asked.headers["x-goog-api-key"] for asked in desk.server.asked} == {KEY}


def test_more_replies_than_are_shown_are_read_and_read_again_when_they_are_others(desk: Desk) -> None:
    desk.server.shown = 2
    desk.say("c1", 5_000)
    for number in range(7):
        desk.say(f"c1.r{number}", 1_000 - number, parent="c1")
    collector = desk.collector(page=3)
    first = a_round(collector)
    assert (set(ids(first)), first.requests) == ({"c1", *(f"c1.r{n}" for n in range(7))}, 1 + 3)
    assert all(post.community == f"{CHANNEL}/{V}" and post.url for post in first.posts)
    again = a_round(collector, first.cursor)
    assert again.requests == 1
    desk.say("c1.r8", 1, parent="c1")
    assert "c1.r8" in ids(a_round(collector, again.cursor))


def test_a_refused_token_of_replies_begins_the_thread_anew(desk: Desk) -> None:
    desk.server.shown = 1
    desk.say("c1", 5_000)
    for number in range(5):
        desk.say(f"c1.r{number}", 1_000 - number, parent="c1")
    collector = desk.collector(page=2)
    first = collector.collect(None)
    second = collector.collect(first.cursor)
    desk.server.bad_tokens = 1
    assert set(ids(a_round(collector, second.cursor))) == {f"c1.r{n}" for n in range(5)}
    desk.server.bad_tokens = 99
    refused = a_round(desk.collector(page=2))
    assert refused.notes == ["replies to c1: refused (invalidPageToken); left out until there are more"]


def test_a_thread_deleted_before_its_replies_are_read_disturbs_nothing(desk: Desk) -> None:
    desk.server.shown = 1
    desk.say("c1", 5_000)
    desk.say("c1.r1", 900, parent="c1")
    desk.say("c1.r2", 800, parent="c1")
    collector = desk.collector()
    first = collector.collect(None)
    desk.server.comments.clear()
    rest = a_round(collector, first.cursor)
    assert (ids(rest), rest.notes, rest.gaps) == ([], [], 0)


def test_a_lost_page_token_begins_the_walk_anew_and_loses_nothing(desk: Desk) -> None:
    for number in range(9):
        desk.say(f"c{number}", 100 + number)
    collector = desk.collector(page=3)
    first = collector.collect(None)
    desk.server.bad_tokens = 1
    rest = a_round(collector, first.cursor)
    assert set(ids(first) + ids(rest)) == {f"c{number}" for number in range(9)}
    assert rest.notes == [
        f"channel {CHANNEL}: the next page was refused (invalidPageToken); read again from the newest"
    ]
    assert rest.lost == []


def test_a_walk_whose_tokens_are_never_taken_is_given_up_and_told_once(desk: Desk) -> None:
    for number in range(9):
        desk.say(f"c{number}", 100 + number)
    desk.server.bad_tokens = 10**6
    collector = desk.collector(page=3)
    given_up = a_round(collector)
    assert given_up.lost == [
        Loss(
            f"channel {CHANNEL}",
            NOON - timedelta(days=7),
            NOON - timedelta(seconds=102),
            f"the platform refused the next page {MAX_RESTARTS + 1} times",
        )
    ]
    assert given_up.gaps == 0
    desk.say("new", 1)
    assert "new" in ids(collector.collect(given_up.cursor))


def test_each_round_looks_back_for_comments_released_late(desk: Desk) -> None:
    for number in range(20):
        desk.say(f"c{number}", 3_600 * number)
    collector = desk.collector(page=5, look_back=timedelta(hours=10))
    cursor = a_round(collector).cursor
    desk.say("late", 3_600 * 9 + 1)
    again = a_round(collector, cursor)
    assert "late" in ids(again)
    assert again.requests <= 4


def test_what_is_older_than_the_first_run_reads_is_never_brought(desk: Desk) -> None:
    desk.say("old", 9 * 86_400)
    desk.say("old.r1", 60, parent="old")
    desk.say("new")
    collector = desk.collector(since=timedelta(days=7))
    first = a_round(collector)
    assert ids(first) == ["new", "old.r1"]
    assert ids(a_round(collector, first.cursor)) == ["new", "old.r1"]


def test_a_comment_dated_in_the_future_hides_none(desk: Desk) -> None:
    desk.say("future", -86_400 * 30)
    collector = desk.collector(look_back=timedelta(minutes=1))
    cursor = a_round(collector).cursor
    desk.say("next", -120)
    assert "next" in ids(a_round(collector, cursor))


def test_a_cursor_of_another_version_is_read_as_none(desk: Desk) -> None:
    desk.say("c1")
    assert ids(a_round(desk.collector(), '{"v": 99}')) == ["c1"]


def test_disabled_comments_and_deleted_videos_are_told_once_and_the_others_go_on(desk: Desk) -> None:
    desk.say("c1", video=V)
    desk.server.disabled = {W}
    desk.server.gone = {"x" * 11}
    collector = desk.collector(channel=None, videos=(W, "x" * 11, V))
    first = a_round(collector)
    assert ids(first) == ["c1"]
    assert first.notes == [
        f"video {W}: YouTube shows no comments (commentsDisabled); the others go on",
        f"video {'x' * 11}: YouTube shows no comments (videoNotFound); the others go on",
    ]
    second = a_round(collector, first.cursor)
    assert (ids(second), second.notes) == (["c1"], [])
    desk.server.disabled = set()
    desk.say("c2", video=W)
    assert ids(a_round(collector, second.cursor)) == ["c1", "c2"]


@pytest.mark.parametrize("refused", [refusal(403, "forbidden"), refusal(400, "processingFailure")])
def test_a_video_that_youtube_does_not_list_holds_up_no_other(desk: Desk, refused: Answer) -> None:
    desk.say("c1", video=V)
    told = desk.server.answer
    desk.server.answer = lambda asked: refused if asked.params.get("videoId") == W else told(asked)
    first = a_round(desk.collector(channel=None, videos=(W, V)))
    assert (ids(first), len(first.notes)) == (["c1"], 1)


def test_a_source_of_which_nothing_can_be_read_any_more_stops(desk: Desk) -> None:
    desk.server.disabled = {V}
    with pytest.raises(AccessDenied, match="commentsDisabled") as failure:
        a_round(desk.collector(channel=None, videos=(V,)))
    assert failure.value.spent == UNIT


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (refusal(403, "forbidden"), AccessDenied, "forbidden"),
        (refusal(400, "keyInvalid"), AccessDenied, "keyInvalid"),
        (refusal(401, "authError"), AccessDenied, "authError"),
        (refusal(403, "<b>odd</b>\n"), AccessDenied, "no reason given"),
        (Answer(b"<html>", 403), AccessDenied, "no reason given"),
        (refusal(403, "rateLimitExceeded"), RateLimited, "fewer"),
        (refusal(400, "processingFailure"), UnexpectedReply, "processingFailure"),
        (Answer(b"{}", 200), UnexpectedReply, "without items"),
        (Answer(b"[]", 200), UnexpectedReply, "not an object"),
        (Answer(b'{"items": [], "nextPageToken": 7}', 200), UnexpectedReply, "leads nowhere"),
        (Answer(b"", 500), SourceDown, "500"),
    ],
)
def test_each_refusal_has_its_meaning_and_its_price(
    desk: Desk, answer: Answer, error: type[Exception], words: str
) -> None:
    desk.server.answer = lambda _: answer
    with pytest.raises(error, match=words) as failure:
        desk.collector().collect(None)
    assert failure.value.spent == UNIT  # type: ignore[attr-defined]
    assert KEY not in str(failure.value)


def test_a_missing_key_is_told_by_its_place_and_costs_nothing(desk: Desk) -> None:
    desk.key.unlink()
    with pytest.raises(AccessDenied, match="key") as failure:
        desk.collector().collect(None)
    assert (failure.value.spent, desk.server.asked) == ((), [])


def test_a_wrong_key_is_refused(desk: Desk) -> None:
    desk.key.write_text("another", "utf-8")
    with pytest.raises(AccessDenied, match="refuses the key"):
        desk.collector().collect(None)


def test_a_quota_that_youtube_calls_used_up_waits_for_midnight_in_california(desk: Desk) -> None:
    desk.server.quota = 0
    with pytest.raises(BudgetSpent) as failure:
        desk.collector().collect(None)
    assert (failure.value.until, failure.value.spent) == (MIDNIGHT, UNIT)


def test_from_four_fifths_on_only_newest_pages_are_read(desk: Desk) -> None:
    desk.server.shown = 1
    for number in range(9):
        desk.say(f"c{number}", 100 + number)
    for number in range(3):
        desk.say(f"c0.r{number}", 50 - number, parent="c0")
    collector = desk.collector(page=3, daily_quota=100, videos=(W,))
    first = collector.collect(None)
    desk.spend(80)
    short = a_round(collector, first.cursor)
    assert [asked.params.get("videoId", "channel") for asked in desk.server.asked] == ["channel", W]
    assert (short.gaps, short.requests) == (2, 1)
    desk.say("new", 1)
    assert "new" in ids(a_round(collector, short.cursor))
    desk.now = MIDNIGHT  # the next day
    rest = a_round(collector, short.cursor)
    last = a_round(collector, rest.cursor)
    assert set(ids(first) + ids(rest) + ids(last)) == {one.id for one in desk.server.comments}
    assert (rest.gaps, last.gaps) == (0, 0)


def test_at_the_whole_quota_nothing_is_asked(desk: Desk) -> None:
    desk.spend(100)
    collector = desk.collector(daily_quota=100)
    for ask in (
        lambda: collector.collect(None),
        lambda: collector.recheck(["c1"]),
        lambda: collector.backfill(None, NOON - timedelta(days=9), NOON),
    ):
        with pytest.raises(BudgetSpent) as failure:
            ask()
        assert failure.value.until == MIDNIGHT
    assert desk.server.asked == []
    desk.now = MIDNIGHT
    assert collector.collect(None).requests == 1


def test_the_ledger_agrees_with_the_server(desk: Desk) -> None:
    for number in range(40):
        desk.say(f"c{number}", 100 + number)
    collector = desk.collector(page=3, daily_quota=10)
    cursor = None
    for number in range(10):
        if number % 3 == 1:
            desk.server.faults.append("500")
            with pytest.raises(SourceDown) as failure:
                collector.collect(cursor)
            desk.purse.note(failure.value.spent)
            continue
        harvest = collector.collect(cursor)
        desk.purse.note(harvest.spent)
        cursor = harvest.cursor
    with pytest.raises(BudgetSpent):
        collector.collect(cursor)
    assert sum(one.units for one in desk.purse.outlays) == len(desk.server.asked) == 10


@pytest.mark.parametrize(
    ("now", "day", "midnight"),
    [
        (datetime(2026, 11, 21, 7, 59, tzinfo=UTC), date(2026, 11, 20), datetime(2026, 11, 21, 8, tzinfo=UTC)),
        (datetime(2026, 11, 21, 8, 0, tzinfo=UTC), date(2026, 11, 21), datetime(2026, 11, 22, 8, tzinfo=UTC)),
        (datetime(2026, 3, 8, 9, 0, tzinfo=UTC), date(2026, 3, 8), datetime(2026, 3, 9, 7, tzinfo=UTC)),  # 23 hours
        (datetime(2026, 3, 8, 7, 59, tzinfo=UTC), date(2026, 3, 7), datetime(2026, 3, 8, 8, tzinfo=UTC)),
        (datetime(2026, 11, 1, 7, 30, tzinfo=UTC), date(2026, 11, 1), datetime(2026, 11, 2, 8, tzinfo=UTC)),  # 25 hours
        (datetime(2026, 11, 1, 6, 59, tzinfo=UTC), date(2026, 10, 31), datetime(2026, 11, 1, 7, tzinfo=UTC)),
        (datetime(2026, 7, 1, 6, 59, tzinfo=UTC), date(2026, 6, 30), datetime(2026, 7, 1, 7, tzinfo=UTC)),
    ],
)
def test_a_day_of_youtube_begins_at_midnight_in_california(now: datetime, day: date, midnight: datetime) -> None:
    assert (pacific_day(now), next_pacific_day(now)) == (day, midnight)


def test_recheck_tells_what_is_edited_and_what_is_gone(desk: Desk) -> None:
    desk.say("c1", text="edited", updated=NOON)
    desk.say("c1.r1", 30, parent="c1")
    rechecked = desk.collector().recheck(["c1", "c1.r1", "c9", "no id/", "c1"])
    assert rechecked.found.keys() == {"c1", "c1.r1", "c9"}
    assert rechecked.found["c9"] is None
    edited, reply = rechecked.found["c1"], rechecked.found["c1.r1"]
    assert edited is not None
    assert reply is not None
    assert (edited.text, edited.version, edited.url) == (
        "edited",
        "2026-11-21T12:00:00Z",
        f"https://www.youtube.com/watch?v={V}&lc=c1",
    )
    assert (reply.kind, reply.thread, reply.parent) == ("reply", "c1", "c1")
    assert (rechecked.requests, rechecked.spent) == (1, UNIT)
    assert desk.server.asked[-1].params["id"] == "c1,c1.r1,c9"


def test_recheck_of_a_comment_that_tells_no_video_says_nothing_of_its_place(desk: Desk) -> None:
    desk.server.tells_videos = False
    desk.say("c1")
    post = desk.collector().recheck(["c1"]).found["c1"]
    assert post is not None
    assert (post.url, post.community) == (None, None)


def test_recheck_asks_for_fifty_at_once_and_of_odd_answers_knows_nothing(desk: Desk) -> None:
    found = desk.collector().recheck([f"c{number}" for number in range(80)]).found
    assert len(found) == MAX_RECHECK
    desk.server.answer = lambda _: told({"items": [{"id": "c1"}, "odd", {"id": "other"}]})
    assert dict(desk.collector().recheck(["c1", "c2"]).found) == {"c2": None}


def test_recheck_of_what_cannot_be_an_id_asks_nothing(desk: Desk) -> None:
    rechecked = desk.collector().recheck(["", "a b", "ü"])
    assert (dict(rechecked.found), rechecked.requests, desk.server.asked) == ({}, 0, [])


def test_backfill_reads_its_period_and_no_more_than_it_must(desk: Desk) -> None:
    desk.server.shown = 1
    for number in range(30):
        desk.say(f"c{number}", 86_400 * number + 10)
    for number in range(3):
        desk.say(f"c11.r{number}", 86_400 * 10.5 - number, parent="c11")
    collector = desk.collector(page=4)
    assert isinstance(collector, Backfills)
    since, until = NOON - timedelta(days=14), NOON - timedelta(days=10)
    cursor, found, requests, more = None, [], 0, True
    while more:
        harvest = collector.backfill(cursor, since, until)
        cursor, more = harvest.cursor, harvest.more
        found += ids(harvest)
        requests += harvest.requests
    assert sorted(set(found)) == ["c10", "c11", "c11.r0", "c11.r1", "c11.r2", "c12", "c13"]
    assert requests < 8
    assert collector.backfill(cursor, since, until) == Harvest(cursor=cursor)


def test_backfill_leaves_the_last_fifth_of_the_quota_to_new_comments(desk: Desk) -> None:
    desk.spend(8_000)
    with pytest.raises(BudgetSpent):
        desk.collector().backfill(None, NOON - timedelta(days=9), NOON)


def test_check_says_whether_the_key_is_taken_and_what_is_used(desk: Desk) -> None:
    desk.spend(30)
    used = Checked("quota", ok=True, detail="30 of 10000 units used on this day in California")
    assert list(desk.collector().check()) == [used, Checked("reach", ok=True, spent=UNIT)]
    assert desk.server.asked[-1].params["maxResults"] == "1"
    desk.key.write_text("another", "utf-8")
    _, key = desk.collector().check()
    assert key == Checked("credentials", ok=False, detail="YouTube refuses the key (badRequest)", spent=UNIT)
    desk.server.faults.append("500")
    down = desk.collector().check()[1]
    assert (down.what, down.ok, down.spent) == ("reach", False, UNIT)


def test_check_asks_nothing_where_no_quota_is_left(desk: Desk) -> None:
    desk.spend(100)
    [quota] = desk.collector(daily_quota=100).check()
    assert (quota.ok, desk.server.asked) == (False, [])


def test_check_says_that_a_video_shows_no_comments(desk: Desk) -> None:
    desk.server.disabled = {V}
    _, checked = desk.collector(channel=None, videos=(V,)).check()
    assert checked.detail == f"video {V}: YouTube shows no comments (commentsDisabled)"


def test_what_is_no_comment_is_rejected_and_disturbs_no_other(desk: Desk) -> None:
    desk.say("c1", 600)
    desk.say("c1.r1", 500, parent="c1")
    body = json.loads(desk.server.answer(_asked()).body)
    good = body["items"][0]
    reply = good["replies"]["comments"][0]
    body["items"] = [
        {**good, "replies": {"comments": [{}, reply, {**reply, "id": "../x"}]}},
        {},
        "odd",
        {"id": "c3", "snippet": {"topLevelComment": {"id": "c3", "snippet": {"publishedAt": "yesterday"}}}},
    ]
    desk.server.answer = lambda _: told(body)
    harvest = desk.collector().collect(None)
    where = f"channel {CHANNEL}, thread"
    assert ids(harvest) == ["c1", "c1.r1"]
    assert list(harvest.rejects) == [
        Reject(f"{where} 1, reply 1", "not in the shape of a comment: KeyError"),
        Reject(f"{where} 1, reply 3", "not in the shape of a comment: ValueError"),
        Reject(f"{where} 2", "not in the shape of a thread: KeyError"),
        Reject(f"{where} 3", "not in the shape of a thread: TypeError"),
        Reject(f"{where} 4", "not in the shape of a thread: KeyError"),
    ]


def test_a_comment_of_an_account_that_is_gone_has_no_author(desk: Desk) -> None:
    desk.say("c1", author=None)
    [post] = desk.collector().collect(None).posts
    assert (post.author_id, post.author_handle, post.author_name) == (None, None, None)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_taken_plain(desk: Desk, text: str) -> None:
    desk.say("c1", text=text)
    [post] = desk.collector().collect(None).posts
    assert not set(post.text) & set("\x00\x07\x1b\r")
    post.text.encode()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "channel_id or videos"),
        ({"channel_id": "@acme"}, "channel_id"),
        ({"videos": ("https://youtu.be/x",)}, "videos"),
        ({"videos": ("v" * 11,), "daily_quota": 0}, "daily_quota"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        YouTubeSource(name="yt", key=Secret("env:KEY"), **settings)


def _asked() -> Asked:
    params = {"maxResults": "100", "allThreadsRelatedToChannelId": CHANNEL}
    return Asked("/commentThreads", params, {"x-goog-api-key": KEY})


def test_a_list_that_fails_again_and_again_holds_up_no_other(desk: Desk) -> None:
    desk.say("1", video=W)
    told = desk.server.answer
    desk.server.answer = lambda asked: Answer(b"", 503) if asked.params.get("videoId") == V else told(asked)
    collector = desk.collector(channel=None, videos=(V, W))
    for _ in range(2):
        with pytest.raises(SourceDown):
            a_round(collector)
    harvest = a_round(collector)
    assert ([post.native_id for post in harvest.posts], len(harvest.notes), len(harvest.spent)) == (["1"], 1, 2)
    assert len(a_round(collector, harvest.cursor).notes) == 1
    desk.server.answer = lambda _: Answer(b"", 503)
    for _ in range(9):
        with pytest.raises(SourceDown):
            a_round(collector, harvest.cursor)
    desk.server.answer = told
    desk.say("2", video=V)
    assert "2" in [post.native_id for post in a_round(collector, harvest.cursor).posts]


def test_replies_that_fail_again_and_again_hold_up_nothing_and_stay_a_gap(desk: Desk) -> None:
    desk.say("1")
    for number in range(9):
        desk.say(f"1.{number}", parent="1")
    told = desk.server.answer
    desk.server.answer = lambda asked: Answer(b"", 503) if asked.path == "/comments" else told(asked)
    collector = desk.collector()
    cursor = collector.collect(None).cursor
    for _ in range(2):
        with pytest.raises(SourceDown):
            a_round(collector, cursor)
    harvest = a_round(collector, cursor)
    assert (harvest.gaps, [note.partition(":")[0] for note in harvest.notes]) == (1, ["replies to 1"])
    desk.server.answer = told
    rest = a_round(collector, harvest.cursor)
    assert {f"1.{number}" for number in range(9)} <= {post.native_id for post in rest.posts}
    assert rest.gaps == 0
