"""Slack over the wire, against a local Slack that keeps Slack's rules."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from block_rules import complaint, texts, units
from hostile import HOSTILE
from http_faults import Fault
from mentions import BERLIN, NOW, PLAYBOOK, a_mention, an_alert
from slack_server import TOKEN, SlackServer

from alerts.base import Channel, DeliveryFailed, ErrorClass, Receipt
from alerts.blocks import SUM_LIMIT, payload
from alerts.compose import notice, reminder
from alerts.slack import SlackBot, SlackWebhook
from alerts.slack_errors import API_ERRORS, NO_THREAD, WEBHOOK_ERRORS
from config.alerting import SlackChannel, SlackWebhookChannel
from config.vocabulary import Flag

QUICK = 0.4  # seconds: a client that gives up at once
SINCE = timedelta(minutes=1)


@pytest.fixture
def slack():
    with SlackServer() as server:
        yield server


@pytest.fixture
def bot(slack, monkeypatch):
    monkeypatch.setenv("SLACK_TOKEN", TOKEN)
    return a_bot(slack.api_url)


def a_bot(api_url, timeout=QUICK) -> SlackBot:
    settings = SlackChannel(name="care", token="env:SLACK_TOKEN", conversation="C042", api_url=api_url)
    return SlackBot(settings, timeout=timeout)


@pytest.fixture
def hook(slack, monkeypatch):
    monkeypatch.setenv("SLACK_HOOK", slack.hook_url)
    return SlackWebhook(SlackWebhookChannel(name="hook", url="env:SLACK_HOOK"), timeout=QUICK)


def posted(bot, key="key-1", reply_to=None):
    return bot.send(key, bot.render(an_alert(key=key)), reply_to=reply_to)


def failure(channel: Channel, key="key-1", reply_to=None) -> tuple[ErrorClass, timedelta | None]:
    with pytest.raises(DeliveryFailed) as caught:
        channel.send(key, channel.render(an_alert(key=key)), reply_to=reply_to)
    assert not any(secret in str(caught.value) for secret in (TOKEN, "hook-secret", "charged", "mia_k"))
    return caught.value.error_class, caught.value.retry_after


def now() -> datetime:
    return datetime.now(UTC)


# What is said


def test_the_whole_payload_of_an_alert(bot):
    bold = {"bold": True}
    assert json.loads(bot.render(an_alert(key="k"))) == {
        "channel": "C042",
        "text": (
            "Serious billing complaint from @mia_k on X\n\n"
            "&gt; @lumenbank you charged me twice for the same card and nobody answers. Third week now!\n\n"
            "From:      @mia_k (Mia K.), 12,300 followers\n"
            "Where:     X, about Lumen Bank  https://x.com/mia_k/status/1\n"
            "When:      Mon 16 Nov 2026, 07:30 CET, 2 hours ago\n"
            "Sentiment: negative (93%)\n"
            "Complaint: yes (88%)\n"
            "About:     billing, price, fees, refund (71%); also no answer or no solution from support\n"
            "Severity:  serious (64%)\n"
            "The post:  expects a reply\n\n"
            "What to do: Say sorry, ask for the order number by direct message, never argue in public.\n\n"
            "Why you get this: The post is a negative complaint: negative 93.0% (at least 60.0%); serious complaint "
            "88.0% (at least 50.0%). Route money: severity serious &gt;= serious; type billing in (billing).\n\n"
            "Lumen Bank sentiment monitor, case 42, Mon 16 Nov 2026, 09:30 CET\n"
        ),
        "blocks": [
            {
                "type": "header",
                "text": {
                    "type": "plain_text",
                    "text": "🟠 Serious billing complaint from @mia_k on X",
                    "emoji": False,
                },
            },
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_quote",
                        "elements": [
                            {
                                "type": "text",
                                "text": "@lumenbank you charged me twice for the same card and nobody answers. "
                                "Third week now!",
                            }
                        ],
                    },
                    {
                        "type": "rich_text_section",
                        "elements": [
                            {"type": "text", "text": "From  ", "style": bold},
                            {"type": "text", "text": "@mia_k (Mia K.), 12,300 followers"},
                            {"type": "text", "text": "\nWhere  ", "style": bold},
                            {"type": "text", "text": "X, about Lumen Bank, "},
                            {"type": "link", "url": "https://x.com/mia_k/status/1", "text": "open the post"},
                            {"type": "text", "text": "\nWhen  ", "style": bold},
                            {"type": "text", "text": "Mon 16 Nov 2026, 07:30 CET, 2 hours ago"},
                            {"type": "text", "text": "\nSentiment  ", "style": bold},
                            {"type": "text", "text": "negative (93%)"},
                            {"type": "text", "text": "\nComplaint  ", "style": bold},
                            {"type": "text", "text": "yes (88%)"},
                            {"type": "text", "text": "\nAbout  ", "style": bold},
                            {
                                "type": "text",
                                "text": "billing, price, fees, refund (71%); also no answer or no solution from support",
                            },
                            {"type": "text", "text": "\nSeverity  ", "style": bold},
                            {"type": "text", "text": "serious (64%)"},
                            {"type": "text", "text": "\nThe post  ", "style": bold},
                            {"type": "text", "text": "expects a reply"},
                        ],
                    },
                    {
                        "type": "rich_text_section",
                        "elements": [
                            {"type": "text", "text": "\nWhat to do  ", "style": bold},
                            {
                                "type": "text",
                                "text": "Say sorry, ask for the order number by direct message, never argue in public.",
                            },
                        ],
                    },
                ],
            },
            {
                "type": "context",
                "elements": [
                    {
                        "type": "plain_text",
                        "text": "Why you get this: The post is a negative complaint: negative 93.0% (at least 60.0%); "
                        "serious complaint 88.0% (at least 50.0%). Route money: severity serious >= serious; "
                        "type billing in (billing).",
                        "emoji": False,
                    },
                    {
                        "type": "plain_text",
                        "text": "Lumen Bank sentiment monitor, case 42, Mon 16 Nov 2026, 09:30 CET",
                        "emoji": False,
                    },
                ],
            },
        ],
        "metadata": {"event_type": "monitor_delivery", "event_payload": {"key": "k"}},
        "unfurl_links": False,
        "unfurl_media": False,
        "link_names": False,
        "parse": "none",
        "mrkdwn": False,
    }


def hostile_alert(text):
    mention = a_mention(
        text=text,
        title=text,
        author_handle=text,
        author_name=text,
        brand=text,
        alias=text,
        url=f"https://example.org/{text}",
        types=(text or "x",) * 9,
        flags=tuple(Flag),
    )
    return an_alert(mention, key="k", company=text, playbook={text or "x": text * 3})


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_slack_takes_any_post_and_stays_within_the_budget(text):
    body = payload(hostile_alert(text))
    assert complaint(body) is None
    assert sum(units(t) for block in body["blocks"] for t in texts(block)) + units(body["text"]) <= SUM_LIMIT


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_post_text_stands_only_where_slack_reads_no_markup(text):
    body = payload(hostile_alert(text))
    assert not any(sign in body["text"] for sign in "<>`")
    kinds = set()

    def walk(node):
        if isinstance(node, dict):
            kinds.add(node.get("type"))
            for value in node.values():
                walk(value)
        if isinstance(node, list):
            for one in node:
                walk(one)

    walk(body["blocks"])
    assert "mrkdwn" not in kinds
    assert kinds <= {
        *("header", "rich_text", "context", "plain_text", "rich_text_section", "rich_text_quote", "text", "link", None)
    }


def test_the_longest_of_everything_is_cut_to_slacks_limits():
    long = "word " * 20_000
    told = notice(key="k", subject=long, lines=[long] * 40, company=long, zone=BERLIN, now=NOW, why=long)
    again = reminder(
        a_mention(text=long, author_name=long),
        key="k",
        case_id=1,
        company=long,
        zone=BERLIN,
        playbook=PLAYBOOK | {"billing": long},
        now=NOW,
        opened_at=NOW,
        number=1,
    )
    for message in (told, again):
        body = payload(message)
        assert complaint(body) is None
        assert sum(units(t) for block in body["blocks"] for t in texts(block)) + units(body["text"]) <= SUM_LIMIT
    assert payload(told)["blocks"][1]["elements"][0]["elements"][0]["text"].endswith("\n… and 34 more")


def test_an_address_too_long_for_slack_is_left_out():
    body = payload(an_alert(a_mention(url="https://example.org/" + "a" * 3000)))
    assert '"link"' not in json.dumps(body)


def test_the_local_slack_refuses_what_slack_refuses():
    header = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}
    fields = {"type": "section", "fields": [{"type": "plain_text", "text": "x"}] * 11}
    context = {"type": "context", "elements": [{"type": "plain_text", "text": "x"}] * 11}
    assert complaint({"text": "", "blocks": []}) == "no_text"
    assert complaint({"text": "x" * 40_001}) == "msg_too_long"
    for block in (header, fields, context, {"type": "rich_text", "elements": []}, {"type": "marquee"}):
        assert complaint({"text": "x", "blocks": [block]}) == "invalid_blocks"
    assert complaint({"text": "x", "blocks": [section] * 51}) == "invalid_blocks"
    assert complaint({"text": "x", "blocks": [section] * 5}) == "msg_blocks_too_long"
    assert complaint({"text": "x", "blocks": [section] * 4}) is None
    assert complaint({"text": "x", "metadata": {"event_type": ""}}) == "invalid_metadata_format"


# How it is delivered


def test_a_message_arrives_once_with_its_key(bot, slack):
    receipt = posted(bot)
    assert slack.keys == ["key-1"]
    assert receipt == Receipt(slack.messages[0]["ts"], {"channel": "C042", "ts": slack.messages[0]["ts"]})
    assert slack.messages[0]["blocks"] == json.loads(bot.render(an_alert(key="key-1")))["blocks"]


def test_a_reply_stands_in_the_thread_of_the_first_message(bot, slack):
    first = posted(bot, "key-1")
    posted(bot, "key-2", reply_to=first)
    assert [m.get("thread_ts") for m in slack.messages] == [None, first.provider_id]
    assert json.loads(slack.asked[1].body)["reply_broadcast"] is False


def test_a_reply_to_a_message_that_is_gone_is_posted_on_its_own(bot, slack):
    receipt = posted(bot, reply_to=Receipt("1.000001"))
    assert slack.keys == ["key-1"]
    assert "thread_ts" not in slack.messages[0]
    assert receipt.details["plainer"] == "thread_not_found"


def test_blocks_that_slack_refuses_are_said_in_plain_text(bot, slack):
    slack.refuse("invalid_blocks")
    receipt = posted(bot)
    assert receipt.details["plainer"] == "invalid_blocks"
    assert "blocks" not in slack.messages[0]
    assert slack.messages[0]["text"].startswith("Serious billing complaint")


def test_a_message_refused_even_as_plain_text_is_content(bot, slack):
    slack.refuse("invalid_blocks", "msg_too_long")
    assert failure(bot) == (ErrorClass.CONTENT, None)
    assert len(slack.asked) == 2


# One word each that no plainer message gets past
ONCE = [(word, kind) for word, kind in API_ERRORS.items() if kind is not ErrorClass.CONTENT]


@pytest.mark.parametrize(("word", "error_class"), ONCE, ids=[word for word, _ in ONCE])
def test_slacks_error_words_have_their_class(bot, slack, word, error_class):
    slack.refuse(word)
    assert failure(bot) == (error_class, None)
    assert len(slack.asked) == 1


CONTENT = [word for word, kind in API_ERRORS.items() if kind is ErrorClass.CONTENT]


@pytest.mark.parametrize("word", CONTENT)
def test_slacks_words_for_bad_content_end_the_delivery(bot, slack, word):
    slack.refuse(word, word)
    assert failure(bot) == (ErrorClass.CONTENT, None)


@pytest.mark.parametrize("word", sorted(NO_THREAD))
def test_a_missing_thread_is_no_failure(bot, slack, word):
    slack.refuse(word)
    assert posted(bot, reply_to=Receipt("1.000001")).details["plainer"] == word


def test_an_unknown_refusal_is_tried_again(bot, slack):
    slack.refuse("something_new")
    assert failure(bot) == (ErrorClass.TRANSIENT, None)


STATUSES = [
    (429, {"Retry-After": "30"}, ErrorClass.THROTTLE, timedelta(seconds=30)),
    (429, {}, ErrorClass.THROTTLE, None),
    (429, {"Retry-After": "soon"}, ErrorClass.THROTTLE, None),
    (429, {"Retry-After": "99999999999"}, ErrorClass.THROTTLE, timedelta(hours=24)),
    (500, {}, ErrorClass.AMBIGUOUS, None),
    (503, {}, ErrorClass.AMBIGUOUS, None),
    (408, {}, ErrorClass.AMBIGUOUS, None),
    (401, {}, ErrorClass.CREDENTIAL, None),
    (403, {}, ErrorClass.CREDENTIAL, None),
    (404, {}, ErrorClass.DESTINATION, None),
    (302, {"Location": "https://evil.example/"}, ErrorClass.DESTINATION, None),
]


@pytest.mark.parametrize(("status", "headers", "error_class", "wait"), STATUSES)
def test_http_statuses_have_their_class(bot, slack, status, headers, error_class, wait):
    slack.fail(Fault("refuse", status, headers, "<html>no</html>"))
    assert failure(bot) == (error_class, wait)
    assert len(slack.asked) == 1


def test_a_success_that_is_no_json_is_ambiguous(bot, slack):
    slack.fail(Fault("accept_fail", 200, body="<html>proxy</html>"))
    assert failure(bot)[0] is ErrorClass.AMBIGUOUS
    assert slack.keys == ["key-1"]


def test_a_refused_connection_sent_nothing(monkeypatch):
    monkeypatch.setenv("SLACK_TOKEN", TOKEN)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        bot = a_bot(f"http://127.0.0.1:{closed.getsockname()[1]}/api/")
        assert failure(bot) == (ErrorClass.TRANSIENT, None)


@pytest.mark.parametrize("kind", ["reset", "accept_reset", "accept_hang"])
def test_a_connection_lost_after_sending_is_ambiguous(bot, slack, kind):
    slack.fail(Fault(kind))
    assert failure(bot) == (ErrorClass.AMBIGUOUS, None)
    assert slack.keys == ([] if kind == "reset" else ["key-1"])


def test_a_slow_answer_is_an_answer(bot, slack):
    slack.fail(Fault("slow", seconds=0.1))
    assert posted(bot).provider_id == slack.messages[0]["ts"]


def test_a_wrong_token_is_a_credential(bot, monkeypatch):
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-wrong")
    assert failure(bot) == (ErrorClass.CREDENTIAL, None)


def test_a_missing_token_is_a_credential_and_asks_nobody(bot, slack, monkeypatch):
    monkeypatch.delenv("SLACK_TOKEN")
    assert failure(bot) == (ErrorClass.CREDENTIAL, None)
    assert slack.asked == []


def test_one_message_a_second_is_enforced_and_told(monkeypatch):
    monkeypatch.setenv("SLACK_TOKEN", TOKEN)
    with SlackServer(per_second=1) as slack:
        bot = a_bot(slack.api_url)
        posted(bot, "key-1")
        assert failure(bot, "key-2") == (ErrorClass.THROTTLE, timedelta(seconds=1))
        assert failure(bot, "key-2") == (ErrorClass.THROTTLE, timedelta(seconds=1))
        assert (slack.keys, slack.early) == (["key-1"], 1)


def test_a_proxy_in_the_environment_is_not_used(slack, monkeypatch):
    monkeypatch.setenv("SLACK_TOKEN", TOKEN)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    posted(a_bot(slack.api_url))
    assert slack.keys == ["key-1"]


def test_neither_token_nor_post_is_ever_logged(bot, hook, slack, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    body = bot.render(an_alert())
    slack.fail(Fault("refuse", 500, body=body), Fault("reset"))
    for channel in (bot, bot, bot, hook):
        with suppress(DeliveryFailed):
            channel.send("k", body)
    told = "\n".join(f"{record.name} {record.getMessage()}" for record in caplog.records)
    assert not any(secret in told for secret in (TOKEN, "hook-secret", "charged", "mia_k"))


# What arrived


def test_a_message_that_arrived_unanswered_is_found(bot, slack):
    slack.fail(Fault("accept_reset"))
    failure(bot)
    found = bot.find("key-1", since=now() - SINCE)
    assert found == Receipt(slack.messages[0]["ts"], {"channel": "C042", "ts": slack.messages[0]["ts"]})


def test_a_message_that_never_arrived_is_not_found(bot, slack):
    slack.fail(Fault("reset"))
    failure(bot)
    posted(bot, "another")
    assert bot.find("key-1", since=now() - SINCE) is None


def test_a_reply_is_found_in_its_thread(bot, slack):
    first = posted(bot, "key-1")
    slack.fail(Fault("accept_hang"))
    failure(bot, "key-2", reply_to=first)
    assert bot.find("key-2", since=now() - SINCE, reply_to=first) == Receipt(
        slack.messages[1]["ts"], {"channel": "C042", "ts": slack.messages[1]["ts"]}
    )
    assert bot.find("key-2", since=now() - SINCE) is None


def test_a_reply_that_had_to_stand_alone_is_found_too(bot, slack):
    gone = Receipt("1.000001")
    receipt = posted(bot, "key-1", reply_to=gone)
    found = bot.find("key-1", since=now() - SINCE, reply_to=gone)
    assert found is not None
    assert found.provider_id == receipt.provider_id


def test_the_search_reads_every_page(monkeypatch):
    monkeypatch.setenv("SLACK_TOKEN", TOKEN)
    with SlackServer(page=2) as slack:
        bot = a_bot(slack.api_url)
        first = posted(bot, "key-0")
        for number in range(1, 6):
            posted(bot, f"key-{number}")
            posted(bot, f"reply-{number}", reply_to=first)
        asked = len(slack.asked)
        since = now() - SINCE
        assert bot.find("key-0", since=since) is not None
        assert len(slack.asked) == asked + 3
        assert bot.find("reply-5", since=since, reply_to=first) is not None
        assert bot.find("reply-9", since=since, reply_to=first) is None


def test_a_message_from_before_is_not_the_one_that_was_sent(slack, bot):
    posted(bot)
    assert bot.find("key-1", since=now() + timedelta(seconds=6)) is None
    assert bot.find("key-1", since=now() + timedelta(seconds=3)) is not None


@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        (Fault("reset"), ErrorClass.TRANSIENT),
        (Fault("refuse", 503), ErrorClass.TRANSIENT),
        (Fault("refuse", 429, {"Retry-After": "7"}), ErrorClass.THROTTLE),
        (Fault("refuse", 200, body='{"ok": false, "error": "missing_scope"}'), ErrorClass.CREDENTIAL),
        (Fault("refuse", 200, body='{"ok": false, "error": "channel_not_found"}'), ErrorClass.DESTINATION),
        (Fault("refuse", 200, body='{"ok": false, "error": "internal_error"}'), ErrorClass.TRANSIENT),
    ],
)
def test_a_question_that_fails_is_never_ambiguous(bot, slack, fault, error_class):
    slack.fail(fault)
    with pytest.raises(DeliveryFailed) as caught:
        bot.find("key-1", since=now() - SINCE)
    assert caught.value.error_class is error_class


# The incoming webhook


def test_a_webhook_posts_text_and_blocks(hook, slack):
    receipt = hook.send("key-1", hook.render(an_alert()), reply_to=Receipt("1.0"))
    assert receipt == Receipt("key-1")
    assert [m["channel"] for m in slack.messages] == ["hook"]
    assert set(json.loads(slack.asked[0].body)) == {"text", "blocks", "unfurl_links", "unfurl_media"}


def test_a_webhook_cannot_be_asked(hook):
    assert hook.find("key-1", since=now()) is None


@pytest.mark.parametrize(("word", "error_class"), WEBHOOK_ERRORS.items(), ids=WEBHOOK_ERRORS)
def test_a_webhooks_words_have_their_class(hook, slack, word, error_class):
    slack.fail(Fault("refuse", 400, body=word))
    assert failure(hook) == (error_class, None)


@pytest.mark.parametrize(("status", "headers", "error_class", "wait"), STATUSES)
def test_a_webhooks_statuses_have_their_class(hook, slack, status, headers, error_class, wait):
    slack.fail(Fault("refuse", status, headers, "<html>no</html>"))
    assert failure(hook) == (error_class, wait)


def test_a_webhook_that_is_gone_is_a_destination(slack, monkeypatch):
    monkeypatch.setenv("SLACK_HOOK", f"{slack.origin}/services/gone")
    hook = SlackWebhook(SlackWebhookChannel(name="hook", url="env:SLACK_HOOK"))
    assert failure(hook) == (ErrorClass.DESTINATION, None)


def test_a_webhook_address_that_is_none_is_a_destination(monkeypatch):
    monkeypatch.setenv("SLACK_HOOK", "not a url")
    hook = SlackWebhook(SlackWebhookChannel(name="hook", url="env:SLACK_HOOK"))
    assert failure(hook) == (ErrorClass.DESTINATION, None)


@pytest.mark.parametrize("kind", ["reset", "accept_reset", "accept_hang"])
def test_a_webhook_lost_after_sending_is_ambiguous(hook, slack, kind):
    slack.fail(Fault(kind))
    assert failure(hook) == (ErrorClass.AMBIGUOUS, None)


# The local Slack as a process of its own


def test_the_local_slack_runs_as_a_process_and_keeps_what_it_got(tmp_path, monkeypatch):
    monkeypatch.setenv("SLACK_TOKEN", TOKEN)
    kept = tmp_path / "messages.jsonl"
    script = Path(__file__).parents[1] / "kits" / "slack_server.py"
    command = [sys.executable, str(script), "--out", str(kept)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        place = json.loads(process.stdout.readline())
        posted(a_bot(place["api_url"], timeout=5))
        process.terminate()
        assert process.wait(10) == 0
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert [line["metadata"]["event_payload"]["key"] for line in lines] == ["key-1"]
