"""How each kind of alias is found in a folded text. Every rule is linear in the text's length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal
from urllib.parse import urlsplit

from collectors.folding import Folded, fold, folded, is_unspaced, is_word_char, stands_alone

Span = tuple[int, int]

# What people glue to a brand's name in a hashtag written without capitals.
# fmt: off
TAG_WORDS = frozenset((
    "app", "avoid", "awful", "bad", "ban", "banned", "boycott", "cancel", "cares", "complaint", "customer",
    "delay", "delays", "delete", "down", "error", "fail", "failed", "failing", "fails", "failure", "fake", "fix",
    "fraud", "hack", "hacked", "hate", "hates", "help", "helps", "horrible", "ihate", "ilove", "issue", "issues",
    "joke", "lies", "love", "loves", "never", "news", "nightmare", "not", "official", "outage", "pay", "problem",
    "problems", "quit", "recall", "refund", "review", "reviews", "rip", "ripoff", "sale", "scam", "scams",
    "service", "shame", "stop", "strike", "suck", "sucks", "support", "team", "terrible", "thank", "thanks",
    "thankyou", "the", "update", "why", "worst",
))
# fmt: on

_URL = re.compile(r"(?:https?://|(?<!\w)www\.)[^\s<>\"\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_HOST = re.compile(r"(?<![\w.@/-])[\w-]++(?:\.[\w-]++)++(?!@|:[^\s@]{0,64}@)")
_HOST_CHARS = re.compile(r"[\w.-]+")
_TAG = re.compile(r"(?<![\w&/])#(\w++)")
_MAX_TAG = 140  # characters; no platform links a longer hashtag, and a hostile text may hold one of 100,000


class Part:
    """A text or title, folded once, with the views that the rules need made on demand."""

    __slots__ = ("_outside_urls", "folded", "where")

    def __init__(self, text: str, where: Literal["text", "title"]) -> None:
        self.folded = folded(text)
        self.where = where
        self._outside_urls: str | None = None

    @property
    def outside_urls(self) -> str:
        """The folded text with every URL blanked out, all positions kept."""
        if self._outside_urls is None:
            text = self.folded.text
            has_url = "://" in text or "www." in text
            self._outside_urls = _URL.sub(lambda url: " " * len(url[0]), text) if has_url else text
        return self._outside_urls


Seek = Callable[[Part], Iterator[Span]]


def words(needle: str) -> Seek:
    """Whole words, in this order, between any blanks."""
    first, *rest = needle.split()
    pattern = re.compile(r"\s+".join(re.escape(word) for word in (first, *rest))) if rest else None

    def seek(part: Part) -> Iterator[Span]:
        text = part.folded.text
        if first not in text:
            return
        text = part.outside_urls
        for start, end in _regex_spans(pattern, text) if pattern else _plain_spans(first, text):
            if stands_alone(text, start, end):
                yield start, end

    return seek


def nothing(_part: Part) -> Iterator[Span]:
    """Nowhere."""
    return iter(())


def _regex_spans(pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    return (found.span() for found in pattern.finditer(text))


def _plain_spans(needle: str, text: str) -> Iterator[Span]:
    start = text.find(needle)
    while start >= 0:
        yield start, start + len(needle)
        start = text.find(needle, start + 1)


def handle(name: str) -> Seek:
    """An account as it is addressed: "@name" and no more."""
    needle = "@" + name

    def seek(part: Part) -> Iterator[Span]:
        if needle not in part.folded.text:
            return
        text = part.outside_urls
        for start, end in _plain_spans(needle, text):
            before, after = text[start - 1 : start], text[end : end + 2]
            address = before != "" and is_word_char(before) and not is_unspaced(before)
            longer = after[:1] == "_" or (after[:1] and is_word_char(after[0]) and not is_unspaced(after[0]))
            a_host = after[:1] == "." and after[1:] != "" and is_word_char(after[1])
            if not (address or longer or a_host):
                yield start, end

    return seek


def hashtag(name: str) -> Seek:
    """A hashtag of that name, or a segment of a longer one."""

    def seek(part: Part) -> Iterator[Span]:
        text = part.folded.text
        if name not in text or "#" not in text:
            return
        text = part.outside_urls
        for tag in _TAG.finditer(text):
            if len(tag[1]) <= _MAX_TAG and name in tag[1]:
                yield from _in_tag(name, part.folded, tag.start(1), tag.end(1))

    return seek


def _in_tag(name: str, whole: Folded, start: int, end: int) -> Iterator[Span]:
    """Where the name is a tag of its own or a segment of the tag that stands at folded[start:end]."""
    tag = whole.text[start:end]
    seams = {0, len(tag)}
    at = whole.span(start, end)
    if at is not None and at[1] - at[0] == len(tag):  # capitals are only comparable place by place
        seams.update(_seams(whole.original[at[0] : at[1]]))
    for first, last in _plain_spans(name, tag):
        left = first in seams or is_unspaced(tag[first]) or is_unspaced(tag[first - 1])
        right = last in seams or is_unspaced(tag[last - 1]) or is_unspaced(tag[last])
        at_an_end = first == 0 or last == len(tag)
        if (left and right) or (at_an_end and (tag[:first] + tag[last:]) in TAG_WORDS):
            yield start + first, start + last


def _seams(tag: str) -> Iterator[int]:
    """Where a tag as written falls into segments: WhyAcme, ACMEFail, acme_fail, acme2026."""
    for i in range(1, len(tag)):
        before, here, after = tag[i - 1], tag[i], tag[i + 1 : i + 2]
        if (
            "_" in (before, here)
            or (before.islower() and here.isupper())
            or (before.isupper() and here.isupper() and after.islower())
            or (before.isalpha() and here.isdigit())
            or (before.isdigit() and here.isalpha())
        ):
            yield i


def domain(names: frozenset[str]) -> Seek:
    """A host that is one of the names or lies below one."""

    def seek(part: Part) -> Iterator[Span]:
        text = part.folded.text
        if not any(name in text for name in names):
            return
        for url in _URL.finditer(text):
            if is_below(host_of(url[0]), names):
                yield url.span()
        for host in _HOST.finditer(part.outside_urls):
            if is_below(host[0], names):
                yield host.span()

    return seek


def host_of(url: str) -> str:
    """The host that a folded URL leads to; "" where it has none."""
    url = url.replace("\\", "/")  # as browsers read it
    try:
        host = urlsplit(url if "://" in url else "http://" + url).hostname or ""
    except ValueError:  # such as an unclosed bracket
        return ""
    found = _HOST_CHARS.match(host)  # ends before the bracket or comma that follows a URL in prose
    return found[0].rstrip(".") if found else ""


def is_below(host: str, names: frozenset[str]) -> bool:
    """Whether a host is one of the names or lies below one."""
    return any(host == name or host.endswith("." + name) for name in names)


def domain_names(text: str) -> frozenset[str]:
    """The domain as written and in its ASCII form (xn--…)."""
    name = fold(text).strip().removeprefix("https://").removeprefix("http://").removeprefix("www.").strip("./")
    try:
        return frozenset((name, name.encode("idna").decode("ascii")))
    except UnicodeError:
        return frozenset((name,))
