"""Which language a post is in, said only where it can be told."""

from __future__ import annotations

import csv
import gzip
import os
import time
from pathlib import Path

import pytest

from classifiers.language import language_of
from classifiers.text import masked

FOREIGN = {
    "de": "Seit drei Wochen warte ich auf mein Paket und niemand meldet sich bei mir",
    "es": "Llevo tres horas esperando en el aeropuerto y nadie nos dice nada del vuelo",
    "fr": "Toujours pas de nouvelles de ma commande, le service client ne répond jamais",
    "it": "Sono tre giorni che aspetto il mio pacco e nessuno risponde al telefono",
    "pt": "Estou há três dias sem internet e ninguém da empresa resolve o meu problema",
    "nl": "Al drie weken geen antwoord van de klantenservice, wat een slechte ervaring",
    "ja": "三時間も待っているのに誰も返事をくれません",
    "ru": "Жду посылку уже третью неделю, поддержка молчит",
    "ar": "انتظر منذ ثلاثة أسابيع ولم يرد علي أحد من خدمة العملاء",
}


@pytest.mark.parametrize(("code", "post"), FOREIGN.items())
def test_a_foreign_post_is_named(code: str, post: str) -> None:
    assert language_of(masked(f"@acme {post} #AcmeFail")) == code


@pytest.mark.parametrize(
    "post",
    [
        "@acme your app keeps crashing since the update, please fix it",
        "WORST AIRLINE EVER. Never again @acme",
        "still no bag, day 3. cheers @acme",
        "smh @acme ur customer service is trash lol",
        "Cancelled my flight to São Paulo again, muchas gracias @acme",
    ],
)
def test_an_english_complaint_is_never_called_foreign(post: str) -> None:
    assert language_of(masked(post)) in ("en", "und")


@pytest.mark.parametrize("post", ["", "ok", "@acme no", "#ugh", "😡😡😡", "12:30", "http://t.co/abc", "lol k"])
def test_a_text_too_short_to_tell_is_undetermined(post: str) -> None:
    assert language_of(masked(post)) == "und"


def test_emoji_do_not_make_a_foreign_post_english() -> None:
    assert language_of(masked("😡😡😡😡😡😡 vuelo cancelado otra vez y sin respuesta 😭😭😭😭")) == "es"


def test_a_megabyte_is_told_by_its_beginning() -> None:
    started = time.process_time()
    assert language_of(masked("please answer me now " * 50_000)) == "en"
    assert time.process_time() - started < 2.0


def shared(path: str) -> list[dict[str, str]]:
    root = Path(os.environ.get("MONITOR_SHARED", Path(__file__).parents[3] / "shared"))
    file = root / "data" / path
    if not file.exists():
        pytest.skip(f"no shared data: {file} (set MONITOR_SHARED)")
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_of_english_tweets_fewer_than_one_in_two_hundred_is_lost() -> None:
    rows = shared("tweeteval_sentiment/val.csv.gz")
    lost = [row for row in rows if language_of(masked(row["text"])) not in ("en", "und")]
    assert len(lost) / len(rows) < 0.005


def test_most_tweets_in_seven_other_languages_are_recognised() -> None:
    rows = [row for row in shared("umsab_multilingual/val.csv.gz") if row["lang"] not in ("english", "hindi")]
    told = [row for row in rows if language_of(masked(row["text"])) not in ("en", "und")]
    assert len(told) / len(rows) > 0.85
