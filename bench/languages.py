"""How often a post's language is told, and told wrongly, by length, on the shared labelled posts.

Only the half of the posts on which nothing was chosen: `python -m bench.languages [--half choosing] [--shared DIR]`.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
from collections.abc import Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from time import process_time

from classifiers.language import ENGLISH, languages_of
from classifiers.text import masked
from config.languages import UNDETERMINED

BOUNDS = (0, 12, 20, 40, 80)  # letters of a post's own words
TOGETHER = 1024  # texts
ENGLISH_SOURCES = {  # folder: most rows taken of it
    "tweeteval_sentiment": 8000,
    "complaints_tweets": 3000,
    "airline_sentiment": 6000,
    "goemotions": 4000,
    "complaints_product_reviews": 4000,
}
NAMES = {"arabic": "ar", "german": "de", "spanish": "es", "french": "fr", "hindi": "hi", "italian": "it"}
NAMES |= {"portuguese": "pt", "russian": "ru", "japanese": "ja", "dutch": "nl", "romanian": "ro", "korean": "ko"}
NAMES |= {"bengali": "bn", "vietnamese": "vi", "greek": "el", "mandarin": "zh", "hungarian": "hu", "punjabi": "pa"}
NAMES |= {"english": ENGLISH}

Rows = list[tuple[str, str]]  # language ("" for one that has no name here), masked text


def judges(text: str) -> bool:
    """Whether a text belongs to the half on which no number of the detector was chosen."""
    return sha256(b"languages-1" + text.encode("utf-8", "surrogatepass")).digest()[-1] % 2 == 0


def read(folder: Path, part: str = "train") -> list[dict[str, str]]:
    """Return the rows of one source."""
    with gzip.open(folder / f"{part}.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def sets(data: Path) -> dict[str, Rows]:
    """Return the sets that are measured: English posts, tweets in other languages, and single sentences."""
    english: Rows = []
    for name, most in ENGLISH_SOURCES.items():
        texts = dict.fromkeys(row["text"] for row in islice(read(data / name), most))
        english += [(ENGLISH, text) for text in texts]
    tweets = [(NAMES[r["lang"]], r["text"]) for p in ("train", "val") for r in read(data / "umsab_multilingual", p)]
    sentences = [(NAMES.get(row["language"].lower(), ""), row["text"]) for row in read(data / "language_id")]
    return {
        "English posts": english + [row for row in tweets if row[0] == ENGLISH],
        "tweets (ar de es fr it pt)": [row for row in tweets if row[0] not in (ENGLISH, "hi")],
        "tweets called Hindi (romanised, many half or wholly English)": [row for row in tweets if row[0] == "hi"],
        "sentences (19 languages)": [row for row in sentences if row[0] != ENGLISH],
    }


def measure(rows: Sequence[tuple[str, str]]) -> list[tuple[str, int, float, float, float]]:
    """Return for each length: letters, posts, and the shares called foreign, named rightly, and undetermined."""
    plain = [masked(text) for _, text in rows]
    told: list[str] = []
    for begin in range(0, len(plain), TOGETHER):
        told += languages_of(plain[begin : begin + TOGETHER])
    letters = [sum(map(str.isalpha, " ".join(w for w in text.split() if w[0] not in "@#"))) for text in plain]
    table = []
    for low, high in [*zip(BOUNDS, [*BOUNDS[1:], None], strict=True), (0, None)]:
        chosen = [i for i, n in enumerate(letters) if n >= low and (high is None or n < high)]
        if not chosen:
            continue
        share = [
            sum(test) / len(chosen)
            for test in (
                [told[i] not in (ENGLISH, UNDETERMINED) for i in chosen],
                [told[i] == rows[i][0] for i in chosen],
                [told[i] == UNDETERMINED for i in chosen],
            )
        ]
        span = "all" if (low, high) == (0, None) else f"{low}+" if high is None else f"{low} to {high - 1}"
        table.append((span, len(chosen), share[0], share[1], share[2]))
    return table


def main() -> None:
    """Print one table a set, and how fast the texts were told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("MONITOR_SHARED", "../shared")))
    parser.add_argument("--half", choices=("judging", "choosing"), default="judging")
    asked = parser.parse_args()
    texts: list[str] = []
    for name, rows in sets(asked.shared / "data").items():
        half = [row for row in rows if judges(row[1]) is (asked.half == "judging")]
        print(f"\n{name}\n{'letters':>10} {'posts':>7} {'foreign':>8} {'right':>7} {'und':>7}")
        for span, posts, foreign, right, undetermined in measure(half):
            print(f"{span:>10} {posts:>7} {foreign:>8.2%} {right:>7.1%} {undetermined:>7.1%}")
        texts += [masked(text) for _, text in half]
    began = process_time()
    for begin in range(0, len(texts), TOGETHER):
        languages_of(texts[begin : begin + TOGETHER])
    print(f"\n{len(texts) / (process_time() - began):,.0f} posts a second of processor time")


if __name__ == "__main__":
    main()
