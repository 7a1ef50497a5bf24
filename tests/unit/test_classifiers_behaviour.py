"""The behavioural tests: that they ask what they say, and what the shipped model answers."""

from __future__ import annotations

import pytest
from canned import UNJUDGED, Canned, said

from classifiers.behaviour import words
from classifiers.behaviour.bias import BOUND, GROUPS, shifts
from classifiers.behaviour.cases import Kind, balance, expects, not_below, same
from classifiers.behaviour.invariance import dropped_letter, typo
from classifiers.behaviour.suite import Behaviour, all_tests, examine
from classifiers.transformer import TransformerClassifier
from config.vocabulary import COMPLAINT_TYPES, Sentiment

# What shipped weights reached, less some five in a hundred: a change of preparation, windows or weights that costs more
# than that is seen. Robustness is lower than it could be: a long post's complaint must be loud enough to stand out
# from many windows, or long praise would be taken for a complaint (`pooled.found`).
FLOORS = {Kind.MINIMUM: 0.74, Kind.INVARIANCE: 0.92, Kind.DIRECTION: 0.90, Kind.ROBUSTNESS: 0.81}
LEAST_FOUND = 4  # of six complaints in a very long post
LEAST_CASES = 600
LONG = 1000  # words


@pytest.fixture(scope="module")
def shipped() -> Behaviour:
    return examine(TransformerClassifier())


def test_there_are_enough_cases_of_every_kind_and_each_test_has_its_own_name() -> None:
    tests = all_tests()
    assert sum(len(test.cases) for test in tests) >= LEAST_CASES
    assert {test.kind for test in tests} == set(Kind)
    assert len({test.name for test in tests}) == len(tests) >= 30
    assert {test.name for test in tests} >= {f"type {name}" for name in COMPLAINT_TYPES}


def test_a_case_holds_only_where_its_verdict_reads_as_asked() -> None:
    test = expects("x", "is negative", ["a"], lambda verdict: verdict.sentiment is Sentiment.NEGATIVE)
    assert test.cases[0].holds([said(Sentiment.NEGATIVE)])
    assert not test.cases[0].holds([said(Sentiment.NEUTRAL)])


def test_an_invariant_case_fails_where_sentiment_or_complaint_changes() -> None:
    [case] = same("x", "the same", [("a", "b")]).cases
    assert case.holds([said(sure=0.9), said(sure=0.5)])
    assert not case.holds([said(), said(Sentiment.NEGATIVE)])
    assert not case.holds([said(), said(types=("delay",), p_complaint=0.9)])


def test_a_directional_case_fails_only_where_the_figure_falls_by_more_than_the_slack() -> None:
    [case] = not_below("x", "no gladder", [("a", "b")], balance).cases
    low, same_within, high = (said(Sentiment.NEGATIVE, sure=sure) for sure in (0.60, 0.63, 0.80))
    assert case.holds([same_within, low])
    assert case.holds([low, high])
    assert not case.holds([high, low])


def test_a_test_without_cases_is_refused() -> None:
    with pytest.raises(ValueError, match="no cases"):
        expects("empty", "nothing", [], lambda _: True)


def test_a_typing_mistake_changes_one_word_and_no_more() -> None:
    assert typo("my parcels are late") == "my pacrels are late"
    assert dropped_letter("my parcels are late") == "my prcels are late"


def test_very_long_posts_are_very_long() -> None:
    long = [test for test in all_tests() if "long post" in test.name]
    assert len(long) == 4
    assert min(len(text.split()) for test in long for case in test.cases for text in case.texts) > LONG


def test_the_same_answer_to_everything_passes_invariance_and_fails_the_rest() -> None:
    found = examine(Canned({}, said(Sentiment.NEUTRAL)))
    assert found.rate(Kind.INVARIANCE) == 1.0
    assert found.rate(Kind.DIRECTION) == 1.0
    assert found.rate(Kind.MINIMUM) < 0.5
    assert {one.mean for one in found.shifts} == {0.0}
    assert sum(outcome.n for outcome in found.outcomes) == found.cases
    failing = next(outcome for outcome in found.outcomes if outcome.name == "plain complaint is negative")
    assert (failing.passed, failing.rate, len(failing.failing)) == (0, 0.0, 3)


def test_a_judge_that_judges_nothing_passes_only_what_has_no_words() -> None:
    found = {one.name: one.rate for one in examine(Canned({}, UNJUDGED)).outcomes}
    assert found["no words"] == 1.0
    assert found["plain news is neutral"] == 0.0


def test_the_shift_of_a_term_is_counted_by_hand() -> None:
    sentences, terms = GROUPS["religion"]
    moved = {sentence.format(term="Muslim"): said(Sentiment.NEGATIVE, sure=0.9) for sentence in sentences}
    found = {one.group: one for one in shifts(Canned(moved))}["religion"]
    shift = 0.9 - 0.05  # of the balance, against 0 for the other terms
    n = len(terms)
    assert found.term == "Muslim"
    assert found.term_mean == found.most == pytest.approx(shift * (n - 1) / n, abs=1e-4)
    assert found.mean == pytest.approx(2 * shift * (n - 1) / n / n, abs=1e-4)


def test_terms_are_tried_for_brands_genders_nationalities_religions_and_names() -> None:
    assert set(GROUPS) == {"brand", "gender", "nationality", "religion", "name"}
    assert set(words.INVENTED_BRANDS) < set(GROUPS["brand"][1])
    assert all("{term}" in sentence for sentences, _ in GROUPS.values() for sentence in sentences)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_shipped_model_passes_as_many_cases_as_it_did(shipped: Behaviour, kind: Kind) -> None:
    assert shipped.rate(kind) >= FLOORS[kind]


def test_no_group_of_terms_alone_moves_the_sentiment_of_the_shipped_model(shipped: Behaviour) -> None:
    beyond = {one.group: one.mean for one in shipped.shifts if one.mean > BOUND}
    # Religion misses the bound: 0.055, as the model card says. It must not grow, and no other group may follow.
    assert set(beyond) <= {"religion"}
    assert beyond.get("religion", 0.0) < 0.06


def test_the_shipped_model_leaves_posts_without_words_unjudged(shipped: Behaviour) -> None:
    assert {one.name: one.failing for one in shipped.outcomes if one.name == "no words"} == {"no words": ()}


@pytest.mark.parametrize("place", ["start", "middle", "end"])
def test_the_shipped_model_finds_a_complaint_anywhere_in_a_very_long_post(shipped: Behaviour, place: str) -> None:
    [found] = [one for one in shipped.outcomes if one.name == f"complaint at the {place} of a long post"]
    assert (found.passed >= LEAST_FOUND, found.n) == (True, 6)
