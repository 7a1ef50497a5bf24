from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from faulty_server import Answer
from praw.config import Config
from pydantic import ValidationError
from reddit_house import NOON, Clock, a_collector, a_round, a_source, ids
from reddit_server import CLIENT_ID, CLIENT_SECRET, RedditServer, submission

from collectors.base import (
    AccessDenied,
    Checked,
    RateLimited,
    SourceDown,
    SourceError,
    UnexpectedReply,
)

NOW = NOON.timestamp()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHARED = Path(os.environ.get("MONITOR_SHARED") or Path(__file__).resolve().parents[2].parent / "shared")
RECORDED = SHARED / "recordings" / "prawcore"


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
