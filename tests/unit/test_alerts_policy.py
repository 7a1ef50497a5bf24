"""Who is told at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from mentions import NOW, a_mention

from alerts.policy import SENTENCES, Decision, Reason, decide
from config.thresholds import Thresholds
from config.vocabulary import Sentiment, Severity

CALM = {"sentiment": Sentiment.NEUTRAL, "confidence": 0.9, "p_complaint": 0.1, "complaint": False, "types": ()}
CALM |= {"severity": Severity.NONE}


def decided(languages=(), **changes):
    return decide(
        a_mention(**changes),
        thresholds=Thresholds(),
        brand_languages=languages,
        max_age=timedelta(days=7),
        now=NOW,
    )


def test_a_negative_complaint_alerts_with_its_figures():
    assert decided() == Decision(
        True,
        Reason.NEGATIVE_COMPLAINT,
        "negative 93.0% (at least 60.0%); serious complaint 88.0% (at least 50.0%)",
    )


def test_a_negative_post_that_is_no_complaint_alerts():
    decision = decided(**CALM | {"sentiment": Sentiment.NEGATIVE, "confidence": 0.6})
    assert decision == Decision(
        True, Reason.NEGATIVE, "negative 60.0% (at least 60.0%); mild complaint 10.0% (below 60.0%)"
    )


def test_a_polite_complaint_alerts():
    decision = decided(sentiment=Sentiment.NEUTRAL, confidence=0.7)
    assert decision == Decision(True, Reason.COMPLAINT, "serious complaint 88.0% (at least 50.0%)")


@pytest.mark.parametrize(
    ("severity", "p_complaint", "alerts"),
    [
        (Severity.MILD, 0.59, False),
        (Severity.MILD, 0.60, True),
        (Severity.SERIOUS, 0.49, False),
        (Severity.SERIOUS, 0.50, True),
        (Severity.CRITICAL, 0.34, False),
        (Severity.CRITICAL, 0.35, True),
        (Severity.NONE, 0.59, False),
        (Severity.NONE, 0.60, True),
    ],
)
def test_the_threshold_of_a_complaint_depends_on_its_severity(severity, p_complaint, alerts):
    decision = decided(sentiment=Sentiment.NEUTRAL, severity=severity, p_complaint=p_complaint)
    assert (decision.alert, decision.reason) == (alerts, Reason.COMPLAINT if alerts else Reason.BELOW_THRESHOLD)


def test_a_post_below_both_thresholds_says_by_how_much():
    decision = decided(confidence=0.52, p_complaint=0.41)
    assert decision == Decision(
        False,
        Reason.BELOW_THRESHOLD,
        "negative 52.0% (below 60.0%); serious complaint 41.0% (below 50.0%)",
    )


def test_a_calm_post_alerts_nobody():
    assert decided(**CALM) == Decision(False, Reason.NEITHER, "neutral 90.0%; complaint 10.0%")


def test_our_own_post_alerts_nobody_however_angry():
    assert decided(ours=True) == Decision(False, Reason.OWN_ACCOUNT, "by mia_k")


def test_a_language_the_model_does_not_serve_is_told_apart_from_no_words():
    foreign = Decision(False, Reason.LANGUAGE_NOT_SERVED, "language fi (Finnish)")
    assert decided(judged=False, language="fi") == foreign
    assert decided(judged=False, language="und").reason is Reason.NOT_JUDGED
    assert decided(judged=False, language="").reason is Reason.NOT_JUDGED


def test_where_only_the_sentiment_is_judged_it_decides_alone():
    german = CALM | {"language": "de", "sentiment_only": True, "p_complaint": 0.0}
    negative = german | {"sentiment": Sentiment.NEGATIVE}
    alone = "only the sentiment is judged in German"
    assert decided(**negative) == Decision(True, Reason.NEGATIVE, f"negative 90.0% (at least 60.0%); {alone}")
    unsure = decided(**negative | {"confidence": 0.5})
    assert unsure == Decision(False, Reason.BELOW_THRESHOLD, f"negative 50.0% (below 60.0%); {alone}")
    assert decided(**german) == Decision(False, Reason.NEITHER, f"neutral 90.0%; {alone}")


def test_a_brand_is_followed_in_its_languages_only():
    assert decided(("de", "fr")) == Decision(False, Reason.BRAND_LANGUAGE, "language en, followed in de, fr")
    assert decided(("en", "fr")).alert
    assert decided((), language="de").alert


def test_a_judged_post_of_unknown_language_counts_as_the_brands():
    assert decided(("de",), language="und").alert


def test_an_old_post_alerts_nobody_and_says_what_it_would_have_been():
    old = decided(published_at=NOW - timedelta(days=7, seconds=1))
    assert (old.alert, old.reason) == (False, Reason.TOO_OLD)
    assert old.detail == (
        "7.0 days old, alerts end at 7.0 days; "
        "negative 93.0% (at least 60.0%); serious complaint 88.0% (at least 50.0%)"
    )
    assert decided(published_at=NOW - timedelta(days=7)).alert


def test_an_old_calm_post_is_calm_not_old():
    assert decided(**CALM, published_at=NOW - timedelta(days=30)).reason is Reason.NEITHER


def test_every_reason_has_its_own_sentence():
    assert set(SENTENCES) == set(Reason)
    assert len(set(SENTENCES.values())) == len(Reason)
    assert decided().sentence == "The post is a negative complaint."
