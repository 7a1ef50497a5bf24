"""From settings to the classifier they name."""

from __future__ import annotations

from classifiers.base import Classifier
from config.models import Model


def build(model: Model) -> Classifier:
    """Load the judge that the settings name; ModelUnusable where that cannot be done. Nothing is fetched.

    With another model than "embedded", that model gives the sentiment and the embedded one everything else.
    """
    from classifiers.transformer import TransformerClassifier

    if model.sentiment_model == "embedded":
        return TransformerClassifier(languages=model.languages)

    from classifiers.hub import HubSentiment

    sentiment = HubSentiment(model.sentiment_model, model.revision)
    return TransformerClassifier(languages=model.languages, sentiment=sentiment)
