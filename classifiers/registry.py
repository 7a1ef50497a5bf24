"""From settings to the classifier they name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from classifiers.base import Classifier
from config.complaint_types import ComplaintType
from config.models import EMBEDDED, Model

if TYPE_CHECKING:
    from classifiers.bylanguage import SentimentModel


def build(model: Model, types: Sequence[ComplaintType] = ()) -> Classifier:
    """Load the judge that the settings name; ModelUnusable where that cannot be done. Nothing is fetched.

    `types` are the company's own complaint types; without any, the shipped ones hold.

    With another model than "embedded", that model gives the sentiment and the embedded one everything else. The
    models of `by_language` give the sentiment of posts in their languages, and nothing gives the rest.
    """
    from classifiers.bylanguage import ByLanguage
    from classifiers.transformer import TransformerClassifier

    loaded: dict[tuple[str, str | None], SentimentModel] = {}  # one model that serves several is loaded once
    sentiment = None
    if model.sentiment_model != EMBEDDED:
        sentiment = _loaded(loaded, model.sentiment_model, model.revision)
    others = {
        code: _loaded(loaded, other.sentiment_model, other.revision)
        for other in model.by_language
        for code in other.languages
    }
    return TransformerClassifier(
        languages=model.languages, sentiment=sentiment, others=ByLanguage(others), types=types, heads=model.heads
    )


def _loaded(loaded: dict[tuple[str, str | None], SentimentModel], name: str, revision: str | None) -> SentimentModel:
    from classifiers.hub import HubSentiment

    if (name, revision) not in loaded:
        loaded[name, revision] = HubSentiment(name, revision)
    return loaded[name, revision]
