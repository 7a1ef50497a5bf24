"""Running the network fast on a processor: precision by what it supports, batches by length."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from classifiers.base import ModelUnusable
from classifiers.network import HEAD_SIZES, Logits, PostNetwork
from classifiers.tokens import shortened
from classifiers.verdicts import Scores

BATCH_TOKENS = 1024  # padding included: measured fastest of 512 to 4096 with bfloat16; more outgrows the caches
TOKENIZED_AT_ONCE = 1024  # texts


class Precision(StrEnum):
    """How the matrices are multiplied."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"  # half the memory; several times faster where the processor has it in hardware


def best_precision() -> Precision:
    """Return the fastest precision that this processor has in hardware."""
    in_hardware = torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001  # torch has no public question for it
    return Precision.BFLOAT16 if in_hardware else Precision.FLOAT32


class Engine:
    """The embedded network, loaded once, read-only."""

    def __init__(self, folder: Path, precision: Precision) -> None:
        """Load weights and tokenizer from `folder` alone; ModelUnusable where they do not fit."""
        self._network = _load_network(folder, precision)
        self._tokenizer = _load_tokenizer(folder)
        self._start = _token(self._tokenizer, "[CLS]")
        self._end = _token(self._tokenizer, "[SEP]")
        self._pad = _token(self._tokenizer, "[PAD]")

    def scores(self, prepared: Sequence[str]) -> Scores:
        """Score prepared texts, in their order; none in, none out."""
        ids = [
            row
            for begin in range(0, len(prepared), TOKENIZED_AT_ONCE)
            for row in self._ids(prepared[begin : begin + TOKENIZED_AT_ONCE])
        ]
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        table = np.zeros((len(ids), sum(HEAD_SIZES.values())))
        for rows in batches(order, [len(row) for row in ids], BATCH_TOKENS):
            table[rows] = self._batch([ids[row] for row in rows])
        return _split(table)

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [shortened(encoding.ids, start=self._start, end=self._end) for encoding in encodings]

    def _batch(self, ids: Sequence[Sequence[int]]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        width = max(map(len, ids))
        padded = np.full((len(ids), width), self._pad, dtype=np.int64)
        for row, tokens in zip(padded, ids, strict=True):
            row[: len(tokens)] = tokens
        mask = np.arange(width)[None, :] < np.array([len(tokens) for tokens in ids])[:, None]
        with torch.inference_mode():
            logits: Logits = self._network(torch.from_numpy(padded), torch.from_numpy(mask.astype(np.int64)))
            whole = (logits.sentiment, logits.complaint[:, None], logits.types, logits.severity, logits.flags)
            return torch.cat(whole, dim=1).float().numpy()


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


def _split(table: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Scores:
    parts = np.split(table, np.cumsum(list(HEAD_SIZES.values()))[:-1], axis=1)
    return Scores(*parts)


def _load_network(folder: Path, precision: Precision) -> PostNetwork:
    if not (folder / "model.safetensors").is_file():
        raise ModelUnusable(f"{folder}: no model.safetensors")
    kind = torch.bfloat16 if precision is Precision.BFLOAT16 else torch.float32
    network: PostNetwork
    found: dict[str, set[str]]
    try:
        network, found = PostNetwork.from_pretrained(  # type: ignore[misc]  # typed as if it gave no loading info
            folder, local_files_only=True, attn_implementation="sdpa", dtype=kind, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, KeyError) as problem:
        raise ModelUnusable(f"{folder}: {type(problem).__name__}: {problem}") from None
    kinds = ("missing_keys", "unexpected_keys", "mismatched_keys")
    wrong = {name: sorted(map(str, found[name])) for name in kinds if found[name]}
    if wrong:  # transformers only warns, and would judge with random weights
        raise ModelUnusable(f"{folder}: the weights do not fit: {wrong}")
    network.eval()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    return network


def _load_tokenizer(folder: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as problem:  # noqa: BLE001  # the library raises bare Exception for every fault of the file
        raise ModelUnusable(f"{folder}: tokenizer.json: {problem}") from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _token(tokenizer: Tokenizer, name: str) -> int:
    found = tokenizer.token_to_id(name)
    if found is None:
        raise ModelUnusable(f"tokenizer.json: no token {name}")
    return int(found)
