from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from app_store_server import ISSUER, KEY_ID, NOON, ConnectServer, FeedServer, Review, p8
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from faulty_server import Answer
from hostile import HOSTILE
from pydantic import ValidationError

from collectors.app_store import AppStoreCollector
from collectors.app_store_connect import MAX_RECHECK
from collectors.base import (
    AccessDenied,
    Backfills,
    Checked,
    Engagement,
    Harvest,
    Loss,
    Post,
    RateLimited,
    Rechecked,
    Reject,
    SourceDown,
    UnexpectedReply,
)
from collectors.http import Http
from collectors.matching import is_ours
from collectors.newest import MAX_RESTARTS
from config.brands import Account, Alias, Brand
from config.secret import Secret
from config.source_app_store import AppStoreSource
from config.vocabulary import Platform

OURS = Brand(
    name="Acme",
    aliases=(Alias(text="acme"),),
    own_accounts=(Account(platform=Platform.APP_STORE, handle="developer"),),
)


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Keyed:
    """The App Store Connect API, and what is needed to read it."""

    server: ConnectServer
    key: Path
    clock: Clock

    def collector(self, *, apps: tuple[str, ...] = ("123",), page: int = 200, **settings: Any) -> AppStoreCollector:
        source = AppStoreSource(
            name="apps",
            apps=apps,
            key_id=KEY_ID,
            issuer_id=ISSUER,
            private_key=Secret(f"file:{self.key}"),
            base_url=self.server.base,
            allow_private_address=True,
            **settings,
        )
        http = Http(user_agent="monitor/test", clock=self.clock, allow_private=True, read_seconds=2)
        return AppStoreCollector(source, http=http, clock=self.clock, page=page)

    def write(self, native_id: str, ago: float = 60, **more: Any) -> None:
        self.server.reviews.append(Review(native_id, NOON - timedelta(seconds=ago), **more))


@dataclass
class Feed:
    """The public feed, and what is needed to read it."""

    server: FeedServer
    clock: Clock

    def collector(self, *countries: str, **settings: Any) -> AppStoreCollector:
        source = AppStoreSource(
            name="apps",
            apps=("123",),
            countries=countries or ("us",),
            feed_url=self.server.base,
            allow_private_address=True,
            **settings,
        )
        http = Http(user_agent="monitor/test", clock=self.clock, allow_private=True, read_seconds=2)
        return AppStoreCollector(source, http=http, clock=self.clock)

    def write(self, native_id: str, ago: float = 60, **more: Any) -> None:
        self.server.reviews.append(Review(native_id, NOON - timedelta(seconds=ago), **more))


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[Keyed]:
    key = tmp_path / "key.p8"
    key.write_text(p8(), "utf-8")
    key.chmod(0o600)
    with ConnectServer() as server:
        yield Keyed(server, key, Clock())


@pytest.fixture
def feed() -> Iterator[Feed]:
    with FeedServer() as server:
        yield Feed(server, Clock())


def a_round(collector: AppStoreCollector, cursor: str | None = None) -> Harvest:
    seen: list[Harvest] = []
    while not seen or seen[-1].more:
        assert len(seen) < 500, "never ends"
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


# By the API


def test_a_review_and_the_answer_to_it_become_posts(keyed: Keyed) -> None:
    keyed.write("r-1", 600, body="It crashes <b>daily</b>", title="Bad", stars=2, answer="We are sorry")
    harvest = keyed.collector().collect(None)
    review, answer = harvest.posts
    assert review == Post(
        platform=Platform.APP_STORE,
        native_id="r-1",
        text="It crashes <b>daily</b>",
        title="Bad",
        published_at=NOON - timedelta(minutes=10),
        kind="review",
        author_name="mia",
        url="https://apps.apple.com/app/id123?see-all=reviews",
        thread="r-1",
        rating=2.0,
        rating_max=5,
        community="app 123, usa",
    )
    assert answer == Post(
        platform=Platform.APP_STORE,
        native_id="r-1/developer",
        text="We are sorry",
        published_at=NOON,
        kind="reply",
        author_handle="developer",
        url="https://apps.apple.com/app/id123?see-all=reviews",
        thread="r-1",
        parent="r-1",
        version=NOON.isoformat(),
        community="app 123, usa",
    )
    assert (harvest.more, harvest.requests, harvest.gaps) == (False, 1, 0)


def test_the_developers_answer_is_ours_and_a_reviewer_of_that_name_is_not(keyed: Keyed) -> None:
    keyed.write("r-1", 600, name="developer", answer="We are sorry")
    review, answer = keyed.collector().collect(None).posts
    assert (is_ours(review, [OURS]), is_ours(answer, [OURS])) == (False, True)


def test_the_api_is_asked_as_its_makers_say(keyed: Keyed) -> None:
    keyed.collector().collect(None)
    [asked] = keyed.server.asked
    assert asked.path == "/v1/apps/123/customerReviews"
    assert asked.params == {"sort": "-createdDate", "limit": "200", "include": "response"}


def test_a_token_is_good_for_a_quarter_of_an_hour_and_renewed_before_its_end(keyed: Keyed) -> None:
    collector = keyed.collector()
    cursor = a_round(collector).cursor
    keyed.clock.now = keyed.server.now = NOON + timedelta(minutes=13)
    a_round(collector, cursor)
    keyed.clock.now = keyed.server.now = NOON + timedelta(minutes=14, seconds=30)
    a_round(collector, cursor)
    issued = [datetime.fromtimestamp(claims["iat"], UTC) for claims in keyed.server.tokens]
    assert issued == [NOON, NOON, NOON + timedelta(minutes=14, seconds=30)]
    assert {claims["exp"] - claims["iat"] for claims in keyed.server.tokens} == {900}


@pytest.mark.parametrize("skew", [timedelta(hours=1), -timedelta(hours=1), timedelta(days=400)])
def test_a_wrong_clock_is_set_right_by_apples(keyed: Keyed, skew: timedelta) -> None:
    keyed.write("r-1")
    keyed.clock.now = NOON + skew
    collector = keyed.collector(since=timedelta(days=500))
    first = collector.collect(None)
    assert (ids(first), first.requests) == (["r-1"], 2)
    assert collector.collect(first.cursor).requests == 1


def test_a_key_that_is_refused_stops_the_source(keyed: Keyed) -> None:
    keyed.server.answer = lambda _: Answer(b"{}", 401)
    with pytest.raises(AccessDenied, match="refuses the key"):
        keyed.collector().collect(None)
    assert len(keyed.server.asked) == 1


def test_a_key_that_is_none_is_told_by_its_place_alone(keyed: Keyed) -> None:
    rsa_key = rsa.generate_private_key(65_537, 2_048)
    of_another_kind = rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for text in ("not-a-key-but-secret", of_another_kind):
        keyed.key.write_text(text, "utf-8")
        with pytest.raises(AccessDenied) as failure:
            keyed.collector().collect(None)
        assert str(failure.value) == f"file:{keyed.key}: holds no private key for ES256"
    keyed.key.unlink()
    with pytest.raises(AccessDenied, match="FileNotFoundError"):
        keyed.collector().collect(None)
    assert keyed.server.asked == []


def test_a_key_with_its_line_ends_written_out_is_read(keyed: Keyed) -> None:
    keyed.key.write_text(p8().replace("\n", "\\n"), "utf-8")
    assert keyed.collector().collect(None).requests == 1


def test_a_failed_second_page_is_read_before_anything_else(keyed: Keyed) -> None:
    for number in range(8):
        keyed.write(f"r-{number}", 100 + number)
    collector = keyed.collector(page=3)
    first = collector.collect(None)
    assert (first.gaps, first.more) == (1, True)
    keyed.server.faults.append("500")
    with pytest.raises(SourceDown):
        collector.collect(first.cursor)
    rest = a_round(keyed.collector(page=3), first.cursor)
    assert sorted(ids(first) + ids(rest)) == [f"r-{number}" for number in range(8)]
    assert rest.gaps == 0


def test_a_refused_page_begins_the_walk_anew(keyed: Keyed) -> None:
    for number in range(8):
        keyed.write(f"r-{number}", 100 + number)
    collector = keyed.collector(page=3)
    first = collector.collect(None)
    keyed.server.bad_cursors = 1
    rest = a_round(collector, first.cursor)
    assert set(ids(first) + ids(rest)) == {f"r-{number}" for number in range(8)}
    assert rest.notes == ["app 123: the next page was refused (status 400); read again from the newest"]
    keyed.server.bad_cursors = 99
    given_up = a_round(keyed.collector(page=3))
    assert [loss.why for loss in given_up.lost] == [f"the platform refused the next page {MAX_RESTARTS + 1} times"]


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "http://169.254.169.254", "ftp://x", "/relative", 7])
def test_a_next_page_elsewhere_is_never_followed(keyed: Keyed, elsewhere: Any) -> None:
    for number in range(8):
        keyed.write(f"r-{number}", 100 + number)
    if isinstance(elsewhere, str):
        keyed.server.next_base = elsewhere
    else:
        keyed.server.answer = lambda _: Answer(b'{"data": [], "links": {"next": 7}}')
    with pytest.raises(UnexpectedReply, match="next page"):
        keyed.collector(page=3).collect(None)
    assert len(keyed.server.asked) == 1


def test_an_answer_to_a_review_that_is_known_is_found_in_the_next_round(keyed: Keyed) -> None:
    keyed.write("r-1", 5 * 86_400)
    keyed.write("r-2", 60)
    collector = keyed.collector()
    cursor = a_round(collector).cursor
    keyed.server.reviews[0] = replace(keyed.server.reviews[0], answer="Sorry", body="crashes, edited")
    again = {post.native_id: post.text for post in a_round(collector, cursor).posts}
    assert again == {"r-1": "crashes, edited", "r-1/developer": "Sorry", "r-2": "crashes"}


def test_what_is_older_than_the_first_run_reads_is_not_brought(keyed: Keyed) -> None:
    keyed.write("old", 40 * 86_400)
    keyed.write("new")
    first = a_round(keyed.collector())
    assert ids(first) == ["new"]
    assert ids(a_round(keyed.collector(), first.cursor)) == ["new"]


def test_an_app_that_is_not_the_keys_is_noted_and_the_others_go_on(keyed: Keyed) -> None:
    keyed.write("r-1")
    collector = keyed.collector(apps=("999", "123"))
    first = a_round(collector)
    assert (ids(first), first.notes) == (
        ["r-1"],
        ["app 999: there is no such list (no such app for this key); the others go on"],
    )
    assert a_round(collector, first.cursor).notes == []
    with pytest.raises(AccessDenied, match="app 999"):
        keyed.collector(apps=("999",)).collect(None)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(b"", 403), AccessDenied),
        (Answer(b"", 400), UnexpectedReply),
        (Answer(b"", 429), RateLimited),
        (Answer(b"", 500), SourceDown),
        (Answer(b"{}", 200), UnexpectedReply),
        (Answer(b'{"data": {}}', 200), UnexpectedReply),
    ],
)
def test_each_refusal_has_its_meaning(keyed: Keyed, answer: Answer, error: type[Exception]) -> None:
    keyed.server.answer = lambda _: answer
    with pytest.raises(error):
        keyed.collector().collect(None)


def test_what_is_no_review_is_rejected_and_disturbs_no_other(keyed: Keyed) -> None:
    keyed.write("r-1", 10)
    keyed.write("../x", 20)
    keyed.write("r-3", 30, more={"createdDate": "yesterday"})
    keyed.write("r-4", 40, more={"rating": "many", "territory": None, "title": None, "body": None})
    harvest = keyed.collector().collect(None)
    assert ids(harvest) == ["r-1", "r-4"]
    assert list(harvest.rejects) == [
        Reject("app 123, review 2", "not in the shape of a review: ValueError"),
        Reject("app 123, review 3", "not in the shape of a review: ValueError"),
    ]
    odd = harvest.posts[1]
    assert (odd.text, odd.title, odd.rating, odd.community) == ("", None, None, None)


def test_recheck_tells_what_became_of_reviews_and_answers(keyed: Keyed) -> None:
    keyed.write("r-1", body="edited", answer="Sorry")
    keyed.write("r-2")
    wanted = ["r-1", "r-1/developer", "r-2/developer", "r-9", "r-9/developer", "../x"]
    rechecked = keyed.collector().recheck(wanted)
    assert {key: post and post.text for key, post in rechecked.found.items()} == {
        "r-1": "edited",
        "r-1/developer": "Sorry",
        "r-2/developer": None,
        "r-9": None,
        "r-9/developer": None,
    }
    assert rechecked.requests == len(keyed.server.asked) == 3
    post = rechecked.found["r-1"]
    assert post is not None
    assert post.community == "app 123, usa"


def test_recheck_of_one_of_several_apps_does_not_say_which(keyed: Keyed) -> None:
    keyed.write("r-1")
    post = keyed.collector(apps=("123", "456")).recheck(["r-1"]).found["r-1"]
    assert post is not None
    assert (post.community, post.url) == (None, None)


def test_recheck_asks_a_bounded_number_of_times_and_of_odd_answers_knows_nothing(keyed: Keyed) -> None:
    keyed.server.answer = lambda _: Answer(b'{"data": []}')
    assert dict(keyed.collector().recheck([f"r-{number}" for number in range(50)]).found) == {}
    assert len(keyed.server.asked) == MAX_RECHECK
    keyed.server.faults.append("500")
    with pytest.raises(SourceDown):
        keyed.collector().recheck(["r-1"])


def test_check_looks_at_the_key_and_the_app(keyed: Keyed) -> None:
    assert list(keyed.collector().check()) == [Checked("reach", ok=True)]
    no_app = Checked("credentials", ok=False, detail="app 999: no such app for this key")
    assert list(keyed.collector(apps=("999",)).check()) == [no_app]


def test_backfill_reads_its_period(keyed: Keyed) -> None:
    for number in range(30):
        keyed.write(f"r-{number:02}", 86_400 * number + 10)
    collector = keyed.collector(page=4)
    assert isinstance(collector, Backfills)
    since, until = NOON - timedelta(days=14), NOON - timedelta(days=10)
    cursor, found, more = None, [], True
    while more:
        harvest = collector.backfill(cursor, since, until)
        cursor, more = harvest.cursor, harvest.more
        found += ids(harvest)
    assert sorted(found) == ["r-10", "r-11", "r-12", "r-13"]
    assert len(keyed.server.asked) <= 5
    assert collector.backfill(cursor, since, until) == Harvest(cursor=cursor)


# By the public feed


def test_an_entry_of_the_feed_becomes_a_post_and_the_app_itself_does_not(feed: Feed) -> None:
    feed.write("1", 600, body="It crashes", stars=1)
    [post] = feed.collector().collect(None).posts
    at = NOON - timedelta(minutes=10)
    assert post == Post(
        platform=Platform.APP_STORE,
        native_id="1",
        text="It crashes",
        title="Bad",
        published_at=at,
        kind="review",
        author_id="771",
        author_name="mia",
        url="https://apps.apple.com/us/app/id123?see-all=reviews",
        thread="1",
        rating=1.0,
        rating_max=5,
        version=f"{at.isoformat()}; app 3.4.3",
        community="app 123, us",
        engagement=Engagement(likes=2),
    )


def test_the_feed_is_asked_page_by_page_for_each_country(feed: Feed) -> None:
    for number in range(60):
        feed.write(str(number), 100 + number)
    feed.write("500", country="de")
    harvest = a_round(feed.collector("us", "de"))
    assert len(harvest.posts) == 61
    assert [asked.path for asked in feed.server.asked] == [
        f"/{country}/rss/customerreviews/page={page}/id=123/sortby=mostrecent/json"
        for country, page in (("us", 1), ("us", 2), ("us", 3), ("de", 1), ("de", 2))
    ]


def test_a_second_round_reads_no_more_than_it_must(feed: Feed) -> None:
    for number in range(400):
        feed.write(str(number), 3_600 * number)
    collector = feed.collector(look_back=timedelta(hours=1))
    cursor = a_round(collector).cursor
    assert a_round(collector, cursor).requests == 1


def test_what_a_stop_pushed_out_of_the_feed_is_told_as_lost_once(feed: Feed) -> None:
    feed.write("1", 20 * 86_400)
    collector = feed.collector()
    cursor = a_round(collector).cursor
    for number in range(2, 802):
        feed.write(str(number), 60 * number)
    second = a_round(collector, cursor)
    assert second.lost == [
        Loss(
            "app 123, us",
            NOON - timedelta(days=20),
            NOON - timedelta(minutes=501),
            "the feed shows the newest 500 reviews only",
        )
    ]
    assert a_round(collector, second.cursor).lost == []


def test_what_the_first_run_cannot_reach_is_noted(feed: Feed) -> None:
    for number in range(600):
        feed.write(str(number), 60 * number)
    first = a_round(feed.collector())
    assert (first.lost, first.notes) == ([], ["app 123, us: the feed shows nothing before 2026-11-21T03:41+00:00"])


def test_a_silent_feed_that_had_reviews_is_an_alarm(feed: Feed) -> None:
    feed.write("1")
    collector = feed.collector()
    cursor = a_round(collector).cursor
    feed.server.silent = {"us"}
    for _ in range(3):
        with pytest.raises(UnexpectedReply, match="no review, although"):
            collector.collect(cursor)
    feed.server.silent = set()
    assert ids(collector.collect(cursor)) == ["1"]


def test_a_feed_that_never_had_reviews_is_quiet(feed: Feed) -> None:
    cursor = a_round(feed.collector()).cursor
    assert a_round(feed.collector(), cursor).posts == []


def test_one_silent_country_among_others_is_noted_and_the_others_go_on(feed: Feed) -> None:
    feed.write("1")
    feed.write("2", country="de")
    collector = feed.collector("us", "de")
    cursor = a_round(collector).cursor
    feed.server.silent = {"us"}
    second = a_round(collector, cursor)
    assert second.notes == [
        "app 123, us: the answer holds no review, although there were reviews before; the others go on"
    ]
    feed.write("3", country="de")
    third = a_round(collector, second.cursor)
    assert (ids(third), third.notes) == (["2", "3"], [])
    feed.server.silent = {"us", "de"}
    first_half = collector.collect(third.cursor)
    for _ in range(3):
        with pytest.raises(UnexpectedReply, match="app 123, de"):
            collector.collect(first_half.cursor)
    feed.server.silent = {"de"}  # one comes back: it is seen at the latest after a day
    feed.clock.now += timedelta(days=1, minutes=1)
    assert ids(collector.collect(first_half.cursor)) == ["1"]


def test_a_review_without_a_time_is_dated_by_when_it_was_seen(feed: Feed) -> None:
    feed.server.tells_time = False
    feed.write("1")
    feed.write("2")
    harvest = a_round(feed.collector())
    assert [(post.dated_by, post.published_at, post.version) for post in harvest.posts] == [
        ("first_seen", NOON, "app 3.4.3")
    ] * 2


def test_a_country_without_a_feed_is_noted_or_stops_the_source(feed: Feed) -> None:
    feed.write("1")
    feed.server.missing = {"de"}
    assert a_round(feed.collector("us", "de")).notes == [
        "app 123, de: there is no such list (status 400); the others go on"
    ]
    with pytest.raises(AccessDenied, match="app 123, de"):
        feed.collector("de").collect(None)
    assert list(feed.collector("de").check()) == [
        Checked("credentials", ok=False, detail="app 123, de: there is no such feed (status 400)")
    ]
    assert list(feed.collector().check()) == [Checked("reach", ok=True)]


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"feed": []}'])
def test_a_feed_in_another_shape_is_unexpected(feed: Feed, body: bytes) -> None:
    feed.server.answer = lambda _: Answer(body)
    with pytest.raises(UnexpectedReply):
        feed.collector().collect(None)


def test_what_is_no_entry_is_rejected_and_disturbs_no_other(feed: Feed) -> None:
    feed.write("1", 10)
    feed.write("x", 20)
    feed.write("3", 30, more={"content": None})
    feed.write("4", 40, more={"author": None, "im:voteSum": "many", "im:rating": {"label": "9"}, "updated": 7})
    harvest = feed.collector().collect(None)
    assert ids(harvest) == ["1", "4"]
    assert [(reject.place, reject.reason) for reject in harvest.rejects] == [
        ("app 123, us, page 1, entry 3", "not in the shape of a review: ValueError"),
        ("app 123, us, page 1, entry 4", "not in the shape of a review: TypeError"),
    ]
    odd = next(post for post in harvest.posts if post.native_id == "4")
    assert (odd.author_name, odd.rating, odd.engagement, odd.dated_by) == (None, None, None, "first_seen")


def test_the_feed_cannot_be_asked_for_single_reviews(feed: Feed) -> None:
    assert feed.collector().recheck(["1"]) == Rechecked()
    assert feed.server.asked == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_taken_plain(feed: Feed, text: str) -> None:
    feed.write("1", body=text, title=text, name=text)
    [post] = feed.collector().collect(None).posts
    for part in (post.text, post.title or "", post.author_name or ""):
        assert not set(part) & set("\x00\x07\x1b\r")
        part.encode()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"apps": ()}, "apps"),
        ({"apps": ("acme",)}, "apps"),
        ({"apps": ("1", "1")}, "twice"),
        ({"apps": ("1",), "key_id": "A"}, "go together; given: key_id"),
        ({"apps": ("1",), "countries": ("usa",)}, "countries"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        AppStoreSource(name="apps", **settings)


def test_a_list_that_fails_again_and_again_holds_up_no_other(feed: Feed) -> None:
    feed.write("1", country="de")
    told = feed.server.answer
    feed.server.answer = lambda asked: Answer(b"", 503) if asked.path.startswith("/us/") else told(asked)
    collector = feed.collector("us", "de")
    for _ in range(2):
        with pytest.raises(SourceDown):
            a_round(collector)
    harvest = a_round(collector)
    assert ([post.native_id for post in harvest.posts], len(harvest.notes)) == (["1"], 1)
    feed.server.answer = lambda _: Answer(b"", 503)
    for _ in range(9):
        with pytest.raises(SourceDown):
            a_round(collector, harvest.cursor)
    feed.server.answer = told
    feed.write("2")
    assert "2" in [post.native_id for post in a_round(collector, harvest.cursor).posts]
