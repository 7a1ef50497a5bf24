from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import Outlay
from collectors.x_budget import Leave, Limits, Spent, forecast, leave, money, next_day, next_month, renewed
from collectors.x_cursor import Account
from collectors.x_usage import Usage, read_usage, reconciled

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DOLLAR = 1_000_000
LIMITS = Limits(post=5_000, user=10_000, daily=10 * DOLLAR, monthly=100 * DOLLAR, soft_millionths=800_000)
PAGE = 450_000  # the most that ten posts may cost


def spent(today: int = 0, month: int | None = None, now: datetime = NOON, **by_query: int) -> Spent:
    return Spent(today, today if month is None else month, by_query, now)


def outlay(day: int, micros: int, query: str = "a", *, month: int = 11, resource: str = "post_read") -> Outlay:
    return Outlay(day=date(2026, month, day), resource=resource, query=query, units=1, micros=micros)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (spent(), Leave("free", 100)),
        (spent(7 * DOLLAR, a=7 * DOLLAR), Leave("free", 66)),
        (spent(8 * DOLLAR - 1, a=8 * DOLLAR - 1), Leave("free", 44)),
        (spent(8 * DOLLAR, a=8 * DOLLAR), Leave("soft", 20)),
        (spent(0, 80 * DOLLAR), Leave("soft", 20)),
        (spent(10 * DOLLAR - PAGE, a=1), Leave("soft", 10)),
        (spent(10 * DOLLAR - PAGE + 1, a=1), Leave("day", 0)),
        (spent(0, 100 * DOLLAR - PAGE + 1), Leave("month", 0)),
        (spent(10 * DOLLAR, 100 * DOLLAR), Leave("month", 0)),
    ],
)
def test_what_a_single_query_may_read(facts: Spent, expected: Leave) -> None:
    assert leave("a", ["a"], facts, LIMITS) == expected


def test_a_loud_query_leaves_the_others_their_share_and_less_of_it_as_the_day_ends() -> None:
    shares = {}
    for hour in (1, 12, 23):
        now = NOON.replace(hour=hour)
        shares[hour] = leave("a", ["a", "b"], spent(6 * DOLLAR, now=now, a=6 * DOLLAR), LIMITS)
    assert shares == {1: Leave("share", 0), 12: Leave("free", 33), 23: Leave("free", 84)}


def test_a_query_below_its_share_always_has_a_page() -> None:
    queries = [f"q{number}" for number in range(40)]
    assert leave("q0", queries, spent(now=NOON.replace(hour=0)), LIMITS) == Leave("free", 10)


def test_prices_of_nothing_are_no_limit() -> None:
    free = Limits(post=0, user=0, daily=10 * DOLLAR, monthly=100 * DOLLAR, soft_millionths=800_000)
    assert leave("a", ["a"], spent(), free) == Leave("free", 100)


@given(
    st.lists(st.integers(0, 12 * DOLLAR), min_size=1, max_size=5),
    st.integers(0, 110 * DOLLAR),
    st.integers(0, 24 * 3600 - 1),
    st.integers(10, 100),
)
def test_no_leave_ever_overdraws_a_budget(used: list[int], earlier: int, second: int, page: int) -> None:
    queries = [f"q{number}" for number in range(len(used))]
    now = NOON.replace(hour=0) + timedelta(seconds=second)
    facts = Spent(sum(used), earlier + sum(used), dict(zip(queries, used, strict=True)), now)
    got = leave("q0", queries, facts, LIMITS, page)
    assert 0 <= got.results <= page
    if got.results:
        assert got.results >= 10
        assert facts.today + LIMITS.most(got.results) <= LIMITS.daily
        assert facts.month + LIMITS.most(got.results) <= LIMITS.monthly


def test_the_ledger_is_summed_by_utc_day_and_month() -> None:
    outlays = [
        outlay(21, 5, "a"),
        outlay(21, 7, "b"),
        outlay(21, 1, "a", resource="user_read"),
        outlay(20, 100),
        outlay(9, 9, month=10),
    ]
    assert Spent.of(outlays, NOON) == Spent(13, 113, {"a": 6, "b": 7}, NOON)
    assert Spent.of(outlays, NOON.astimezone(UTC) + timedelta(hours=12)).today == 0


def test_a_spent_day_ends_at_midnight_and_a_spent_month_at_its_end_in_utc() -> None:
    assert renewed("day", NOON) == renewed("share", NOON) == next_day(NOON) == datetime(2026, 11, 22, tzinfo=UTC)
    assert renewed("month", NOON) == datetime(2026, 12, 1, tzinfo=UTC)
    assert next_month(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_forecast_goes_on_as_since_the_first_expense() -> None:
    assert forecast([], NOON) == 0
    assert forecast([outlay(11, 5 * DOLLAR), outlay(20, 5 * DOLLAR)], datetime(2026, 11, 21, tzinfo=UTC)) == 20 * DOLLAR
    assert forecast([outlay(21, DOLLAR)], NOON.replace(hour=0, minute=1)) == 240 * DOLLAR


@pytest.mark.parametrize(("micros", "shown"), [(0, "0.00 USD"), (4_230_000, "4.23 USD"), (5_000, "0.005 USD")])
def test_money_is_shown_to_the_cent_or_finer(micros: int, shown: str) -> None:
    assert money(micros, "USD") == shown


@pytest.mark.parametrize(
    ("day", "now", "first"),
    [
        (28, NOON, date(2026, 10, 28)),
        (21, NOON, date(2026, 11, 21)),
        (1, NOON, date(2026, 11, 1)),
        (31, NOON, date(2026, 10, 31)),
        (30, datetime(2027, 3, 1, tzinfo=UTC), date(2027, 2, 28)),
    ],
)
def test_the_period_of_x_begins_on_its_reset_day(day: int, now: datetime, first: date) -> None:
    data = {"cap_reset_day": day, "project_cap": "500", "project_usage": "7", "project_id": "1"}
    assert read_usage({"data": data}, now) == (first, 7, 500)


def test_the_counts_are_compared_from_their_first_sight_on() -> None:
    period = date(2026, 11, 1)
    account, off = reconciled(Usage(period, 5_100, 0, None), None, 100)
    assert (account, off) == (Account("2026-11-01", 5_100, 100), None)
    assert reconciled(Usage(period, 6_109, 1_100, None), account, 0) == (account, None)
    assert reconciled(Usage(period, 6_150, 1_100, None), account, 50) == (account, None)
    assert reconciled(Usage(period, 6_150, 1_100, None), account, 0) == (
        account,
        "X counts 1050 posts read since they were first compared, the ledger 1000: more than 1 % apart",
    )


def test_a_new_period_is_compared_from_its_beginning() -> None:
    old = Account("2026-11-01", 5_100, 100)
    account, off = reconciled(Usage(date(2026, 12, 1), 300, 100, None), old, 0)
    assert account == Account("2026-12-01", 0, 0)
    assert off == "X counts 300 posts read since 2026-12-01, the ledger 100: more than 1 % apart"
