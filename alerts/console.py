"""The daemon's own terminal."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TextIO

from alerts.base import DeliveryFailed, ErrorClass, Message, Receipt
from alerts.sanitize import for_terminal
from alerts.wording import plain_text
from config.alerting import ConsoleChannel

QUOTE_LIMIT = 1000  # UTF-16 units of the post: a screenful
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


class Console:
    """Writes messages as plain lines; bold headlines only on a terminal."""

    def __init__(self, settings: ConsoleChannel, *, stream: TextIO | None = None) -> None:
        self._settings = settings
        self._stream = stream

    @property
    def name(self) -> str:
        """The channel's name in the configuration."""
        return self._settings.name

    def render(self, message: Message, /) -> str:
        """The lines, free of anything that a terminal obeys."""
        return for_terminal(plain_text(message, quote_limit=QUOTE_LIMIT))

    def send(self, key: str, body: str, /, *, reply_to: Receipt | None = None) -> Receipt:
        """Write the lines and an empty one; the receipt names the delivery's key.

        Raises:
            DeliveryFailed: TRANSIENT where the terminal is closed.
        """
        stream = self._stream or sys.stdout
        title, _, rest = body.partition("\n")
        try:
            shown = f"{_BOLD}{title}{_PLAIN}\n{rest}\n" if stream.isatty() else f"{body}\n"
            # A terminal of another encoding shows "?" for what it cannot, rather than nothing at all.
            encoding = stream.encoding or "utf-8"
            stream.write(shown.encode(encoding, "replace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:
            raise DeliveryFailed(ErrorClass.TRANSIENT, f"the terminal is gone: {type(error).__name__}") from None
        return Receipt(key)

    def find(self, key: str, /, *, since: datetime, reply_to: Receipt | None = None) -> Receipt | None:
        """None: a terminal cannot be asked."""
        return None
