"""Sentiment of posts in languages that the embedded model cannot read, from the models named for them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from classifiers.base import Verdict
from classifiers.calibration import Array
from config.vocabulary import Sentiment

LONGEST_VERSION = 100  # characters that the store keeps of it

_SENTIMENTS = tuple(Sentiment)


class SentimentModel(Protocol):
    """Another model for the sentiment alone."""

    @property
    def version(self) -> str:
        """Names its weights."""
        ...

    def probabilities(self, texts: Sequence[str], /) -> Array:
        """Return n x 3 probabilities, negative, neutral and positive, of n masked texts."""
        ...


class ByLanguage:
    """Which model gives the sentiment in which language; two languages may share one model."""

    def __init__(self, models: Mapping[str, SentimentModel]) -> None:
        """Take a model for each language; none is fine."""
        self._models = dict(models)
        self.version = "".join(
            f"+{','.join(code for code, own in self._models.items() if own is model)}={model.version}"
            for model in _distinct(self._models.values())
        )

    def __contains__(self, language: str) -> bool:
        return language in self._models

    def verdicts(self, languages: Mapping[str, str]) -> dict[str, Verdict]:
        """Return the verdict on each masked text, given with its language; nothing for nothing.

        Each model is called once, with all its texts, and not at all where it has none.
        """
        found: dict[str, Verdict] = {}
        for model in _distinct(self._models[language] for language in languages.values()):
            texts = [text for text, language in languages.items() if self._models[language] is model]
            for text, mood in zip(texts, model.probabilities(texts).tolist(), strict=True):
                found[text] = sentiment_only(languages[text], mood)
        return found


def sentiment_only(language: str, mood: Sequence[float]) -> Verdict:
    """Return a verdict that says the sentiment and nothing else: whether it is a complaint has not been asked."""
    negative, neutral, positive = mood
    likeliest = _SENTIMENTS[max(range(len(mood)), key=mood.__getitem__)]
    return Verdict(likeliest, negative, neutral, positive, 0.0, False, language=language, sentiment_only=True)


def fitting(version: str) -> str:
    """Return a version as the store keeps it: a longer one as its beginning and a digest of the whole."""
    if len(version) <= LONGEST_VERSION:
        return version
    mark = "#" + hashlib.sha256(version.encode()).hexdigest()[:10]
    return version[: LONGEST_VERSION - len(mark)] + mark


def _distinct(models: Iterable[SentimentModel]) -> list[SentimentModel]:
    return list({id(model): model for model in models}.values())
