"""Another model for the sentiment: any sequence classifier, from a folder or the local cache, never fetched."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_models import tiny_tokenizer, write_classifier, write_encoder
from transformers import AutoModelForSequenceClassification

from classifiers.base import ModelUnusable
from classifiers.hub import HubSentiment
from classifiers.registry import build
from classifiers.transformer import TransformerClassifier
from config.models import Model

POSTS = ["your app crashes again", "great app thanks", "the bus left at nine and " * 80]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def three_way(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classifier(tmp_path_factory.mktemp("three"), ["positive", "negative", "neutral"])


def expected(folder: Path, post: str) -> list[float]:
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    inputs = tiny_tokenizer()(post, truncation=True, max_length=128, return_tensors="pt")
    return list(model(**inputs).logits.double().softmax(dim=1)[0].tolist())


def test_classes_come_out_as_negative_neutral_positive(three_way: Path) -> None:
    given = HubSentiment(str(three_way), None).probabilities(POSTS)
    assert given.shape == (3, 3)
    for row, post in zip(given, POSTS, strict=True):
        positive, negative, neutral = expected(three_way, post)
        assert row.tolist() == pytest.approx([negative, neutral, positive], abs=1e-5)


def test_stars_are_added_up(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, [f"{n} star{'s' * (n > 1)}" for n in range(1, 6)])
    stars = expected(folder, POSTS[0])
    row = HubSentiment(str(folder), None).probabilities(POSTS[:1])[0]
    assert row.tolist() == pytest.approx([stars[0] + stars[1], stars[2], stars[3] + stars[4]], abs=1e-5)


def test_a_two_way_model_never_says_neutral(tmp_path: Path) -> None:
    folder = write_classifier(tmp_path, ["LABEL_0", "LABEL_1"])
    given = HubSentiment(str(folder), None).probabilities(POSTS)
    assert given[:, 1].tolist() == [0.0, 0.0, 0.0]
    assert given.sum(axis=1).tolist() == pytest.approx([1.0, 1.0, 1.0])


def test_the_sentiment_is_the_other_models_and_the_rest_the_embedded_ones(three_way: Path) -> None:
    own = build(Model())
    mixed = build(Model(sentiment_model=str(three_way)))
    [alone] = own.classify(["@acme your app crashes every single morning, fix it"])
    [both] = mixed.classify(["@acme your app crashes every single morning, fix it"])
    positive, negative, neutral = expected(three_way, "@user your app crashes every single morning, fix it")
    assert (both.p_negative, both.p_neutral, both.p_positive) == pytest.approx((negative, neutral, positive), abs=1e-5)
    assert (both.p_complaint, both.types, both.severity) == (alone.p_complaint, alone.types, alone.severity)
    assert own.version in mixed.version
    assert own.version != mixed.version


def test_other_weights_are_another_version(tmp_path: Path) -> None:
    first = write_classifier(tmp_path / "a", ["negative", "neutral", "positive"])
    second = tmp_path / "b"
    shutil.copytree(first, second)
    weights = second / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    versions = [HubSentiment(str(folder), None).version.rpartition("@")[2] for folder in (first, second)]
    assert versions[0] != versions[1]


def test_no_texts_give_no_probabilities(three_way: Path) -> None:
    assert HubSentiment(str(three_way), None).probabilities([]).shape == (0, 3)


def test_labels_that_are_no_sentiment_are_named(tmp_path: Path) -> None:
    write_classifier(tmp_path, ["joy", "anger", "fear"])
    with pytest.raises(ModelUnusable, match=r"\['joy', 'anger', 'fear'\]"):
        HubSentiment(str(tmp_path), None)


def test_an_encoder_without_a_trained_classifier_is_refused(tmp_path: Path) -> None:
    write_encoder(tmp_path)
    with pytest.raises(ModelUnusable, match=r"classifier\.weight"):
        HubSentiment(str(tmp_path), None)


def test_a_folder_without_weights_is_refused(three_way: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(three_way, folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelUnusable, match=str(folder)):
        HubSentiment(str(folder), None)


def test_a_hub_model_that_is_not_in_the_cache_says_what_fetches_it() -> None:
    with pytest.raises(ModelUnusable, match=f"hf download example-org/sentiment --revision {COMMIT}"):
        HubSentiment("example-org/sentiment", COMMIT)


def test_a_hub_model_without_a_revision_is_refused() -> None:
    with pytest.raises(ModelUnusable, match="needs its revision"):
        HubSentiment("example-org/sentiment", None)


def test_long_posts_do_not_outgrow_a_model_that_reads_little(three_way: Path) -> None:
    sentiment = HubSentiment(str(three_way), None)
    [verdict] = TransformerClassifier(sentiment=sentiment).classify(["the bus left at nine again " * 4000])
    assert np.isclose(verdict.p_negative + verdict.p_neutral + verdict.p_positive, 1.0, atol=1e-6)
