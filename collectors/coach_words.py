"""What the coach says of a brand's context and exclusion words."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.coach_aliases import SPOKEN
from collectors.coach_finding import EVERYDAY, Finding, Grade, about, commonness, is_empty, is_one_character
from collectors.folding import fold, stands_alone
from config.brands import Brand


def word_findings(place: str, brand: Brand) -> Iterator[Finding]:
    """Everything that is to be said of one brand's context words, then of its exclusion words, then of its name."""
    for number, word in enumerate(brand.context_words):
        yield from _context(f"{place}.context_words[{number}]", word, brand)
    for number, word in enumerate(brand.exclusion_words):
        yield from _exclusion(f"{place}.exclusion_words[{number}]", word, brand)
    if brand.context_words and not any(alias.kind in SPOKEN for alias in brand.aliases):
        say = about(f"{place}.context_words", brand.name, "")
        why = "only aliases of the kinds word and phrase need context, and there are none"
        yield say(Grade.HINT, "idle-context", why, "leave them out")


def _context(place: str, word: str, brand: Brand) -> Iterator[Finding]:
    say = about(place, brand.name, word)
    if is_empty(word) or is_one_character(word):
        yield say(Grade.WARN, "context-too-short", "stands in many posts of any kind", "name a longer word")
        return
    common = commonness(word)
    if common is not None and common <= EVERYDAY:
        yield say(Grade.WARN, "common-context", "stands in many posts of any kind: it narrows little", "leave it out")
    if any(alias.kind in SPOKEN and fold(alias.text) == fold(word) for alias in brand.aliases):
        why = "is an alias as well: that alias then stands beside itself"
        yield say(Grade.WARN, "context-is-alias", why, "leave it out of the context words")
    excluding = next((other for other in brand.exclusion_words if _holds(word, other)), None)
    if excluding is not None:
        why = f'the exclusion word "{excluding}" stands in it: a post with it never counts'
        yield say(Grade.WARN, "context-excluded", why, "leave one of the two out")


def _exclusion(place: str, word: str, brand: Brand) -> Iterator[Finding]:
    say = about(place, brand.name, word)
    common = commonness(word)
    if is_empty(word) or is_one_character(word):
        yield say(Grade.ERROR, "exclusion-too-short", "stands in many posts, and all of them are lost", "leave it out")
    elif common is not None and common <= EVERYDAY:
        why = "stands in many posts of any kind, and all of them are lost"
        yield say(Grade.ERROR, "common-exclusion", why, "leave it out, or name a phrase")


def _holds(text: str, word: str) -> bool:
    """Whether the word stands in the text as a whole word."""
    text, word = fold(text), fold(word)
    start = text.find(word) if word else -1
    return start >= 0 and stands_alone(text, start, start + len(word))
