"""What the model is to reach, measure by measure: the table "Reference figures and aims" of the labelled posts.

Sanders' four-way figure is left out: it asks whether a post is about the brand at all, for which there is no head.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from classifiers.evaluation.bootstrap import Figure
from classifiers.evaluation.tasks import Entry

PUBLISHED = "(published validation)"
NEVER_TRAINED = "airline_sentiment (never trained on)"
ALL_OWN = "all own validation"
GUIDELINE = "complaint_types"


@dataclass(frozen=True, slots=True)
class Aim:
    """A figure of an entry, and what it is to be at least, or at most."""

    entry: str
    figure: str
    what: str
    value: float
    at_most: bool = False

    def met(self, figure: Figure) -> bool:
        """Whether the figure reaches it."""
        return figure.value <= self.value if self.at_most else figure.value >= self.value


@dataclass(frozen=True, slots=True)
class Held:
    """An aim beside what was measured."""

    aim: Aim
    entry: Entry
    figure: Figure

    @property
    def met(self) -> bool:
        """Whether it is reached."""
        return self.aim.met(self.figure)


_TWEETS = f"sentiment, tweeteval_sentiment {PUBLISHED}"
_TYPES = f"types, {GUIDELINE}"

AIMS: tuple[Aim, ...] = (
    Aim(_TWEETS, "macro_recall", "TweetEval sentiment, macro-recall", 0.750),
    Aim(f"sentiment, {NEVER_TRAINED}", "macro_f1", "airline sentiment, macro-F1 (no NC row in training)", 0.760),
    Aim("complaint, complaints_tweets", "f1", "complaint tweets, F1 of complaint", 0.850),
    Aim("complaint, complaints_tweets", "macro_f1", "complaint tweets, macro-F1", 0.880),
    Aim("complaint, complaints_airline_tweets", "f1", "airline complaint tweets, F1 of complaint", 0.820),
    Aim("complaint, complaints_product_reviews", "f1", "product reviews, F1 of complaint", 0.930),
    Aim(_TYPES, "main_accuracy", "main type where there is a complaint, accuracy", 0.780),
    Aim(_TYPES, "types_macro_f1", "complaint types, macro-F1 over the eleven", 0.700),
    Aim(_TYPES, "severity_kappa", "severity 0-3, quadratic kappa", 0.780),
    Aim(_TYPES, "flags_kappa.needs_reply", "flag needs_reply, kappa", 0.80),
    Aim(_TYPES, "flags_kappa.praise", "flag praise, kappa", 0.75),
    Aim(_TYPES, "flags_kappa.names_staff_or_place", "flag names_staff_or_place, kappa", 0.65),
    Aim(_TYPES, "flags_kappa.leaves", "flag leaves, kappa", 0.60),
    Aim(f"sentiment, {ALL_OWN}", "ece", "ECE of sentiment, own validation", 0.03, at_most=True),
    Aim(_TWEETS, "ece", "ECE of sentiment, published TweetEval validation", 0.03, at_most=True),
    Aim(f"sentiment, {NEVER_TRAINED}", "ece", "ECE of sentiment, airline posts", 0.03, at_most=True),
    Aim(f"complaint, {ALL_OWN}", "ece", "ECE of complaint, own validation", 0.03, at_most=True),
)


def held_against(entries: Iterable[Entry], aims: Iterable[Aim] = AIMS) -> Iterator[Held]:
    """Each aim whose figure was measured, in the order of the aims; aims without posts are left out."""
    by_name = {entry.name: entry for entry in entries}
    for aim in aims:
        entry = by_name.get(aim.entry)
        if entry is not None and aim.figure in entry.figures:
            yield Held(aim, entry, entry.figures[aim.figure])
