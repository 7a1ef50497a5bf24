"""Labels and posts made for this project: further labels of the sources' posts, and posts written from nothing.

Both were made under the guideline of `complaint_types` by a large language model, one reading each, and belong to the
project (CC0). `posts/annotated.csv` holds no text: it names posts of the data folder by a digest of their letters.
`posts/written.csv` holds invented posts, every one thought up on its own, without sight of any labelled post.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from classifiers.training.sources import (
    FLAG_INDEX,
    SENTIMENT_INDEX,
    TYPE_INDEX,
    WITH_OWN_COMPLAINT,
    WITHOUT_OWN_SENTIMENT,
    Example,
    Row,
    derived_sentiment,
)

ANNOTATED = "annotated_posts"
WRITTEN = "written_posts"
LICENCES = {ANNOTATED: "labels CC0, texts as their source", WRITTEN: "CC0, invented for this project"}
POSTS = Path(__file__).parent / "posts"


def digest(letters: str) -> str:
    """Return the name of a post in `annotated.csv`: a digest of its letters, as `data.letters` gives them."""
    return hashlib.sha256(letters.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def labels_by_source() -> dict[str, dict[str, Row]]:
    """Return the further labels: source -> digest -> row."""
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in _rows("annotated.csv"):
        found[row["source"]][row["digest"]] = row
    return dict(found)


def annotated(row: Row, label: Row) -> Example:
    """Return a source's row as an example with its further labels."""
    source = label["source"]
    types, flags = _types(label), _flags(label)
    example = Example(
        row["text"],
        f"{ANNOTATED}/{source}",
        complaint=None if source in WITH_OWN_COMPLAINT else int(bool(types)),
        types=types,
        severity=int(label["severity"]),
        flags=flags,
        prevalence=False,
    )
    return derived_sentiment(example) if source in WITHOUT_OWN_SENTIMENT else example


def written() -> Iterator[Example]:
    """Yield the invented posts."""
    for row in _rows("written.csv"):
        types = _types(row)
        yield Example(
            row["text"],
            WRITTEN,
            sentiment=SENTIMENT_INDEX[row["sentiment"]],
            weight=0.7,  # one reading; tone is the label on which readers differ most
            complaint=int(bool(types)),
            types=types,
            severity=int(row["severity"]),
            flags=_flags(row),
            prevalence=False,
        )


def _rows(name: str) -> Iterator[Mapping[str, str]]:
    with (POSTS / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _types(row: Row) -> tuple[int, ...]:
    return tuple(TYPE_INDEX[name] for name in row["types"].split())


def _flags(row: Row) -> tuple[int, ...]:
    return tuple(FLAG_INDEX[name] for name in row["flags"].split())
