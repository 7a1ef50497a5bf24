"""Long texts, texts met again, and what is remembered."""

from __future__ import annotations

import pytest

from classifiers.base import Verdict
from classifiers.remembered import Remembered
from classifiers.transformer import TransformerClassifier
from classifiers.verdicts import unjudged
from config.vocabulary import Sentiment, Severity

PRAISE = (
    "We had a lovely weekend at the lake. The house was spotless, the people at the desk were kind and the breakfast "
    "was wonderful. The children loved the little boats, and in the evening there was music by the water. "
)
COMPLAINT = (
    "But then @acme charged my card three times for the same booking, nobody answers the phone, and I still have not "
    "got my money back after six weeks. This is theft. I want a refund now or I am going to my lawyer."
)
LONG_PRAISE = PRAISE * 40  # about 2,000 words


@pytest.fixture(scope="module")
def judge() -> TransformerClassifier:
    return TransformerClassifier(remembered=0)


@pytest.mark.parametrize("post", [LONG_PRAISE + COMPLAINT, PRAISE * 20 + COMPLAINT + PRAISE * 20])
def test_a_complaint_far_into_two_thousand_words_is_found(judge: TransformerClassifier, post: str) -> None:
    [verdict] = judge.classify([post])
    assert verdict.complaint
    assert verdict.types[0] == "billing"
    assert verdict.severity >= Severity.SERIOUS


def test_two_thousand_words_of_praise_are_praise(judge: TransformerClassifier) -> None:
    [verdict] = judge.classify([LONG_PRAISE])
    assert (verdict.sentiment, verdict.complaint, verdict.types) == (Sentiment.POSITIVE, False, ())


def test_a_long_text_is_judged_the_same_beside_short_ones(judge: TransformerClassifier) -> None:
    posts = ["@acme late again", LONG_PRAISE + COMPLAINT, "thank you @acme"]
    [alone] = judge.classify([posts[1]])
    assert judge.classify(posts)[1].p_complaint == pytest.approx(alone.p_complaint, abs=0.02)


def test_what_the_model_does_not_see_changes_nothing(judge: TransformerClassifier) -> None:
    first, second = judge.classify(
        ["@acme Late AGAIN, see https://acme.example/1", "@mia late again, see https://acme.example/2"]
    )
    assert (first.p_negative, first.p_complaint, first.type_probabilities) == (
        second.p_negative,
        second.p_complaint,
        second.type_probabilities,
    )


def test_a_text_posted_again_gets_the_verdict_remembered() -> None:
    judge = TransformerClassifier()
    [first] = judge.classify(["@acme your app crashes all the time"])
    again = judge.classify(["so what", "@mia_k your app crashes all the time", ""])
    assert again[1] is first
    assert [verdict.judged for verdict in again] == [True, True, False]


def verdict(number: int) -> Verdict:
    return unjudged(f"l{number}")


def test_only_the_verdicts_asked_for_last_are_remembered() -> None:
    remembered = Remembered(3)
    remembered.add({str(number): verdict(number) for number in range(3)})
    assert remembered.among(["0"]) == {"0": verdict(0)}
    remembered.add({"3": verdict(3)})
    assert remembered.among(map(str, range(4))) == {str(number): verdict(number) for number in (0, 2, 3)}
    assert len(remembered) == 3


def test_nothing_is_remembered_where_nothing_shall_be() -> None:
    remembered = Remembered(0)
    remembered.add({"a": verdict(1)})
    assert (len(remembered), remembered.among(["a", "\ud800"])) == (0, {})
    with pytest.raises(ValueError, match="-1"):
        Remembered(-1)
