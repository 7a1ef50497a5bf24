"""The query coach: what is wrong, or likely to go wrong, with the words that are listened for. Pure rules."""

from __future__ import annotations

from collections.abc import Sequence

from collectors.base import Post
from collectors.coach_aliases import alias_findings
from collectors.coach_finding import Finding, Grade
from collectors.coach_seen import seen_findings
from collectors.coach_sources import source_findings
from collectors.coach_words import word_findings
from config.brands import Brand
from config.sources import Source

__all__ = ["Finding", "Grade", "findings"]


def findings(brands: Sequence[Brand], sources: Sequence[Source] = (), seen: Sequence[Post] = ()) -> list[Finding]:
    """What is to be said of the brands and of what the sources ask for, the gravest first, then as configured.

    `seen` are posts that came in lately: with enough of them, words that never occurred are told. Nothing is wrong
    with no brands.
    """
    found: list[Finding] = []
    for number, brand in enumerate(brands):
        place = f"brands[{number}]"
        found += alias_findings(place, brand, brands)
        found += word_findings(place, brand)
        found += seen_findings(place, brand, seen)
    for number, source in enumerate(sources):
        found += source_findings(f"sources[{number}]", source, brands)
    return sorted(found, key=lambda one: list(Grade).index(one.grade))
