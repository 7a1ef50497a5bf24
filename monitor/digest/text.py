"""Foreign words made harmless before they enter the facts: one line, no controls, nothing a mail reader links."""

from __future__ import annotations

import regex

from alerts.sanitize import cut, one_line
from alerts.wording import PLATFORMS
from config.vocabulary import Platform

MAX_QUOTE = 220  # UTF-16 units: quote little, link more; what was mailed cannot be taken back
MAX_NAME = 60

_ADDRESS = regex.compile(
    r"\b(?:https?|ftp|file)://\S+|\b(?:mailto|javascript|data|tel):\S+|\bwww\.\S+", regex.IGNORECASE
)
# Mail readers link "evil.example" by themselves; a zero-width space before the dot stops them and reads the same.
_BARE_DOMAIN = regex.compile(r"(?<=[\p{L}\p{N}_-])\.(?=\p{L}{2})")
_INVISIBLE = regex.compile(r"[\u200b\u2060-\u2064\U000e0000-\U000e007f]")


def quote(title: str | None, text: str) -> str:
    """A post as it may be quoted: title and text in one line, addresses replaced by "[link]"; "" if it has no words."""
    whole = f"{title}: {text}" if title and text and title not in text else text or title or ""
    line = _INVISIBLE.sub("", one_line(whole))
    return _BARE_DOMAIN.sub("\u200b.", cut(_ADDRESS.sub("[link]", line), MAX_QUOTE))


def name(text: str) -> str:
    """A name (author, source, brand, error) as it may be shown."""
    return _BARE_DOMAIN.sub("\u200b.", cut(_INVISIBLE.sub("", one_line(text)), MAX_NAME))


def place(platform: Platform) -> str:
    """A platform as a place in a table or a line: "X", "App Store", "news feed"."""
    return PLATFORMS[platform].removeprefix("the ").removeprefix("an ").removeprefix("a ")
