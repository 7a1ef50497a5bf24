from __future__ import annotations

import pytest
from builders import a_verdict

from classifiers.bylanguage import sentiment_only
from config.vocabulary import Flag, Sentiment, Severity
from monitor.store.labels import Labels, disagreements, given, in_words, laid_over, merged, said_by, standing

NEGATIVE, POSITIVE = Sentiment.NEGATIVE, Sentiment.POSITIVE
COMPLAINT = Labels(sentiment=NEGATIVE, complaint=True, types=("delay",), severity=Severity.SERIOUS, flags=())
NO_COMPLAINT = Labels(complaint=False, types=(), severity=Severity.NONE)


def test_what_is_no_complaint_has_no_types_and_no_severity():
    assert given(complaint=False) == given(severity=Severity.NONE) == given(types=()) == NO_COMPLAINT


def test_types_or_a_severity_mean_a_complaint():
    assert given(types=("delay",)) == Labels(complaint=True, types=("delay",))
    assert given(severity=Severity.MILD) == Labels(complaint=True, severity=Severity.MILD)
    assert given(sentiment=POSITIVE) == Labels(sentiment=POSITIVE)


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        ({}, "sentiment"),
        ({"complaint": False, "types": ("delay",)}, "types"),
        ({"complaint": False, "severity": Severity.MILD}, "severity"),
        ({"complaint": True, "severity": Severity.NONE}, "severity"),
        ({"complaint": True, "types": ()}, "types"),
        ({"types": (), "severity": Severity.SERIOUS}, "types"),
        ({"types": ("delay",), "severity": Severity.NONE}, "severity"),
        ({"types": ("delay", "delay")}, "types"),
        ({"flags": (Flag.PRAISE, Flag.PRAISE)}, "flags"),
    ],
)
def test_labels_that_contradict_each_other_are_refused_by_name(labels, label):
    with pytest.raises(ValueError, match=f"^{label}: "):
        given(**labels)


def test_the_newest_word_on_each_label_counts():
    said = [given(sentiment=NEGATIVE, types=("delay",)), given(types=("staff",)), given(flags=(Flag.LEAVES,))]
    assert merged(said) == Labels(sentiment=NEGATIVE, complaint=True, types=("staff",), flags=(Flag.LEAVES,))
    assert merged([]) == Labels()


def test_types_and_severity_go_with_the_complaint_of_which_they_were_said():
    complaint = given(types=("delay",), severity=Severity.CRITICAL)
    assert merged([complaint, given(complaint=False)]) == NO_COMPLAINT
    assert merged([given(complaint=False), given(types=("staff",))]) == Labels(complaint=True, types=("staff",))
    again = [complaint, given(complaint=False), given(complaint=True)]
    assert merged(again) == Labels(complaint=True)


def test_each_label_is_a_persons_where_one_was_given_and_the_models_elsewhere():
    assert standing(COMPLAINT, Labels()) == COMPLAINT
    assert standing(COMPLAINT, given(sentiment=POSITIVE)) == Labels(
        sentiment=POSITIVE, complaint=True, types=("delay",), severity=Severity.SERIOUS, flags=()
    )
    assert standing(COMPLAINT, given(complaint=False)) == Labels(
        sentiment=NEGATIVE, complaint=False, types=(), severity=Severity.NONE, flags=()
    )


def test_a_complaint_that_only_a_person_sees_is_mild_unless_they_say_more():
    praise = Labels(sentiment=POSITIVE, complaint=False, types=(), severity=Severity.NONE, flags=(Flag.PRAISE,))
    mild = Labels(sentiment=POSITIVE, complaint=True, types=(), severity=Severity.MILD, flags=(Flag.PRAISE,))
    assert standing(praise, given(complaint=True)) == mild
    assert standing(praise, given(severity=Severity.CRITICAL)).severity is Severity.CRITICAL


def test_a_post_that_was_not_judged_is_judged_once_a_person_names_its_sentiment():
    assert standing(None, Labels()) is None
    assert standing(None, given(complaint=True)) is None
    assert standing(None, given(sentiment=NEGATIVE)) == Labels(
        sentiment=NEGATIVE, complaint=False, types=(), severity=Severity.NONE, flags=()
    )


def test_a_verdict_under_a_correction_is_sure_of_what_the_person_said_and_of_nothing_else():
    verdict = a_verdict()
    over = laid_over(verdict, given(sentiment=POSITIVE, complaint=False))
    assert (over.sentiment, over.p_positive, over.p_neutral, over.p_negative) == (POSITIVE, 1.0, 0.0, 0.0)
    assert (over.complaint, over.p_complaint, over.types, over.severity) == (False, 0.0, (), Severity.NONE)
    assert (over.flags, over.flag_probabilities, over.language) == ((), {"needs_reply": 0.4}, "en")
    assert laid_over(verdict, Labels()) is verdict
    types = laid_over(verdict, given(types=("staff",), severity=Severity.CRITICAL, flags=(Flag.LEAVES,)))
    assert (types.types, types.type_probabilities["staff"], types.confidence) == (("staff",), 1.0, 0.9)
    assert (types.severity, types.severity_probabilities) == (Severity.CRITICAL, (0.0, 0.0, 0.0, 1.0))
    assert (types.flags, types.flag_probabilities["leaves"]) == ((Flag.LEAVES,), 1.0)


def test_a_verdict_that_does_not_judge_is_made_one_by_a_sentiment_only():
    unjudged = a_verdict(judged=False, p_negative=0.0, p_neutral=0.0, p_positive=0.0, complaint=False, types=())
    assert said_by(unjudged) is None
    assert laid_over(unjudged, given(complaint=True)) is unjudged
    assert laid_over(unjudged, given(sentiment=POSITIVE)).judged is True


def test_of_a_verdict_on_the_sentiment_alone_nothing_else_was_said():
    verdict = sentiment_only("de", (0.9, 0.08, 0.02))
    assert said_by(verdict) == Labels(sentiment=NEGATIVE)
    assert disagreements(given(complaint=True), said_by(verdict)) == ("complaint",)
    mood = laid_over(verdict, given(sentiment=POSITIVE))
    assert (mood.sentiment, mood.sentiment_only, mood.complaint) == (POSITIVE, True, False)
    whole = laid_over(verdict, given(types=("delay",)))
    assert (whole.sentiment_only, whole.complaint, whole.types, whole.severity) == (False, True, ("delay",), 1)


def test_disagreement_is_told_label_by_label():
    other = Labels(sentiment=NEGATIVE, complaint=True, types=("staff", "delay"), severity=Severity.MILD, flags=())
    assert disagreements(given(types=("delay", "staff"), severity=Severity.MILD), other) == ("types",)  # the main one
    assert disagreements(given(types=("staff", "delay")), other) == ()
    assert disagreements(given(sentiment=POSITIVE, complaint=True), other) == ("sentiment",)
    assert disagreements(given(flags=(Flag.PRAISE,)), other) == ("flags",)
    assert disagreements(given(sentiment=POSITIVE), None) == ("sentiment",)


def test_labels_are_written_as_people_write_them():
    words = [in_words(one) for one in (None, True, False, (), ("delay", "staff"), Severity.SERIOUS, POSITIVE)]
    assert words == ["-", "yes", "no", "none", "delay staff", "2", "positive"]
    assert in_words((Flag.LEAVES, Flag.PRAISE)) == "leaves praise"
