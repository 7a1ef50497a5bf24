"""Hostile markup and text made plain."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*|[!?][^<>]*)>")  # linear on any input: never looks past the next bracket
_BREAKING = re.compile(r"<(?:br|/?p|/?div|/?li|/?h[1-6]|/?tr|/?blockquote|/?pre|/?ul|/?ol)\b[^<>]*>", re.IGNORECASE)
_HREF = re.compile(r"""<a\s[^<>]{0,400}?href\s*=\s*["']?(https?:[^\s"'<>]{1,2000})""", re.IGNORECASE)
# What no text needs and some databases refuse: control characters (tab and line feed stay) and half characters.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BLANKS = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
MAX_LINKS = 50  # links kept of one post; more is a list of links, not a post
MAX_URL = 2_000  # characters; browsers and databases stop caring about here


def unfit(text: str) -> bool:
    """Whether a text holds what cannot be stored: NUL or half characters."""
    return _UNSTORABLE.search(text) is not None


def without_controls(text: str) -> str:
    """The text without control and half characters; tabs and line ends stay."""
    return _CONTROLS.sub("", text)


def clean(text: str) -> str:
    """A text without control and half characters, blanks and blank lines folded. Empty in, empty out."""
    text = without_controls(text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def strip_html(markup: str) -> str:
    """The text of a piece of HTML: tags out, paragraphs as line breaks, entities read. Any text is accepted."""
    text = _TAG.sub("", _BREAKING.sub("\n", markup))
    return clean(html.unescape(text))


def links_in(markup: str) -> tuple[str, ...]:
    """The http(s) addresses that the HTML links to, in order, each once, at most MAX_LINKS."""
    found = dict.fromkeys(link for raw in _HREF.findall(markup) if (link := web_link(html.unescape(raw))))
    return tuple(found)[:MAX_LINKS]


def web_link(url: object) -> str | None:
    """An address that is fit to be shown as a link: http or https with a host, no user part; else None."""
    if not isinstance(url, str):
        return None
    url = url.strip()
    if len(url) > MAX_URL or any(char.isspace() for char in url) or _CONTROLS.search(url):
        return None
    try:
        parts = urlsplit(url)
        host, user = parts.hostname, parts.username
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or user is not None:
        return None
    return url


def language_tag(tag: object) -> str | None:
    """The two-letter language of "en", "en-US" or "EN_gb"; None for anything else."""
    if not isinstance(tag, str):
        return None
    primary = re.split(r"[-_]", tag.strip().lower(), maxsplit=1)[0]
    return primary if re.fullmatch("[a-z]{2}", primary) else None
