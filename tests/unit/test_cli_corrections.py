from __future__ import annotations

from builders import NOW
from house import WordClassifier

from config.vocabulary import COMPLAINT_TYPES, Platform, Sentiment, Severity
from monitor.cli.corrections import fit_to_check, judge_again
from monitor.store.corrections import CorrectedPost
from monitor.store.labels import Labels, given


def corrected(text: str, labels: Labels, post_id: int = 1) -> CorrectedPost:
    return CorrectedPost(
        post_id=post_id,
        text=text,
        labels=labels,
        platform=Platform.X,
        url=None,
        drawn=False,
        who="anna",
        at=NOW,
    )


def test_each_corrected_post_is_judged_again_and_each_label_that_differs_is_named():
    cases = [
        corrected("awful delay", given(sentiment=Sentiment.NEGATIVE, types=("delay",), severity=Severity.MILD)),
        corrected("awful \x1b[31m staff", given(types=("billing",), severity=Severity.MILD), 2),
        corrected("hola", given(sentiment=Sentiment.POSITIVE), 3),
    ]
    disagreed, lines = judge_again(WordClassifier(), cases)
    assert disagreed == {"types": 1, "sentiment": 1}
    assert lines == [
        "post 2: types staff, should be billing: “awful staff”",
        "post 3: sentiment -, should be positive: “hola”",
    ]


def test_nothing_corrected_disagrees_with_nothing():
    assert judge_again(WordClassifier(), []) == ({}, [])


def test_a_type_that_is_configured_no_more_is_not_asked_of_the_judge():
    old = corrected("awful", given(types=("lost_cats",), severity=Severity.MILD))
    kept = corrected("awful", given(types=("delay",)))
    cases, aside = fit_to_check([old, kept], COMPLAINT_TYPES)
    assert [case.labels for case in cases] == [Labels(complaint=True, severity=Severity.MILD), kept.labels]
    assert aside == 1
