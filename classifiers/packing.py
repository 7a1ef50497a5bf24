"""Laying windows of different lengths side by side, so that hardly anything calculated is padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Rows of word pieces, several windows in each; all arrays are rows x width."""

    windows: tuple[int, ...]  # which windows, in the order of `spans`
    ids: Numbers
    places: Numbers  # of each piece in its window, from 0
    spans: Numbers  # which of `windows` each piece is of; len(windows) on what is left empty


def rows_of(lengths: Sequence[int], width: int) -> list[list[int]]:
    """Put windows, by their lengths, into as few rows of `width` as best fit finds, the longest first.

    Every window is in exactly one row. ValueError for one that is longer than a row, or empty.
    """
    if lengths and not 1 <= min(lengths) <= max(lengths) <= width:
        raise ValueError(f"lengths from {min(lengths)} to {max(lengths)} in rows of {width}")
    rows: list[list[int]] = []
    free: list[list[int]] = [[] for _ in range(width + 1)]  # rows by how much room they have left
    for window in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        length = lengths[window]
        room = next((room for room in range(length, width + 1) if free[room]), None)
        if room is None:
            rows.append([])
            row, room = len(rows) - 1, width
        else:
            row = free[room].pop()
        rows[row].append(window)
        free[room - length].append(row)
    return rows


def batch_of(windows: Sequence[Sequence[int]], rows: Sequence[Sequence[int]], width: int) -> Batch:
    """Fill rows of `width` with the windows that `rows` names."""
    order = tuple(window for row in rows for window in row)
    shape = (len(rows), width)
    ids, places = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    spans = np.full(shape, len(order), dtype=np.int64)
    count = np.arange(width)
    span = 0
    for number, row in enumerate(rows):
        begin = 0
        for window in row:
            end = begin + len(windows[window])
            ids[number, begin:end] = windows[window]
            places[number, begin:end] = count[: end - begin]
            spans[number, begin:end] = span
            begin, span = end, span + 1
    return Batch(order, ids, places, spans)


def batches(order: Sequence[int], lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Cut rows, shortest first, into batches of at most `tokens` with padding; every row is in exactly one."""
    cut: list[list[int]] = []
    current: list[int] = []
    for row in order:
        if current and lengths[row] * (len(current) + 1) > tokens:
            cut.append(current)
            current = []
        current.append(row)
    return [*cut, current] if current else cut
