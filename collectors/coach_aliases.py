"""What the coach says of a brand's aliases. How an alias is heard is asked of the matching itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from collectors.base import Post
from collectors.coach_finding import (
    FREQUENT,
    Finding,
    Grade,
    Say,
    about,
    commonness,
    is_empty,
    is_one_character,
    is_short,
    tokens,
)
from collectors.folding import fold
from collectors.matching import Explained, Matcher
from config.brands import Alias, AliasKind, Brand
from config.vocabulary import Platform

# Hosts under which everybody stands: every link to them would count.
SHARED_HOSTS = frozenset(
    (
        *("x.com", "twitter.com", "t.co", "bit.ly", "reddit.com", "facebook.com", "instagram.com", "youtube.com"),
        *("youtu.be", "tiktok.com", "linkedin.com", "bsky.app", "google.com", "apple.com", "amazon.com", "github.com"),
        *("wikipedia.org", "medium.com", "wordpress.com", "blogspot.com"),
    )
)
SPOKEN = (AliasKind.WORD, AliasKind.PHRASE)
_NARROW = "add context words, of which one must stand beside it"


def alias_findings(place: str, brand: Brand, brands: Sequence[Brand]) -> Iterator[Finding]:
    """Everything that is to be said of one brand's aliases, in their order."""
    for number, alias in enumerate(brand.aliases):
        say = about(f"{place}.aliases[{number}]", brand.name, alias.text)
        useless = next(_useless(say, alias, brand), None)
        if useless is not None:
            yield useless  # nothing more can be said of an alias that never counts
            continue
        yield from _too_wide(say, alias, brand)
        yield from _shadowed(say, number, brand)
        yield from _heard_for_another(say, alias, brand, brands)


def said(alias: Alias) -> str:
    """The alias as somebody would write it in a post."""
    match alias.kind:
        case AliasKind.HANDLE:
            return "@" + alias.text.lstrip("@\uff20")
        case AliasKind.HASHTAG:
            return "#" + alias.text.lstrip("#\uff03")
        case AliasKind.DOMAIN:
            return "https://" + _without_scheme(alias.text)
        case AliasKind.WORD | AliasKind.PHRASE:
            return alias.text


def only(alias: Alias, brand: Brand) -> Matcher:
    """The matching of the brand as if it had this alias alone."""
    return Matcher((brand.model_copy(update={"aliases": (alias,)}),))


def _explained(alias: Alias, brand: Brand, text: str) -> Explained | None:
    """What that matching makes of a post that says this and nothing else."""
    post = Post(platform=Platform.FILE, native_id="1", text=text, published_at=datetime.now(UTC))
    return next(iter(only(alias, brand).explained(post)), None)


def _without_scheme(domain: str) -> str:
    return domain.strip().removeprefix("https://").removeprefix("http://")


def _useless(say: Say, alias: Alias, brand: Brand) -> Iterator[Finding]:
    if is_empty(alias.text):
        yield say(Grade.ERROR, "punctuation-only", "has neither letter nor digit", "leave it out")
        return
    in_parts = len(alias.text.split()) > 1
    if alias.kind is AliasKind.HANDLE and in_parts:
        yield say(Grade.ERROR, "handle-with-blank", "no account's name holds a blank", "write it as in its address")
    if alias.kind is AliasKind.HASHTAG and in_parts:
        yield say(Grade.ERROR, "hashtag-with-blank", "a hashtag ends at a blank", "write it in one word")
    host = _without_scheme(alias.text).strip("/")
    if alias.kind is AliasKind.DOMAIN and any(mark in host for mark in "/?#@"):
        why = "only the host of a link is looked at, so this is never found"
        yield say(Grade.ERROR, "domain-with-path", why, f"write {host.split('/')[0]} alone")
    told = _explained(alias, brand, said(alias))
    if told is None:
        why = f'even a post that says "{said(alias)}" is not matched'
        yield say(Grade.ERROR, "never-heard", why, "look at how it is written and at its kind")
    elif told.excluded_by:
        why = f'the exclusion word "{told.excluded_by[0]}" stands in it: no post with it counts'
        yield say(Grade.ERROR, "excludes-itself", why, "take the exclusion word away, or name a longer one")


def _too_wide(say: Say, alias: Alias, brand: Brand) -> Iterator[Finding]:
    guarded, common = bool(brand.context_words), commonness(alias.text)
    host = fold(_without_scheme(alias.text)).removeprefix("www.").strip("/")
    if alias.kind is AliasKind.DOMAIN and host in SHARED_HOSTS and host.split(".")[0] not in tokens(brand.name):
        yield say(Grade.WARN, "shared-host", "everybody's pages stand there", "name a host of your own")
    if alias.kind is AliasKind.HASHTAG and (is_one_character(alias.text) or common is not None):
        why = "is an everyday hashtag, and hashtags need no context word"
        yield say(Grade.HINT, "common-hashtag", why, "leave it out unless the tag is yours")
    if alias.kind not in SPOKEN:
        return
    if is_one_character(alias.text):
        grade = Grade.WARN if guarded and alias.case_sensitive else Grade.ERROR
        do = f"{_NARROW}, and set case_sensitive; better, name handles and longer forms"
        yield say(grade, "one-character", "a single letter or digit stands in many posts", do)
    elif common is not None and not guarded:
        yield _common(say, alias, common)
    elif is_short(alias.text) and not guarded and not alias.case_sensitive:
        why = "so short a name is an abbreviation of much else"
        yield say(Grade.WARN, "short", why, f"set case_sensitive, or {_NARROW}")


def _common(say: Say, alias: Alias, common: int) -> Finding:
    single = len(tokens(alias.text)) == 1
    what = "is a frequent English word" if single else "is made of frequent English words"
    if alias.case_sensitive:
        why = f"{what}, and at the start of a sentence it has its capital too"
        return say(Grade.HINT, "common-word", why, _NARROW)
    grade = Grade.ERROR if single and common <= FREQUENT else Grade.WARN
    return say(grade, "common-word", what, f"{_NARROW}; examples: monitor query packs")


def _shadowed(say: Say, number: int, brand: Brand) -> Iterator[Finding]:
    """Another alias of the brand finds every post that this one finds."""
    alias = brand.aliases[number]
    for other_number, other in enumerate(brand.aliases):
        if other_number == number or not _finds_all_of(other, alias, brand):
            continue
        twins = _finds_all_of(alias, other, brand)
        if twins and other_number > number:
            continue  # of two that are alike, the second is told
        if twins:
            yield say(Grade.WARN, "twice", f'"{said(other)}" stands before it and finds the same', "leave one out")
        else:
            why = f'finds nothing that "{said(other)}" does not find'
            yield say(Grade.HINT, "shadowed", why, "leave it out, unless reports are to tell the two apart")
        return


def _finds_all_of(wide: Alias, narrow: Alias, brand: Brand) -> bool:
    if wide.case_sensitive and not (narrow.case_sensitive and narrow.kind is wide.kind):
        return False
    if wide.kind in SPOKEN:
        # A handle needs no context word, and a hashtag is also found inside a longer one.
        if narrow.kind not in SPOKEN and (narrow.kind is not AliasKind.HANDLE or brand.context_words):
            return False
    elif wide.kind is not narrow.kind:
        return False
    if wide.kind is AliasKind.HASHTAG:
        return fold(said(wide)) == fold(said(narrow))
    return _explained(wide, brand, said(narrow)) is not None


def _heard_for_another(say: Say, alias: Alias, brand: Brand, brands: Sequence[Brand]) -> Iterator[Finding]:
    for other in brands:
        if other.name == brand.name:
            continue
        for theirs in other.aliases:
            told = _explained(theirs, other, said(alias))
            if told is not None and not told.excluded_by:
                same = fold(said(theirs)) == fold(said(alias))
                why = f'posts with it count for {other.name} too, whose alias is "{said(theirs)}"'
                do = f"give {other.name} an exclusion word or context words, if they are not to"
                yield say(Grade.WARN if same else Grade.HINT, "heard-for-another", why, do)
                break
