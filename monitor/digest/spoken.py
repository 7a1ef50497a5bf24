"""What the digest says of posts that nothing judged, or only a part of: the sentences. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.digest.facts import Facts
from monitor.digest.numbers import amount, listed, percent, share

NAMED = 3  # languages named in one sentence; the small print has them all
MANY_UNJUDGED = 0.2  # share of posts without a verdict from which the rest may not stand for the whole


def cautions(facts: Facts, foreign_before: float | None) -> list[str]:
    """What keeps the figures from standing for all posts.

    `foreign_before` is last week's share of posts in languages that no model serves, where there are far more now.
    """
    posts = facts.volume.posts.now
    said = []
    if posts and facts.unjudged.total / posts >= MANY_UNJUDGED:
        share_of = f"{facts.unjudged.total} of {amount(posts, 'post')}"
        said.append(f"{share_of} have no verdict; the rest may differ from them.")
    if foreign_before is not None:
        said.append(
            f"{share(facts.unjudged.foreign, posts)} of the posts are in languages that no model judges, last week "
            f"{percent(foreign_before)}: {_most(facts.unjudged.languages)}. To have their sentiment judged, name a "
            "model for the language (model.by_language)."
        )
    if facts.partly.sentiment_only:
        alone = _most(facts.partly.sentiment_only)
        said.append(f"In some languages only the sentiment is judged, no complaint is counted there: {alone}.")
    return said


def _most(languages: Sequence[tuple[str, int]]) -> str:
    words = [f"{name} {posts}" for name, posts in languages[:NAMED]]
    return listed(words, more=sum(posts for _, posts in languages[NAMED:]))
