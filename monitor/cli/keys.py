"""Single keys from a terminal, typed ahead or not."""

from __future__ import annotations

import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_AT_ONCE = 64  # bytes; a key that is a sequence (an arrow) comes in one read

Key = Callable[[], str]


@contextmanager
def single_keys() -> Iterator[Key]:
    """Yield what waits for one key and gives it, unechoed; Ctrl-C still interrupts, the terminal is put back after.

    The terminal is set once, not for each key (as click does, which throws away what was typed ahead). Keys that are
    sequences are passed over. Standard input must be a terminal.
    """
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    typed: list[str] = []

    def key() -> str:
        while not typed:
            read = os.read(terminal, _AT_ONCE)
            if not read:
                raise EOFError
            typed.extend("" if read.startswith(b"\x1b") else read.decode(errors="replace"))
        return typed.pop(0)

    tty.setcbreak(terminal, termios.TCSADRAIN)
    try:
        yield key
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
