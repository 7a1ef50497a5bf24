"""Which stored posts say the same as another: reposts, and what is pasted again and again."""

from __future__ import annotations

import re
from hashlib import blake2b
from itertools import pairwise

from classifiers.text import LINK, MENTION, masked, prepare
from monitor.store.engine import Store

_ANY_WORD = re.compile(r"\w+")
_WORD = re.compile("[A-Za-z]{3,}")

MIN_WORDS = 8  # different ones; in shorter texts ("worst service ever, never again") strangers say the same
TELLING = 4  # of the longest words; measured on 42,000 public posts: fewer bring strangers together, more miss edits
ALIKE = 0.5  # share of the longer text's pairs of words that a copy has too


def copy_key(text: str) -> str | None:
    """Where to look for copies of a text: equal for all that read the same, and for most that were changed a little.

    It is a digest of the longest words, so changes of others keep it, and so do case, punctuation, numbers, handles
    and links. Others may have the same key by chance: `alike` tells. None: too short to be told from what anybody
    says.
    """
    words = set(_words(text))
    if len(words) < MIN_WORDS:
        return None
    longest = sorted(words, key=lambda word: (-len(word), word))[:TELLING]
    return blake2b(" ".join(sorted(longest)).encode(), digest_size=16).hexdigest()


def alike(one: str, other: str) -> bool:
    """Whether two texts say the same but for small changes: half of the pairs of words of either are in both."""
    mine, others = _pairs(one), _pairs(other)
    return len(mine & others) >= ALIKE * max(len(mine), len(others), 1)


def _words(text: str) -> list[str]:
    plain = masked(text).replace(MENTION, " ").casefold()
    return [word for word in _ANY_WORD.findall(plain) if word != LINK and not word.isdigit()]


def _pairs(text: str) -> set[tuple[str, str]]:
    return set(pairwise(_words(text)))


def copies(store: Store, text: str, *, but: int) -> list[int]:
    """Ids of the other posts whose text, as a classifier reads it, is the same: handles, links and blanks aside.

    A text without anything to read has no copies. The database looks for the longest word that preparation has left
    as it was; a copy that hides something invisible inside this very word is not found.
    """
    read = prepare(text)
    if not read:
        return []
    kept = set(_WORD.findall(text)) & set(_WORD.findall(read))
    word = max(kept, key=lambda one: (len(one), one), default="")
    return [
        post_id for post_id, other in store.corrections.with_word(word) if post_id != but and prepare(other) == read
    ]
