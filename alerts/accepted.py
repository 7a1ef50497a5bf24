"""Remembers the last delivery that a mail server has accepted, faster than any database can.

A mail server cannot be asked whether a mail has arrived. Between its word and the commit that records it lie some
milliseconds in which a killed process would leave the mail to be sent again. One write of 64 bytes into a file takes
microseconds, and what is written survives the process (not the machine).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

KEY_LENGTH = 64  # a delivery key is a sha256 in hex; one length, so that one write replaces another whole


class Accepted:
    """The last accepted key of one destination, which is served by one worker, one delivery at a time."""

    def __init__(self, folder: Path, destination: str) -> None:
        self._path = folder / hashlib.sha256(destination.encode()).hexdigest()[:32]

    def note(self, key: str) -> None:
        """Remember the key. A file that cannot be written costs the memory, not the mail that has left."""
        if len(key) != KEY_LENGTH or not key.isascii():
            return
        try:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(file, key.encode("ascii"), 0)
            finally:
                os.close(file)
        except OSError:
            return

    def holds(self, key: str) -> bool:
        """Whether this key was the last to be accepted; False where nothing is remembered."""
        try:
            return self._path.read_bytes() == key.encode("utf-8", "surrogatepass")
        except OSError:
            return False
