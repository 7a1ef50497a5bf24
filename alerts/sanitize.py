"""One rule for each place that hostile text goes to: post text is data everywhere."""

from __future__ import annotations

import regex

ELLIPSIS = "…"
NO_MARKS_BEYOND = 8  # combining marks kept on one letter; real scripts need 2 or 3, "zalgo" text has hundreds

_LINE_ENDS = regex.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
# Terminal escape sequences whole, so that their visible tail ("[31m") does not stay behind; an unfinished one
# loses only its control character, lest it hide the rest of the post.
_ESCAPES = regex.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\r\n]{0,200}(?:\x07|\x1b\\|\x9c)"
)
# Controls (C0 but tab and newline, DEL, C1), bidirectional controls (CVE-2021-42574), line-annotation and
# byte-order marks, noncharacters. The zero-width joiner stays: emoji and several scripts are written with it.
_UNSEEN = regex.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"
    "\\ufeff\\ufff9-\\ufffb\\ufdd0-\\ufdef\\ufffe\\uffff]"
)
_SURROGATES = regex.compile("[\\ud800-\\udfff]")
_MANY_MARKS = regex.compile(rf"(\p{{M}}{{{NO_MARKS_BEYOND}}})\p{{M}}+")
_BLANKS = regex.compile(r"\s+")
_GRAPHEME = regex.compile(r"\X")
# What a spreadsheet takes for the start of a formula, after blanks of any kind and at each line's start.
_BLANK = r"(?:[^\S\r\n]|[\u200b-\u200d\ufeff])"
_FORMULA = regex.compile(rf"(^|\r\n|\r(?!\n)|\n)(?={_BLANK}*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")


def clean(text: str) -> str:
    """Text that does nothing but show: no control but newline and tab, no tricks, no half characters.

    Line ends of every kind become newlines, lone surrogates U+FFFD; bidirectional controls go; piled-up
    combining marks are thinned. Cleaning twice changes nothing more; empty stays empty.
    """
    text = _ESCAPES.sub("", _SURROGATES.sub("\ufffd", text))
    text = _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))
    return _MANY_MARKS.sub(r"\1", text)


def one_line(text: str) -> str:
    """Clean text on one line, every run of blanks folded into one space, none at the ends."""
    return _BLANKS.sub(" ", clean(text)).strip()


def width(text: str) -> int:
    """Length in UTF-16 units, as Slack and browsers count: never less than the number of code points."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """The text within `limit` UTF-16 units: whole, or its longest beginning of whole graphemes and "…".

    Cut before escaping: an escape sequence must not be torn. A single grapheme beyond the limit is cut
    inside. `limit` of 0 or less gives "".
    """
    if width(text) <= limit:
        return text
    if limit <= 0:
        return ""
    end, room = 0, limit - 1
    # A character is at least one unit wide: what lies beyond `limit` of them cannot fit.
    for found in _GRAPHEME.finditer(text, 0, limit + 1):
        room -= width(found.group())
        if room < 0:
            break
        end = found.end()
    if not end:
        return _cut_inside(text, limit - 1) + ELLIPSIS
    return text[:end].rstrip() + ELLIPSIS


def _cut_inside(text: str, room: int) -> str:
    beginning = text[:room]
    while width(beginning) > room:
        beginning = beginning[:-1]
    return beginning


def slack_escape(text: str) -> str:
    """For Slack's mrkdwn: the three entities, so that no mention or link is read; no code span.

    Source: Slack's formatting guide asks for &, < and > alone; backticks become look-alikes.
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("`", "\u02cb")  # modifier letter grave accent


def for_terminal(text: str) -> str:
    """For a terminal or a log line: clean, tabs as spaces; newlines stay."""
    return clean(text).replace("\t", "    ")


def for_header(text: str, limit: int = 900) -> str:
    """For a mail header's value: one line, so that no further header can be forged.

    `limit` in UTF-16 units; RFC 5322 allows 998 bytes a line, and a longer subject is no subject. An encoded word
    (RFC 2047) is broken up: it would be decoded on the way, line ends and all.
    """
    return cut(one_line(text).replace("=?", "= ?"), limit)


def csv_cell(text: str) -> str:
    """For a CSV cell: an apostrophe before anything that a spreadsheet would run as a formula.

    Also after each newline inside the cell (a known way round), and after leading blanks of every kind.
    Numbers are written as numbers by the caller, not through here.
    """
    return _FORMULA.sub(r"\1'", _SURROGATES.sub("\ufffd", text).replace("\x00", ""))


def web_url(url: str | None) -> str | None:
    """The URL if it is http or https with a host and nothing that could break out of a link, else None."""
    if url is None or not regex.fullmatch(r"https?://[^\s<>\"'`\\|\x00-\x20\x7f-\x9f]+", url, regex.IGNORECASE):
        return None
    host = url.split("://", 1)[1].split("/", 1)[0].split("?", 1)[0].split("#", 1)[0]
    if not host or "@" in host or clean(url) != url:
        return None
    return url
