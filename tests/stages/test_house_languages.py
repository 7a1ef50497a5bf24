"""Posts that no model can read, and posts of which only the sentiment is known, everywhere a person looks."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from house import NOON, House, WordClassifier, says
from tiny_models import write_classifier

from classifiers.base import Verdict
from classifiers.bylanguage import sentiment_only
from classifiers.hub import HubSentiment
from config.vocabulary import Sentiment, Severity
from monitor.cli import main
from monitor.cli.verdicts import ADDED
from monitor.pipeline.overview import overview
from monitor.store.corrections import Correction
from monitor.store.labels import Labels, given
from monitor.store.languages import Languages


class Polyglot(WordClassifier):
    """Reads English whole, German for its mood ("schlimm" is bad), Spanish not at all."""

    version = "words-1+de=mood@1"

    @staticmethod
    def _one(text: str) -> Verdict:
        if "hallo" in text:
            return sentiment_only("de", (0.9, 0.08, 0.02) if "schlimm" in text else (0.1, 0.8, 0.1))
        if "hmm" in text:
            return Verdict(WordClassifier._one("").sentiment, 0.1, 0.8, 0.1, 0.05, complaint=False, language="und")
        if "!!!" in text:
            return Verdict(WordClassifier._one("").sentiment, 0, 0, 0, 0, complaint=False, judged=False)
        return WordClassifier._one(text)


@pytest.fixture
def house(store) -> House:
    house = House(store)
    house.classifier = Polyglot()
    house.new_workers()
    return house


def seen(house: House) -> tuple[Languages, Languages]:
    shown = overview(house.store, house.settings, house.clock() + timedelta(minutes=1))
    return shown.languages, shown.languages_before


def test_a_negative_post_in_a_language_judged_for_sentiment_reaches_people(house):
    house.hears(says("hallo schlimm", author_id="uwe", author_handle="uwe"))
    [case] = house.open_cases()
    assert (case.severity, case.main_type, case.handle) == (Severity.NONE, "", "uwe")
    [message] = house.care.messages
    assert message.subject.startswith("Negative post from @uwe on X: ")
    assert "only the sentiment is judged in German" in message.why
    assert message.mention.sentiment_only
    found = house.store.cases.show(case.id)
    assert [verdict.sentiment_only for verdict in found.verdicts.values()] == [True]


def test_no_complaint_is_made_up_even_where_every_complaint_counts(store):
    house = House(store, thresholds=dict.fromkeys(("complaint_mild", "complaint_serious", "complaint_critical"), 0.0))
    house.classifier = Polyglot()
    house.new_workers()
    house.hears(says("hallo alles gut"))
    assert house.cases() == []


def test_a_post_that_no_model_reads_alerts_nobody_and_is_counted(house):
    house.hears(says("hola"), says("hola otra vez"), says("!!!"), says("hmm"), says("hallo"), says("lovely"))
    assert house.care.messages == []
    now, before = seen(house)
    assert now == Languages(judged={"en": 1, "und": 1}, sentiment_only={"de": 1}, unserved={"es": 2}, wordless=1)
    assert (now.posts, now.foreign, now.undetermined, before) == (6, 2, 1, Languages())


def test_a_person_may_say_what_no_model_could(house):
    house.hears(says("hallo schlimm"))
    [row] = house.store.reports.week_rows(NOON, NOON + timedelta(days=1)).posts
    assert (row.sentiment, row.sentiment_only, row.complaint) == (Sentiment.NEGATIVE, True, False)
    word = Correction(post_id=row.id, labels=given(types=("delay",)))
    house.store.corrections.add([word], who="anna", now=house.clock())
    [kept] = house.store.corrections.listing(10)
    assert kept.said == Labels(sentiment=Sentiment.NEGATIVE)
    [row] = house.store.reports.week_rows(NOON, NOON + timedelta(days=1)).posts
    assert (row.sentiment, row.sentiment_only, row.complaint) == (Sentiment.NEGATIVE, False, True)
    assert (row.types, row.severity) == (("delay",), Severity.MILD)


def test_own_posts_and_older_ones_are_not_counted(house):
    house.hears(
        says("hola", author_handle="acme_help"),
        says("hola", published_at=NOON - timedelta(days=8)),
        says("hola", published_at=NOON - timedelta(days=15)),
    )
    assert seen(house) == (Languages(), Languages(unserved={"es": 1}))


@pytest.mark.parametrize(
    ("now", "before", "jumped"),
    [
        (Languages(judged={"en": 80}, unserved={"es": 20}), Languages(judged={"en": 95}, unserved={"es": 5}), True),
        (Languages(judged={"en": 80}, unserved={"es": 20}), Languages(judged={"en": 85}, unserved={"es": 15}), False),
        (Languages(judged={"en": 80}, unserved={"es": 20}), Languages(judged={"en": 9}), True),
        (Languages(judged={"en": 80}, unserved={"es": 20}), Languages(), False),  # nothing to compare with
        (Languages(judged={"en": 8}, unserved={"es": 2}), Languages(judged={"en": 9}), False),  # a handful
        (Languages(judged={"en": 990}, unserved={"es": 10}), Languages(judged={"en": 990}), False),  # 1 %
    ],
)
def test_a_share_that_jumps_is_told_from_one_that_does_not(now, before, jumped):
    assert now.jumped_from(before) is jumped


ENGLISH = "Huge thanks to acme, the staff were lovely and everything arrived early"
GERMAN = "Seit drei Wochen warte ich auf mein Paket von acme und niemand geht ans Telefon"
SPANISH = "Llevo tres horas esperando el pedido de acme y nadie nos dice nada"
SPANISH_TOO = "El repartidor de acme dejó el paquete en la calle y nadie responde"
SHORT, WORDLESS = "acme hm ok", "!!! 12:30"
CONFIG = """\
company = "Acme"
brands = [{{ name = "Acme", aliases = [{{ text = "acme" }}] }}]
channels = [{{ kind = "console", name = "care" }}]
default_route = {{ name = "rest", channels = ["care"] }}
digest = {{ enabled = false }}
thresholds = {{ negative = 0.3, complaint_mild = 0.99, complaint_serious = 0.99, complaint_critical = 0.99 }}
database = {{ url = "sqlite:///{folder}/monitor.db" }}
[[model.by_language]]
languages = ["de"]
sentiment_model = "{model}"
"""


def gloomy(folder: Path) -> Path:
    """A checkpoint for which the German post is negative: untrained, its strongest label is given that name."""
    strongest = int(HubSentiment(str(write_classifier(folder, MOODS)), None).probabilities([GERMAN]).argmax())
    return write_classifier(folder, [*MOODS[-strongest:], *MOODS[:-strongest]] if strongest else MOODS)


MOODS = ["negative", "neutral", "positive"]


@pytest.fixture
def asked(tmp_path):
    """The command line over an empty folder, with the embedded model and a tiny one for German."""
    file = tmp_path / "monitor.toml"
    file.write_text(CONFIG.format(folder=tmp_path, model=gloomy(tmp_path / "gloomy")), encoding="utf-8")

    def ask(*arguments: str) -> str:
        done = CliRunner().invoke(main, ["--config", str(file), *arguments], env={"COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        return done.output

    return ask


def imported(ask, folder: Path, texts: Sequence[str]) -> None:
    file = folder / "posts.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([["text"], *[[text] for text in texts]])
    ask("import", str(file), "--brand", "Acme")
    ask("run", "--once")


def test_status_says_what_was_not_judged_and_why(asked, tmp_path):
    imported(asked, tmp_path, [SPANISH, SPANISH_TOO, GERMAN, SHORT, WORDLESS, ENGLISH])
    told = asked("status")
    assert "Last 7 days: 2 judged, 1 for their sentiment alone (German 1)." in told
    assert "Too short to tell the language, judged as English: 1" in told
    assert "Not judged, no model for the language: 2 (33%): Spanish 2" in told
    assert "Not judged, no words: 1" in told
    assert json.loads(asked("status", "--json"))["languages"]["unserved"] == {"es": 2}


def test_a_case_shows_what_was_judged_of_each_post(asked, tmp_path):
    imported(asked, tmp_path, [GERMAN])
    told = asked("cases", "show", "1")
    assert "Case 1: open, negative post, brand Acme" in told
    assert re.search(r"\(negative \d+%, complaint and severity not judged in German\)", told)
    assert " none " not in asked("cases", "list")


def test_a_scored_text_says_that_it_was_not_judged(asked):
    told = asked("score", SPANISH, GERMAN, SHORT, WORDLESS)
    assert "not judged: no model for Spanish" in told
    assert "complaint, type and severity not judged: the model for this language gives the sentiment alone" in told
    assert "language: too short or too mixed to tell, judged as English" in told
    assert "not judged: no words" in told


def test_a_scored_file_leaves_empty_what_was_not_judged(asked, tmp_path):
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_text(
        "\n".join(["text", *(f'"{text}"' for text in (SPANISH, GERMAN, WORDLESS, ENGLISH))]), encoding="utf-8"
    )
    told = asked("score", "--file", str(file), "--out", str(out))
    assert "4 rows: 1 judged, 1 for their sentiment alone (German 1), 2 not judged (Spanish 1, no words 1)" in told
    with out.open(encoding="utf-8", newline="") as lines:
        spanish, german, wordless, english = csv.DictReader(lines)
    assert {name for name in ADDED if spanish[name]} == {"severity", "language", "model"}
    assert (spanish["severity"], spanish["language"]) == ("0", "es")
    assert (german["sentiment"], german["p_complaint"], german["types"], german["flags"]) == ("negative", "", "", "")
    assert sum(float(german[f"p_{mood}"]) for mood in MOODS) == pytest.approx(1.0, abs=1e-3)
    assert (wordless["sentiment"], wordless["language"]) == ("", "und")
    assert (english["sentiment"], english["language"]) == ("positive", "en")
    assert float(english["p_complaint"]) < 0.5


def test_the_way_of_a_post_says_what_was_not_judged(asked):
    german, spanish = asked("route", "test", GERMAN), asked("route", "test", SPANISH)
    assert re.search(r"negative \d+%, complaint and severity not judged, language de \(German\)\nalert: yes", german)
    assert "not judged, language es (Spanish)\nalert: no: The model does not serve the post's language." in spanish
