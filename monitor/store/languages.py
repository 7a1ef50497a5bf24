"""In which languages people write, and what was judged of their posts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from config.languages import UNDETERMINED, language_name
from monitor.store.week import PostRow

LEAST = 10  # posts that nothing could read; fewer are a handful of strangers
LEAST_SHARE = 0.05  # of all posts that have been looked at
JUMP = 2.0  # times the share of the time before


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """Posts by others that have been looked at, by language: judged in full, for their sentiment alone, or not."""

    judged: Mapping[str, int] = field(default_factory=dict)  # "und": too short to tell, and judged
    sentiment_only: Mapping[str, int] = field(default_factory=dict)
    unserved: Mapping[str, int] = field(default_factory=dict)  # no model serves the language
    wordless: int = 0  # nothing in words: not judged

    @property
    def posts(self) -> int:
        """All of them."""
        return sum(map(_total, (self.judged, self.sentiment_only, self.unserved))) + self.wordless

    @property
    def foreign(self) -> int:
        """Posts in languages that no model serves."""
        return _total(self.unserved)

    @property
    def undetermined(self) -> int:
        """Judged posts whose language could not be told."""
        return self.judged.get(UNDETERMINED, 0)

    @property
    def share(self) -> float:
        """Of all posts, those in languages that no model serves; 0.0 of none."""
        return self.foreign / self.posts if self.posts else 0.0

    def jumped_from(self, before: Languages) -> bool:
        """Whether far more posts than before are in languages that no model serves: not where nothing was before."""
        many = self.foreign >= LEAST and self.share >= LEAST_SHARE
        return many and bool(before.posts) and self.share >= JUMP * before.share


def counted(rows: Iterable[tuple[bool | None, bool, str, int]]) -> Languages:
    """Count rows of: judged (None: not looked at yet, left out), sentiment alone, language, how many posts."""
    full, part, unserved = Counter[str](), Counter[str](), Counter[str]()
    wordless = 0
    for judged, sentiment_only, language, posts in rows:
        if judged:
            (part if sentiment_only else full)[language] += posts
        elif judged is False and language in ("", UNDETERMINED):
            wordless += posts
        elif judged is False:
            unserved[language] += posts
    return Languages(judged=dict(full), sentiment_only=dict(part), unserved=dict(unserved), wordless=wordless)


def languages_of(posts: Iterable[PostRow]) -> Languages:
    """The languages of a week's posts; own posts are left out."""
    return counted((row.judged, row.sentiment_only, row.language, 1) for row in posts if not row.ours)


def named(posts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """Languages as people read them, with their posts, the most frequent first."""
    return tuple((language_name(code), posts[code]) for code in sorted(posts, key=lambda code: (-posts[code], code)))


def _total(posts: Mapping[str, int]) -> int:
    return sum(posts.values())
