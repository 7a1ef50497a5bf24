"""What is said: composing messages, their words, and their frozen form."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from mentions import BERLIN, NOW, PLAYBOOK, a_decision, a_mention, a_routing, an_alert

from alerts.base import Mention, Message, MessageKind
from alerts.compose import (
    SUBJECT_LIMIT,
    case_updated,
    delivery_key,
    escalation,
    guidance,
    notice,
    reasons,
    reminder,
)
from alerts.routing import Routing
from alerts.sanitize import one_line, width
from alerts.wording import (
    FLAGS,
    PLATFORMS,
    Fact,
    ago,
    author,
    headline,
    judgement,
    local,
    origin,
    percent,
    plain_text,
    quotation,
    span,
    title,
)
from config.vocabulary import COMPLAINT_TYPES, Flag, Platform, Sentiment, Severity

CASE = {"case_id": 42, "company": "Lumen Bank", "zone": BERLIN, "playbook": PLAYBOOK, "now": NOW}

# hypothesis wants naive bounds
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
TEXTS = st.text(max_size=40)
SHARES = st.floats(0, 1)
MENTIONS = st.builds(
    Mention,
    post_id=st.integers(0, 2**40),
    brand=TEXTS,
    alias=TEXTS,
    platform=st.sampled_from(Platform),
    source=TEXTS,
    text=st.text(st.characters(exclude_categories=())),
    title=st.none() | TEXTS,
    author_handle=st.none() | TEXTS,
    author_name=st.none() | TEXTS,
    followers=st.none() | st.integers(0, 10**9),
    url=st.none() | TEXTS,
    published_at=TIMES,
    language=TEXTS,
    judged=st.booleans(),
    sentiment=st.sampled_from(Sentiment),
    confidence=SHARES,
    p_complaint=SHARES,
    complaint=st.booleans(),
    types=st.lists(st.sampled_from(sorted(COMPLAINT_TYPES)), max_size=3).map(tuple),
    type_confidence=SHARES,
    severity=st.sampled_from(Severity),
    severity_confidence=SHARES,
    flags=st.lists(st.sampled_from(Flag), max_size=3).map(tuple),
    ours=st.booleans(),
)
MESSAGES = st.builds(
    Message,
    key=TEXTS,
    kind=st.sampled_from(MessageKind),
    subject=TEXTS,
    written_at=TIMES,
    company=TEXTS,
    time_zone=st.sampled_from(["Europe/Berlin", "UTC", "America/New_York"]),
    case_id=st.none() | st.integers(1, 2**40),
    mention=st.none() | MENTIONS,
    why=TEXTS,
    guidance=TEXTS,
    earlier_posts=st.integers(0, 99),
    opened_at=st.none() | TIMES,
    lines=st.lists(TEXTS, max_size=3).map(tuple),
)


@given(MESSAGES)
def test_a_message_reads_back_from_its_frozen_form(message):
    frozen = message.to_json()
    assert frozen.isascii()
    # Two halves of one character, side by side, come back joined: JSON cannot tell them from the character.
    text = message.mention.text if message.mention else ""
    if any("\ud800" <= a <= "\udbff" and "\udc00" <= b <= "\udfff" for a, b in pairwise(text)):
        return
    assert Message.from_json(frozen) == message
    assert Message.from_json(frozen).to_json() == frozen


def test_an_alert_says_everything_that_was_asked_for():
    assert an_alert() == Message(
        key=delivery_key("case", 42, "care"),
        kind=MessageKind.CASE_OPENED,
        subject="Serious billing complaint from @mia_k on X: @lumenbank you charged me twice for the same card and nobod…",
        written_at=NOW,
        company="Lumen Bank",
        time_zone="Europe/Berlin",
        case_id=42,
        mention=a_mention(),
        why=(
            "The post is a negative complaint: negative 93.0% (at least 60.0%); serious complaint 88.0% (at least "
            "50.0%). Route money: severity serious >= serious; type billing in (billing)."
        ),
        guidance=PLAYBOOK["billing"],
        opened_at=NOW,
    )


def test_an_alert_in_plain_text():
    assert plain_text(an_alert(), quote_limit=1000) == (
        "Serious billing complaint from @mia_k on X\n"
        "\n"
        "> @lumenbank you charged me twice for the same card and nobody answers. Third week now!\n"
        "\n"
        "From:      @mia_k (Mia K.), 12,300 followers\n"
        "Where:     X, about Lumen Bank  https://x.com/mia_k/status/1\n"
        "When:      Mon 16 Nov 2026, 07:30 CET, 2 hours ago\n"
        "Sentiment: negative (93%)\n"
        "Complaint: yes (88%)\n"
        "About:     billing, price, fees, refund (71%); also no answer or no solution from support\n"
        "Severity:  serious (64%)\n"
        "The post:  expects a reply\n"
        "\n"
        "What to do: Say sorry, ask for the order number by direct message, never argue in public.\n"
        "\n"
        "Why you get this: The post is a negative complaint: negative 93.0% (at least 60.0%); serious complaint 88.0% "
        "(at least 50.0%). Route money: severity serious >= serious; type billing in (billing).\n"
        "\n"
        "Lumen Bank sentiment monitor, case 42, Mon 16 Nov 2026, 09:30 CET\n"
    )


def test_a_further_post_says_again_and_how_many_came_before():
    opened = NOW - timedelta(hours=5)
    given_ = CASE | {"decision": a_decision(), "routing": a_routing(), "opened_at": opened, "earlier_posts": 2}
    message = case_updated(a_mention(), key="k", **given_)
    assert (message.kind, message.opened_at) == (MessageKind.CASE_UPDATED, opened)
    assert title(message) == "Again: serious billing complaint from @mia_k on X"
    assert message.subject.startswith(title(message) + ": ")
    assert origin(message)[-1] == Fact("Before", "2 posts of this customer in the case")


def test_a_reminder_says_how_long_nobody_answered_and_when_it_is_escalated():
    opened = NOW - timedelta(hours=2, minutes=5)
    message = reminder(a_mention(), key="k", **CASE, opened_at=opened, number=1, escalates_at=NOW + timedelta(hours=6))
    assert title(message) == "Unanswered for 2 hours: serious billing complaint from @mia_k on X"
    assert message.subject.startswith(title(message) + ": ")
    assert message.lines == (
        "Nobody has answered for 2 hours. This is reminder 1.",
        "It is escalated on Mon 16 Nov 2026, 15:30 CET unless somebody takes it.",
    )


def test_an_escalation_says_since_when_and_who_was_told():
    message = escalation(a_mention(), key="k", **CASE, opened_at=NOW - timedelta(days=1), told=("care", "finance"))
    assert title(message) == "Escalated, unanswered for 1 day: serious billing complaint from @mia_k on X"
    assert message.lines == (
        "The case was opened on Sun 15 Nov 2026, 09:30 CET and is still unanswered. Told before: care, finance.",
    )


def test_a_notice_is_its_subject_and_lines():
    message = notice(
        key="k", subject="Source x is down", lines=["since 09:00", "a\nb"], company="Lumen Bank", zone=BERLIN, now=NOW
    )
    assert plain_text(message, quote_limit=100) == (
        "Source x is down\n\nsince 09:00\na b\n\nLumen Bank sentiment monitor, Mon 16 Nov 2026, 09:30 CET\n"
    )


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({"platform": Platform.REDDIT}, "Serious billing complaint from u/mia_k on Reddit"),
        ({"platform": Platform.HACKERNEWS}, "Serious billing complaint from mia_k on Hacker News"),
        (
            {"platform": Platform.FILE, "author_handle": None},
            "Serious billing complaint from Mia K. in an imported file",
        ),
        ({"author_handle": None, "author_name": " "}, "Serious billing complaint by an unnamed author on X"),
        ({"types": ("other",), "severity": Severity.CRITICAL}, "Critical complaint from @mia_k on X"),
        ({"types": ("card_block",)}, "Serious card block complaint from @mia_k on X"),
        ({"types": (), "severity": Severity.NONE}, "Complaint from @mia_k on X"),
        ({"complaint": False, "types": (), "severity": Severity.NONE}, "Negative post from @mia_k on X"),
        (
            {"complaint": False, "types": (), "severity": Severity.NONE, "sentiment": Sentiment.NEUTRAL},
            "Post from @mia_k on X",
        ),
    ],
)
def test_the_headline_says_the_important_thing_first(changes, headline):
    assert title(an_alert(a_mention(**changes))) == headline


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_subject_stays_one_short_line_whatever_the_post_holds(text):
    hostile = a_mention(text=text, title=text, author_handle=text, author_name=text, brand=text)
    subject = an_alert(hostile, company=text).subject
    assert width(subject) <= SUBJECT_LIMIT
    assert one_line(subject) == subject
    assert subject.startswith("Serious billing complaint ")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_line_of_a_post_can_pass_for_a_line_of_ours(text):
    quiet = an_alert(a_mention(text="hello"))
    hostile = an_alert(a_mention(text=text))
    ours = [line for line in plain_text(hostile, quote_limit=500).split("\n") if not line.startswith("> ")]
    assert ours == [line for line in plain_text(quiet, quote_limit=500).split("\n") if not line.startswith("> ")]


def test_a_post_without_words_is_quoted_as_such():
    assert quotation(a_mention(text=" \n\x00 "), 100) == "(no text)"


def test_a_title_stands_before_the_text_and_blank_stretches_are_closed():
    assert quotation(a_mention(title="Title", text="a\n\n\n\nb  \n"), 100) == "Title\na\n\nb"


def test_a_post_judged_for_its_sentiment_alone_says_so_to_whoever_is_told():
    calm = {"complaint": False, "p_complaint": 0.0, "types": (), "severity": Severity.NONE, "flags": ()}
    mention = a_mention(language="de", sentiment_only=True, **calm)
    assert [(fact.label, fact.value) for fact in judgement(mention)] == [
        ("Sentiment", "negative (93%)"),
        ("Complaint", "not judged in German, nor type and severity: only the sentiment is"),
    ]
    assert headline(mention, MessageKind.CASE_OPENED) == "Negative post from @mia_k on X"
    message = an_alert(mention=mention)
    assert Message.from_json(message.to_json()) == message


def test_an_unjudged_post_shows_no_judgement():
    assert judgement(a_mention(judged=False)) == ()


def test_own_types_are_named_in_the_companys_words():
    mention = a_mention(types=("late_train", "staff"), type_names=("train late or cancelled", "rude crew"))
    assert Fact("About", "train late or cancelled (71%); also rude crew") in judgement(mention)
    assert title(an_alert(mention)).startswith("Serious late train complaint from @mia_k")
    with pytest.raises(ValueError, match="2 types with 1 names"):
        a_mention(types=("late_train", "staff"), type_names=("train late",))


def test_a_message_frozen_before_types_had_names_is_still_read():
    frozen = an_alert().to_json()
    assert '"type_names":[],' in frozen
    assert Message.from_json(frozen.replace('"type_names":[],', "")) == an_alert()


def test_the_authors_name_is_not_said_twice():
    assert origin(an_alert(a_mention(author_name="mia_k")))[0] == Fact("From", "@mia_k, 12,300 followers")
    assert author(a_mention(author_handle="@mia_k")) == "@mia_k"
    assert origin(an_alert(a_mention(followers=None, author_name=None)))[0] == Fact("From", "@mia_k, reach unknown")


def test_only_a_web_address_becomes_a_link():
    assert origin(an_alert(a_mention(url="javascript:alert(1)")))[1].url is None


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "0%"), (0.001, "<1%"), (0.014, "1%"), (0.5, "50%"), (0.994, "99%"), (0.999, ">99%"), (1.0, "100%")],
)
def test_a_share_is_never_rounded_to_certainty(share, words):
    assert percent(share) == words


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1, minutes=59), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=9), "9 days ago"),
        (-timedelta(hours=3), "in 3 hours"),
    ],
)
def test_times_are_told_in_the_largest_unit(gap, words):
    assert ago(NOW - gap, NOW) == words


def test_a_short_span_is_less_than_a_minute():
    assert span(timedelta(seconds=30)) == "less than a minute"


def test_local_time_follows_the_clock_change():
    before = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert local(before, BERLIN) == "Sun 25 Oct 2026, 02:30 CEST"
    assert local(before + timedelta(hours=1), BERLIN) == "Sun 25 Oct 2026, 02:30 CET"


def test_guidance_is_that_of_the_first_type_that_has_any():
    book = {"support": "Answer today.", "billing": ""}
    assert guidance(a_mention(types=("billing", "support")), book) == "Answer today."
    assert guidance(a_mention(types=()), book) == ""


def test_every_route_taken_is_a_reason():
    routing = Routing(("a", "b"), ("x",), False, ("a: takes everything", "b: brand B in (B)"))
    assert reasons(a_decision(), routing).endswith(". Route a: takes everything. Route b: brand B in (B).")


def test_a_delivery_key_tells_its_parts_apart():
    keys = {delivery_key("ab", "c"), delivery_key("a", "bc"), delivery_key("abc"), delivery_key("a", "b", "c")}
    assert len(keys) == 4
    assert delivery_key(42, "care") == delivery_key("42", "care")
    assert all(len(key) == 64 for key in keys)


def test_naive_times_are_refused():
    with pytest.raises(ValueError, match="timezone-aware"):
        dataclasses.replace(a_mention(), published_at=NOW.replace(tzinfo=None))


def test_every_platform_and_flag_has_words():
    assert set(PLATFORMS) == set(Platform)
    assert set(FLAGS) == set(Flag)
