"""The embedded multi-task transformer, alone or with another model's sentiment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch

from classifiers import text
from classifiers.base import Verdict
from classifiers.bylanguage import ByLanguage, SentimentModel, fitting
from classifiers.calibration import FILE, read_calibration
from classifiers.engine import Engine
from classifiers.heads import own_types
from classifiers.language import language_of, languages_of
from classifiers.precision import Precision, usable_cores
from classifiers.remembered import REMEMBERED, Remembered
from classifiers.verdicts import unjudged, verdicts
from config.complaint_types import ComplaintType
from config.languages import UNDETERMINED

EMBEDDED = Path(__file__).parent / "embedded"


class TransformerClassifier:
    """Judges posts with the model in a folder; a `Classifier`.

    Texts in a confidently recognised language that is not served, and texts without a word, come back with
    `judged=False`; texts in a language that one of `others` serves, with their sentiment alone. A text met twice in
    a call, or again after a call, is judged once, and so are texts that differ only in what the model does not see:
    where a link leads, whom they address, capitals, accents. The verdict on a text does not depend on the texts
    beside it or before it, but for rounding in the last digits of a probability.
    """

    def __init__(
        self,
        folder: Path = EMBEDDED,
        *,
        languages: Sequence[str] = ("en",),
        precision: Precision | None = None,
        sentiment: SentimentModel | None = None,
        others: ByLanguage | None = None,
        types: Sequence[ComplaintType] = (),
        heads: str | None = None,
        remembered: int = REMEMBERED,
    ) -> None:
        """Load the model from `folder`, offline; ModelUnusable where it is incomplete or of another version.

        `types` are the company's own, if it has any, and `heads` the folder with what was trained for them;
        `remembered` is the number of verdicts kept for texts that are met again.
        """
        self._calibration = read_calibration(folder)
        torch.set_num_threads(usable_cores())
        self._engine = Engine(folder, precision)
        self._remembered = Remembered(remembered)
        self._languages = frozenset(languages) | {UNDETERMINED}
        language_of("loads the language model now, not with the first post")
        self._sentiment = sentiment
        self._others = ByLanguage({}) if others is None else others
        digest = model_digest(folder)
        self._types = own_types(types, heads, self._calibration, encoder=digest)
        own = f"embedded-{digest}-{text.VERSION}"
        further = ("" if self._types is None else self._types.version, "" if sentiment is None else sentiment.version)
        self._version = fitting("+".join(part for part in (own, *further) if part) + self._others.version)

    @property
    def version(self) -> str:
        """Names weights, labels, calibration and preprocessing."""
        return self._version

    @property
    def engine(self) -> Engine:
        """What encodes and scores its texts."""
        return self._engine

    def classify(self, texts: Sequence[str], /) -> list[Verdict]:
        """Judge each text: same length, same order; empty in, empty out; no text raises."""
        plain = [text.masked(each) for each in texts]
        apart = dict.fromkeys(plain)
        known = self._remembered.among(apart)
        fresh = self._judged([each for each in apart if each not in known])
        self._remembered.add(fresh)
        known.update(fresh)
        return [known[each] for each in plain]

    def _judged(self, apart: Sequence[str]) -> dict[str, Verdict]:
        """Judge masked texts, each different from the others."""
        known: dict[str, Verdict] = {}
        judged: dict[str, str] = {}  # masked text: its language
        elsewhere: dict[str, str] = {}  # likewise, for the models of other languages
        for each, language in zip(apart, languages_of(apart), strict=True):
            if not text.says_something(each):
                known[each] = unjudged(language)
            elif language in self._languages:
                judged[each] = language
            elif language in self._others:
                elsewhere[each] = language
            else:
                known[each] = unjudged(language)
        known.update(self._others.verdicts(elsewhere))
        pooled = self._engine.pooled([text.worded(each) for each in judged])
        scores = self._engine.heads(pooled)
        calls = None if self._types is None else self._types.calls(self._engine.heads(pooled.apart).types, pooled)
        sentiment = None if self._sentiment is None else self._sentiment.probabilities(list(judged))
        found = verdicts(scores, list(judged.values()), self._calibration, sentiment, calls)
        known.update(zip(judged, found, strict=True))
        return known


def model_digest(folder: Path) -> str:
    """Return ten hexadecimal digits that stand for weights, labels and calibration together."""
    whole = hashlib.sha256()
    for name in ("model.safetensors", "tokenizer.json", FILE):
        with (folder / name).open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:10]
