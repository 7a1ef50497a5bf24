from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest

from collectors.base import Post, Reject
from collectors.files import FilesCollector
from collectors.matching import Matcher
from config.load import check_secrets, load
from config.settings import Settings
from config.vocabulary import COMPLAINT_TYPES
from monitor.demo.phrases import FIELD
from monitor.demo.posts import BAD_ROWS, REPEATED, write_posts
from monitor.demo.settings import SLACK_TOKEN, WEBHOOK_SECRET, settings_text
from monitor.demo.timeline import OWN, PLAN, SPIKE_DAY, ZONE, DemoPost, fortnight, weeks

END = date(2026, 11, 18)  # a Wednesday
FIRST, SECOND = date(2026, 11, 2), date(2026, 11, 9)


@pytest.fixture(scope="module")
def posts() -> list[DemoPost]:
    return fortnight(END)


def local_day(post: DemoPost) -> date:
    return post.at.astimezone(ZONE).date()


def demo_settings(folder: Path) -> Settings:
    path = folder / "monitor.toml"
    path.write_text(settings_text(folder, slack_port=8001, smtp_port=8002, webhook_port=8003), encoding="utf-8")
    return load(path)


def imported(settings: Settings) -> tuple[list[Post], list[Reject]]:
    """Everything that the sources of the settings bring."""
    taken: list[Post] = []
    rejected: list[Reject] = []
    for source in settings.sources:
        collector = FilesCollector(source, clock=lambda: datetime(2026, 11, 18, tzinfo=UTC))
        cursor, more = None, True
        while more:
            harvest = collector.collect(cursor)
            taken += harvest.posts
            rejected += harvest.rejects
            cursor, more = harvest.cursor, harvest.more
    return taken, rejected


@pytest.mark.parametrize(
    ("end", "mondays"),
    [
        (date(2026, 11, 15), (FIRST, SECOND)),  # a Sunday: over when the day is over
        (date(2026, 11, 16), (FIRST, SECOND)),
        (date(2026, 11, 21), (FIRST, SECOND)),
        (date(2026, 11, 14), (date(2026, 10, 26), FIRST)),
    ],
)
def test_the_two_last_weeks_that_are_over_are_filled(end: date, mondays: tuple[date, date]) -> None:
    assert weeks(end) == mondays
    days = {local_day(post) for post in fortnight(end)}
    assert days == {mondays[0] + timedelta(days=n) for n in range(14)}


def test_the_same_day_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = write_posts(tmp_path / "one", end=END), write_posts(tmp_path / "two", end=END)
    assert [path.name for path in one] == ["x.csv", "reddit.jsonl", "bluesky.jsonl", "app_store.csv", "news.csv"]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_a_few_hundred_posts_hardly_repeat_themselves(posts: list[DemoPost]) -> None:
    written = [post.text for post in posts if post.author not in OWN.values()]
    openings = Counter(" ".join(text.lower().split()[:5]) for text in written)
    assert 300 <= len(posts) <= 600
    assert len(set(written)) >= 0.95 * len(written)
    assert openings.most_common(1)[0][1] <= 0.02 * len(written)


def test_the_second_week_is_worse_in_billing_and_has_a_day_that_stands_out(posts: list[DemoPost]) -> None:
    billing = Counter(local_day(post) >= SECOND for post in posts if post.subject == "billing")
    assert billing[True] >= 4 * billing[False]
    (busiest, most), (_second, second) = Counter(map(local_day, posts)).most_common(2)
    assert busiest == SECOND + timedelta(days=SPIKE_DAY)
    assert most > 1.3 * second


def test_every_complaint_type_and_every_other_mood_is_there(posts: list[DemoPost]) -> None:
    assert set(PLAN) | {"spike"} == set(FIELD)
    assert set(COMPLAINT_TYPES) - {"other"} <= {post.subject for post in posts}
    assert {"praise", "question", "sarcasm", "remark", "elsewhere"} <= {post.subject for post in posts}
    assert {post.language for post in posts} == {"en", "es", "de"}
    everything = "\n".join(post.text for post in posts)
    assert all(
        sign in everything for sign in ("<!channel>", "<script>", "=HYPERLINK(", "\u202e", "😡" * 60, "RT @demo_")
    )


def test_authors_and_links_are_plainly_invented(posts: list[DemoPost], tmp_path: Path) -> None:
    assert all(post.author in OWN.values() or post.author.startswith(("demo_", "demo-")) for post in posts)
    write_posts(tmp_path, end=END)
    taken, _rejected = imported(demo_settings(tmp_path))
    assert all(post.url is not None and ".example/" in post.url for post in taken)


def test_the_company_answers_in_the_thread_and_slower_in_the_second_week(posts: list[DemoPost]) -> None:
    roots = {post.id: post for post in posts if post.id == post.thread}
    waits: dict[bool, list[timedelta]] = {False: [], True: []}
    again = 0
    for post in posts:
        root = roots[post.thread]
        if post.author in OWN.values():
            waits[local_day(root) >= SECOND].append(post.at - root.at)
        elif post is not root:
            assert post.author == root.author
            again += 1
    assert all(wait >= timedelta(minutes=8) for both in waits.values() for wait in both)
    assert (len(waits[False]) >= 20, len(waits[True]) >= 20, again >= 20) == (True, True, True)
    assert median(waits[True]) > 2 * median(waits[False])


def test_an_import_takes_every_good_row_and_reports_every_bad_one(posts: list[DemoPost], tmp_path: Path) -> None:
    write_posts(tmp_path, end=END)
    taken, rejected = imported(demo_settings(tmp_path))
    assert len(rejected) == BAD_ROWS
    assert len(taken) == len(posts) + REPEATED
    truth = {(post.platform, post.id): post for post in posts}
    assert {(post.platform, post.native_id) for post in taken} == set(truth)
    for post in taken:
        told = truth[post.platform, post.native_id]
        assert (post.text, post.published_at, post.author_handle) == (told.text, told.at, told.author)


def test_every_post_about_the_company_is_heard_and_no_other(posts: list[DemoPost], tmp_path: Path) -> None:
    write_posts(tmp_path, end=END)
    settings = demo_settings(tmp_path)
    matcher = Matcher(settings.brands)
    about = {(post.platform, post.id): post.subject != "elsewhere" for post in posts}
    taken, _rejected = imported(settings)
    wrong = [
        post.text for post in taken if (matcher.heard(post, None) is not None) != about[post.platform, post.native_id]
    ]
    assert wrong == []


def test_the_settings_load_and_their_secrets_are_found_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = demo_settings(tmp_path)
    for name in (SLACK_TOKEN, WEBHOOK_SECRET):
        monkeypatch.setenv(name, "demo")
    assert check_secrets(settings) == []
    assert settings.database.url == f"sqlite:///{tmp_path}/demo.db"
    assert {channel.kind for channel in settings.channels} == {"console", "slack", "mail", "webhook"}
    assert settings.digest.recipients == ("director@larkspoon.example",)
