"""Which posts the digest quotes: the worst, the widest heard, one of each frequent type, and praise of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from alerts.sanitize import web_url
from config.vocabulary import Flag, Platform, Sentiment, Severity
from monitor.digest import text
from monitor.digest.facts import Quote
from monitor.states import PostState
from monitor.store.week import PostRow, Quotable

MOST_SEVERE = 3
WIDEST = 2
TOP_TYPES = 3
PRAISED = 3
# Candidates beyond the wanted number: some were chosen for another reason, are copies of one text, or withdrawn.
SPARE = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """A post wanted as an example, why, and how many of this reason are wanted."""

    row: PostRow
    why: str
    limit: int


def examples(posts: Sequence[PostRow]) -> tuple[Choice, ...]:
    """Candidates for what went wrong, the most telling reason first; no own posts, reposts or withdrawn ones."""
    bad = [row for row in _quotable(posts) if row.complaint or row.sentiment is Sentiment.NEGATIVE]
    frequent = Counter(kind for row in bad for kind in row.types)
    top = [kind for kind, _ in sorted(frequent.items(), key=lambda item: (-item[1], item[0]))][:TOP_TYPES]
    serious = [row for row in bad if row.severity >= Severity.SERIOUS]
    candidates = _first(serious, _by_severity, "most severe", MOST_SEVERE)
    candidates += _first([row for row in bad if row.followers], _by_reach, "widest reach", WIDEST)
    for kind in top:
        of_kind = [row for row in bad if row.types[:1] == (kind,)]
        candidates += _first(of_kind, _by_severity, f"type:{kind}", 1)
    return tuple(candidates)


def praise(posts: Sequence[PostRow]) -> tuple[Choice, ...]:
    """Examples of praise that names staff or a place, those heard widest first."""
    named = [row for row in _quotable(posts) if is_praise(row) and Flag.NAMES_STAFF_OR_PLACE in row.flags]
    return tuple(_first(named, _by_reach, "names staff or a place", PRAISED))


def is_praise(row: PostRow) -> bool:
    """Praise, not a complaint with a kind word in it."""
    return Flag.PRAISE in row.flags and not row.complaint


def quotes(choices: Iterable[Choice], found: Mapping[int, Quotable], names: Mapping[str, str]) -> tuple[Quote, ...]:
    """The chosen posts in harmless words: each post, author and text once, each reason as often as wanted."""
    taken: Counter[str] = Counter()
    seen: set[object] = set()
    shown: list[Quote] = []
    for choice in choices:
        post = found.get(choice.row.id)
        words = text.quote(post.title, post.text) if post else ""
        if post is None or not words or taken[choice.why] >= choice.limit:
            continue
        marks = {post.post_id, words.casefold(), (choice.row.platform, choice.row.author or post.post_id)}
        if marks & seen:
            continue
        seen |= marks
        taken[choice.why] += 1
        shown.append(_quote(choice, post, words, names))
    return tuple(shown)


def _quote(choice: Choice, post: Quotable, words: str, names: Mapping[str, str]) -> Quote:
    kind = choice.why.removeprefix("type:")
    return Quote(
        post_id=post.post_id,
        why=choice.why if kind == choice.why else "frequent complaint",
        platform=post.platform,
        author=text.name(post.author or ""),
        reach=post.followers,
        text=words,
        link=web_url(post.url),
        published_at=post.published_at,
        severity=choice.row.severity,
        types=tuple(type_name(kind, names) for kind in choice.row.types),
    )


def type_name(code: str, names: Mapping[str, str]) -> str:
    """What people call a complaint type; a code without a name stands for itself."""
    return names.get(code) or text.name(code.replace("_", " "))


def _quotable(posts: Iterable[PostRow]) -> list[PostRow]:
    return [
        row for row in posts if row.judged and not row.ours and not row.repost and row.state is not PostState.WITHDRAWN
    ]


def _first(rows: Iterable[PostRow], order: Callable[[PostRow], tuple[int, ...]], why: str, limit: int) -> list[Choice]:
    """The first rows of the order, one an author, with some to spare."""
    authors: set[tuple[Platform, str]] = set()
    chosen: list[Choice] = []
    for row in sorted(rows, key=order):
        if row.author and (row.platform, row.author) in authors:
            continue
        authors |= {(row.platform, row.author)} if row.author else set()
        chosen.append(Choice(row, why, limit))
        if len(chosen) == limit + SPARE:
            break
    return chosen


def _by_severity(row: PostRow) -> tuple[int, ...]:
    return (-row.severity, -(row.followers or 0), row.id)


def _by_reach(row: PostRow) -> tuple[int, ...]:
    return (-(row.followers or 0), -row.severity, row.id)
