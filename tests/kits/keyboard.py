"""Somebody at a terminal: a program on a pseudo-terminal, keys pressed when it asks for them."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

PATIENCE = 60.0  # seconds until the next output
ASKS = "> "  # how a program asks for a key


class Keyboard:
    """A running program; what it has shown so far is in `shown`."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._side, other = pty.openpty()
        self.shown = ""
        self._seen = 0  # how much of it has been waited for
        self.program = subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdin=other, stdout=other, stderr=other, close_fds=True
        )
        os.close(other)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.program.poll() is None:
            self.program.kill()
        self.program.wait()
        os.close(self._side)

    def waits(self, words: str) -> None:
        """Read on until the program has shown these words, after those that were waited for before."""
        deadline = time.monotonic() + PATIENCE
        while (found := self.shown.find(words, self._seen)) < 0:
            assert time.monotonic() < deadline, f"{words!r} was not shown:\n{self.shown}"
            if not self._read():
                raise AssertionError(f"ended without {words!r}:\n{self.shown}")
        self._seen = found + len(words)

    def press(self, keys: str) -> None:
        """Press one key after the other, each when the program waits for it."""
        for key in keys:
            self.waits(ASKS)
            os.write(self._side, key.encode())

    def ends(self) -> int:
        """Read to the program's end; its exit status."""
        while self._read():
            pass
        return self.program.wait(PATIENCE)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._side], [], [], PATIENCE)
        if not ready:
            return False
        try:
            piece = os.read(self._side, 65536)
        except OSError:  # Linux: the other side is closed
            return False
        self.shown += piece.decode(errors="replace")
        return bool(piece)
