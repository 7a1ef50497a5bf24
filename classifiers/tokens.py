"""How a text becomes the pieces that the encoder reads at once."""

from __future__ import annotations

from collections.abc import Sequence

MAX_TOKENS = 128  # with [CLS] and [SEP]; 99.7 % of the training posts are shorter
TAIL_TOKENS = 32  # of a longer post in training: the end often holds the verdict or the request
OVERLAP = 32  # word pieces that two windows share: about two sentences, so that none is only seen cut in two
MAX_WINDOWS = 32  # of one text: 4,032 word pieces, some 16,000 characters, are read whole; of more, samples


def shortened(ids: Sequence[int], /, *, start: int, end: int) -> list[int]:
    """Put `start` and `end` around the ids of a training text, keeping head and tail of one that is too long."""
    room = MAX_TOKENS - 2
    if len(ids) > room:
        return [start, *ids[: room - TAIL_TOKENS], *ids[-TAIL_TOKENS:], end]
    return [start, *ids, end]


def windows(ids: Sequence[int], /, *, start: int, end: int) -> list[tuple[int, ...]]:
    """Cut the ids of a text into windows with `start` and `end` around each; at least one, at most `MAX_WINDOWS`.

    A text of `MAX_TOKENS` or fewer is one window. All windows of a longer one are full, from its head to its tail,
    evenly spaced: they overlap by `OVERLAP` or more, by less where the text is so long that they would be too many,
    and leave gaps only in one that they could not hold side by side.
    """
    room = MAX_TOKENS - 2
    if len(ids) <= room:
        return [(start, *ids, end)]
    last = len(ids) - room  # where the last window begins
    count = min(MAX_WINDOWS, 1 + -(-last // (room - OVERLAP)))
    begins = [last * step // (count - 1) for step in range(count)]
    return [(start, *ids[begin : begin + room], end) for begin in begins]
