"""Who is told, and whether at all: pure rules over a judged mention."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.base import Mention
from config.languages import UNDETERMINED, language_name
from config.thresholds import Thresholds
from config.vocabulary import Sentiment


class Reason(StrEnum):
    """Why somebody is alerted, or why everybody is left in peace; kept with every decision."""

    NEGATIVE = "negative"
    COMPLAINT = "complaint"
    NEGATIVE_COMPLAINT = "negative_complaint"
    OWN_ACCOUNT = "own_account"
    LANGUAGE_NOT_SERVED = "language_not_served"
    BRAND_LANGUAGE = "brand_language"
    NOT_JUDGED = "not_judged"
    TOO_OLD = "too_old"
    NEITHER = "neither"
    BELOW_THRESHOLD = "below_threshold"


SENTENCES: dict[Reason, str] = {
    Reason.NEGATIVE: "The post is negative.",
    Reason.COMPLAINT: "The post is a complaint.",
    Reason.NEGATIVE_COMPLAINT: "The post is a negative complaint.",
    Reason.OWN_ACCOUNT: "The post is by one of the company's own accounts.",
    Reason.LANGUAGE_NOT_SERVED: "The model does not serve the post's language.",
    Reason.BRAND_LANGUAGE: "The brand is not followed in the post's language.",
    Reason.NOT_JUDGED: "The post says nothing in words.",
    Reason.TOO_OLD: "The post is too old for an alert.",
    Reason.NEITHER: "The post is neither negative nor a complaint.",
    Reason.BELOW_THRESHOLD: "The model is not sure enough.",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to alert, and why; `detail` holds the figures that decided."""

    alert: bool
    reason: Reason
    detail: str = ""

    @property
    def sentence(self) -> str:
        """The reason in a sentence."""
        return SENTENCES[self.reason]


def decide(
    mention: Mention,
    *,
    thresholds: Thresholds,
    brand_languages: Collection[str],
    max_age: timedelta,
    now: datetime,
) -> Decision:
    """Whether this mention deserves an alert at `now`.

    It does where it is negative with at least the threshold's probability, or a complaint with at least the
    probability asked for its severity (where the model for its language judges the sentiment alone, only the
    former can be), unless it is ours, unjudged, in a language that the brand is not
    followed in, or older than `max_age`. Age is asked last, so that TOO_OLD counts alerts that nobody got.
    The same mention and instant give the same decision. An empty `brand_languages` means every language.
    """
    if mention.ours:
        return Decision(alert=False, reason=Reason.OWN_ACCOUNT, detail=f"by {mention.author_handle or 'ourselves'}")
    quiet = _unheard(mention, brand_languages)
    if quiet is not None:
        return quiet
    decision = _weigh(mention, thresholds)
    age = now - mention.published_at
    if decision.alert and age > max_age:
        detail = f"{_days(age)} old, alerts end at {_days(max_age)}; {decision.detail}"
        return Decision(alert=False, reason=Reason.TOO_OLD, detail=detail)
    return decision


def _unheard(mention: Mention, brand_languages: Collection[str]) -> Decision | None:
    language = mention.language
    if not mention.judged and language in ("", UNDETERMINED):
        return Decision(alert=False, reason=Reason.NOT_JUDGED, detail="no words, no known language")
    if not mention.judged:
        detail = f"language {language} ({language_name(language)})"
        return Decision(alert=False, reason=Reason.LANGUAGE_NOT_SERVED, detail=detail)
    # A judged post too short to tell its language is taken as one of the brand's.
    if brand_languages and language not in brand_languages and language != UNDETERMINED:
        followed = ", ".join(sorted(brand_languages))
        return Decision(
            alert=False, reason=Reason.BRAND_LANGUAGE, detail=f"language {language}, followed in {followed}"
        )
    return None


def _weigh(mention: Mention, thresholds: Thresholds) -> Decision:
    asked = thresholds.for_complaint(mention.severity)
    is_negative = mention.sentiment is Sentiment.NEGATIVE
    negative = is_negative and mention.confidence >= thresholds.negative
    complaint = mention.p_complaint >= asked and not mention.sentiment_only
    said = []
    if is_negative:
        said.append(_compare("negative", mention.confidence, thresholds.negative))
    if mention.sentiment_only:
        said.append(f"only the sentiment is judged in {language_name(mention.language)}")
    elif is_negative or complaint or mention.complaint:
        severity = mention.severity.name.lower() if mention.severity else "mild"
        said.append(_compare(f"{severity} complaint", mention.p_complaint, asked))
    detail = "; ".join(said)
    if negative and complaint:
        return Decision(alert=True, reason=Reason.NEGATIVE_COMPLAINT, detail=detail)
    if negative or complaint:
        return Decision(alert=True, reason=Reason.NEGATIVE if negative else Reason.COMPLAINT, detail=detail)
    if is_negative or mention.complaint:
        return Decision(alert=False, reason=Reason.BELOW_THRESHOLD, detail=detail)
    complains = said[0] if mention.sentiment_only else f"complaint {mention.p_complaint:.1%}"
    detail = f"{mention.sentiment} {mention.confidence:.1%}; {complains}"
    return Decision(alert=False, reason=Reason.NEITHER, detail=detail)


def _compare(what: str, figure: float, threshold: float) -> str:
    return f"{what} {figure:.1%} ({'at least' if figure >= threshold else 'below'} {threshold:.1%})"


def _days(age: timedelta) -> str:
    days = age / timedelta(days=1)
    return f"{days:.1f} days"
