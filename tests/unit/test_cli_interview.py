from __future__ import annotations

import pytest

from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment, Severity
from monitor.cli.interview import DONE, Answers, answered, question
from monitor.store.labels import Labels

FEW = {"delay": "delay or cancellation", "staff": "staff conduct"}


def play(keys: str, types=COMPLAINT_TYPES) -> tuple[Answers, list[str]]:
    """Answer key by key; the labels that were asked for, in order."""
    answers, labels = Answers(), []
    for key in keys:
        asked = question(answers, types)
        after = answered(answers, asked, key, types)
        assert after is not None, (asked, key)
        labels.append(asked.label)
        answers = after
    return answers, labels


def test_praise_is_labelled_with_four_keys():
    answers, asked = play(f"pnp{DONE}")
    assert asked == ["sentiment", "complaint", "flags", "flags"]
    assert question(answers, COMPLAINT_TYPES) is None
    assert answers.labels == Labels(
        sentiment=Sentiment.POSITIVE, complaint=False, types=(), severity=Severity.NONE, flags=(Flag.PRAISE,)
    )


def test_a_complaint_is_asked_for_types_severity_and_flags():
    answers, asked = play(f"ny27{DONE}3l{DONE}")
    assert asked == ["sentiment", "complaint", "types", "types", "types", "severity", "flags", "flags"]
    assert answers.labels == Labels(
        sentiment=Sentiment.NEGATIVE,
        complaint=True,
        types=("delay", "staff"),
        severity=Severity.CRITICAL,
        flags=(Flag.LEAVES,),
    )


def test_who_cannot_tell_the_type_says_nothing_of_it():
    answers, _ = play(f"ny{DONE}1{DONE}")
    assert answers.labels == Labels(
        sentiment=Sentiment.NEGATIVE, complaint=True, types=None, severity=Severity.MILD, flags=()
    )


def test_what_has_been_chosen_is_not_offered_again_and_when_all_is_chosen_the_next_is_asked():
    answers, _ = play("ny1", FEW)
    assert list(question(answers, FEW).keys) == ["2", DONE]
    answers, _ = play("ny12", FEW)
    assert question(answers, FEW).label == "severity"
    answers, _ = play("pnlrpm", FEW)
    assert question(answers, FEW) is None
    assert len(answers.labels.flags) == 4


@pytest.mark.parametrize("key", ["x", "", "\x1b[A", "y", DONE])
def test_a_key_that_means_nothing_here_changes_nothing(key):
    asked = question(Answers(), FEW)
    assert answered(Answers(), asked, key, FEW) is None


def test_keys_are_taken_in_any_case_and_both_enter_keys_are_one():
    assert answered(Answers(), question(Answers(), FEW), "N", FEW).sentiment is Sentiment.NEGATIVE
    answers, _ = play("pn")
    assert answered(answers, question(answers, FEW), "\n", FEW).flags_done


def test_no_answer_has_the_key_of_back_skip_or_quit():
    many = {f"type{n}": str(n) for n in range(60)}
    answers, _ = play("ny", many)
    keys = question(answers, many).keys
    assert not {"b", "s", "q"} & set(keys)
    assert len(keys) == 34  # ten digits, 23 letters, Enter


def test_labels_of_a_post_that_is_not_answered_to_the_end_are_refused():
    with pytest.raises(ValueError, match="open"):
        _ = Answers(sentiment=Sentiment.NEGATIVE).labels
