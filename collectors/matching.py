"""Which brands a post is about, and why: pure rules over text, title and links.

The platforms' own searches only narrow down; this is the truth. How each kind of alias is heard:

- word, phrase: whole words (so "Acme's" and "@Acme" but not "Acmes"), blanks folded, not inside a URL. Where the
  brand has context words, one of them must stand in the text or title as well.
- handle: "@acme"; not "@acmecorp", "@acme.bsky.social" or the address "info@acme".
- hashtag: "#acme"; a segment of a longer tag by its capitals, digits or underscores ("#AcmeFail", "#why_acme"); of a
  tag without such seams only beside a word of TAG_WORDS ("#acmefail", "#boycottacme").
- domain: a host equal to it or below it, in the post's links or in its text; not in a path, a query, an e-mail
  address or the user part of a URL.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from collectors.aliases import (
    Part,
    Seek,
    Span,
    domain,
    domain_names,
    handle,
    hashtag,
    host_of,
    is_below,
    nothing,
    words,
)
from collectors.base import Heard, Match, Post
from collectors.folding import fold
from config.brands import Alias, AliasKind, Brand


@dataclass(frozen=True, slots=True)
class _Ear:
    """One alias, ready to be listened for."""

    alias: Alias
    probe: str  # what the folded text must hold for the alias to stand in it at all: cheap to ask
    needs_context: bool
    domains: frozenset[str]
    exact: str  # what must stand there, capitals and all, in a case-sensitive alias; "" = any case
    seek: Seek

    def first(self, part: Part) -> Span | None:
        """The first place in the original text where the alias stands."""
        if self.probe not in part.folded.text:
            return None
        for start, end in self.seek(part):
            span = part.folded.span(start, end)
            if span is None:
                continue
            if not self.exact or _cased(part.folded.original[span[0] : span[1]]) == self.exact:
                return span
        return None


def _cased(text: str) -> str:
    """A text as compared where capitals count: compatibility forms and blanks folded."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _ear(alias: Alias, brand: Brand) -> _Ear:
    bare = alias.text.lstrip("@#\uff20\uff03") if alias.kind in (AliasKind.HANDLE, AliasKind.HASHTAG) else alias.text
    name = " ".join(fold(bare).split())
    domains: frozenset[str] = frozenset()
    exact = _cased(bare) if alias.case_sensitive else ""
    seek: Seek
    match alias.kind:
        case _ if not name:  # "@" alone: nothing to listen for
            seek = nothing
        case AliasKind.HANDLE:
            seek, exact = handle(name), exact and "@" + exact
        case AliasKind.HASHTAG:
            seek = hashtag(name)
        case AliasKind.DOMAIN:
            domains, exact = domain_names(alias.text), ""  # hosts have no case
            seek = domain(domains)
        case AliasKind.WORD | AliasKind.PHRASE:
            seek = words(name)
    needs_context = bool(brand.context_words) and alias.kind in (AliasKind.WORD, AliasKind.PHRASE)
    probe = "" if domains or not name else name.split()[0]
    return _Ear(alias, probe, needs_context, domains, exact, seek)


def _word_seeks(listed: Sequence[str]) -> tuple[tuple[str, Seek], ...]:
    """Each word as configured, with how it is found."""
    return tuple((word, words(fold(word))) for word in listed if fold(word).split())


@dataclass(frozen=True, slots=True)
class Explained:
    """What a brand's words make of a post in which one of its aliases stands, counted or not."""

    brand: str
    heard: tuple[tuple[Alias, Match], ...]  # the aliases that stand there, with a context word where one is needed
    refused: tuple[tuple[Alias, Match], ...]  # those that miss a context word
    context: tuple[str, ...]  # the context words that stand there
    excluded_by: tuple[str, ...]  # the exclusion words that stand there: with one, nothing counts

    @property
    def counted(self) -> tuple[tuple[Alias, Match], ...]:
        """What `Matcher.matches` tells of this brand, each with its alias."""
        return () if self.excluded_by else self.heard


class _BrandEars:
    def __init__(self, brand: Brand) -> None:
        self.name = brand.name
        self.ears = tuple(_ear(alias, brand) for alias in brand.aliases)
        self.context = _word_seeks(brand.context_words)
        self.exclusions = _word_seeks(brand.exclusion_words)

    def hear(self, parts: Sequence[Part], hosts: Sequence[str], folded: str) -> list[Match]:
        """One match for each alias and each part of the post in which it stands; `folded` is all that it says."""
        found: list[Match] = []
        for ear in self.ears:
            if ear.probe not in folded:  # most aliases stand in no post: this line is all that they cost
                continue
            matches = self._standing(ear, parts, hosts)
            if matches and (not ear.needs_context or any(_anywhere(seek, parts) for _, seek in self.context)):
                found += matches
        if found and any(_anywhere(seek, parts) for _, seek in self.exclusions):
            return []
        return found

    def explain(self, parts: Sequence[Part], hosts: Sequence[str]) -> Explained | None:
        """What `hear` makes of the post and why; None where no alias stands in it."""
        standing = [(ear, match) for ear in self.ears for match in self._standing(ear, parts, hosts)]
        if not standing:
            return None
        context = tuple(word for word, seek in self.context if _anywhere(seek, parts))
        lacks = [ear.needs_context and not context for ear, _ in standing]
        told = [(ear.alias, match) for ear, match in standing]
        return Explained(
            brand=self.name,
            heard=tuple(one for one, lack in zip(told, lacks, strict=True) if not lack),
            refused=tuple(one for one, lack in zip(told, lacks, strict=True) if lack),
            context=context,
            excluded_by=tuple(word for word, seek in self.exclusions if _anywhere(seek, parts)),
        )

    def _standing(self, ear: _Ear, parts: Sequence[Part], hosts: Sequence[str]) -> list[Match]:
        """Where the alias stands, whatever stands beside it."""
        found = [
            Match(self.name, ear.alias.text, part.where, *span)
            for part in parts
            if (span := ear.first(part)) is not None
        ]
        if ear.domains and any(is_below(host, ear.domains) for host in hosts):
            found.append(Match(self.name, ear.alias.text, "link"))
        return found


def _anywhere(seek: Seek, parts: Sequence[Part]) -> bool:
    return any(True for part in parts for _ in seek(part))


class Matcher:
    """The brands, compiled once; safe to share between threads."""

    def __init__(self, brands: Sequence[Brand]) -> None:
        self._brands = tuple(_BrandEars(brand) for brand in brands)
        self._names = frozenset(brand.name for brand in brands)
        self._own = frozenset((a.platform, _account(a.handle)) for brand in brands for a in brand.own_accounts)

    def matches(self, post: Post, *, declared: str | None = None) -> tuple[Match, ...]:
        """Why the post is about which brands; () = about none.

        Spans point into the original text or title, both 0 for a link. `declared` is the brand that the source itself
        is about: it matches as "*" whatever the post says, its aliases and exclusion words unasked.
        """
        parts, hosts = _views(post)
        folded = "\n".join(part.folded.text for part in parts)
        by_source = (Match(declared, "*", "source"),) if declared is not None else ()
        return by_source + tuple(
            match for brand in self._brands if brand.name != declared for match in brand.hear(parts, hosts, folded)
        )

    def explained(self, post: Post) -> tuple[Explained, ...]:
        """Why the post counts for a brand or why not, for each brand of which an alias stands in it."""
        parts, hosts = _views(post)
        return tuple(told for brand in self._brands if (told := brand.explain(parts, hosts)) is not None)

    def is_ours(self, post: Post) -> bool:
        """Whether one of the company's own accounts wrote it, known by its handle or its id on that platform."""
        if not self._own:
            return False
        names = (name for name in (post.author_handle, post.author_id) if name)
        return any((post.platform, _account(name)) in self._own for name in names)

    def heard(self, post: Post, declared: str | None = None) -> Heard | None:
        """The post with its reasons; None where it is about no brand and not ours.

        A post of our own is kept without any match: "We are sorry, please write to us" names nobody and yet answers.
        """
        matches = self.matches(post, declared=declared)
        ours = self.is_ours(post)
        return Heard(post, matches, ours) if matches or ours else None

    def heard_all(self, posts: Sequence[Post], declared: str | None = None) -> list[Heard]:
        """Those of the posts that `heard` keeps, in order, and those that follow one of them.

        A post that `follows` is also about each brand that the first post of its conversation is about, where that
        one stands among `posts`: it matches as "*", for an answer seldom names what is talked of.
        """
        singly = [self.heard(post, declared) for post in posts]
        about = {
            (one.post.platform, one.post.native_id): dict.fromkeys(match.brand for match in one.matches)
            for one in singly
            if one is not None
        }
        kept: list[Heard] = []
        for post, one in zip(posts, singly, strict=True):
            own = one.matches if one is not None else ()
            brands = about.get((post.platform, post.thread), {}) if post.follows and post.thread is not None else {}
            known = {match.brand for match in own}
            matches = own + tuple(Match(brand, "*", "thread") for brand in brands if brand not in known)
            if matches or one is not None:
                kept.append(Heard(post, matches, ours=one is not None and one.ours))
        return kept


def _views(post: Post) -> tuple[list[Part], list[str]]:
    """What the rules look at: text and title, and the hosts of the links."""
    parts = [Part(post.text, "text")]
    if post.title:
        parts.append(Part(post.title, "title"))
    return parts, [host_of(fold(link)) for link in post.links]


def _account(handle: str) -> str:
    return fold(handle).lstrip("@")


def match(post: Post, brands: Sequence[Brand], *, declared: str | None = None) -> tuple[Match, ...]:
    """Matcher.matches for a single post."""
    return Matcher(brands).matches(post, declared=declared)


def is_ours(post: Post, brands: Sequence[Brand]) -> bool:
    """Matcher.is_ours for a single post."""
    return Matcher(brands).is_ours(post)
