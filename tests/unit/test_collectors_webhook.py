from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hostile import HOSTILE
from pydantic import ValidationError

from collectors.base import Checked, Harvest, Post, Rechecked
from collectors.webhook import WebhookCollector
from collectors.webhook_posts import MAX_POSTS, Misshapen, posts_of
from config.secret import Secret
from config.source_webhook import WebhookSource
from config.vocabulary import Platform

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def a_source(**more: Any) -> WebhookSource:
    return WebhookSource.model_validate(
        {"name": "site", "kind": "webhook", "path": "/hooks/site", "secret": "env:SITE_SECRET", **more}
    )


def read(value: object, **more: Any) -> list[Post]:
    return posts_of(json.dumps(value).encode(), a_source(**more), NOON)


def test_a_post_has_everything_that_was_sent() -> None:
    sent = {
        "id": 17,
        "text": "  Acme lost\r\nmy bag ",
        "created_at": "2026-11-21T12:59:00+01:00",
        "author": "@mia",
        "author_name": "Mia M.",
        "url": "https://acme.example/blog#17",
        "title": "Bags",
        "thread": "blog-3",
        "language": "en-GB",
        "rating": 2,
        "rating_max": 5,
        "kind": "comment",
    }
    assert read({"posts": [sent]}) == [
        Post(
            platform=Platform.WEB,
            native_id="site:17",
            text="Acme lost\nmy bag",
            published_at=NOON - timedelta(minutes=1),
            kind="comment",
            title="Bags",
            author_handle="mia",
            author_name="Mia M.",
            url="https://acme.example/blog#17",
            language="en",
            thread="site:blog-3",
            rating=2.0,
            rating_max=5.0,
        )
    ]


def test_little_is_obligatory_and_null_is_absent() -> None:
    bare, stars = read({"posts": [{"id": "1", "text": "acme", "url": None, "rating": None}, {"id": "2", "rating": 0}]})
    assert (bare.published_at, bare.dated_by, bare.kind, bare.url) == (NOON, "first_seen", "post", None)
    assert (stars.text, stars.rating, stars.kind) == ("", 0.0, "review")
    assert read({"posts": []}) == []


def test_one_post_may_come_by_itself_and_times_may_be_seconds() -> None:
    (post,) = read({"id": "1", "text": "acme", "created_at": int(NOON.timestamp())})
    assert (post.native_id, post.published_at) == ("site:1", NOON)


def test_the_ids_of_a_platform_are_taken_as_they_are() -> None:
    (post,) = read({"id": "1", "text": "acme", "thread": "9"}, platform="x")
    assert (post.platform, post.native_id, post.thread) == (Platform.X, "1", "9")


GOOD = {"id": "1", "text": "acme"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body is no JSON"),
        (b"{", "the body is no JSON"),
        (b"\xff{}", "the body is not in UTF-8"),
        (b"[" * 200_000, "the body is nested too deeply"),
        (b'{"posts":' + b'{"posts":' * 100_000, "the body is nested too deeply"),
        (b"[1]", "the body must be a JSON object"),
        (b"null", "the body must be a JSON object"),
        (b'{"id": "1", "text": "a", "rating": NaN}', "the body is no JSON"),
        (b'{"id": "1", "text": "a", "rating": -Infinity}', "the body is no JSON"),
        (b'{"id": "1", "text": "a", "rating": 1e999}', "rating: is no number of use"),
        (b'{"id": "1", "text": "a", "rating": ' + b"9" * 400 + b"}", "rating: is no number of use"),
        (b'{"id": "1", "text": "a", "rating": ' + b"9" * 5_000 + b"}", "the body is no JSON"),
        (b'{"id": "1", "text": "\\ud83d"}', "text: holds a NUL or half a character"),
        (b'{"id": "1\\u0000", "text": "a"}', "id: holds a NUL or half a character"),
    ],
    ids=range(14),
)
def test_hostile_bytes_are_refused_in_words(body: bytes, said: str) -> None:
    with pytest.raises(Misshapen) as refused:
        posts_of(body, a_source(), NOON)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "text: is empty, and there is no rating"),
        ({"posts": {}}, "posts: must be a list"),
        ({"posts": [], "id": "1"}, '"id": no such key beside posts'),
        ({"posts": [GOOD] * (MAX_POSTS + 1)}, "posts: has 1001 posts, more than 1000"),
        ({"posts": [GOOD, 5]}, "posts[1]: must be an object"),
        ({"posts": [GOOD, {**GOOD, "tekst": ""}]}, 'posts[1]."tekst": no such key; there are author, '),
        ({"posts": [{"text": "a"}]}, "posts[0].id: is missing"),
        ({"posts": [{**GOOD, "id": " "}]}, "posts[0].id: is missing"),
        ({**GOOD, "id": True}, "id: must be text"),
        ({**GOOD, "id": 1.5}, "id: must be text"),
        ({**GOOD, "id": "x" * 501}, "id: has 501 characters, more than 500"),
        ({**GOOD, "text": 5}, "text: must be text"),
        ({**GOOD, "text": ["a"]}, "text: must be text"),
        ({**GOOD, "text": "x" * 100_001}, "text: has 100001 characters, more than 100000"),
        ({**GOOD, "created_at": "yesterday"}, "created_at: must be a time with its zone"),
        ({**GOOD, "created_at": "2026-11-21T12:00:00"}, "created_at: must be a time with its zone"),
        ({**GOOD, "created_at": 10**30}, "created_at: must be a time with its zone"),
        ({**GOOD, "url": "javascript:alert(1)"}, "url: must be an http or https address"),
        ({**GOOD, "rating": "5"}, "rating: must be a number"),
        ({**GOOD, "rating": True}, "rating: must be a number"),
        ({**GOOD, "rating": 6, "rating_max": 5}, "rating: is outside the scale"),
        ({**GOOD, "rating": -1}, "rating: is outside the scale"),
        ({**GOOD, "rating_max": 5}, "rating: is missing beside rating_max"),
        ({**GOOD, "kind": "rant"}, "kind: must be one of post, comment, "),
        ({**GOOD, "\u202e" + "x" * 99: 1}, '"\\u202exxxxx'),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_taken(value: object, said: str) -> None:
    with pytest.raises(Misshapen) as refused:
        read(value)
    assert str(refused.value).startswith(said)
    assert str(refused.value).isascii()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_a_clean_post_or_refused(text: str) -> None:
    sent = {"id": "1", "text": text, "title": text[:900], "author": text[:150], "author_name": text[:150]}
    try:
        (post,) = read(sent)
    except Misshapen as refused:
        assert str(refused).endswith(("there is no rating", "half a character"))  # noqa: PT017
    else:
        assert not any(char in post.text for char in "\x00\x07\x1b\ud83d")


def test_the_collector_brings_nothing_and_looks_at_the_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    collector = WebhookCollector(a_source(secret=["env:SITE_SECRET", "env:SITE_SECRET_NEW"]))
    assert (collector.source, collector.collect(None), collector.recheck(["1"])) == ("site", Harvest(), Rechecked())
    monkeypatch.setenv("SITE_SECRET", "s")
    missing = "env:SITE_SECRET_NEW: the environment variable is not set or empty"
    assert list(collector.check()) == [Checked("credentials", ok=False, detail=missing)]
    monkeypatch.setenv("SITE_SECRET_NEW", "t")
    assert list(collector.check()) == [Checked("credentials", ok=True)]


def test_one_secret_may_stand_without_a_list() -> None:
    assert a_source().secret == (Secret("env:SITE_SECRET"),)


@pytest.mark.parametrize(
    "wrong",
    [{"path": "hooks"}, {"path": "/"}, {"path": "/a/../b"}, {"path": "/a?b"}, {"secret": []}, {"secret": "letmein"}],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        a_source(**wrong)
    assert "letmein" not in str(refused.value.errors(include_input=False))
