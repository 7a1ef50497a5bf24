"""Which language a post is in, said only where it can be told."""

from __future__ import annotations

import csv
import gzip
import os
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from classifiers.language import DETECTED, language_of, languages_of
from classifiers.profiles import TOGETHER, Profiles
from classifiers.romanised import is_romanised_hindi
from classifiers.text import masked
from config.languages import LANGUAGES

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


@pytest.mark.parametrize(
    ("code", "post"),
    [
        ("ru", "где мой заказ"),  # too short for the detector to be sure of the language, not of the script
        ("el", "πού είναι το δέμα μου"),
        ("he", "איפה החבילה שלי"),
        ("hi", "मेरा पैसा वापस करो"),
        ("pa", "ਮੇਰਾ ਪਾਰਸਲ ਕਿੱਥੇ ਹੈ"),
        ("ta", "என் பணம் எங்கே"),
        ("ka", "სად არის ჩემი შეკვეთა"),
        ("zh", "客服没有人回答"),
        ("ko", "환불은 언제 되나요"),
    ],
)
def test_another_script_tells_the_language_of_a_short_post(code: str, post: str) -> None:
    assert language_of(masked(f"@acme {post} http://t.co/x")) == code


@pytest.mark.parametrize(
    "post", ["ಠ_ಠ why is my parcel late again", "¯\\_(ツ)_/¯ that is acme for you, no answer", "𝓼𝓸 𝓵𝓪𝓽𝓮"]
)
def test_a_face_drawn_with_foreign_letters_is_no_foreign_post(post: str) -> None:
    assert language_of(masked(post)) in ("en", "und")


@pytest.mark.parametrize(
    "post",
    [
        "bhai mera paisa kab wapas karoge, teen din ho gaye hain",
        "aap log kuch bhi nahi karte ho yaar",
        "yeh app bilkul bekar hai, koi jawab nahi deta",
    ],
)
def test_hindi_in_latin_letters_is_hindi(post: str) -> None:
    assert language_of(masked(f"@acme {post}")) == "hi"


@pytest.mark.parametrize(
    "post",
    [
        "Hai la chiave? Sì, ce l'ho già presa stamattina",
        "no se que hacer con este pedido, nadie responde",
        "mein Paket ist immer noch nicht da, wo ist es",
        "thanks bhai, the app works again",
        "yaar",
        "",
    ],
)
def test_a_word_or_two_of_hindi_do_not_make_a_post_hindi(post: str) -> None:
    assert not is_romanised_hindi(post)


MIXED = [
    *FOREIGN.values(),
    "ok",
    "",
    "@acme no",
    "WORST AIRLINE EVER. Never again @acme",
    "где мой заказ",
    "a" * 5000,
    "\ud83d so late",
]


def test_many_posts_at_once_are_told_as_one_by_one() -> None:
    posts = [masked(f"{post} {n}" if n else post) for n in range(20) for post in MIXED]
    assert len(posts) > TOGETHER
    assert languages_of(posts) == [language_of(post) for post in posts]


def test_no_posts_have_no_languages() -> None:
    assert languages_of([]) == []


def test_the_probabilities_are_those_of_the_library() -> None:
    posts = [*FOREIGN.values(), "your app keeps crashing", "SHOUTING ABOUT IT", "123", "naïve café"] * 6
    library = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    library.set_languages(list(DETECTED))
    profiles = Profiles(DETECTED)
    for texts in (posts, posts[: TOGETHER - 1]):
        for text, row in zip(texts, profiles.probabilities(texts), strict=True):
            theirs = dict(library.rank(text))
            assert row.tolist() == pytest.approx([theirs[code] for code in profiles.codes], abs=1e-3)
    assert np.allclose(profiles.probabilities(posts).sum(axis=1), 1.0, atol=1e-5)


def test_a_language_that_the_detector_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="knows no tlh"):
        Profiles(["en", "tlh"])


def test_every_language_has_a_name_and_every_detected_one_is_known() -> None:
    assert set(DETECTED) < set(LANGUAGES)
    assert all(len(code) == 2 and name[0].isupper() for code, name in LANGUAGES.items())


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


def judges(text: str) -> bool:
    """Whether a row is of the half on which nothing of the detector was chosen (see docs/languages.md)."""
    return sha256(b"languages-1" + text.encode("utf-8", "surrogatepass")).digest()[-1] % 2 == 0


def told(rows: list[dict[str, str]]) -> list[bool]:
    """Of the judging half: whether each post is called foreign."""
    posts = [masked(row["text"]) for row in rows if judges(row["text"])]
    return [language not in ("en", "und") for language in languages_of(posts)]


def test_of_english_posts_fewer_than_one_in_a_thousand_is_called_foreign() -> None:
    rows = shared("tweeteval_sentiment/val.csv.gz") + shared("airline_sentiment/train.csv.gz")
    foreign = told(rows)
    assert sum(foreign) / len(foreign) < 0.001


def test_most_tweets_in_six_other_languages_are_recognised() -> None:
    rows = [row for row in shared("umsab_multilingual/val.csv.gz") if row["lang"] not in ("english", "hindi")]
    foreign = told(rows)
    assert sum(foreign) / len(foreign) > 0.93


def test_nearly_every_sentence_in_another_script_is_recognised() -> None:
    scripts = {"Russian", "Greek", "Arabic", "Japanese", "Korean", "Punjabi", "Bengali", "Assamese", "Mandarin"}
    foreign = told([row for row in shared("language_id/train.csv.gz") if row["language"] in scripts])
    assert sum(foreign) / len(foreign) > 0.98
