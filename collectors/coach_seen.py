"""What the coach says of words that never occur in the posts that came in lately."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collectors.base import Post
from collectors.coach_aliases import SPOKEN, only
from collectors.coach_finding import Finding, Grade, about
from config.brands import Alias, AliasKind, Brand

ENOUGH = 200  # posts; in fewer, that a word is missing says nothing


def seen_findings(place: str, brand: Brand, seen: Sequence[Post]) -> Iterator[Finding]:
    """Aliases and context words that stand in none of the posts; nothing where there are too few posts."""
    if len(seen) < ENOUGH:
        return
    for number, alias in enumerate(brand.aliases):
        if alias.kind is AliasKind.DOMAIN or _occurs(alias, brand, seen):
            continue  # the links of a stored post are not kept, so of domains nothing is known
        say = about(f"{place}.aliases[{number}]", brand.name, alias.text)
        several = alias.kind in SPOKEN and len(alias.text.split()) > 1
        why = f"stands in none of the last {len(seen)} posts"
        if several:
            yield say(Grade.WARN, "phrase-unseen", f"{why}, in these very words", "name what people really write")
        else:
            yield say(Grade.HINT, "alias-unseen", why, "fine if it is rare; look whether it is written so")
    for number, word in enumerate(brand.context_words):
        if not _occurs(Alias(text=word, kind=AliasKind.PHRASE), brand, seen):
            say = about(f"{place}.context_words[{number}]", brand.name, word)
            yield say(Grade.HINT, "context-unseen", f"stands in none of the last {len(seen)} posts", "try others")


def _occurs(alias: Alias, brand: Brand, seen: Sequence[Post]) -> bool:
    matcher = only(alias, brand)
    return any(matcher.explained(post) for post in seen)
