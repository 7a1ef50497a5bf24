"""The shipped model, on posts where any reader would agree."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from classifiers.base import ModelUnusable, Verdict
from classifiers.precision import Precision
from classifiers.registry import build
from classifiers.transformer import EMBEDDED, TransformerClassifier
from config.models import Model
from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment, Severity

COMPLAINT = "@acme third time this week your app crashes when I try to pay. Absolutely useless, fix it!"
PRAISE = "Huge thanks to @acme, the staff were lovely and everything arrived early. Love this company!"
QUESTION = "@acme what time does the shop on the high street open on Sunday?"

INVENTED = [
    f"{opening} {subject} {ending}"
    for opening in ("@acme", "Dear @acme,", "So", "Honestly,", "Hey @acme_help")
    for subject in (
        "my parcel never arrived and nobody answers",
        "the new app is really great",
        "the flight to Oslo was delayed by six hours",
        "I was charged twice for the same order",
        "do you open on Sundays",
        "your driver was so kind to my grandmother",
        "the website is down again",
        "the shoes fell apart after two days",
        "I am switching to another bank",
        "I saw the new advert on the bus",
    )
    for ending in ("", "!!!", "and I am very angry.", "thank you", "#acme")
]


@pytest.fixture(scope="module")
def judge() -> TransformerClassifier:
    return TransformerClassifier()


def one(judge: TransformerClassifier, post: str) -> Verdict:
    [verdict] = judge.classify([post])
    return verdict


def test_a_clear_complaint_is_a_technical_one(judge: TransformerClassifier) -> None:
    verdict = one(judge, COMPLAINT)
    assert (verdict.sentiment, verdict.complaint, verdict.types[0]) == (Sentiment.NEGATIVE, True, "technical")
    assert verdict.severity >= Severity.MILD
    assert verdict.p_complaint > 0.8
    assert verdict.language == "en"


def test_praise_is_no_complaint(judge: TransformerClassifier) -> None:
    verdict = one(judge, PRAISE)
    assert (verdict.sentiment, verdict.complaint, verdict.types) == (Sentiment.POSITIVE, False, ())
    assert verdict.severity == Severity.NONE
    assert Flag.PRAISE in verdict.flags


def test_a_plain_question_is_neutral_and_no_complaint(judge: TransformerClassifier) -> None:
    verdict = one(judge, QUESTION)
    assert (verdict.sentiment, verdict.complaint) == (Sentiment.NEUTRAL, False)


@pytest.mark.parametrize(
    ("post", "kind"),
    [
        ("@acme flight delayed 5 hours and still sitting at the gate", "delay"),
        ("@acme you lost my suitcase, where is my luggage?", "lost_or_damaged"),
        ("@acme I was charged twice, I want my refund now", "billing"),
        ("@acme the woman at your desk was so rude to me", "staff"),
        ("@acme on hold for two hours and nobody answers my emails", "support"),
    ],
)
def test_the_main_type_is_what_the_post_is_about(judge: TransformerClassifier, post: str, kind: str) -> None:
    verdict = one(judge, post)
    assert verdict.complaint
    assert verdict.types[0] == kind


def test_danger_is_worse_than_annoyance(judge: TransformerClassifier) -> None:
    mild, grave = judge.classify(
        [
            "@acme a bit disappointed that the blue one is sold out",
            "@acme your heater caught fire and burnt my child, I am calling my lawyer",
        ]
    )
    assert sum(k * p for k, p in enumerate(grave.severity_probabilities)) > 1.0
    assert grave.severity > mild.severity


@pytest.mark.parametrize("post", ["", "   ", "@acme", "😡😡😡", "http://t.co/x", "!!! 12:30", "\x00\x00"])
def test_a_post_without_words_is_not_judged(judge: TransformerClassifier, post: str) -> None:
    verdict = one(judge, post)
    assert (verdict.judged, verdict.complaint, verdict.p_negative) == (False, False, 0.0)


def test_a_spanish_post_is_not_judged_unless_spanish_is_served(judge: TransformerClassifier) -> None:
    post = "Llevo tres horas esperando en el aeropuerto y nadie nos dice nada del vuelo"
    verdict = one(judge, post)
    assert (verdict.judged, verdict.language) == (False, "es")
    assert one(TransformerClassifier(languages=("en", "es")), post).judged


def test_a_megabyte_nul_and_broken_unicode_are_judged(judge: TransformerClassifier) -> None:
    huge, nul, broken = judge.classify(
        [
            "the delivery is late again and nobody answers " * 22_000,
            "your app\x00crashes\x00again",
            "so late \ud83d again",
        ]
    )
    assert huge.judged
    assert nul.judged
    assert broken.judged


def test_as_many_verdicts_as_posts_in_their_order(judge: TransformerClassifier) -> None:
    posts = [PRAISE, "", COMPLAINT, PRAISE, "😡", QUESTION, COMPLAINT]
    given = judge.classify(posts)
    assert [verdict.judged for verdict in given] == [True, False, True, True, False, True, True]
    assert given[0] == given[3]
    assert [given[i].sentiment for i in (0, 2, 5)] == [Sentiment.POSITIVE, Sentiment.NEGATIVE, Sentiment.NEUTRAL]
    assert judge.classify([]) == []


def test_a_verdict_does_not_depend_on_the_posts_beside_it(judge: TransformerClassifier) -> None:
    whole = dict(zip(INVENTED, judge.classify(INVENTED), strict=True))
    shuffled = random.Random(4).sample(INVENTED, 60)
    for post, verdict in zip(shuffled, judge.classify(shuffled), strict=True):
        assert verdict.p_complaint == pytest.approx(whole[post].p_complaint, abs=0.02)
        assert verdict.p_negative == pytest.approx(whole[post].p_negative, abs=0.02)


def test_probabilities_are_probabilities(judge: TransformerClassifier) -> None:
    for verdict in judge.classify(INVENTED[:50]):
        assert verdict.p_negative + verdict.p_neutral + verdict.p_positive == pytest.approx(1.0, abs=1e-6)
        assert sum(verdict.severity_probabilities) == pytest.approx(1.0, abs=1e-6)
        assert set(verdict.type_probabilities) == set(COMPLAINT_TYPES)
        assert set(verdict.flag_probabilities) == {flag.value for flag in Flag}
        assert verdict.complaint == bool(verdict.types) == bool(verdict.severity)


def test_the_fast_precision_gives_the_labels_of_the_exact_one() -> None:
    exact = TransformerClassifier(precision=Precision.FLOAT32).classify(INVENTED)
    fast = TransformerClassifier(precision=Precision.BFLOAT16).classify(INVENTED)
    same = [(a.sentiment, a.complaint) == (b.sentiment, b.complaint) for a, b in zip(exact, fast, strict=True)]
    assert sum(same) / len(same) >= 0.995
    assert max(abs(a.p_complaint - b.p_complaint) for a, b in zip(exact, fast, strict=True)) < 0.05


def test_the_version_follows_weights_and_labels(tmp_path: Path, judge: TransformerClassifier) -> None:
    shutil.copytree(EMBEDDED, tmp_path / "model")
    labels = tmp_path / "model" / "labels.json"
    content = json.loads(labels.read_text())
    content["calibration"]["complaint"]["threshold"] = [0.33]
    labels.write_text(json.dumps(content))
    assert TransformerClassifier(tmp_path / "model").version != judge.version == TransformerClassifier().version


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    shutil.copytree(EMBEDDED, tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    state = load_file(weights)
    del state["heads.weight"]
    save_file(state, weights, metadata={"format": "pt"})
    with pytest.raises(ModelUnusable, match=r"heads\.weight"):
        TransformerClassifier(tmp_path / "model")


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json", "labels.json"])
def test_an_incomplete_model_is_refused_by_name(tmp_path: Path, name: str) -> None:
    shutil.copytree(EMBEDDED, tmp_path / "model")
    (tmp_path / "model" / name).unlink()
    with pytest.raises(ModelUnusable, match=str(tmp_path / "model")):
        TransformerClassifier(tmp_path / "model")


def test_the_shipped_folder_fits_the_wheel_and_has_its_card() -> None:
    files = {path.name: path.stat().st_size for path in EMBEDDED.iterdir() if path.is_file()}
    assert {"model.safetensors", "tokenizer.json", "labels.json", "metrics.json", "MODEL_CARD.md"} <= set(files)
    assert sum(files.values()) <= 50_000_000


def test_the_model_card_states_the_measured_figures() -> None:
    card = (EMBEDDED / "MODEL_CARD.md").read_text(encoding="utf-8")
    metrics = json.loads((EMBEDDED / "metrics.json").read_text())
    published = metrics["sentiment, tweeteval_sentiment (published validation)"]
    types = metrics["types, complaint_types"]
    figures = (published["macro_recall"], types["main_accuracy"], types["severity_kappa"])
    assert all(f"{figure:.3f}" in card for figure in figures)


def test_the_registry_builds_the_embedded_model() -> None:
    assert build(Model()).classify(["@acme your app crashes all the time"])[0].complaint


def test_the_registry_loads_torch_only_when_asked() -> None:
    probe = "import sys, classifiers.registry, classifiers.base; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_model_loads_with_the_network_shut() -> None:
    probe = (
        "import socket\n"
        "def shut(*_a, **_k): raise AssertionError('network used')\n"
        "socket.socket.connect = shut; socket.getaddrinfo = shut\n"
        "from classifiers.transformer import TransformerClassifier\n"
        "print(TransformerClassifier().classify(['your app crashes all the time'])[0].complaint)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
