from __future__ import annotations

import pytest
from digest_values import START, a_quotable, a_row, complaints, facts_of, rows_of

from config.vocabulary import Flag, Sentiment, Severity
from monitor.digest import choose, text
from monitor.digest.facts import Quote
from monitor.states import PostState


def shown(posts, texts=None, **given) -> list[tuple[str, int]]:
    quotables = [a_quotable(row, (texts or {}).get(row.id, f"words of {row.id}"), **given) for row in posts]
    return [(quote.why, quote.post_id) for quote in facts_of(posts, quotables=quotables).quotes]


def bad(**given):
    return a_row(
        START,
        **(
            {"sentiment": Sentiment.NEGATIVE, "complaint": True, "types": ("delay",), "severity": Severity.SERIOUS}
            | given
        ),
    )


def test_the_most_severe_come_first_and_among_equals_those_heard_widest():
    posts = [bad(followers=5), bad(followers=900), bad(severity=Severity.CRITICAL)]
    assert shown(posts)[:3] == [("most severe", posts[n].id) for n in (2, 1, 0)]


def test_each_reason_has_its_examples_and_no_post_two():
    severe = [bad(severity=Severity.CRITICAL) for _ in range(4)]
    heard = [bad(severity=Severity.MILD, followers=10_000 * n) for n in (1, 2)]
    typical = [bad(types=("billing",), severity=Severity.MILD)]
    result = shown([*typical, *heard, *severe])
    assert result == [
        *(("most severe", row.id) for row in severe[:3]),
        ("widest reach", heard[1].id),
        ("widest reach", heard[0].id),
        ("frequent complaint", severe[3].id),
        ("frequent complaint", typical[0].id),
    ]


def test_one_author_is_quoted_once():
    posts = [bad(author="troll", severity=Severity.CRITICAL) for _ in range(20)] + [bad(author="mia")]
    assert [post_id for _, post_id in shown(posts)] == [posts[0].id, posts[20].id]


def test_a_copied_text_is_quoted_once():
    posts = [bad() for _ in range(4)]
    texts = {row.id: "Copy  THIS everywhere" if n % 2 else "copy this everywhere" for n, row in enumerate(posts[:3])}
    assert [post_id for _, post_id in shown(posts, texts)] == [posts[0].id, posts[3].id]


@pytest.mark.parametrize(
    "given", [{"ours": True}, {"repost": True}, {"state": PostState.WITHDRAWN}, {"judged": None, "sentiment": None}]
)
def test_own_posts_reposts_withdrawn_and_unjudged_ones_are_not_quoted(given):
    assert shown([bad(**given)]) == []


def test_a_post_that_can_no_longer_be_quoted_leaves_its_place_to_the_next():
    posts = [bad() for _ in range(5)]
    facts = facts_of(posts, quotables=[a_quotable(row, f"words of {row.id}") for row in posts[2:]])
    assert [quote.post_id for quote in facts.quotes] == [row.id for row in posts[2:]]


def test_a_negative_post_that_is_no_complaint_is_quoted_for_its_reach():
    post = a_row(START, sentiment=Sentiment.NEGATIVE, followers=10)
    assert shown([post]) == [("widest reach", post.id)]


def test_praise_is_quoted_only_where_it_names_somebody_and_complains_of_nothing():
    named = (Flag.PRAISE, Flag.NAMES_STAFF_OR_PLACE)
    posts = [
        a_row(START, flags=named),
        a_row(START, flags=(Flag.PRAISE,)),
        bad(flags=named),
        a_row(START, flags=named, followers=7),
    ]
    facts = facts_of(posts, quotables=[a_quotable(row, f"words of {row.id}") for row in posts])
    assert [quote.post_id for quote in facts.praise.quotes] == [posts[3].id, posts[0].id]
    assert (facts.praise.posts.now, facts.praise.naming) == (3, 2)


def test_a_quote_says_what_is_needed_to_judge_it():
    row = bad(types=("delay", "support"), followers=12)
    facts = facts_of([row], quotables=[a_quotable(row, "Two hours late.", title="Never again")])
    assert facts.quotes[0] == Quote(
        post_id=row.id,
        why="most severe",
        platform=row.platform,
        author="mia",
        reach=12,
        text="Never again: Two hours late.",
        link="https://social.example/1",
        published_at=START,
        severity=Severity.SERIOUS,
        types=("delay or cancellation", "no answer or no solution from support"),
    )


def test_a_type_of_the_company_s_own_is_shown_by_its_word():
    facts = facts_of(complaints(START, 3, "late_breakfast"))
    assert [line.name for line in facts.types] == ["late breakfast"]
    assert choose.type_name("delay", {"delay": "Verspätung"}) == "Verspätung"


def test_a_long_post_is_cut_and_its_links_are_taken_out():
    assert text.quote(None, "see https://evil.example/x?y and www.evil.example now") == "see [link] and [link] now"
    assert len(text.quote(None, "word " * 1000)) <= text.MAX_QUOTE
    assert text.quote(None, "word " * 1000).endswith("…")
    assert text.quote("", "") == ""


def test_a_bare_address_is_broken_so_that_no_mail_reader_links_it():
    assert text.quote(None, "mail me@evil.example or evil.example/pay") == (
        "mail me@evil\u200b.example or evil\u200b.example/pay"
    )
    assert text.quote(None, "It was 3.50. Bad. Really...") == "It was 3.50. Bad. Really..."


def test_a_quote_is_one_line_without_tricks():
    assert text.quote(None, "a\r\nb\u2028c\x00\x1b[31md\u202ee\u2066f\tg") == "a b cdef g"
    assert text.name("n" * 500) == "n" * (text.MAX_NAME - 1) + "…"


def test_every_judged_post_counts_even_where_none_is_quoted():
    assert facts_of(rows_of(START, negative=3)).mood.negative == 3
