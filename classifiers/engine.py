"""The shipped model at work: from prepared texts to vectors and scores, in packed batches on every core."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from classifiers.base import ModelUnusable
from classifiers.encoder import Encoder
from classifiers.memory import keep_freed_memory
from classifiers.packing import batch_of, rows_of
from classifiers.pooled import Pooled, Vectors, combined
from classifiers.precision import Precision, Way, fastest, this_machine
from classifiers.tokens import MAX_TOKENS, windows
from classifiers.verdicts import Scores
from classifiers.weights import Shape, part, read_shape, read_weights

WIDTHS = (MAX_TOKENS // 2, MAX_TOKENS)  # of a row: attention costs less in narrow ones, and most posts are short
TOKENIZED_AT_ONCE = 256  # texts; while the next ones are, these are encoded
PACKED_AT_ONCE = 4  # batches: of so many windows hardly 2 in 100 places are left empty

Window = tuple[int, ...]
Found = tuple[Sequence[int], Vectors]  # which windows, and their vectors


@dataclass(slots=True)
class Waiting:
    """Windows not packed yet."""

    numbers: list[int] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    pieces: int = 0

    def add(self, number: int, window: Window) -> None:
        """Put one more window at the end."""
        self.numbers.append(number)
        self.windows.append(window)
        self.pieces += len(window)


class Engine:
    """The embedded network, loaded once, read-only; several threads may use it at once."""

    def __init__(self, folder: Path, precision: Precision | None = None) -> None:
        """Load weights and tokenizer from `folder` alone; ModelUnusable where they do not fit."""
        self._shape = shape = read_shape(folder)
        weights = read_weights(folder, shape)
        self._way = fastest(this_machine(), precision)
        self._encoder = Encoder(part(weights, "encoder."), shape, self._way)
        self._heads = weights["heads.weight"].float().numpy().T
        self._bias = weights["heads.bias"].float().numpy()
        self._tokenizer = _load_tokenizer(folder)
        self._start = _token(self._tokenizer, "[CLS]")
        self._end = _token(self._tokenizer, "[SEP]")
        keep_freed_memory()
        self._workers = _workers(self._way)

    @property
    def shape(self) -> Shape:
        """The sizes of the encoder."""
        return self._shape

    @property
    def way(self) -> Way:
        """How it calculates."""
        return self._way

    def pooled(self, prepared: Iterable[str]) -> Pooled:
        """Encode prepared texts, a long one in several windows, in their order; none in, none out.

        Windows of the same word pieces are encoded once.
        """
        owner: list[int] = []
        known: dict[Window, int] = {}  # windows that differ, numbered as they are met
        slots: list[int] = []  # the number of each window
        running: list[Future[Found]] = []
        waiting = {width: Waiting() for width in WIDTHS}
        for text, ids in enumerate(self._tokenized(prepared)):
            for window in windows(ids, start=self._start, end=self._end):
                number = len(known)
                owner.append(text)
                slots.append(known.setdefault(window, number))
                if slots[-1] != number:
                    continue
                width = next(width for width in WIDTHS if len(window) <= width)
                waiting[width].add(number, window)
                if waiting[width].pieces >= PACKED_AT_ONCE * self._way.tokens:
                    running += self._begun(waiting[width], width)
                    waiting[width] = Waiting()
        for width, rest in waiting.items():
            running += self._begun(rest, width)
        vectors = np.zeros((len(known), self._shape.hidden), dtype=np.float32)
        for future in running:
            numbers, found = future.result()
            vectors[numbers] = found
        return Pooled(vectors[slots], np.array(owner, dtype=np.int64))

    def scores(self, prepared: Iterable[str]) -> Scores:
        """Score prepared texts with the shipped heads, in their order; none in, none out."""
        return self.heads(self.pooled(prepared))

    def heads(self, pooled: Pooled) -> Scores:
        """Apply the shipped heads to encoded texts, one row a text."""
        return combined((pooled.vectors @ self._heads + self._bias).astype(np.float64), pooled)

    def lengths(self, prepared: Iterable[str]) -> list[int]:
        """Count the word pieces of each window that `pooled` would encode."""
        cut = (windows(ids, start=self._start, end=self._end) for ids in self._tokenized(prepared))
        return [len(window) for window in dict.fromkeys(window for text in cut for window in text)]

    def _tokenized(self, texts: Iterable[str]) -> Iterator[list[int]]:
        rest = iter(texts)
        while some := list(islice(rest, TOKENIZED_AT_ONCE)):
            for encoding in self._tokenizer.encode_batch_fast(some, add_special_tokens=False):
                yield encoding.ids

    def _begun(self, waiting: Waiting, width: int) -> Iterator[Future[Found]]:
        """Have packed windows encoded: in batches of one size, as many for each worker."""
        rows = rows_of([len(window) for window in waiting.windows], width)
        count = -(-len(rows) * width // self._way.tokens)
        if len(rows) > self._way.workers:
            count = -(-count // self._way.workers) * self._way.workers
        for number in range(count):
            begin, end = (len(rows) * edge // count for edge in (number, number + 1))
            yield self._workers.submit(self._encoded, waiting, rows[begin:end], width)

    def _encoded(self, waiting: Waiting, rows: Sequence[Sequence[int]], width: int) -> Found:
        batch = batch_of(waiting.windows, rows, width)
        return [waiting.numbers[window] for window in batch.windows], self._encoder.pooled(batch)


def _workers(way: Way) -> ThreadPoolExecutor:
    """Start threads that each calculate alone, and leave everybody else's number of threads as it was.

    torch gives a thread that first calculates as many threads as were last asked for anywhere.
    """
    before = torch.get_num_threads()
    started = threading.Barrier(way.workers + 1)

    def alone() -> None:
        torch.set_num_threads(1)
        started.wait()

    pool = ThreadPoolExecutor(way.workers, thread_name_prefix="encoder", initializer=alone)
    for _ in range(way.workers):
        pool.submit(int)
    started.wait()
    torch.set_num_threads(before)
    return pool


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
