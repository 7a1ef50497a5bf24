"""How many word pieces of a long post are read, and which."""

from __future__ import annotations

from collections.abc import Sequence

MAX_TOKENS = 128  # with [CLS] and [SEP]; 99.7 % of the training posts are shorter
TAIL_TOKENS = 32  # of a longer post: the end often holds the verdict or the request


def shortened(ids: Sequence[int], /, *, start: int, end: int) -> list[int]:
    """Put `start` and `end` around the ids of a text, keeping head and tail of one that is too long."""
    room = MAX_TOKENS - 2
    if len(ids) > room:
        return [start, *ids[: room - TAIL_TOKENS], *ids[-TAIL_TOKENS:], end]
    return [start, *ids, end]
