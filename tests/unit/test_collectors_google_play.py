from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from faulty_server import Answer, Asked
from google_play_server import NOON, PACKAGE, GooglePlayServer, Review, refusal
from hostile import HOSTILE
from pydantic import ValidationError

from collectors.base import (
    AccessDenied,
    Backfills,
    Checked,
    Engagement,
    Harvest,
    Loss,
    Post,
    RateLimited,
    Reject,
    SourceDown,
    UnexpectedReply,
)
from collectors.google_play import MAX_RECHECK, MAX_RESTARTS, GooglePlayCollector
from collectors.http import Http
from collectors.matching import is_ours
from config.brands import Account, Alias, Brand
from config.secret import Secret
from config.source_google_play import GooglePlaySource
from config.vocabulary import Platform

DAY = timedelta(days=1)
OURS = Brand(
    name="Acme",
    aliases=(Alias(text="acme"),),
    own_accounts=(Account(platform=Platform.GOOGLE_PLAY, handle="developer"),),
)


@dataclass
class Desk:
    """A server, and what is needed to read it."""

    server: GooglePlayServer
    key: Path
    now: datetime = NOON

    def collector(self, *, page: int = 100, **settings: Any) -> GooglePlayCollector:
        given: dict[str, Any] = {
            "package": PACKAGE,
            "token_uri": f"{self.server.base}/token",
            "base_url": self.server.base,
            "allow_private_address": True,
            **settings,
        }
        source = GooglePlaySource(name="play", service_account=Secret(f"file:{self.key}"), **given)
        http = Http(user_agent="monitor/test", clock=lambda: self.now, allow_private=True, read_seconds=2)
        return GooglePlayCollector(source, http=http, clock=lambda: self.now, page=page)

    def write(self, native_id: str, ago: float = 60, **more: Any) -> None:
        self.server.reviews.append(Review(native_id, NOON - timedelta(seconds=ago), **more))

    def later(self, by: timedelta) -> None:
        self.now = self.server.now = NOON + by

    def answers_reviews_with(self, answer: Answer) -> None:
        whole = self.server.answer

        def answered(asked: Asked) -> Answer:
            return whole(asked) if asked.path == "/token" else answer

        self.server.answer = answered


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    key = tmp_path / "key.json"
    with GooglePlayServer() as server:
        key.write_text(server.key_file(), "utf-8")
        key.chmod(0o600)
        yield Desk(server, key)


def a_round(collector: GooglePlayCollector, cursor: str | None = None) -> Harvest:
    seen: list[Harvest] = []
    while not seen or seen[-1].more:
        assert len(seen) < 200, "never ends"
        seen.append(collector.collect(seen[-1].cursor if seen else cursor))
    return Harvest(
        posts=[post for one in seen for post in one.posts],
        notes=[note for one in seen for note in one.notes],
        lost=[loss for one in seen for loss in one.lost],
        requests=sum(one.requests for one in seen),
        cursor=seen[-1].cursor,
        gaps=seen[-1].gaps,
    )


def ids(harvest: Harvest) -> list[str]:
    return sorted(post.native_id for post in harvest.posts)


def test_a_review_and_the_answer_to_it_become_posts(desk: Desk) -> None:
    desk.write("gp:1", 600, text="Bad\tIt crashes <b>daily</b>", stars=2, answer="Sorry")
    harvest = desk.collector().collect(None)
    at = NOON - timedelta(minutes=10)
    url = "https://play.google.com/store/apps/details?id=com.example.acme&reviewId=gp%3A1"
    assert list(harvest.posts) == [
        Post(
            platform=Platform.GOOGLE_PLAY,
            native_id="gp:1",
            text="It crashes <b>daily</b>",
            title="Bad",
            published_at=at,
            kind="review",
            author_name="Mia",
            url=url,
            language="en",
            thread="gp:1",
            rating=2.0,
            rating_max=5,
            version=f"{int(at.timestamp())}.713000000",
            community="app com.example.acme",
            engagement=Engagement(likes=10, score=7),
        ),
        Post(
            platform=Platform.GOOGLE_PLAY,
            native_id="gp:1/developer",
            text="Sorry",
            published_at=NOON,
            kind="reply",
            author_handle="developer",
            url=url,
            thread="gp:1",
            parent="gp:1",
            version=f"{int(NOON.timestamp())}.000000000",
            community="app com.example.acme",
        ),
    ]
    assert (harvest.more, harvest.requests, harvest.gaps) == (False, 2, 0)


def test_the_developers_answer_is_ours_and_a_reviewer_of_that_name_is_not(desk: Desk) -> None:
    desk.write("gp:1", name="developer", answer="Sorry")
    review, answer = desk.collector().collect(None).posts
    assert (is_ours(review, [OURS]), is_ours(answer, [OURS])) == (False, True)


def test_a_changed_review_is_taken_by_its_newest_state(desk: Desk) -> None:
    def state(text: str, seconds: int) -> dict[str, Any]:
        return {"userComment": {"text": text, "lastModified": {"seconds": seconds}, "starRating": 3}}

    comments = [state("before", 100), state("after", 300), state("between", 200)]
    body = {"reviews": [{"reviewId": "gp:1", "comments": comments}]}
    desk.answers_reviews_with(Answer(json.dumps(body).encode()))
    [post] = desk.collector().collect(None).posts
    assert (post.text, post.version, post.author_name, post.engagement) == ("after", "300.000000000", None, None)


def test_the_api_is_asked_as_its_makers_say_and_a_token_is_asked_for_once(desk: Desk) -> None:
    for number in range(5):
        desk.write(f"gp:{number}", 100 + number)
    collector = desk.collector(page=2)
    a_round(collector, a_round(collector).cursor)
    assert [asked.path for asked in desk.server.asked].count("/token") == 1
    first, second, third = desk.server.reviews_asked()[:3]
    assert first.path == "/androidpublisher/v3/applications/com.example.acme/reviews"
    assert [one.params for one in (first, second, third)] == [
        {"maxResults": "2"},
        {"maxResults": "2", "token": "2"},
        {"maxResults": "2", "token": "4"},
    ]


def test_a_token_is_renewed_a_minute_before_its_end_and_when_the_key_file_is_another(desk: Desk) -> None:
    collector = desk.collector()
    cursor = a_round(collector).cursor
    desk.later(timedelta(minutes=58))
    a_round(collector, cursor)
    assert len(desk.server.tokens) == 1
    desk.later(timedelta(minutes=59))
    a_round(collector, cursor)
    assert len(desk.server.tokens) == 2
    desk.key.write_text(desk.server.key_file(private_key_id="k2"), "utf-8")
    a_round(collector, cursor)
    assert len(desk.server.tokens) == 3


def test_a_token_that_is_no_longer_taken_is_renewed_at_once(desk: Desk) -> None:
    desk.write("gp:1")
    collector = desk.collector()
    cursor = a_round(collector).cursor
    desk.server.tokens.append("revoked")
    assert (ids(a_round(collector, cursor)), len(desk.server.tokens)) == (["gp:1"], 3)


@pytest.mark.parametrize("skew", [timedelta(hours=1), -timedelta(hours=1)])
def test_a_wrong_clock_is_set_right_by_googles(desk: Desk, skew: timedelta) -> None:
    desk.write("gp:1")
    desk.now = NOON + skew
    harvest = desk.collector().collect(None)
    assert (ids(harvest), harvest.requests) == (["gp:1"], 3)


def test_an_account_that_is_refused_stops_the_source(desk: Desk) -> None:
    desk.key.write_text(desk.server.key_file(client_email="another@example.com"), "utf-8")
    with pytest.raises(AccessDenied, match=r"refuses the service account \(invalid_grant\)"):
        desk.collector().collect(None)
    assert len(desk.server.asked) == 1
    desk.server.answer = lambda _: Answer(b'{"error": "<b>odd</b>"}', 401)
    with pytest.raises(AccessDenied, match="status 401"):
        desk.collector().collect(None)


@pytest.mark.parametrize(
    "text",
    [
        "secret words, no JSON",
        "[]",
        "{}",
        '{"client_email": "a@example.com", "private_key": 7, "token_uri": "https://oauth2.googleapis.com/token"}',
        '{"client_email": "a@example.com", "private_key": "secret", "token_uri": "https://oauth2.googleapis.com/token"}',
    ],
)
def test_a_key_file_that_is_none_is_told_by_its_place_alone(desk: Desk, text: str) -> None:
    desk.key.write_text(text, "utf-8")
    with pytest.raises(AccessDenied) as failure:
        desk.collector().collect(None)
    assert str(failure.value).startswith(f"file:{desk.key}: ")
    assert "secret" not in str(failure.value).replace(str(desk.key), "")
    assert desk.server.asked == []


def test_a_missing_key_file_is_told_by_its_place(desk: Desk) -> None:
    desk.key.unlink()
    with pytest.raises(AccessDenied, match="FileNotFoundError"):
        desk.collector().collect(None)


@pytest.mark.parametrize(
    "told",
    [
        "https://evil.example/token",
        "http://oauth2.googleapis.com/token",
        "https://googleapis.com.evil.example/token",
        "https://evilgoogleapis.com/token",
        "https://oauth2.googleapis.com:8443/token",
        "https://user@oauth2.googleapis.com/token",
        "https://[odd",
        "",
    ],
)
def test_a_key_file_that_points_elsewhere_is_not_followed(desk: Desk, told: str) -> None:
    desk.key.write_text(desk.server.key_file(token_uri=told), "utf-8")
    with pytest.raises(AccessDenied, match=r"token_uri is not at googleapis\.com"):
        desk.collector(token_uri=None).collect(None)
    assert desk.server.asked == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{}", UnexpectedReply),
        (b'{"access_token": "a\\nb", "expires_in": 3599}', UnexpectedReply),
        (b'{"access_token": "a", "expires_in": "soon"}', UnexpectedReply),
        (b'{"access_token": "a", "expires_in": 5}', SourceDown),
    ],
)
def test_an_answer_without_a_usable_token_is_no_token(desk: Desk, body: bytes, error: type[Exception]) -> None:
    desk.server.answer = lambda _: Answer(body)
    with pytest.raises(error):
        desk.collector().collect(None)


def test_a_token_is_not_asked_for_again_where_a_redirect_leads(desk: Desk) -> None:
    desk.server.answer = lambda _: Answer(b"", 307, {"Location": "https://evil.example/token"})
    with pytest.raises(UnexpectedReply, match="carries a body"):
        desk.collector().collect(None)


def test_a_failed_second_page_is_read_before_anything_else(desk: Desk) -> None:
    for number in range(8):
        desk.write(f"gp:{number}", 100 + number)
    collector = desk.collector(page=3)
    first = collector.collect(None)
    assert (first.gaps, first.more) == (1, True)
    desk.server.faults.append("500")
    with pytest.raises(SourceDown):
        collector.collect(first.cursor)
    rest = a_round(desk.collector(page=3), first.cursor)
    assert sorted(ids(first) + ids(rest)) == [f"gp:{number}" for number in range(8)]
    assert rest.gaps == 0


def test_an_answer_and_a_change_are_found_wherever_in_the_week_they_stand(desk: Desk) -> None:
    for number in range(8):
        desk.write(f"gp:{number}", 3_600 * 20 * number + 60)
    collector = desk.collector(page=3)
    cursor = a_round(collector).cursor
    desk.server.reviews[7] = replace(desk.server.reviews[7], answer="Sorry", text="edited")
    again = {post.native_id: post.text for post in a_round(collector, cursor).posts}
    assert (again["gp:7"], again["gp:7/developer"]) == ("edited", "Sorry")


def test_a_refused_page_token_begins_the_round_anew(desk: Desk) -> None:
    for number in range(8):
        desk.write(f"gp:{number}", 100 + number)
    collector = desk.collector(page=3)
    first = collector.collect(None)
    desk.server.bad_pages = 1
    rest = a_round(collector, first.cursor)
    assert set(ids(first) + ids(rest)) == {f"gp:{number}" for number in range(8)}
    assert (rest.notes, rest.gaps) == (["the next page was refused; the week is read again"], 0)


def test_a_page_token_that_is_never_taken_ends_the_round_but_not_the_source(desk: Desk) -> None:
    for number in range(8):
        desk.write(f"gp:{number}", 100 + number)
    desk.server.bad_pages = 10**6
    collector = desk.collector(page=3)
    first = a_round(collector)
    assert first.notes[-1] == "the next page was refused; the next round tries again"
    assert (len(first.notes), first.gaps) == (MAX_RESTARTS + 1, 1)
    desk.server.bad_pages = 0
    assert len(set(ids(a_round(collector, first.cursor)))) == 8


def test_a_round_that_was_interrupted_for_long_is_begun_anew(desk: Desk) -> None:
    for number in range(8):
        desk.write(f"gp:{number}", 100 + number)
    collector = desk.collector(page=3)
    first = collector.collect(None)
    desk.later(DAY + timedelta(minutes=1))
    assert len(set(ids(a_round(collector, first.cursor)))) == 8


def test_an_interruption_of_more_than_a_week_is_a_loss_and_told_once(desk: Desk) -> None:
    desk.write("gp:1")
    collector = desk.collector()
    cursor = a_round(collector).cursor
    desk.later(7 * DAY)
    assert a_round(collector, cursor).lost == []
    desk.later(9 * DAY)
    desk.server.faults.extend(["500", "500"])
    for _ in range(2):
        with pytest.raises(SourceDown):
            collector.collect(cursor)
    back = a_round(collector, cursor)
    assert back.lost == [Loss(PACKAGE, NOON, NOON + 2 * DAY, "Google Play shows the reviews of one week only")]
    assert a_round(collector, back.cursor).lost == []


def test_an_empty_week_that_cannot_be_is_an_alarm(desk: Desk) -> None:
    desk.write("gp:1")
    collector = desk.collector()
    cursor = a_round(collector).cursor
    desk.server.is_silent = True
    for _ in range(3):
        with pytest.raises(UnexpectedReply, match="no review, although one of 2026-11-21"):
            collector.collect(cursor)
    desk.server.is_silent = False
    assert ids(a_round(collector, cursor)) == ["gp:1"]


def test_an_empty_week_after_a_quiet_one_is_quiet(desk: Desk) -> None:
    assert a_round(desk.collector()).posts == []
    desk.write("gp:1")
    collector = desk.collector()
    cursor = a_round(collector).cursor
    desk.later(6 * DAY + timedelta(hours=20))
    cursor = a_round(collector, cursor).cursor
    desk.later(8 * DAY)
    assert a_round(collector, cursor).posts == []


def test_a_cursor_of_another_version_is_read_as_none(desk: Desk) -> None:
    desk.write("gp:1")
    assert ids(a_round(desk.collector(), '{"v": 99}')) == ["gp:1"]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (refusal(401, "authError"), AccessDenied, "may not read"),
        (refusal(403, "permissionDenied"), AccessDenied, "may not read"),
        (Answer(b"<html>", 403), AccessDenied, "may not read"),
        (refusal(403, "quotaExceeded"), RateLimited, "fewer"),
        (refusal(404, "notFound"), AccessDenied, "knows no app"),
        (refusal(400, "invalid"), UnexpectedReply, "400"),
        (Answer(b"", 429), RateLimited, "429"),
        (Answer(b"", 500), SourceDown, "500"),
        (Answer(b"[]"), UnexpectedReply, "not an object"),
        (Answer(b'{"reviews": {}}'), UnexpectedReply, "without a list"),
        (Answer(b'{"reviews": [], "tokenPagination": {"nextPageToken": 7}}'), UnexpectedReply, "leads nowhere"),
    ],
)
def test_each_refusal_has_its_meaning(desk: Desk, answer: Answer, error: type[Exception], words: str) -> None:
    desk.answers_reviews_with(answer)
    with pytest.raises(error, match=words):
        desk.collector().collect(None)


def test_what_is_no_review_is_rejected_and_disturbs_no_other(desk: Desk) -> None:
    desk.write("gp:1", 10)
    desk.write("../x", 20)
    desk.write("gp:3", 30, more={"lastModified": {}})
    desk.write("gp:4", 40, more={"starRating": 9, "text": None, "thumbsUpCount": None, "reviewerLanguage": 7})
    harvest = desk.collector().collect(None)
    where = f"reviews of {PACKAGE}, review"
    assert list(harvest.rejects) == [
        Reject(f"{where} 2", "not in the shape of a review: ValueError"),
        Reject(f"{where} 3", "not in the shape of a review: KeyError"),
    ]
    odd = next(post for post in harvest.posts if post.native_id == "gp:4")
    assert (odd.text, odd.rating, odd.language, odd.engagement) == ("", None, None, None)


@pytest.mark.parametrize("seconds", ["9" * 30, "1" + "0" * 17, "253402300799"])
def test_a_time_that_no_calendar_holds_is_rejected(desk: Desk, seconds: str) -> None:
    desk.write("gp:1", more={"lastModified": {"seconds": seconds}})
    desk.write("gp:2")
    harvest = desk.collector().collect(None)
    assert (ids(harvest), len(harvest.rejects)) == (["gp:2"], 1)


def test_recheck_tells_what_became_of_reviews_and_answers(desk: Desk) -> None:
    desk.write("gp:1", text="edited", answer="Sorry")
    desk.write("gp:2")
    collector = desk.collector()
    collector.collect(None)
    before = len(desk.server.asked)
    rechecked = collector.recheck(["gp:1", "gp:1/developer", "gp:2/developer", "gp:9", "a b"])
    assert {key: post and post.text for key, post in rechecked.found.items()} == {
        "gp:1": "edited",
        "gp:1/developer": "Sorry",
        "gp:2/developer": None,
        "gp:9": None,
    }
    assert rechecked.requests == len(desk.server.asked) - before == 3
    assert desk.server.asked[-1].path.endswith("/reviews/gp%3A9")


def test_recheck_asks_a_bounded_number_of_times_and_of_odd_answers_knows_nothing(desk: Desk) -> None:
    desk.answers_reviews_with(Answer(b'{"reviewId": "gp:77"}'))
    assert dict(desk.collector().recheck([f"gp:{number}" for number in range(50)]).found) == {}
    assert len(desk.server.reviews_asked()) == MAX_RECHECK
    desk.server.faults.append("500")
    with pytest.raises(SourceDown):
        desk.collector().recheck(["gp:1"])


def test_a_removed_app_is_not_taken_for_a_removed_review_when_permission_fails(desk: Desk) -> None:
    desk.answers_reviews_with(refusal(403, "permissionDenied"))
    with pytest.raises(AccessDenied):
        desk.collector().recheck(["gp:1"])


def test_check_looks_at_the_account_and_the_app(desk: Desk) -> None:
    assert list(desk.collector().check()) == [Checked("reach", ok=True)]
    no_app = Checked("credentials", ok=False, detail="Google Play knows no app com.example.other")
    assert list(desk.collector(package="com.example.other").check()) == [no_app]


def test_there_is_no_backfill_beyond_the_week(desk: Desk) -> None:
    assert not isinstance(desk.collector(), Backfills)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_taken_plain(desk: Desk, text: str) -> None:
    desk.write("gp:1", text=text, name=text, answer=text)
    for post in desk.collector().collect(None).posts:
        for part in (post.text, post.title or "", post.author_name or ""):
            assert not set(part) & set("\x00\x07\x1b\r")
            part.encode()


@pytest.mark.parametrize("package", ["acme", "com/acme", "com.acme/..", "com..acme", ""])
def test_a_package_that_is_none_is_refused(package: str) -> None:
    with pytest.raises(ValidationError, match="package"):
        GooglePlaySource(name="play", package=package, service_account=Secret("env:KEY"))
