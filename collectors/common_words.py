"""Frequent English words: a name that is one of them stands in many posts that are about something else.

How the list was made: of the 90,798 posts of two public training sets (TweetEval sentiment, 47,507 tweets of 2013 to
2016; GoEmotions, 43,291 Reddit comments) the words of two letters and more were counted, in how many posts each is
written without capitals. Kept are those of ten posts or more that are so written at least two times in five in one of
the sets: a name of people and firms mostly has its capital. The most frequent come first; obscene words are left out.
Nothing but the words is kept of the posts.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_LIST = Path(__file__).parent / "common_words.txt"


@cache
def _ranks() -> dict[str, int]:
    return {word: rank for rank, word in enumerate(_LIST.read_text("utf-8").split(), start=1)}


def rank(word: str) -> int | None:
    """Where a folded word stands among the frequent ones, from 1; None: it is not among them."""
    return _ranks().get(word.replace("\u2019", "'"))
