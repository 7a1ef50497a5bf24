"""What a brand's words would make of posts that are at hand, before anybody is alerted. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from collectors.base import Match, Post
from collectors.coach_aliases import SPOKEN, said
from collectors.coach_finding import is_ambiguous
from collectors.matching import Explained, Matcher
from config.brands import Brand

Z95 = 1.959963984540054  # the normal distribution's 97.5 % point
NONE_SEEN = 3.689  # the exact 97.5 % bound of a Poisson mean of which nothing was seen
SHORTEST = timedelta(hours=1)  # of a stretch of time from which a rate can be told
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Looked:
    """A post and the source that brought it."""

    source: str
    post: Post


@dataclass(frozen=True, slots=True)
class Sample:
    """A post as an example, with the places of which it is one."""

    looked: Looked
    places: tuple[Match, ...]
    why: str = ""  # the exclusion word, for one that is excluded


@dataclass(frozen=True, slots=True)
class Volume:
    """How many posts of a source would count, and at what pace."""

    source: str
    looked_at: int
    counted: int
    span: timedelta  # between the oldest and the newest that was looked at

    @property
    def per_day(self) -> tuple[float, float, float] | None:
        """Posts a day with a 95 % interval, as if they came independently; None where the span is too short to tell."""
        if self.span < SHORTEST:
            return None
        days = self.span / _DAY
        low, high = poisson(self.counted)
        return self.counted / days, low / days, high / days


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What became of the posts for one brand."""

    brand: str
    looked_at: int
    counted: tuple[Sample, ...]
    doubtful: tuple[Sample, ...]  # those of `counted` that only an everyday word speaks for
    excluded: tuple[Sample, ...]  # an alias stands in them, and an exclusion word
    refused: tuple[Sample, ...]  # an alias stands in them, and no context word
    by_alias: Mapping[str, tuple[int, int]]  # alias as one writes it -> posts, and posts that it alone brings
    by_exclusion: Mapping[str, int]
    volumes: tuple[Volume, ...]

    @property
    def doubtful_share(self) -> float:
        """The share of what counts that is doubtful; 0 where nothing counts."""
        return len(self.doubtful) / len(self.counted) if self.counted else 0.0


def previewed(looked: Sequence[Looked], brand: Brand) -> Preview:
    """Lay the posts against one brand. No posts, an empty preview."""
    matcher = Matcher((brand,))
    counted, doubtful, excluded, refused = list[Sample](), list[Sample](), list[Sample](), list[Sample]()
    posts, alone, words = Counter[str](), Counter[str](), Counter[str]()
    for one in looked:
        told = next(iter(matcher.explained(one.post)), None)
        if told is None:
            continue
        if not told.heard:
            refused.append(Sample(one, _places(told.refused)))
        elif told.excluded_by:
            words.update(told.excluded_by)
            excluded.append(Sample(one, _places(told.heard), told.excluded_by[0]))
        else:
            sample = Sample(one, _places(told.counted))
            counted.append(sample)
            names = {said(alias) for alias, _ in told.counted}
            posts.update(names)
            alone.update(names if len(names) == 1 else ())
            if _is_doubtful(told):
                doubtful.append(sample)
    return Preview(
        brand=brand.name,
        looked_at=len(looked),
        counted=tuple(counted),
        doubtful=tuple(doubtful),
        excluded=tuple(excluded),
        refused=tuple(refused),
        by_alias={said(alias): (posts[said(alias)], alone[said(alias)]) for alias in brand.aliases},
        by_exclusion={word: words[word] for word in brand.exclusion_words},
        volumes=_volumes(looked, Counter(sample.looked.source for sample in counted)),
    )


def _places(told: Sequence[tuple[object, Match]]) -> tuple[Match, ...]:
    return tuple(match for _, match in told)


def _is_doubtful(told: Explained) -> bool:
    """Whether nothing but everyday words speaks for the brand: no handle, tag, link, context or telling name."""
    return not told.context and all(alias.kind in SPOKEN and is_ambiguous(alias.text) for alias, _ in told.counted)


def _volumes(looked: Sequence[Looked], counted: Mapping[str, int]) -> tuple[Volume, ...]:
    times: dict[str, list[datetime]] = {}
    for one in looked:
        times.setdefault(one.source, []).append(one.post.published_at)
    return tuple(
        Volume(source, len(when), counted.get(source, 0), max(when) - min(when))
        for source, when in sorted(times.items())
    )


def poisson(count: int) -> tuple[float, float]:
    """A 95 % interval of the mean of which `count` was seen: Byar's approximation, for one or two a little too wide."""
    if count == 0:
        return 0.0, NONE_SEEN
    low = count * (1 - 1 / (9 * count) - Z95 / (3 * sqrt(count))) ** 3
    more = count + 1
    return max(0.0, low), more * (1 - 1 / (9 * more) + Z95 / (3 * sqrt(more))) ** 3


def spread(samples: Sequence[Sample], wanted: int) -> Sequence[Sample]:
    """At most `wanted` of them, evenly over all, so that one noisy hour does not fill the screen."""
    if len(samples) <= wanted:
        return samples
    return [samples[number * len(samples) // wanted] for number in range(wanted)]
