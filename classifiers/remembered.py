"""Verdicts given lately, so that a text posted again is not judged again."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from classifiers.base import Verdict

REMEMBERED = 4096  # verdicts of some two kilobytes each: eight megabytes


class Remembered:
    """The verdicts on the texts asked for last, at most `most`; several threads may use it at once.

    Texts are kept as digests: a verdict on 40,000 characters takes no more room than one on ten.
    """

    def __init__(self, most: int = REMEMBERED) -> None:
        """Remember at most `most` verdicts; 0 remembers none."""
        if most < 0:
            raise ValueError(f"{most} verdicts")
        self._most = most
        self._known: OrderedDict[bytes, Verdict] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def among(self, texts: Iterable[str]) -> dict[str, Verdict]:
        """Return the verdicts on those of the texts that are remembered, by text."""
        found: dict[str, Verdict] = {}
        if not self._known:
            return found
        keys = {text: _key(text) for text in texts}
        with self._lock:
            for text, key in keys.items():
                if key in self._known:
                    self._known.move_to_end(key)
                    found[text] = self._known[key]
        return found

    def add(self, verdicts: Mapping[str, Verdict]) -> None:
        """Remember verdicts by their texts; those asked for longest ago are forgotten."""
        if not self._most:
            return
        fresh = {_key(text): verdict for text, verdict in verdicts.items()}
        with self._lock:
            for key, verdict in fresh.items():
                self._known[key] = verdict
                self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
