"""Which posts are trained on in which order: a pure function of seed, stage and epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from classifiers.training.arrays import Ints, Labelled

BUCKET_BATCHES = 32  # batches that are sorted by length together: less padding, still mixed


def epoch_rows(sizes: Mapping[str, int], shares: Mapping[str, float], seed: tuple[int, ...]) -> Ints:
    """Choose the rows of one epoch from sources laid one after another.

    A share below 1 takes a fresh random part, a share above 1 takes every row and then a part again.
    """
    chosen: list[Ints] = []
    offset = 0
    for index, (name, size) in enumerate(sizes.items()):
        rng = np.random.default_rng((*seed, index))
        share = shares.get(name, 0.0)
        chosen.extend([np.arange(offset, offset + size)] * math.floor(share))
        part = round((share - math.floor(share)) * size)
        chosen.append(offset + rng.permutation(size)[:part])
        offset += size
    return np.concatenate(chosen).astype(np.int64)


def epoch_batches(rows: Ints, lengths: Ints, size: int, seed: tuple[int, ...]) -> list[Ints]:
    """Cut shuffled rows into batches of posts of like length, in random order."""
    rng = np.random.default_rng((*seed, 10_000))
    shuffled = rng.permutation(rows)
    batches: list[Ints] = []
    for begin in range(0, len(shuffled), size * BUCKET_BATCHES):
        bucket = shuffled[begin : begin + size * BUCKET_BATCHES]
        bucket = bucket[np.argsort(lengths[bucket], kind="stable")]
        batches.extend(bucket[at : at + size] for at in range(0, len(bucket), size))
    return [batches[index] for index in rng.permutation(len(batches))]


def tensors(batch: Labelled, *, pad: int, mask_id: int, hidden: float, seed: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return token ids and attention mask, with a share `hidden` of the words hidden behind [MASK]."""
    width = max(len(ids) for ids in batch.ids)
    padded = np.full((len(batch.ids), width), pad, dtype=np.int64)
    for row, ids in zip(padded, batch.ids, strict=True):
        row[: len(ids)] = ids
    attention = np.arange(width)[None, :] < np.array([len(ids) for ids in batch.ids])[:, None]
    if hidden > 0:
        drop = np.random.default_rng((*seed, 20_000)).random(padded.shape) < hidden
        drop[:, 0] = False
        padded[drop & attention] = mask_id
    return torch.from_numpy(padded), torch.from_numpy(attention.astype(np.int64))
