from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from digest_values import BEFORE, END, HOUR, START, a_case, a_quotable, a_row, a_source, complaints, facts_of, rows_of
from hostile import HOSTILE

from config.vocabulary import Flag, Sentiment, Severity
from monitor.digest.facts import Facts
from monitor.digest.mail import render, write_preview
from monitor.store.accuracy import LabelledRow, LabelledRows
from monitor.store.labels import Labels
from monitor.store.week import DecisionCount

MAX_HTML = 100_000  # bytes; Gmail clips a mail at about 102 kB
MINE = [
    "https://evil.example/login www.evil.example evil.example/pay me@evil.example",
    'src="cid:volume"',
    "$\\frac{1}{0}$ {{ facts }}",
]


class Page(HTMLParser):
    """What a mail program would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.images: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        given = dict(attrs)
        self.links += [value for key, value in given.items() if key in ("href", "action")]
        self.images += [given["src"]] if "src" in given else []
        self.handlers += [key for key in given if key.startswith("on")]

    def handle_data(self, data):
        self.text += f"{data} "


def a_full_week(**given) -> Facts:
    this = [*rows_of(START, negative=30, neutral=20, positive=10), *complaints(START + HOUR, 40, "delay")]
    praised = a_row(START, sentiment=Sentiment.POSITIVE, flags=(Flag.PRAISE, Flag.NAMES_STAFF_OR_PLACE))
    last = [*rows_of(BEFORE, neutral=40, positive=30), *complaints(BEFORE, 10, "delay")]
    posts = [*this, praised]
    return facts_of(
        posts,
        last,
        cases=[a_case(1, START)],
        **({"quotables": [a_quotable(row, f"words of {row.id}") for row in posts]} | given),
    )


def hostile_week(texts: list[str]) -> Facts:
    """Every text in every field that comes from outside."""
    posts = []
    for words in texts:
        posts.append(
            a_row(
                START,
                sentiment=Sentiment.NEGATIVE,
                complaint=True,
                severity=Severity.CRITICAL,
                followers=3,
                types=(words,),
                brands=(words,),
                model=words,
                source=words,
                language=words,
            )
        )
        posts.append(a_row(START, flags=(Flag.PRAISE, Flag.NAMES_STAFF_OR_PLACE), source=words))
        posts.append(a_row(START, judged=False, sentiment=None, language=words))
    return facts_of(
        posts,
        rows_of(BEFORE, neutral=12),
        company=texts[0],
        quotables=[
            a_quotable(row, f"{texts[n // 3]} {row.id}", title=texts[n // 3], author=texts[n // 3], url=texts[n // 3])
            for n, row in enumerate(posts)
        ],
        sources=[a_source(words, ends_failing=True, last_error=words, failed=2) for words in texts],
        week={"decisions": tuple(DecisionCount(False, words, 2) for words in texts)},
        labelled=hostile_labels(texts),
    )


def hostile_labels(texts: list[str]) -> LabelledRows:
    """Enough labelled posts for every text to stand in the table of complaint types."""
    labels = Labels(sentiment=Sentiment.NEGATIVE, complaint=True, types=tuple(texts), severity=Severity.MILD, flags=())
    rows = [LabelledRow(post_id=n, model=texts[0], said=labels, truth=labels, chance=0.5) for n in range(20)]
    return LabelledRows(model=texts[0], drawn=20, labelled=20, rows=tuple(rows))


def test_the_headline_is_the_first_line_of_every_form():
    facts = a_full_week()
    rendered = render(facts)
    assert rendered.text.splitlines()[0] == facts.headline
    assert rendered.text.endswith("something is broken.\n")
    body = rendered.html.split("<body", 1)[1]
    assert re.sub(r"\s+", " ", Page("<body" + body).text).strip().startswith(facts.headline)


def test_the_subject_says_the_verdict_and_the_figures():
    assert render(a_full_week()).subject == "Acme, week 46: worse than last week (net sentiment −58, was +25)"
    assert render(facts_of()).subject == "Acme, week 46: no posts"


TEXTS = [*HOSTILE.values(), *MINE]
BATCH = 3  # a digest quotes so few posts that more would not all be seen


@pytest.fixture(scope="module")
def harmless() -> set[str]:
    """The elements of a digest without a hostile word."""
    return Page(render(a_full_week(sources=[a_source(longest_gap=30 * HOUR)])).html).tags


@pytest.mark.parametrize("start", range(0, len(TEXTS), BATCH))
def test_hostile_words_in_every_field_do_no_harm(start, harmless):
    rendered = render(hostile_week([text.replace("\ud800", "?") for text in TEXTS[start : start + BATCH]]))
    page = Page(rendered.html)
    assert page.tags <= harmless
    assert page.handlers == []
    assert all(link.startswith(("https://", "http://")) for link in page.links)
    assert set(page.images) <= {"cid:volume", "cid:types"}
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", rendered.html + rendered.text)
    assert rendered.subject == "".join(rendered.subject.splitlines())


def test_no_mail_program_finds_an_address_to_link_in_foreign_words():
    rendered = render(replace(hostile_week(MINE[:1]), company="Acme"))
    assert "evil" in rendered.text
    assert "evil.example" not in rendered.text
    assert "evil.example" not in Page(rendered.html).text


def test_only_plain_web_links_lead_out_of_the_mail():
    rows = complaints(START, 4, "delay", severity=Severity.SERIOUS)
    urls = ["javascript:alert(1)", "https://social.example/1?a=1&b=2", "https://user@evil.example/", "ftp://x.example/"]
    quotables = [a_quotable(row, f"words of {row.id}", url=url) for row, url in zip(rows, urls, strict=True)]
    facts = facts_of(rows, quotables=quotables)
    rendered = render(facts)
    assert Page(rendered.html).links == ["https://social.example/1?a=1&b=2"]
    assert [line.strip() for line in rendered.text.splitlines() if "://" in line] == [
        "https://social.example/1?a=1&b=2"
    ]


def test_the_text_part_is_not_escaped():
    row = complaints(START, 1, "delay", severity=Severity.SERIOUS)[0]
    rendered = render(facts_of([row], quotables=[a_quotable(row, 'late & "rude" <3')]))
    assert '> late & "rude" <3' in rendered.text
    assert "late &amp; " in rendered.html


def test_the_same_facts_give_the_same_mail():
    facts = a_full_week()
    assert render(facts) == render(Facts.from_json(facts.to_json()))


def test_every_number_of_a_picture_stands_in_a_table_too():
    facts = a_full_week()
    rendered = render(facts)
    for form in (rendered.text, Page(rendered.html).text):
        flat = re.sub(r"\s+", " ", form)
        for day in facts.days[:1]:
            assert f"Mon 9 {day.negative} {day.neutral} {day.positive} {day.unjudged} {day.posts} {day.before}" in flat
        assert "delay or cancellation 40 10" in flat


def test_the_largest_digest_stays_below_what_gmail_clips():
    words = "wide words " * 40
    posts = [
        row
        for n in range(15)
        for row in complaints(
            START, 20, f"{n}{words}", severity=Severity.SERIOUS, followers=n, source=f"s{n}", brands=(f"b{n}",)
        )
    ]
    facts = facts_of(
        posts,
        rows_of(BEFORE, neutral=30),
        quotables=[a_quotable(row, f"{row.id} {words}") for row in posts],
        sources=[a_source(f"s{n}", ends_failing=True, last_error=words) for n in range(15)],
    )
    assert len(render(facts).html.encode()) < MAX_HTML


def test_nothing_is_fetched_from_elsewhere():
    html = render(a_full_week()).html
    assert not re.search(r"<(?:link|script|iframe|object)\b|@import|url\(", html)


def test_a_quiet_week_is_a_short_honest_mail():
    rendered = render(facts_of())
    assert rendered.images == {}
    assert Page(rendered.html).images == []
    assert "quiet: read throughout, nothing new" in rendered.text
    for heading in ("IN CUSTOMERS' WORDS", "COMPLAINTS", "CASES AND ANSWERS", "POSTS A DAY", "READ WITH CARE"):
        assert heading not in rendered.text


def test_broken_and_quiet_sources_read_differently():
    sources = [
        a_source("forum"),
        a_source("news", ok=3, failed=9, ends_failing=True, last_error="HTTP 503", last_success_at=START + 2 * HOUR),
    ]
    text = render(facts_of(sources=sources)).text
    assert (
        "* forum: quiet: read throughout, nothing new. 0 posts, read 672 times, failed 0 times, longest gap 15 min."
        in text
    )
    assert "* news: broken, last read Mon 9 Nov, 02:00: HTTP 503. 0 posts, read 3 times, failed 9 times" in text


def test_times_are_told_by_the_organisation_s_clock():
    row = complaints(END - timedelta(minutes=5), 1, "delay", severity=Severity.SERIOUS)[0]
    text = render(facts_of([row], quotables=[a_quotable(row)])).text
    assert "mia · X · Sun 15 Nov, 23:55" in text
    assert "Made Mon 16 Nov, 08:30, Europe/Berlin." in text
    assert "Acme, week 46, 9 to 15 Nov 2026" in text


def test_a_preview_stands_alone_in_its_folder(tmp_path):
    rendered = render(a_full_week())
    written = write_preview(rendered, tmp_path / "new" / "folder")
    assert sorted(path.name for path in written) == ["digest.html", "digest.txt", "types.png", "volume.png"]
    page = Page((tmp_path / "new/folder/digest.html").read_text(encoding="utf-8"))
    assert sorted(page.images) == ["types.png", "volume.png"]
    assert (tmp_path / "new/folder/volume.png").read_bytes() == rendered.images["volume"]
    assert (tmp_path / "new/folder/digest.txt").read_text(encoding="utf-8") == rendered.text
    assert write_preview(rendered, tmp_path / "new" / "folder") == written
