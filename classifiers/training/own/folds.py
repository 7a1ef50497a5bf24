"""Five parts of the labelled posts, each the judge of heads that were fitted on the other four."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from classifiers import text
from classifiers.training.own.posts import LabelledPost

FOLDS = 5
SEED = "sentiment-monitor own types 1"

Ints = npt.NDArray[np.int64]


def folds_of(posts: Sequence[LabelledPost]) -> Ints:
    """Return the part 0..4 of each post.

    Posts that differ in masks, digits, signs and case alone are in one part. Each type is spread over all parts, the
    rarest first. The same posts get the same parts, in whatever order they come.
    """
    count = Counter(kind for post in posts for kind in post.types)
    groups = [_group(post.text) for post in posts]
    rarest: dict[str, tuple[int, str]] = {}
    for group, post in zip(groups, posts, strict=True):
        mine = min(((count[kind], kind) for kind in post.types), default=(len(posts) + 1, ""))
        rarest[group] = min(mine, rarest.get(group, mine))
    order = sorted(rarest, key=lambda group: (rarest[group], _chance(group)))
    part = {group: place % FOLDS for place, group in enumerate(order)}
    return np.array([part[group] for group in groups], dtype=np.int64)


def _group(post: str) -> str:
    words = text.prepare(post).casefold().replace(text.MENTION, " ").replace(text.LINK, " ")
    letters = "".join(char for char in words if unicodedata.category(char)[0] in "LM")
    return letters or words


def _chance(group: str) -> str:
    return hashlib.sha256(f"{SEED}|{group}".encode("utf-8", "surrogatepass")).hexdigest()
