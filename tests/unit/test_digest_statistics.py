from __future__ import annotations

import math
from random import Random

import pytest

from monitor.digest.statistics import (
    Estimate,
    Trend,
    difference,
    movers,
    net,
    share_differs,
    trend,
    waiting_quantile,
    wilson,
)


def rounded(estimate: Estimate, digits: int = 2) -> tuple[float, float, float]:
    return round(estimate.value, digits), round(estimate.low, digits), round(estimate.high, digits)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 5, 0.0, 0.43), (3, 5, 0.23, 0.88), (8, 20, 0.22, 0.61), (40, 100, 0.31, 0.50), (5, 5, 0.57, 1.0)],
)
def test_wilson_gives_the_published_intervals(count, of, low, high):
    assert rounded(wilson(count, of)) == (round(count / of, 2), low, high)


@pytest.mark.parametrize(("count", "of"), [(1, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_is_refused(count, of):
    with pytest.raises(ValueError, match="no share"):
        wilson(count, of)


def test_wilson_holds_the_share_itself_at_every_count():
    for of in (1, 2, 7, 50):
        for count in range(of + 1):
            estimate = wilson(count, of)
            assert 0.0 <= estimate.low <= estimate.value <= estimate.high <= 1.0


def test_net_sentiment_of_one_class_only_reaches_the_end_of_the_scale():
    assert net(20, 0, 20).value == net(20, 0, 20).high == 1.0
    assert net(0, 20, 20).value == net(0, 20, 20).low == -1.0
    assert net(0, 20, 20).high > -0.9


def test_net_sentiment_is_symmetric():
    up, down = net(12, 5, 30), net(5, 12, 30)
    assert (up.value, up.low, up.high) == pytest.approx((-down.value, -down.high, -down.low))


def test_net_sentiment_without_neutral_posts_is_a_plain_share_stretched():
    # positive + negative = all: net = 2 p - 1, and the interval must be Wilson's, stretched.
    share, estimate = wilson(15, 40), net(15, 25, 40)
    assert (estimate.low, estimate.high) == pytest.approx((2 * share.low - 1, 2 * share.high - 1))


def test_the_interval_of_net_sentiment_covers_the_truth_as_often_as_it_says():
    """Drawn over populations of every kind, so that no single mixture flatters or spoils the figure."""
    rng = Random(20261116)
    for n in (5, 10, 20, 50, 100, 200):
        covered, drawn = 0, 4000
        for _ in range(drawn):
            parts = [rng.expovariate(1.0) for _ in range(3)]
            up, down = parts[0] / sum(parts), parts[1] / sum(parts)
            sample = [rng.random() for _ in range(n)]
            positive = sum(u < up for u in sample)
            negative = sum(up <= u < up + down for u in sample)
            estimate = net(positive, negative, n)
            covered += estimate.low <= up - down <= estimate.high
        assert 0.935 <= covered / drawn <= 0.98, n


def test_no_change_is_called_clear_in_about_one_of_twenty_equal_weeks():
    rng = Random(7)
    called, drawn = 0, 3000
    for _ in range(drawn):
        weeks = [Random(rng.random()).choices(("neg", "neu", "pos"), (0.4, 0.4, 0.2), k=60) for _ in range(2)]
        now, before = (net(week.count("pos"), week.count("neg"), 60) for week in weeks)
        called += trend(difference(now, before)) is not Trend.UNCLEAR
    assert 0.03 <= called / drawn <= 0.07


def test_a_change_is_clear_only_where_nought_lies_outside():
    assert trend(Estimate(0.1, 0.01, 0.2)) is Trend.UP
    assert trend(Estimate(-0.1, -0.2, -0.01)) is Trend.DOWN
    assert trend(Estimate(0.1, -0.01, 0.2)) is Trend.UNCLEAR
    assert trend(Estimate(0.0, 0.0, 0.0)) is Trend.UNCLEAR


def test_a_difference_is_wider_than_either_of_its_parts():
    now, before = net(20, 40, 100), net(35, 25, 100)
    change = difference(now, before)
    assert change.value == pytest.approx(-0.3)
    assert change.high - change.low > now.high - now.low
    assert (change.value - change.low) ** 2 == pytest.approx(
        (now.value - now.low) ** 2 + (before.high - before.value) ** 2
    )
    assert (change.high - change.value) ** 2 == pytest.approx(
        (now.high - now.value) ** 2 + (before.value - before.low) ** 2
    )


def test_two_shares_are_compared_as_the_mid_p_exact_test_does():
    # By hand: 3 of 3 against 0 of 3: the two extreme tables have 1/20 each; mid-p halves the equally likely.
    assert share_differs(3, 3, 0, 3) == pytest.approx((1 / 20 + 1 / 20) / 2)
    assert share_differs(1, 2, 1, 2) == pytest.approx(2 * math.comb(2, 2) / 6 + (4 / 6) / 2)


@pytest.mark.parametrize("counts", [(0, 10, 0, 10), (10, 10, 10, 10), (0, 0, 3, 10), (3, 10, 0, 0)])
def test_shares_that_cannot_be_compared_never_surprise(counts):
    assert share_differs(*counts) == 1.0


def test_a_large_week_is_compared_without_overflow():
    assert share_differs(5_000, 100_000, 4_000, 100_000) < 1e-20
    assert share_differs(5_000, 100_000, 5_001, 100_000) == pytest.approx(1.0, abs=0.02)


def test_movers_follow_benjamini_and_hochberg():
    p_values = {"a": 0.001, "b": 0.012, "c": 0.035, "d": 0.04, "e": 0.9}
    # Thresholds 0.01, 0.02, 0.03, 0.04, 0.05: "d" passes its own and pulls "c" with it.
    assert movers(p_values) == {"a", "b", "c", "d"}
    assert movers({"a": 0.03, "b": 0.5}) == frozenset()
    assert movers({}) == frozenset()


def test_with_everybody_answered_the_quantiles_are_the_ordinary_ones():
    assert waiting_quantile([4, 1, 3, 2], [], 0.5) == 2.5
    assert waiting_quantile([5, 1, 3], [], 0.5) == 3
    assert waiting_quantile([float(n) for n in range(1, 11)], [], 0.9) == 9.5
    assert waiting_quantile([float(n) for n in range(1, 12)], [], 0.9) == 10.0


def test_unanswered_cases_are_not_dropped():
    assert waiting_quantile([1, 2, 3], [50, 50, 50, 50], 0.5) is None
    assert waiting_quantile([1, 2, 3, 4], [50, 50], 0.5) == 3.5
    assert waiting_quantile([], [5, 6], 0.5) is None
    assert waiting_quantile([], [], 0.5) is None


def test_a_case_that_has_only_just_been_opened_does_not_spoil_the_median():
    # Kaplan-Meier by hand: at 10 one of 4 leaves unanswered; at 20 S = 2/3; at 30 S = 1/3.
    assert waiting_quantile([20, 30, 40], [10], 0.5) == 30
