from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import collector_exam as exam
import pytest
from collector_exam import Candidate, Ledger
from faulty_server import Answer
from mastodon_candidate import mastodon_candidate
from mastodon_server import TOKEN, MastodonServer, Status, account, status
from pydantic import ValidationError

from collectors.base import (
    AccessDenied,
    Engagement,
    Harvest,
    Post,
    RateLimited,
    SourceDown,
    SourceError,
    UnexpectedReply,
)
from collectors.http import Http
from collectors.mastodon import MAX_RECHECK, MastodonCollector
from config.secret import Secret
from config.source_mastodon import MastodonInstance, MastodonSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW = NOON.timestamp()


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", TOKEN)


@pytest.fixture
def server() -> Iterator[MastodonServer]:
    with MastodonServer() as server:
        yield server


@pytest.fixture
def other() -> Iterator[MastodonServer]:
    with MastodonServer() as server:
        yield server


def http(*, private: bool = True) -> Http:
    return Http(user_agent="monitor/test", clock=lambda: NOON, allow_private=private, read_seconds=0.3, total_seconds=2)


def a_collector(
    *servers: MastodonServer, tags: tuple[str, ...] = ("acme",), token: str | None = None, **more: Any
) -> MastodonCollector:
    instances = tuple(
        MastodonInstance(url=server.base, access_token=Secret(token) if token else None) for server in servers
    )
    source = MastodonSource(name="fedi", instances=instances, hashtags=tags, allow_private_address=True, **more)
    return MastodonCollector(source, http=http(), origin=http(), clock=lambda: NOON)


def a_round(collector: MastodonCollector, cursor: str | None = None) -> Harvest:
    posts: list[Post] = []
    notes: list[str] = []
    for _ in range(500):
        harvest = collector.collect(cursor)
        cursor = harvest.cursor
        posts, notes = [*posts, *harvest.posts], [*notes, *harvest.notes]
        if not harvest.more:
            return replace(harvest, posts=posts, notes=notes)
    raise AssertionError("never ends")


def numbers(harvest: Harvest) -> list[int]:
    return sorted(int(post.native_id.rsplit("/", 1)[1]) for post in harvest.posts)


def test_the_timeline_is_asked_forwards_by_one_request_a_page(server: MastodonServer) -> None:
    server.statuses = [status(number, NOW - 3_600 + number) for number in range(1, 101)]
    collector = a_collector(server, since=timedelta(days=1))
    harvest = a_round(collector)
    assert numbers(harvest) == list(range(1, 101))
    assert [(asked.path, dict(asked.params)) for asked in server.asked] == [
        ("/api/v1/timelines/tag/acme", {"limit": "40", "min_id": str(int(begin))})
        for begin in (
            int((NOW - 86_400) * 1000) << 16,
            int(server.statuses[39]["id"]),
            int(server.statuses[79]["id"]),
            int(server.statuses[99]["id"]),
        )
    ]
    assert all("authorization" not in asked.headers for asked in server.asked)


def test_a_later_round_begins_an_hour_before_the_newest_post_and_finds_what_came_late(server: MastodonServer) -> None:
    server.statuses = [status(1, NOW - 20_000), status(2, NOW - 7_200)]
    collector = a_collector(server)
    cursor = a_round(collector).cursor
    server.statuses += [status(3, NOW - 7_200 - 3_000), status(4, NOW - 60)]
    assert numbers(a_round(collector, cursor)) == [2, 3, 4]


def test_a_post_numbered_in_the_future_hides_none_that_come_before_it(server: MastodonServer) -> None:
    server.statuses = [status(1, NOW - 600), status(2, NOW + 90_000)]
    collector = a_collector(server)
    cursor = a_round(collector).cursor
    server.statuses.append(status(3, NOW - 60))
    assert 3 in numbers(a_round(collector, cursor))


def test_an_edit_within_the_last_hour_is_seen(server: MastodonServer) -> None:
    server.statuses = [status(1, NOW - 600)]
    collector = a_collector(server)
    first = a_round(collector)
    server.statuses[0] |= {"content": "<p>Acme is up</p>", "edited_at": "2026-11-21T11:59:00.000Z"}
    (post,) = a_round(collector, first.cursor).posts
    assert (post.text, post.version) == ("Acme is up", "2026-11-21T11:59:00+00:00")


def test_a_search_is_made_with_the_token_and_read_back_by_slices(server: MastodonServer) -> None:
    server.statuses = [status(number, NOW - 80_000 + number // 50, "Acme", tag="x") for number in range(1, 181)]
    collector = a_collector(server, tags=(), searches=("acme",), token="env:A_TOKEN")
    assert set(numbers(a_round(collector))) == set(range(1, 181))
    first = server.asked[0]
    assert (first.path, first.headers["authorization"]) == ("/api/v2/search", f"Bearer {TOKEN}")
    wanted = {"q": "acme", "type": "statuses", "limit": "40", "min_id": str(int(NOW - 7 * 86_400 - 1) * 1000 << 16)}
    assert dict(first.params) == wanted  # no resolve=true: an anonymous reader may not, and nothing is to be fetched
    assert len(server.asked) == 8  # five pages, and what a second full of posts takes
    assert all(asked.path == "/api/v2/search" for asked in server.asked)


def test_a_search_of_a_server_that_counts_nothing_off_ends(server: MastodonServer) -> None:
    server.statuses = [status(number, NOW - 5, "Acme", tag="x") for number in range(1, 4)]
    told = server.answer
    server.answer = lambda asked: told(replace(asked, params={**asked.params, "offset": "0"}))
    collector = a_collector(server, tags=(), searches=("acme",), token="env:A_TOKEN")
    assert set(numbers(a_round(collector))) == {1, 2, 3}


def test_an_interrupted_search_goes_on_where_it_stopped(server: MastodonServer) -> None:
    server.statuses = [status(number, NOW - 80_000 + number * 600, "Acme", tag="x") for number in range(1, 101)]
    collector = a_collector(server, tags=(), searches=("acme",), token="env:A_TOKEN")
    first = collector.collect(None)
    assert (len(first.posts), first.more, first.gaps) == (40, True, 1)
    server.faults.append("500")
    with pytest.raises(SourceDown):
        collector.collect(first.cursor)
    server.statuses.append(status(101, NOW - 5, "Acme", tag="x"))
    rest = a_round(collector, first.cursor)
    assert set(numbers(first)) | set(numbers(rest)) == set(range(1, 101))
    assert set(numbers(a_round(collector, rest.cursor))) == {*range(94, 102)}  # and the hour before
    assert rest.gaps == 0


def test_a_post_on_two_instances_has_one_name(server: MastodonServer, other: MastodonServer) -> None:
    server.statuses, other.statuses = [status(1, NOW - 60)], [status(1, NOW - 60)]
    other.statuses[0]["id"] = str(int(other.statuses[0]["id"]) + (2_000 << 16))
    harvest = a_round(a_collector(server, other))
    assert [post.native_id for post in harvest.posts] == ["https://social.example/users/mia/statuses/1"] * 2
    assert [post.community for post in harvest.posts] == [s.base.removeprefix("http://") for s in (server, other)]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Candidate]:
    with mastodon_candidate(instances=2)(tmp_path) as ready:
        yield ready


def test_two_instances_lose_and_double_nothing(pair: Candidate, tmp_path: Path) -> None:
    exam.brings_everything_once(pair, Ledger(tmp_path / "once"))
    exam.survives_a_kill_at_every_call(pair, Ledger(tmp_path / "kills"))
    exam.survives_random_kills(pair, Ledger(tmp_path / "random"), seed=1)
    exam.misses_nothing_that_appears_meanwhile(pair, Ledger(tmp_path / "meanwhile"))


def test_an_instance_that_fails_does_not_hold_up_the_other(server: MastodonServer, other: MastodonServer) -> None:
    server.statuses = [status(1, NOW - 60)]
    other.statuses = [status(2, NOW - 60)]
    collector = a_collector(server, other)
    server.faults.extend(["500", "500"])
    first = a_round(collector)
    host = server.base.removeprefix("http://")
    assert (numbers(first), first.notes, first.gaps) == (
        [2],
        [f"{host}: 127.0.0.1 answered with status 500"],
        1,
    )
    assert len(server.asked) == 1  # not again in this round
    again = a_round(collector, first.cursor)
    assert (numbers(again), again.notes) == ([2], [])  # the same trouble is told once
    well = a_round(collector, again.cursor)
    assert (numbers(well), well.notes, well.gaps) == ([1, 2], [f"{host} can be read again"], 0)


def test_an_instance_that_breaks_off_in_the_middle_is_read_on_later(
    server: MastodonServer, other: MastodonServer
) -> None:
    server.statuses = [status(number, NOW - 90_000 + number) for number in range(1, 61)]
    other.statuses = [status(100, NOW - 60)]
    collector = a_collector(server, other)
    first = collector.collect(None)
    server.faults.append("reset")
    rest = a_round(collector, first.cursor)
    assert (numbers(rest), rest.gaps) == ([100], 1)
    assert {*numbers(first), *numbers(a_round(collector, rest.cursor))} == {*range(1, 61), 100}


def test_where_all_fail_it_is_an_error_and_only_where_all_refuse_is_it_final(
    server: MastodonServer, other: MastodonServer
) -> None:
    collector = a_collector(server, other)
    server.faults.append("500")
    other.closed = "401"
    with pytest.raises(SourceDown, match="shows this to accounts alone"):
        collector.collect(None)
    server.closed = "401"
    with pytest.raises(AccessDenied, match="shows this to accounts alone"):
        collector.collect(None)


def test_an_instance_that_asks_for_patience_is_left_alone_for_so_long(
    server: MastodonServer, other: MastodonServer
) -> None:
    other.statuses = [status(2, NOW - 60)]
    collector = a_collector(server, other)
    server.faults.append("429 with seconds")
    first = a_round(collector)
    again = a_round(collector, first.cursor)
    assert (numbers(again), again.gaps, len(server.asked)) == ([2], 1, 1)
    state = json.loads(first.cursor or "")
    assert state["troubles"][server.base]["until"] == NOW + 90


@pytest.mark.parametrize(
    ("closed", "token", "error", "said"),
    [
        ("401", None, AccessDenied, "status 401: it shows this to accounts alone"),
        ("422", None, AccessDenied, "status 422: it shows this to accounts alone"),
        ("", "file:{wrong}", AccessDenied, "status 401: it does not take the access token"),
        ("", "env:NO_SUCH_TOKEN", AccessDenied, "env:NO_SUCH_TOKEN"),
    ],
)
def test_refusals_are_told_apart(
    server: MastodonServer, tmp_path: Path, closed: str, token: str | None, error: type[SourceError], said: str
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("another-secret", "utf-8")
    wrong.chmod(0o600)
    server.closed = closed
    with pytest.raises(error, match=said) as failure:
        a_collector(server, token=token.format(wrong=wrong) if token else None).collect(None)
    assert "another-secret" not in str(failure.value)


def test_a_token_without_the_scope_is_refused(server: MastodonServer) -> None:
    server.scopes = "write"
    with pytest.raises(AccessDenied, match="status 403"):
        a_collector(server, token="env:A_TOKEN").collect(None)


def test_a_token_opens_what_is_closed(server: MastodonServer) -> None:
    server.closed, server.statuses = "401", [status(1, NOW - 60)]
    assert numbers(a_round(a_collector(server, token="env:A_TOKEN"))) == [1]


def test_an_empty_list_is_told_once_and_is_no_error(server: MastodonServer) -> None:
    server.closed, server.full_text = "empty", False
    collector = a_collector(server, searches=("acme",), token="env:A_TOKEN")
    first = a_round(collector)
    host = server.base.removeprefix("http://")
    assert first.notes == [
        f"{host} has nothing for #acme: nobody wrote, or it shows hashtags to accounts alone; monitor doctor asks",
        f"{host} has nothing for search 'acme': nobody wrote, or it has no full-text search; monitor doctor asks",
    ]
    assert a_round(collector, first.cursor).notes == []


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 270.0),  # 12:05:00.29 by a server whose clock says 12:00:30
        ({"X-RateLimit-Reset": "1795262460"}, 30.0),
        ({"Date": "gibberish"}, 300.0),
        ({"X-RateLimit-Reset": "soon"}, 300.0),
        ({"X-RateLimit-Reset": "9" * 400}, 3_600.0),
        ({"X-RateLimit-Reset": "2030-01-01T00:00:00Z"}, 3_600.0),
        ({"X-RateLimit-Reset": "2020-01-01T00:00:00Z"}, 1.0),
        ({"X-RateLimit-Reset": "2026-11-21T13:05:00+01:00"}, 270.0),
        ({"Retry-After": "20"}, 20.0),
    ],
)
def test_the_reset_of_a_429_is_read_by_the_servers_own_clock(
    server: MastodonServer, headers: dict[str, str], wait: float
) -> None:
    given = {"X-RateLimit-Reset": "2026-11-21T12:05:00.290188Z", "Date": "Sat, 21 Nov 2026 12:00:30 GMT", **headers}
    server.answer = lambda _: Answer(b'{"error":"Too many requests"}', 429, given)
    with pytest.raises(RateLimited) as failure:
        a_collector(server).collect(None)
    assert (failure.value.retry_at - NOON).total_seconds() == wait


def test_a_malformed_date_and_rate_headers_of_a_good_answer_do_no_harm(server: MastodonServer) -> None:
    server.statuses = [status(1, NOW - 60)]
    server.headers = {"Date": "gibberish", "X-RateLimit-Reset": "nonsense", "X-RateLimit-Remaining": "?"}
    assert numbers(a_round(a_collector(server))) == [1]


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"error":"x"}', b"5", b"null", b'"x"', b"[1]", b"[[]]", b"[" * 50_000, b'[{"id":"abc"}]', b"\xff\xfe"],
)
def test_an_answer_of_another_shape_is_unexpected(server: MastodonServer, body: bytes) -> None:
    server.answer = lambda _: Answer(body)
    with pytest.raises(UnexpectedReply) as failure:
        a_collector(server).collect(None)
    assert "error" not in str(failure.value)


def test_the_librarys_words_are_not_passed_on(server: MastodonServer) -> None:
    server.answer = lambda _: Answer(b"a stranger's words")
    with pytest.raises(UnexpectedReply) as failure:
        a_collector(server).collect(None)
    assert "stranger" not in str(failure.value)
    assert failure.value.__cause__ is None


def test_a_server_that_ignores_where_to_begin_is_found_out(server: MastodonServer) -> None:
    page = json.dumps([status(1, NOW - 8 * 86_400)]).encode()
    server.answer = lambda _: Answer(page)
    with pytest.raises(UnexpectedReply, match="not asked for"):
        a_collector(server).collect(None)


@pytest.mark.parametrize("target", ["http://127.0.0.1:9/", "https://evil.example/", "/elsewhere"])
def test_a_redirect_is_not_followed_with_the_token(server: MastodonServer, target: str) -> None:
    server.answer = lambda _: Answer(b"", 302, {"Location": target})
    with pytest.raises(UnexpectedReply, match="sends its readers elsewhere"):
        a_collector(server, token="env:A_TOKEN").collect(None)
    assert len(server.asked) == 1


def test_a_private_address_is_refused_unless_allowed(server: MastodonServer) -> None:
    source = MastodonSource(name="fedi", instances=(MastodonInstance(url=server.base),), hashtags=("acme",))
    with pytest.raises(AccessDenied, match="not public"):
        MastodonCollector(source, http=http(private=False), origin=None, clock=lambda: NOON).collect(None)
    assert server.asked == []


def test_nothing_is_taken_from_the_environment(server: MastodonServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.statuses = [status(1, NOW - 60)]
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert numbers(a_round(a_collector(server))) == [1]


def test_a_cursor_of_another_version_begins_anew(server: MastodonServer) -> None:
    server.statuses = [status(1, NOW - 60)]
    assert numbers(a_round(a_collector(server), '{"v": 0, "other": 1}')) == [1]


def test_a_hashtag_added_later_is_read_from_its_beginning(server: MastodonServer) -> None:
    server.statuses = [status(1, NOW - 90_000), status(2, NOW - 80_000, tag="bolt")]
    cursor = a_round(a_collector(server)).cursor
    assert numbers(a_round(a_collector(server, tags=("acme", "bolt")), cursor)) == [2]


def test_recheck_asks_a_named_instance_for_its_own_and_a_strangers_server_whether_it_stands(
    server: MastodonServer, other: MastodonServer
) -> None:
    def own(number: int, **more: Any) -> Status:
        told = status(number, NOW - 600, **more)
        return told | {"uri": f"{server.base}/users/mia/statuses/{told['id']}"}

    edited = own(1) | {"content": "<p>Acme is up</p>", "favourites_count": 9}
    hidden, gone = own(2, visibility="unlisted"), own(3)
    server.statuses = [edited, hidden]
    there, away = f"{other.base}/users/eve/statuses/5", f"{other.base}/users/eve/statuses/6"
    other.statuses = [status(5, NOW) | {"uri": there}]
    asked = [edited["uri"], hidden["uri"], gone["uri"], there, away, "tag:old.example,2017:5", "ftp://x/statuses/1"]
    rechecked = a_collector(server).recheck(asked)
    found = dict(rechecked.found)
    post = found.pop(edited["uri"])
    assert post is not None
    assert (post.text, post.engagement) == ("Acme is up", Engagement(likes=9, reposts=0, replies=0))
    assert found == {hidden["uri"]: None, gone["uri"]: None, away: None}
    assert rechecked.requests == len(server.asked) + len(other.asked) == 5
    assert {asked.headers["accept"] for asked in other.asked} == {"application/activity+json"}


def test_a_strangers_server_that_is_down_is_asked_once_and_says_nothing(
    server: MastodonServer, other: MastodonServer
) -> None:
    other.faults.extend(["500"] * 5)
    rechecked = a_collector(server).recheck([f"{other.base}/notes/{number}" for number in range(5)])
    assert (dict(rechecked.found), rechecked.requests, len(other.asked)) == ({}, 1, 1)


def test_recheck_is_bounded_and_a_failing_instance_is_an_error(server: MastodonServer) -> None:
    uris = [f"{server.base}/users/mia/statuses/{number}" for number in range(1, 41)]
    collector = a_collector(server)
    assert len(collector.recheck(uris).found) == len(server.asked) == MAX_RECHECK
    server.faults.append("500")
    with pytest.raises(SourceDown):
        collector.recheck(uris)


def test_backfill_reads_the_past_of_every_stream_and_only_that(server: MastodonServer) -> None:
    server.statuses = [status(number, NOW - 86_400 * 20 + number * 3_600) for number in range(1, 200)]
    server.statuses += [status(500, NOW - 86_400 * 16, "by words: acme", tag="x")]
    collector = a_collector(server, searches=("acme",), token="env:A_TOKEN")
    live = a_round(collector)
    since, until = NOON - timedelta(days=17), NOON - timedelta(days=15)
    cursor, found = None, set[int]()
    for _ in range(50):
        thrown_away = collector.backfill(cursor, since, until)
        harvest = collector.backfill(cursor, since, until)
        assert harvest.posts == thrown_away.posts
        cursor = harvest.cursor
        found |= set(numbers(harvest))
        if not harvest.more:
            break
    assert found == {*range(72, 120), 500}
    assert collector.backfill(cursor, since, until) == Harvest(posts=[], cursor=cursor)
    assert set(numbers(live)) & found == set()


def test_a_backfill_that_fails_goes_on_from_its_cursor(server: MastodonServer) -> None:
    server.statuses = [status(number, NOW - 86_400 + number) for number in range(1, 100)]
    collector = a_collector(server)
    span = (NOON - timedelta(days=2), NOON)
    first = collector.backfill(None, *span)
    server.faults.append("truncated")
    with pytest.raises(SourceError):
        collector.backfill(first.cursor, *span)
    second = collector.backfill(first.cursor, *span)
    assert len(set(numbers(first)) | set(numbers(second))) == 80


def test_doctor_looks_at_each_instance(server: MastodonServer, other: MastodonServer) -> None:
    server.statuses = [status(1, NOW), status(2, NOW, account=account(indexable=False))]
    other.faults.append("500")
    checked = a_collector(server, other, searches=("nothing",), token="env:A_TOKEN").check()
    here, there = (s.base.removeprefix("http://") for s in (server, other))
    assert [(one.what, one.ok, one.detail) for one in checked] == [
        (f"{here}: reach", True, ""),
        (f"{here}: credentials", True, ""),
        (
            f"{here}: hashtags",
            True,
            "the newest 2 posts with #acme were shown, 1 of them left out: their authors do not agree to be found",
        ),
        (
            f"{here}: searches",
            True,
            "nothing was found: it may have no full-text search, or nobody agreed to be found by it",
        ),
        (f"{there}: reach", False, "127.0.0.1 answered with status 500"),
    ]


def test_doctor_says_who_may_see_hashtags(server: MastodonServer) -> None:
    server.feeds, server.closed = {"local": "authenticated", "remote": "disabled"}, "empty"
    assert [one.ok for one in a_collector(server).check()] == [True, False]
    assert [one.ok for one in a_collector(server, token="env:A_TOKEN").check()] == [True, True, True]


def test_doctor_tells_a_refused_token(server: MastodonServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "stale-secret")
    (refused,) = a_collector(server, token="env:A_TOKEN").check()
    assert (refused.ok, "stale-secret" in refused.detail) == (False, False)
    assert refused.what.endswith(": credentials")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs hashtags or searches"),
        ({"hashtags": ["acme", "#Acme"]}, "stands there twice"),
        ({"hashtags": ["two words"]}, "must be one hashtag"),
        ({"hashtags": ["2026"]}, "must be one hashtag"),
        ({"searches": ["acme"]}, "nobody may search without logging in"),
        ({"hashtags": ["acme"], "instances": []}, "at least 1 item"),
        ({"hashtags": ["acme"], "instances": [{"url": "https://a.example/api"}]}, "address alone"),
        ({"hashtags": ["acme"], "instances": [{"url": "https://a.example"}, {"url": "https://A.example/"}]}, "twice"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        MastodonSource.model_validate({"name": "fedi", "instances": [{"url": "https://a.example"}], **given})


def test_the_registry_loads_the_library_only_when_it_is_needed() -> None:
    code = "import sys, collectors.registry; print('mastodon' in sys.modules, 'requests' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False False"
