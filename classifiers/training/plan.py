"""The plan of a training run: its stages and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from classifiers.training.further import ANNOTATED, WRITTEN
from classifiers.training.invented import SOURCE
from classifiers.training.sources import SOURCES


@dataclass(frozen=True, slots=True)
class Stage:
    """Some epochs with one learning-rate slope."""

    name: str
    epochs: int
    encoder_rate: float
    heads_rate: float
    shares: Mapping[str, float]  # of each source's rows in an epoch
    hidden: float = 0.0  # share of word pieces hidden behind [MASK]
    branches: int = 1  # runs of the stage from one beginning, each with its own order; their weights are averaged
    taught: int = 0  # the last so many branches also learn what the branches before, or else the stage before, say


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run; two runs of one plan on the same posts give the same weights."""

    stages: tuple[Stage, ...]
    seed: int = 20261121
    batch: int = 64
    warm_up: float = 0.06  # share of a stage's steps
    weight_decay: float = 0.01
    clip: float = 1.0
    checkpoint_steps: int = 250
    anchor: float = 0.2  # share in the final weights of those at the end of the first stage; see `loop.mixed`
    kept: float = 0.0  # share in the final weights of those that the run began with; see `loop.mixed`
    invented: bool = True  # with the sentences of `invented`
    bfloat16: bool = True
    threads: int = field(default=2)

    def __post_init__(self) -> None:
        """Refuse a run that would train nothing."""
        if not self.stages or self.batch < 1:
            raise ValueError("a plan needs a stage and a batch")
        if any(stage.branches < 1 or not 0 <= stage.taught <= stage.branches for stage in self.stages):
            raise ValueError("a stage has at least one branch, and at most all of them are taught")
        if self.stages[0].branches > 1 or self.stages[0].taught:
            raise ValueError("the first stage has one branch, and nobody to be taught by")
        if not 0.0 <= self.anchor < 1.0:
            raise ValueError(f"anchor {self.anchor}, not in 0..1")
        if not 0.0 <= self.kept < 1.0:
            raise ValueError(f"kept {self.kept}, not in 0..1")


# What the last stage sees of each source in an epoch: complaints above all, enough else to forget nothing.
POLISH = {
    "tweeteval_sentiment": 0.15,
    "tweet_sentiment_extraction": 0.1,
    "umsab_multilingual": 1.0,
    "brand_sanders": 0.5,
    "brand_apple": 0.5,
    "brand_sxsw": 0.3,
    "brand_entity_sentiment": 0.3,
    "complaints_tweets": 1.0,
    "complaints_airline_tweets": 1.0,
    "complaints_product_reviews": 1.0,
    "complaint_types": 2.0,
    ANNOTATED: 1.5,
    WRITTEN: 2.0,
    SOURCE: 0.5,
}
# What a model that has been through all stages sees of each source when it goes on with further labels.
AGAIN = POLISH | {
    "complaint_types": 1.5,
    "tweeteval_sentiment": 0.35,
    "tweet_sentiment_extraction": 0.2,
    "goemotions": 0.05,
    "brand_sanders": 0.7,
    "brand_apple": 0.7,
    "brand_entity_sentiment": 0.4,
    "twitter_target_sentiment": 0.3,
    "tweeteval_emotion": 0.2,
    "tweeteval_irony": 0.4,
    "isarcasm": 0.4,
    "app_reviews": 0.3,
    "banking77": 0.1,
}


def default_plan() -> Plan:
    """Sentiment and side tasks first, then all tasks together twice, averaged, then complaints once more.

    From the second branch on, posts without types, severity and flags are learnt as the weights before see them. An
    hour on one core with AMX, when nothing else runs.
    """
    joint = {source.name: source.stage2 for source in SOURCES} | {ANNOTATED: 1.5, WRITTEN: 2.0, SOURCE: 1.0}
    return Plan(
        stages=(
            Stage("sentiment", 1, 1e-4, 1e-3, {source.name: source.stage1 for source in SOURCES}, hidden=0.05),
            Stage("joint", 2, 1e-4, 1e-3, joint, hidden=0.08, branches=2, taught=1),
            Stage("complaints", 2, 6e-5, 6e-4, POLISH, hidden=0.1, taught=1),
        )
    )


def further_plan() -> Plan:
    """For a model that has been through `default_plan`: all tasks again with what was labelled since, then complaints.

    About half of the steps of the whole.
    """
    return Plan(
        stages=(
            Stage("joint again", 3, 8e-5, 5e-4, AGAIN, hidden=0.08),
            Stage("complaints", 1, 5e-5, 4e-4, POLISH, hidden=0.1, taught=1),
        ),
        kept=0.5,
    )
