from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from collector_exam import EmptyPurse
from faulty_server import Answer, Asked
from x_server import XServer, an_id, problem, refusal, tweet

from collectors.base import (
    AccessDenied,
    Backfills,
    BudgetSpent,
    Checked,
    Harvest,
    Loss,
    Outlay,
    Post,
    RateLimited,
    SourceDown,
    SourceError,
    Spend,
    UnexpectedReply,
)
from collectors.x import XCollector
from config.secret import Secret
from config.source_x import XSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Purse:
    """A ledger that says what a test wants."""

    def __init__(self, *outlays: tuple[date, str, int]) -> None:
        self.outlays = [
            Outlay(day=day, resource="post_read", query=query, units=units, micros=units * 5_000)
            for day, query, units in outlays
        ]

    def spent(self, since: date, /) -> Sequence[Outlay]:
        return [one for one in self.outlays if one.day >= since]


class Desk:
    """Makes collectors of one source at a local server."""

    def __init__(self, server: XServer, folder: Path) -> None:
        self.server = server
        self.secret = folder / "bearer"
        self.secret.write_text("SECRET\n", "utf-8")
        self.secret.chmod(0o600)
        self.now = NOON

    def collector(self, *queries: str, purse: Any = None, read_seconds: float = 2, **given: Any) -> XCollector:
        values = {
            "name": "x",
            "bearer_token": Secret(f"file:{self.secret}"),
            "queries": queries or ("acme",),
            "base_url": self.server.base,
            "allow_private_address": True,
        }
        return XCollector(
            XSource(**(values | given)),
            clock=lambda: self.now,
            user_agent="monitor/test",
            purse=purse or EmptyPurse(),
            read_seconds=read_seconds,
        )

    def wait(self, span: timedelta) -> None:
        self.now += span
        self.server.now += span


@pytest.fixture
def server() -> Iterator[XServer]:
    with XServer(NOON) as server:
        yield server


@pytest.fixture
def desk(server: XServer, tmp_path: Path) -> Desk:
    return Desk(server, tmp_path)


def ago(span: timedelta, number: int = 0) -> str:
    return an_id(NOON - span, number)


def a_round(collector: XCollector, cursor: str | None = None) -> Harvest:
    posts: list[Post] = []
    notes: list[str] = []
    lost: list[Loss] = []
    for _ in range(200):
        harvest = collector.collect(cursor)
        cursor = harvest.cursor
        posts, notes, lost = [*posts, *harvest.posts], [*notes, *harvest.notes], [*lost, *harvest.lost]
        if not harvest.more:
            return Harvest(posts=posts, notes=notes, lost=lost, cursor=cursor, gaps=harvest.gaps)
    raise AssertionError("never ends")


def ids(harvest: Harvest) -> list[str]:
    return [post.native_id for post in harvest.posts]


def test_the_search_is_asked_for_all_that_an_alert_needs(server: XServer, desk: Desk) -> None:
    desk.collector(since=HOUR).collect(None)
    [asked] = server.searches
    assert asked == {
        "query": "acme",
        "sort_order": "recency",
        "max_results": "100",
        "start_time": "2026-11-21T11:00:00Z",
        "expansions": "author_id,referenced_tweets.id,referenced_tweets.id.author_id",
        "tweet.fields": "created_at,lang,author_id,conversation_id,in_reply_to_user_id,referenced_tweets,"
        "public_metrics,edit_history_tweet_ids,entities,note_tweet",
        "user.fields": "username,name,public_metrics",
    }
    assert server.asked[0].headers["user-agent"].startswith("monitor/test ")


def test_one_call_is_one_page_and_its_charges(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(MINUTE, n), author=str(n % 2)) for n in range(5)]
    server.short = 3
    harvest = desk.collector().collect(None)
    day = date(2026, 11, 21)
    assert (len(harvest.posts), harvest.more, harvest.gaps) == (3, True, 1)
    assert harvest.requests == 2  # once a day, X's own count is asked for as well
    assert list(harvest.spent) == [
        Spend(
            day=day,
            resource="post_read",
            query="acme",
            ids=(ago(MINUTE, 4), ago(MINUTE, 3), ago(MINUTE, 2)),
            micros=5_000,
        ),
        Spend(day=day, resource="user_read", query="acme", ids=("0", "1"), micros=10_000),
    ]
    assert desk.collector().collect(harvest.cursor).requests == 1


def test_the_next_round_reads_from_two_minutes_before_the_newest(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(20 * MINUTE)), tweet(ago(MINUTE))]
    cursor = a_round(desk.collector()).cursor
    desk.wait(15 * MINUTE)
    server.posts += [tweet(ago(2 * MINUTE)), tweet(ago(4 * MINUTE)), tweet(ago(-MINUTE))]
    assert ids(a_round(desk.collector(), cursor)) == [ago(-MINUTE), ago(MINUTE), ago(2 * MINUTE)]
    assert server.searches[-1]["since_id"] == ago(3 * MINUTE)


def test_a_quiet_query_is_not_paid_for_again_each_day_nor_called_lost(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(10 * MINUTE))]
    cursor = a_round(desk.collector()).cursor
    for _ in range(16):
        desk.wait(DAY / 2)
        harvest = a_round(desk.collector(), cursor)
        assert (ids(harvest), harvest.lost) == ([], [])
        cursor = harvest.cursor


def test_a_failed_second_page_leaves_a_gap_and_new_posts_come_first(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(20 * MINUTE, n)) for n in range(7)]
    server.short = 3
    first = desk.collector().collect(None)
    server.faults.append("500")
    with pytest.raises(SourceDown):
        desk.collector().collect(first.cursor)
    desk.wait(20 * MINUTE)
    server.posts.append(tweet(an_id(server.now - MINUTE)))
    second = desk.collector().collect(first.cursor)
    assert ids(second) == [an_id(server.now - MINUTE)]
    assert (second.gaps, second.more) == (1, True)
    rest = a_round(desk.collector(), second.cursor)
    assert sorted({*ids(first), *ids(second), *ids(rest)}) == sorted(post["id"] for post in server.posts)
    assert rest.gaps == 0


def test_a_page_token_that_x_has_forgotten_is_done_without(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(5 * HOUR + n * HOUR)) for n in range(7)]
    server.short = 3
    first = desk.collector().collect(None)
    server.tokens_lost = True
    second = desk.collector().collect(first.cursor)
    assert server.searches[-1]["until_id"] == ago(7 * HOUR - 2 * MINUTE)
    assert "next_token" not in server.searches[-1]
    server.tokens_lost = False
    assert {*ids(first), *ids(second), *ids(a_round(desk.collector(), second.cursor))} == {
        p["id"] for p in server.posts
    }


def test_a_gap_older_than_the_window_is_told_as_lost_and_the_rest_is_read(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(23 * HOUR - n * HOUR)) for n in range(20)]
    server.short = 10
    first = desk.collector().collect(None)  # the newest ten, back to 13 hours ago
    desk.wait(6 * DAY + 8 * HOUR)
    rest = a_round(desk.collector(), first.cursor)
    edge = server.now - 7 * DAY + 10 * MINUTE
    assert rest.lost == [
        Loss("acme", NOON - DAY - timedelta(milliseconds=1), edge, "X's search shows the last 7 days only")
    ]
    assert {*ids(first), *ids(rest)} == {ago(hours * HOUR) for hours in range(4, 16)}
    assert any("start_time" in asked for asked in server.searches[-2:])
    assert rest.gaps == 0


def test_after_more_than_a_week_of_silence_the_last_seven_days_are_read(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(MINUTE))]
    cursor = a_round(desk.collector()).cursor
    desk.wait(9 * DAY)
    server.posts += [tweet(an_id(server.now - 8 * DAY)), tweet(an_id(server.now - 6 * DAY))]
    harvest = a_round(desk.collector(), cursor)
    assert ids(harvest) == [an_id(server.now - 6 * DAY)]
    assert [(loss.since, loss.until) for loss in harvest.lost] == [
        (NOON - 3 * MINUTE, server.now - 7 * DAY + 10 * MINUTE)
    ]


@pytest.mark.parametrize("wrong", [HOUR, -HOUR, 30 * DAY])
def test_the_time_of_x_counts_not_ours(server: XServer, desk: Desk, wrong: timedelta) -> None:
    server.posts = [tweet(ago(6 * DAY)), tweet(ago(MINUTE))]
    desk.now = NOON + wrong
    collector = desk.collector(since="7d")
    first = a_round(collector)
    server.posts.append(tweet(ago(timedelta(seconds=10))))
    second = a_round(collector, first.cursor)
    late = wrong > DAY  # the first request of a process may ask for a time that has not come yet
    assert ids(second)[0] == ago(timedelta(seconds=10))
    assert {*ids(first), *ids(second)} >= {ago(MINUTE), *([] if late else [ago(6 * DAY)])}
    assert first.lost == second.lost == []


def test_a_post_from_the_future_hides_none_that_come_before_it(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(-5 * DAY))]
    cursor = a_round(desk.collector()).cursor
    server.posts.append(tweet(ago(-MINUTE)))
    assert ago(-MINUTE) in ids(a_round(desk.collector(), cursor))


def test_a_query_that_x_does_not_understand_silences_no_other(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(MINUTE))]
    queries = ("x" * 500 + "acme bolt wide", "acme")
    harvest = a_round(desk.collector(*queries, query_length=1024))
    assert ids(harvest) == [ago(MINUTE)]
    assert ["brings nothing" in note for note in harvest.notes] == [True]


def failing(server: XServer, *fails: str) -> Callable[[Asked], Answer]:
    told = server.answer
    return lambda asked: Answer(b"", 503) if any(word in str(asked.params) for word in fails) else told(asked)


def in_time(collector: XCollector, cursor: str | None, failures: int) -> Harvest:
    """A round after so many failures, each of which the daemon would answer with a pause."""
    for _ in range(failures):
        with pytest.raises(SourceDown):
            a_round(collector, cursor)
    return a_round(collector, cursor)


def test_a_query_that_fails_again_and_again_holds_up_no_other(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(MINUTE))]
    told, server.answer = server.answer, failing(server, "bolt")
    collector = desk.collector("bolt", "acme")
    first = in_time(collector, None, 2)
    assert (ids(first), len(first.notes)) == ([ago(MINUTE)], 1)
    assert first.notes == ["query 'bolt' cannot be read: 127.0.0.1 answered with status 503"]
    assert len(a_round(collector, first.cursor).notes) == 1  # tried anew in each round, once
    server.answer = told
    server.posts.append(tweet(ago(2 * MINUTE), "bolt"))
    assert ago(2 * MINUTE) in ids(a_round(collector, first.cursor))


def test_queries_that_all_fail_again_and_again_are_a_source_that_is_down(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(MINUTE))]
    told, server.answer = server.answer, failing(server, "query")
    collector = desk.collector("bolt", "acme")
    for _ in range(9):
        with pytest.raises(SourceDown):
            a_round(collector)
    server.answer = told
    server.answer = failing(server, "bolt")
    with suppress(SourceDown):  # it may be the other one's turn
        a_round(collector)
    assert ids(a_round(collector)) == [ago(MINUTE)]


def test_a_gap_that_fails_again_and_again_ends_the_round_after_all_others(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(MINUTE, n)) for n in range(7)]
    server.short = 3
    told, server.answer = server.answer, failing(server, "next_token")
    collector = desk.collector()
    first = collector.collect(None)
    harvest = in_time(collector, first.cursor, 2)
    assert (harvest.gaps, [note.partition(":")[0] for note in harvest.notes]) == (1, ["query 'acme'"])
    server.answer = told
    rest = a_round(collector, harvest.cursor)
    assert (len({*ids(first), *ids(rest)}), rest.gaps) == (7, 0)


def test_a_source_of_refused_queries_alone_fails(server: XServer, desk: Desk) -> None:
    queries = ("x" * 513, "y" * 513)
    collector = desk.collector(*queries, query_length=1024)
    first = collector.collect(None)
    for _ in range(2):
        with pytest.raises(UnexpectedReply, match="512 characters"):
            collector.collect(first.cursor)


def test_what_a_query_left_unread_is_told_when_it_is_taken_away(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(HOUR * n)) for n in range(1, 8)]
    server.short = 3
    first = desk.collector("acme").collect(None)
    harvest = a_round(desk.collector("bolt"), first.cursor)
    assert [(loss.query, loss.until, loss.why) for loss in harvest.lost] == [
        ("acme", NOON - 3 * HOUR, "no longer asked")
    ]


def test_partial_errors_are_noted_and_disturb_nothing(server: XServer, desk: Desk) -> None:
    server.posts = [
        tweet(ago(MINUTE), referenced_tweets=[{"type": "quoted", "id": "17"}]),
        tweet(ago(2 * MINUTE), referenced_tweets=[{"type": "replied_to", "id": "18"}]),
    ]
    harvest = desk.collector().collect(None)
    assert ids(harvest) == [ago(MINUTE), ago(2 * MINUTE)]
    assert list(harvest.notes) == ["query 'acme': X left out what posts refer to: 2 times 'Not Found Error'"]


def test_pages_without_end_are_found_out_and_paid_for(server: XServer, desk: Desk) -> None:
    page = {"data": [tweet(ago(MINUTE))], "meta": {"result_count": 1, "next_token": "again"}}
    server.scripted = [refusal(200, page)] * 2
    collector = desk.collector()
    first = collector.collect(None)
    with pytest.raises(UnexpectedReply, match="no further back") as failure:
        collector.collect(first.cursor)
    assert [one.ids for one in failure.value.spent] == [(ago(MINUTE),)]


CAPPED = problem("usage-capped", "UsageCapExceeded", "Usage cap exceeded: Monthly product cap", period="Monthly")
RESET = {"x-rate-limit-reset": str(int(NOON.timestamp()) + 300), "x-rate-limit-remaining": "0"}
HTML = Answer(b"<html>over capacity</html>", 503, {"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("answer", "error", "said", "due"),
    [
        (refusal(401, {"title": "Unauthorized"}), AccessDenied, "status 401: Unauthorized", None),
        (refusal(403, problem("client-forbidden", "Client Forbidden", "Enroll.")), AccessDenied, "403: Enroll.", None),
        (refusal(402, problem("credits", "CreditsDepleted")), BudgetSpent, "status 402", NOON + DAY),
        (refusal(429, {"title": "Too Many Requests"}, RESET), RateLimited, "status 429", NOON + 5 * MINUTE),
        (refusal(429, {"title": "Too Many Requests"}), RateLimited, "status 429", NOON + 15 * MINUTE),
        (Answer(b"slow down", 429, {"x-rate-limit-reset": "soon"}), RateLimited, "status 429", NOON + 15 * MINUTE),
        (Answer(b"[]", 429, {"x-rate-limit-reset": "1"}), RateLimited, "status 429", NOON + timedelta(seconds=1)),
        (refusal(429, CAPPED, RESET), BudgetSpent, "Usage cap exceeded", NOON + 12 * HOUR),
        (HTML, SourceDown, "status 503", None),
        (refusal(500, {"errors": None}), SourceDown, "status 500", None),
        (Answer(b'["not an object"]', 502), SourceDown, "status 502", None),
        (Answer(b"<html>welcome</html>"), UnexpectedReply, "no JSON object", None),
        (Answer(b"[1]"), UnexpectedReply, "no JSON object", None),
        (refusal(200, {"errors": [problem("x", "Down")]}), UnexpectedReply, "how much it found", None),
        (refusal(200, {"meta": {"result_count": 3}}), UnexpectedReply, "sends none", None),
        (refusal(200, {"meta": {"result_count": 3}, "data": {}}), UnexpectedReply, "no list", None),
        (refusal(404, problem("not-found", "Not Found")), UnexpectedReply, "404", None),
        (Answer(b"", 302, {"Location": "http://169.254.169.254/latest"}), UnexpectedReply, "redirects", None),
        (Answer(b"", 301, {"Location": "/2/tweets"}), UnexpectedReply, "redirects", None),
        (Answer(b"{}", 400), UnexpectedReply, "status 400", None),
    ],
)
def test_each_failure_has_its_reaction(
    server: XServer, desk: Desk, answer: Answer, error: type[SourceError], said: str, due: datetime | None
) -> None:
    server.scripted = [answer]
    with pytest.raises(SourceError, match=said) as failure:
        desk.collector().collect(None)
    assert type(failure.value) is error or (error is UnexpectedReply and isinstance(failure.value, UnexpectedReply))
    assert getattr(failure.value, "retry_at", getattr(failure.value, "until", None)) == due
    assert "SECRET" not in str(failure.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize("fault", ["truncated", "reset", "hang"])
def test_a_broken_connection_is_a_source_that_is_down(server: XServer, desk: Desk, fault: str) -> None:
    server.posts = [tweet(ago(MINUTE))]
    server.faults.append(fault)
    with pytest.raises(SourceDown):
        desk.collector(read_seconds=0.2).collect(None)


def test_a_reset_is_read_by_the_clock_of_x(server: XServer, desk: Desk) -> None:
    desk.now = NOON - HOUR
    server.scripted = [refusal(429, {}, RESET)]
    with pytest.raises(RateLimited) as failure:
        desk.collector().collect(None)
    assert failure.value.retry_at == desk.now + 5 * MINUTE


def test_a_private_address_is_refused_unless_allowed(server: XServer, desk: Desk) -> None:
    with pytest.raises(AccessDenied, match="not public"):
        desk.collector(allow_private_address=False).collect(None)
    assert server.asked == []


@pytest.mark.parametrize("token", ["", "two words", "line\nfeed", "h\u00e4h"])
def test_a_token_that_is_none_stops_the_source_and_is_not_shown(server: XServer, desk: Desk, token: str) -> None:
    desk.secret.write_text(token, "utf-8")
    with pytest.raises(AccessDenied, match="bearer_token: file:") as failure:
        desk.collector().collect(None)
    assert not token or token not in str(failure.value)


def test_the_library_never_logs_the_token(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        desk.collector().collect(None)
    assert "SECRET" not in caplog.text


def test_a_rotated_token_is_picked_up(server: XServer, desk: Desk) -> None:
    desk.secret.write_text("OLD", "utf-8")
    collector = desk.collector()
    with pytest.raises(AccessDenied):
        collector.collect(None)
    desk.secret.write_text("SECRET", "utf-8")
    assert collector.collect(None).requests == 2


def test_beyond_the_soft_share_only_the_newest_page_is_read(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(MINUTE, n)) for n in range(60)]
    purse = Purse((NOON.date(), "acme", 800))  # 4 of 5 dollars
    harvest = desk.collector(purse=purse).collect(None)
    assert (len(harvest.posts), harvest.more, harvest.gaps) == (20, False, 1)
    again = desk.collector(purse=purse).collect(harvest.cursor)
    assert (ids(again), again.more, again.gaps) == (ids(harvest), False, 1)
    desk.wait(13 * HOUR)  # a new day
    rest = a_round(desk.collector(purse=purse), again.cursor)
    assert ({*ids(harvest), *ids(rest)}, rest.gaps) == ({post["id"] for post in server.posts}, 0)


@pytest.mark.parametrize(
    ("spent", "until"),
    [
        (((NOON.date(), "acme", 911),), datetime(2026, 11, 22, tzinfo=UTC)),
        (((date(2026, 11, 2), "acme", 19_911),), datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_a_spent_budget_asks_nothing_until_it_is_renewed(
    server: XServer, desk: Desk, spent: tuple[tuple[date, str, int], ...], until: datetime
) -> None:
    with pytest.raises(BudgetSpent, match="budget for X is spent") as failure:
        desk.collector(purse=Purse(*spent)).collect(None)
    assert failure.value.until == until
    assert server.asked == []


def test_a_query_that_has_used_its_share_waits_and_the_other_is_read(server: XServer, desk: Desk) -> None:
    desk.now = server.now = NOON.replace(hour=1)
    server.posts = [tweet(an_id(server.now - MINUTE), "bolt")]
    harvest = a_round(desk.collector("acme", "bolt", purse=Purse((NOON.date(), "acme", 560))))
    assert ids(harvest) == [an_id(server.now - MINUTE)]
    assert [asked["query"] for asked in server.searches] == ["bolt"]
    assert harvest.notes[0] == "query 'acme': its share of today's budget is spent; it waits"


def test_the_counts_are_compared_once_a_day_and_a_difference_is_told(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(HOUR, n)) for n in range(50)]
    server.used_elsewhere = 1_000  # before the source was set up
    first = a_round(desk.collector())
    assert first.notes == []
    purse = Purse((NOON.date(), "acme", 50))
    desk.wait(DAY)
    second = a_round(desk.collector(purse=purse), first.cursor)
    assert second.notes == []
    server.used_elsewhere += 30
    desk.wait(DAY)
    third = a_round(desk.collector(purse=purse), second.cursor)
    assert third.notes == ["X counts 30 posts read since they were first compared, the ledger 0: more than 1 % apart"]
    assert [asked.path for asked in server.asked].count("/2/usage/tweets") == 3


def test_a_month_that_is_going_to_be_too_dear_is_told(server: XServer, desk: Desk) -> None:
    purse = Purse((date(2026, 11, 20), "acme", 1_000))
    assert a_round(desk.collector(purse=purse, budget={"daily": 5, "monthly": 20})).notes == [
        "this month is going to need 36.66 USD; its budget is 20.00 USD"
    ]


def test_a_count_that_cannot_be_read_costs_no_post(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(MINUTE))]
    route = server._route
    server._route = lambda asked: HTML if "usage" in asked.path else route(asked)  # type: ignore[method-assign]
    harvest = a_round(desk.collector())
    assert ids(harvest) == [ago(MINUTE)]
    assert harvest.notes == ["X's own count of posts read is not known: 127.0.0.1 answered with status 503"]


def test_recheck_tells_what_became_of_each_after_its_last_edit(server: XServer, desk: Desk) -> None:
    chain = [ago(HOUR), ago(50 * MINUTE)]
    server.posts = [
        tweet(chain[0], "acme, as first written", edit_history_tweet_ids=chain),
        tweet(chain[1], "acme, as edited", edit_history_tweet_ids=chain),
        tweet("7"),
        tweet("8", referenced_tweets=[{"type": "quoted", "id": "9"}]),
    ]
    server.protected = {"7"}
    rechecked = desk.collector().recheck([chain[0], "7", "8", "9", "../10"])
    assert {key: post and post.text for key, post in rechecked.found.items()} == {
        chain[0]: "acme, as edited",
        "7": None,
        "8": "acme",
        "9": None,
    }
    assert rechecked.requests == 2
    assert sum(len(one.ids) * one.micros for one in rechecked.spent if one.resource == "post_read") == 15_000
    assert {one.query for one in rechecked.spent} == {""}


def test_recheck_asks_no_more_than_is_left(server: XServer, desk: Desk) -> None:
    found = desk.collector(purse=Purse((NOON.date(), "acme", 700))).recheck([str(number) for number in range(1, 101)])
    assert len(found.found) == 33 // 2
    with pytest.raises(BudgetSpent, match="soft share"):
        desk.collector(purse=Purse((NOON.date(), "acme", 800))).recheck(["1"])


def test_recheck_that_fails_says_so_and_what_it_has_cost(server: XServer, desk: Desk) -> None:
    first = tweet("7", edit_history_tweet_ids=["7", "8"])
    server.scripted = [refusal(200, {"data": [first], "includes": {}}), HTML]
    with pytest.raises(SourceDown) as failure:
        desk.collector().recheck(["7"])
    assert [one.ids for one in failure.value.spent] == [("7",)]


def a_backfill(collector: XCollector, since: datetime, until: datetime) -> Harvest:
    assert isinstance(collector, Backfills)
    posts: list[Post] = []
    lost: list[Loss] = []
    cursor: str | None = None
    for _ in range(100):
        harvest = collector.backfill(cursor, since, until)
        posts, lost, cursor = [*posts, *harvest.posts], [*lost, *harvest.lost], harvest.cursor
        if not harvest.more:
            return Harvest(posts=posts, lost=lost, cursor=cursor)
    raise AssertionError("never ends")


def test_the_past_is_read_between_two_moments_as_far_as_x_shows_it(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(HOUR * n), "acme bolt") for n in range(1, 200)]
    server.short = 10
    harvest = a_backfill(desk.collector("acme", "bolt"), NOON - 8 * DAY, NOON - DAY)
    edge = NOON - 7 * DAY + 10 * MINUTE
    assert sorted(set(ids(harvest))) == sorted(ago(HOUR * n) for n in range(25, 168))
    assert [(loss.query, loss.until) for loss in harvest.lost] == [("acme", edge), ("bolt", edge)]


def test_the_past_waits_while_money_is_short(desk: Desk) -> None:
    with pytest.raises(BudgetSpent) as failure:
        desk.collector(purse=Purse((NOON.date(), "acme", 800))).backfill(None, NOON - DAY, NOON)
    assert failure.value.until == datetime(2026, 11, 22, tzinfo=UTC)


def test_a_span_of_nothing_asks_nothing(server: XServer, desk: Desk) -> None:
    harvest = desk.collector().backfill(None, NOON - DAY, NOON - DAY)
    assert (ids(harvest), harvest.more, server.asked) == ([], False, [])


def test_the_doctor_spends_nothing(server: XServer, desk: Desk) -> None:
    purse = Purse((date(2026, 11, 20), "acme", 400))
    assert list(desk.collector(purse=purse).check()) == [
        Checked("credentials", ok=True),
        Checked("reach", ok=True),
        Checked("usage", ok=True, detail="X counts 0 of 2000000 posts read since 2026-11-01, the ledger 400"),
        Checked(
            "budget",
            ok=True,
            detail="0.00 USD of 5.00 USD today, 2.00 USD of 100.00 USD this month, about 14.66 USD by its end",
        ),
        Checked("queries", ok=True, detail="1 asked"),
    ]
    assert [asked.path for asked in server.asked] == ["/2/usage/tweets"]


def test_the_doctor_says_what_is_wrong(desk: Desk) -> None:
    desk.secret.write_text("OLD", "utf-8")
    answers = desk.collector(purse=Purse((NOON.date(), "acme", 1_000)), queries=(), terms=("acme", "!")).check()
    assert [(one.what, one.ok) for one in answers] == [("credentials", False), ("budget", False), ("queries", True)]
    assert answers[-1].detail == "1 asked; term '!': holds no letter or digit, so X cannot look for it"


def test_a_cursor_of_another_version_begins_anew(server: XServer, desk: Desk) -> None:
    server.posts = [tweet(ago(MINUTE))]
    assert ids(desk.collector().collect(json.dumps({"v": 99}))) == [ago(MINUTE)]
