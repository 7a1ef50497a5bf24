"""Models for further languages: each post goes to the model of its language, and says no more than that model knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from tiny_models import tiny_tokenizer, write_classifier
from transformers import AutoModelForSequenceClassification

from classifiers.base import ModelUnusable, Verdict
from classifiers.bylanguage import LONGEST_VERSION, ByLanguage, fitting
from classifiers.calibration import Array
from classifiers.registry import build
from classifiers.text import masked
from config.models import LanguageModel, Model
from config.vocabulary import Sentiment, Severity

GERMAN = "@acme seit drei Wochen warte ich auf mein Paket und niemand geht ans Telefon"
GERMAN_TOO = "Die neue App ist wirklich gelungen, vielen Dank an das ganze Team"
FRENCH = "Toujours aucune nouvelle de ma commande, le service client ne répond jamais"
SPANISH = "Llevo tres horas esperando en el aeropuerto y nadie nos dice nada del vuelo"
ENGLISH = "@acme your app crashes every single morning, please fix it"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def two_models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two checkpoints that judge differently: their labels stand in another order."""
    folder = tmp_path_factory.mktemp("models")
    return (
        write_classifier(folder / "german", ["negative", "neutral", "positive"]),
        write_classifier(folder / "romance", ["positive", "negative", "neutral"]),
    )


def expected(folder: Path, post: str) -> list[float]:
    """What the checkpoint says of the post, in the order of its own labels."""
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    inputs = tiny_tokenizer()(masked(post), truncation=True, max_length=128, return_tensors="pt")
    return list(model(**inputs).logits.double().softmax(dim=1)[0].tolist())


def moods(verdict: Verdict) -> tuple[float, float, float]:
    return verdict.p_negative, verdict.p_neutral, verdict.p_positive


@dataclass
class Recorder:
    """A sentiment model that keeps what it is asked, and says the same of every text."""

    mood: tuple[float, float, float] = (0.7, 0.2, 0.1)
    version: str = "recorder"
    calls: list[list[str]] = field(default_factory=list)

    def probabilities(self, texts: Sequence[str], /) -> Array:
        self.calls.append(list(texts))
        return np.tile(np.array(self.mood), (len(texts), 1))


def test_each_post_is_judged_by_the_model_of_its_language(two_models: tuple[Path, Path]) -> None:
    german, romance = two_models
    judge = build(
        Model(
            by_language=(
                LanguageModel(languages=("de",), sentiment_model=str(german)),
                LanguageModel(languages=("fr", "it"), sentiment_model=str(romance)),
            )
        )
    )
    in_german, in_french, in_spanish, in_english = judge.classify([GERMAN, FRENCH, SPANISH, ENGLISH])
    assert moods(in_german) == pytest.approx(expected(german, GERMAN), abs=1e-5)
    positive, negative, neutral = expected(romance, FRENCH)
    assert moods(in_french) == pytest.approx((negative, neutral, positive), abs=1e-5)
    assert [v.language for v in (in_german, in_french, in_spanish, in_english)] == ["de", "fr", "es", "en"]
    assert [v.judged for v in (in_german, in_french, in_spanish, in_english)] == [True, True, False, True]
    assert [v.sentiment_only for v in (in_german, in_french, in_spanish, in_english)] == [True, True, False, False]
    [alone] = build(Model()).classify([ENGLISH])
    assert in_english == alone


def test_nothing_but_the_sentiment_is_said_of_a_language_with_a_model_for_sentiment() -> None:
    verdict = ByLanguage({"de": Recorder()}).verdicts({GERMAN: "de"})[GERMAN]
    assert verdict == Verdict(
        Sentiment.NEGATIVE, 0.7, 0.2, 0.1, 0.0, complaint=False, language="de", sentiment_only=True
    )
    assert (verdict.types, verdict.severity, verdict.flags, verdict.confidence) == ((), Severity.NONE, (), 0.7)


def test_each_model_is_called_once_with_all_its_posts_and_never_without_one() -> None:
    german, shared, idle = Recorder(), Recorder(mood=(0.1, 0.2, 0.7)), Recorder()
    models = ByLanguage({"de": german, "fr": shared, "es": shared, "pt": idle})
    found = models.verdicts({GERMAN: "de", FRENCH: "fr", GERMAN_TOO: "de", SPANISH: "es"})
    assert german.calls == [[GERMAN, GERMAN_TOO]]
    assert shared.calls == [[FRENCH, SPANISH]]
    assert idle.calls == []
    assert {text: verdict.language for text, verdict in found.items()} == {
        GERMAN: "de",
        GERMAN_TOO: "de",
        FRENCH: "fr",
        SPANISH: "es",
    }
    assert [found[text].sentiment for text in (GERMAN, FRENCH)] == [Sentiment.NEGATIVE, Sentiment.POSITIVE]


def test_no_posts_call_no_model() -> None:
    model = Recorder()
    assert ByLanguage({"de": model}).verdicts({}) == {}
    assert model.calls == []


def test_one_model_for_several_entries_is_loaded_once(two_models: tuple[Path, Path]) -> None:
    german, _ = two_models
    judge = build(
        Model(
            sentiment_model=str(german),
            by_language=tuple(LanguageModel(languages=(code,), sentiment_model=str(german)) for code in ("de", "fr")),
        )
    )
    assert judge.version.count("german@") == 2  # once for English, once for both other languages together
    assert "+de,fr=german@" in judge.version


def test_the_version_names_every_model_and_its_languages(two_models: tuple[Path, Path]) -> None:
    german, romance = two_models
    by_language = (
        LanguageModel(languages=("de",), sentiment_model=str(german)),
        LanguageModel(languages=("fr",), sentiment_model=str(romance)),
    )
    plain, judge = build(Model()).version, build(Model(by_language=by_language)).version
    assert judge.startswith(f"{plain}+de=german@")
    assert "+fr=romance@" in judge
    assert str(german.parent) not in judge  # where it lies on this machine is not what it says
    assert len(judge) <= LONGEST_VERSION


def test_a_version_that_is_too_long_to_keep_still_differs() -> None:
    long = "embedded-0123456789-text-1" + "+de=some-organisation/some-model@0123456789" * 4
    kept, other = fitting(long), fitting(long + "x")
    assert len(kept) == len(other) == LONGEST_VERSION
    assert kept != other
    assert kept[:80] == long[:80]
    assert fitting(long[:LONGEST_VERSION]) == long[:LONGEST_VERSION]


def test_a_model_for_a_language_that_is_not_in_the_cache_says_what_fetches_it() -> None:
    other = LanguageModel(languages=("de",), sentiment_model="example-org/deutsch", revision=COMMIT)
    with pytest.raises(ModelUnusable, match=f"hf download example-org/deutsch --revision {COMMIT}"):
        build(Model(by_language=(other,)))


def test_a_post_without_words_is_asked_of_no_model(two_models: tuple[Path, Path]) -> None:
    other = LanguageModel(languages=("de",), sentiment_model=str(two_models[0]))
    [verdict] = build(Model(by_language=(other,))).classify(["@acme 😡😡😡 http://t.co/x"])
    assert (verdict.judged, verdict.language) == (False, "und")
