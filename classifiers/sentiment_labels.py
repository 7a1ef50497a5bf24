"""What the labels of a foreign sequence classifier mean in three-way sentiment: a pure rule."""

from __future__ import annotations

import re
from collections.abc import Mapping

from config.vocabulary import Sentiment

NEGATIVE, NEUTRAL, POSITIVE = range(len(Sentiment))

_WORDS = {
    "negative": NEGATIVE,
    "neg": NEGATIVE,
    "very negative": NEGATIVE,
    "neutral": NEUTRAL,
    "neu": NEUTRAL,
    "mixed": NEUTRAL,
    "positive": POSITIVE,
    "pos": POSITIVE,
    "very positive": POSITIVE,
}
_STARS = {1: NEGATIVE, 2: NEGATIVE, 3: NEUTRAL, 4: POSITIVE, 5: POSITIVE}
# Models saved without names. Two and three classes are counted upwards from negative by every widely used
# sentiment model (TweetEval's own order); five without names might be stars or emotions, so they are refused.
_NUMBERED = {2: (NEGATIVE, POSITIVE), 3: (NEGATIVE, NEUTRAL, POSITIVE)}


def sentiment_columns(labels: Mapping[int, str]) -> tuple[int, ...]:
    """Return for each of the model's classes, in order, the sentiment it counts to.

    Names are understood in any case: negative/neutral/positive and their short and "very" forms, "1 star" to
    "5 stars", and LABEL_0.. for two or three classes. ValueError, naming the labels, for anything else or where
    negative or positive cannot come out.
    """
    names = [labels[index] for index in sorted(labels)]
    found = [_meaning(name, len(names)) for name in names]
    if None in found or not {NEGATIVE, POSITIVE} <= set(found):
        raise ValueError(
            f"labels {names}: expected negative/neutral/positive, negative/positive, 1 to 5 stars, "
            "or LABEL_0 to LABEL_1 or LABEL_2"
        )
    return tuple(column for column in found if column is not None)


def _meaning(name: str, classes: int) -> int | None:
    plain = re.sub(r"[\s_-]+", " ", name).strip().lower()
    if plain in _WORDS:
        return _WORDS[plain]
    stars = re.fullmatch(r"([1-5]) stars?", plain)
    if stars and classes == len(_STARS):
        return _STARS[int(stars[1])]
    numbered = re.fullmatch(r"label (\d)", plain)
    if numbered and classes in _NUMBERED and int(numbered[1]) < classes:
        return _NUMBERED[classes][int(numbered[1])]
    return None
