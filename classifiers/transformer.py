"""The embedded multi-task transformer, alone or with another model's sentiment."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch

from classifiers import text
from classifiers.base import Verdict
from classifiers.calibration import FILE, Array, read_calibration
from classifiers.engine import Engine, Precision, best_precision
from classifiers.language import UNDETERMINED, language_of
from classifiers.verdicts import unjudged, verdicts

EMBEDDED = Path(__file__).parent / "embedded"


class SentimentModel(Protocol):
    """Another model for the sentiment alone."""

    @property
    def version(self) -> str:
        """Names its weights."""
        ...

    def probabilities(self, texts: Sequence[str], /) -> Array:
        """Return n x 3 probabilities, negative, neutral and positive, of n masked texts."""
        ...


class TransformerClassifier:
    """Judges posts with the model in a folder; a `Classifier`.

    Texts in a confidently recognised language that is not served, and texts without a word, come back with
    `judged=False`. A text met twice in a call is judged once. The verdict on a text does not depend on the texts
    beside it, but for rounding in the last digits of a probability.
    """

    def __init__(
        self,
        folder: Path = EMBEDDED,
        *,
        languages: Sequence[str] = ("en",),
        precision: Precision | None = None,
        sentiment: SentimentModel | None = None,
    ) -> None:
        """Load the model from `folder`, offline; ModelUnusable where it is incomplete or of another version."""
        self._calibration = read_calibration(folder)
        torch.set_num_threads(usable_cores())
        self._engine = Engine(folder, best_precision() if precision is None else precision)
        self._languages = frozenset(languages) | {UNDETERMINED}
        language_of("loads the language model now, not with the first post")
        self._sentiment = sentiment
        own = f"embedded-{_digest(folder)}-{text.VERSION}"
        self._version = own if sentiment is None else f"{own}+{sentiment.version}"

    @property
    def version(self) -> str:
        """Names weights, labels, calibration and preprocessing."""
        return self._version

    def classify(self, texts: Sequence[str], /) -> list[Verdict]:
        """Judge each text: same length, same order; empty in, empty out; no text raises."""
        plain = [text.masked(each) for each in texts]
        known: dict[str, Verdict] = {}
        judged: dict[str, str] = {}  # masked text: its language
        for each in dict.fromkeys(plain):
            language = language_of(each)
            if language in self._languages and text.says_something(each):
                judged[each] = language
            else:
                known[each] = unjudged(language)
        scores = self._engine.scores([text.worded(each) for each in judged])
        sentiment = None if self._sentiment is None else self._sentiment.probabilities(list(judged))
        found = verdicts(scores, list(judged.values()), self._calibration, sentiment)
        known.update(zip(judged, found, strict=True))
        return [known[each] for each in plain]


def usable_cores() -> int:
    """Return how many cores this process may use: more threads than that only wait for each other."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _digest(folder: Path) -> str:
    """Return ten hexadecimal digits that stand for weights, labels and calibration together."""
    whole = hashlib.sha256()
    for name in ("model.safetensors", "tokenizer.json", FILE):
        with (folder / name).open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:10]
