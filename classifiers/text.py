"""What the model reads of a post: one pure function, the same in training and in use.

`VERSION` goes into the model's version: weights trained on one preparation must not judge texts of another.
"""

from __future__ import annotations

import html
import re
import unicodedata

VERSION = "text-2"
MAX_CHARS = 40_000  # longest post read: as many as the largest posts collected (self-posts) hold

MENTION = "@user"  # how TweetEval writes a handle: the largest training source has no other form
LINK = "http"  # how TweetEval's authors mask a link

_WRITTEN_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_BARE_LINK = re.compile(r"\b(?:pic\.twitter\.com|t\.co|bit\.ly)/\S+", re.IGNORECASE)
_MENTION = re.compile(r"(?<![\w@.])@\w[\w.-]*(?:@[\w.-]+\w)?")
_MENTION_RUN = re.compile(r"@user(?:[\s,]+@user)+")
_HASHTAG = re.compile(r"#(\w{2,100})")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")
_RUN = re.compile(r"(\S)\1{3,}")  # "sooooo", "!!!!!!"
_BLANKS = re.compile(r"\s+")
_QUOTED = re.compile(r"^[ \t]*>+[ \t]*[\w\"'(@#].*$", re.MULTILINE)  # as Reddit and mail write what others said
_ODD = re.compile(r"[^\x20-\x7e]")
_EMOJI = re.compile("[\u2600-\u2fff\U0001f000-\U0001faff]")
_SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f", "\u20e3"}


def prepare(text: str) -> str:
    """Return the text as the embedded model reads it: `worded(masked(text))`. Twice gives the same as once."""
    return worded(masked(text))


def masked(text: str) -> str:
    """Return a post as plain text on one line: unescaped, handles and links masked, emoji and hashtags kept.

    Any string is taken, NUL and lone surrogates included; at most `MAX_CHARS` of it are read. A text without
    words or signs gives "".
    """
    plain = unicodedata.normalize("NFC", _ODD.sub(_sign, _own_words(unescaped(text[:MAX_CHARS]))))
    plain = _MENTION.sub(MENTION, _BARE_LINK.sub(LINK, _LINK.sub(LINK, plain)))
    return _BLANKS.sub(" ", plain).strip()


def worded(plain: str) -> str:
    """Put a masked text into words of the tokenizer: emoji by name, hashtags cut, long runs shortened."""
    plain = _EMOJI.sub(_name, plain)
    plain = _HASHTAG.sub(_segmented, plain)
    plain = _BLANKS.sub(" ", _RUN.sub(r"\1\1\1", plain)).strip()
    return _MENTION_RUN.sub(MENTION, plain)


def says_something(plain: str) -> bool:
    """Whether a masked text holds a word of the author's own: not only masks, digits, emoji and signs."""
    return any(char.isalpha() for word in plain.split() if word not in (MENTION, LINK) for char in word)


def _own_words(text: str) -> str:
    """Leave out quoted lines, which others wrote; a text of nothing else stays as it is."""
    own = _QUOTED.sub("", text)
    return own if any(map(str.isalpha, own)) else text


def unescaped(text: str) -> str:
    r"""Undo HTML entities, also doubled ones, and written-out `\u2019` escapes."""
    for _ in range(3):  # "&amp;amp;lt;" is met, deeper nesting is an attack and stays as it is
        plain = _WRITTEN_ESCAPE.sub(lambda found: chr(int(found[1], 16)), html.unescape(text))
        if plain == text:
            return text
        text = plain
    return text


def _sign(found: re.Match[str]) -> str:
    """Set an emoji apart; drop control characters, joiners and skin tones."""
    char = found[0]
    if char in _JOINERS or _SKIN_TONES.match(char):
        return ""
    category = unicodedata.category(char)
    if category in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") or char == "\ufffd":  # the last: a sign lost before us
        return " "
    if category == "Cf":  # zero-width and bidirectional marks
        return ""
    return f" {char} " if _EMOJI.match(char) else char


def _name(found: re.Match[str]) -> str:
    """Write an emoji out as its Unicode name: the tokenizer knows no emoji."""
    char = found[0]
    return f" {unicodedata.name(char, '').lower()} " if unicodedata.category(char) == "So" else char


def _segmented(found: re.Match[str]) -> str:
    return "#" + _CAMEL.sub(" ", found[1]).strip()
