"""Which stored posts say the same as another: reposts, and what is pasted again and again."""

from __future__ import annotations

import re

from classifiers.text import prepare
from monitor.store.engine import Store

_WORD = re.compile("[A-Za-z]{3,}")


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
