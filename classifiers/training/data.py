"""Reading the sources and setting validation posts aside, before anything is trained."""

from __future__ import annotations

import csv
import gzip
import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from classifiers.text import prepare
from classifiers.training import further
from classifiers.training.sources import SOURCES, Example, Row, TrainingSource, is_non_commercial, readable

SPLIT_SEED = "sentiment-monitor split 1"
csv.field_size_limit(10_000_000)  # the longest narrative outgrows the default 131,072


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is trained on and what is measured on; no text stands in both."""

    train: dict[str, list[Example]]  # by source
    held: dict[str, list[Example]]  # by source: own validation
    published: dict[str, list[Example]]  # the sources' own validation files

    @property
    def manifest(self) -> dict[str, dict[str, int]]:
        """Rows a source in training, in own validation, in published validation, by the texts' own source."""
        return {
            "train": _tally(self.train.values()),
            "held": _tally(self.held.values()),
            "published": _tally(self.published.values()),
        }


def load_corpus(
    data: Path, *, sources: Iterable[TrainingSource] = SOURCES, allow_nc: bool = False, to_train: bool = True
) -> Corpus:
    """Read every source found under `data`.

    A source whose folder is absent is left out; with none at all, FileNotFoundError. A row is set aside by the
    hash of its group, so that the same rows are set aside in every run. Training rows whose text equals a text
    set aside, of any source, are dropped. Non-commercial rows train only with `allow_nc`. Where nothing is `to_train`,
    only what is measured on is returned, in a third of the time.
    """
    kept: dict[str, list[Example]] = {}
    held: dict[str, list[Example]] = {}
    published: dict[str, list[Example]] = {}
    for source in sources:
        folder = data / source.name
        if not (folder / "train.csv.gz").exists():
            continue
        examples = list(readable(source, rows_of(folder / "train.csv.gz")))
        aside = [is_held(example, source.held) for example in examples]
        held[source.name] = [example for example, apart in zip(examples, aside, strict=True) if apart]
        kept[source.name] = [example for example, apart in zip(examples, aside, strict=True) if not apart]
        if (folder / "val.csv.gz").exists():
            rows = ({"in_tweeteval": "1", **row} for row in rows_of(folder / "val.csv.gz"))
            published[source.name] = list(readable(source, rows))
    if not kept:
        raise FileNotFoundError(f"no source of training posts under {data}")
    if not to_train:
        return Corpus({}, held, published)
    kept |= {further.ANNOTATED: _annotated(data), further.WRITTEN: list(further.written())}
    seen = {letters(example.text) for part in (held, published) for rows in part.values() for example in rows}
    train = {
        name: [row for row in rows if letters(row.text) not in seen and (allow_nc or not is_non_commercial(row))]
        for name, rows in kept.items()
    }
    return Corpus({name: rows for name, rows in train.items() if rows}, held, published)


def _annotated(data: Path) -> list[Example]:
    """The posts under `data` that have further labels; those of absent folders are left out."""
    found: list[Example] = []
    for name, labels in sorted(further.labels_by_source().items()):
        path = data / name / "train.csv.gz"
        unmet = dict(labels)
        for row in rows_of(path) if path.exists() else ():
            label = unmet.pop(further.digest(letters(row["text"])), None)
            if label is not None:
                found.append(further.annotated(row, label))
    return found


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the rows of a gzipped CSV file."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def is_held(example: Example, per_cent: int) -> bool:
    """Whether an example is set aside for validation: by the hash of its group, never by its place in a file."""
    return example.prevalence and per_cent > 0 and share(example, SPLIT_SEED) < per_cent


def share(example: Example, seed: str) -> int:
    """Return 0..99, the same for every row of a group."""
    group = example.group or letters(example.text)
    digest = hashlib.sha256(f"{seed}|{group}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") % 100


def letters(text: str) -> str:
    """Return what is left of a text without case, masks, blanks and punctuation; the text itself if nothing is."""
    plain = prepare(text).casefold().replace("@user", " ").replace("http", " ")
    bare = "".join(char for char in plain if unicodedata.category(char)[0] in "LMN")
    return bare or text


def _tally(parts: Iterable[list[Example]]) -> dict[str, int]:
    return dict(sorted(Counter(row.source for part in parts for row in part).items()))
