"""What is known to be missing of a week: posts lost for good, and times without a budget."""

from __future__ import annotations

from datetime import timedelta

import pytest
from digest_rows import Rows
from digest_values import END, START, WEEK, ZONE

from collectors.base import Loss
from monitor.digest.build import Occasion
from monitor.digest.facts import Coverage, Facts
from monitor.digest.gather import gather
from monitor.digest.mail import render

HOUR = timedelta(hours=1)
NOW = END + 7 * HOUR


@pytest.fixture
def rows(store):
    return Rows(store._engine)


def test_losses_and_budget_stops_of_the_week_are_said_a_line_each(store, rows):
    rows.polls("news", START, END - 12 * HOUR, every=HOUR)
    for hours in (12, 8, 4):  # asked again and again, it was spent once, to the end of the week
        rows.poll("news", END - hours * HOUR, ok=False, detail="BudgetSpent: the day's budget is spent")
    rows.poll("news", START + timedelta(minutes=30), ok=False, detail="BudgetSpent: the day's budget is spent")
    lost = [
        Loss("acme", START + HOUR, START + 4 * HOUR, "older than X shows"),
        Loss("acme", START - HOUR, START + HOUR, "not read in time"),
        Loss("acme", START - 30 * HOUR, START - 20 * HOUR, "of another week, and found in it"),
    ]
    save = {"rejects": [], "unmatched": 0, "cursor": None, "next_due_at": START}
    store.posts.save_harvest("news", [], now=START, lost=lost[:2], **save)
    store.posts.save_harvest("news", [], now=START - 10 * HOUR, lost=lost[2:], **save)
    occasion = Occasion(company="Acme", week=WEEK, zone=ZONE, now=NOW, overdue_after=HOUR, sources={"news": HOUR})
    facts = gather(store.reports, occasion)
    [line] = facts.sources
    assert (line.failed, line.coverage) == (0, Coverage.GAPS)  # a spent budget is no failure of the source
    assert (line.losses, line.lost, line.lost_why) == (2, 5 * 3600, "older than X shows")
    assert (line.budget_stops, line.budget_stopped) == (2, 12.5 * 3600)
    said = [
        "posts of 5 h are lost for good, in 2 gaps: older than X shows.",
        "its budget was spent 2 times, and nothing was read for 12 h 30 min.",
    ]
    rendered = render(Facts.from_json(facts.to_json()))
    assert all(f"  Also: {one}" in rendered.text for one in said)
    assert all(f"; {one}" in rendered.html for one in said)
    assert [one for one in facts.cautions if one.startswith("Source news: ")] == [f"Source news: {one}" for one in said]


def test_a_budget_of_the_month_is_spent_for_weeks_in_which_nothing_is_asked(store, rows):
    store.posts.save_failure(
        "news",
        error="BudgetSpent: the month's budget is spent",
        retry_at=NOW + 99 * HOUR,
        stopped=False,
        counts=False,
        blocked=True,
        now=START - 50 * HOUR,
    )
    occasion = Occasion(company="Acme", week=WEEK, zone=ZONE, now=NOW, overdue_after=HOUR, sources={"news": HOUR})
    facts = gather(store.reports, occasion)
    [line] = facts.sources
    assert (line.coverage, line.budget_stops, line.budget_stopped) == (Coverage.NOT_READ, 1, 7 * 24 * 3600)
    assert "Source news: its budget was spent once, and nothing was read for 7 d." in facts.cautions
