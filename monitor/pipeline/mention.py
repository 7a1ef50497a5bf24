"""A stored post and its verdict, in the words of the alerts package."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.base import Mention
from monitor.store.values import JudgedPost


def as_mention(judged: JudgedPost, brand: str, type_names: Mapping[str, str]) -> Mention:
    """The post as a mention of one of its brands; `type_names` says what people call the complaint types."""
    post, verdict = judged.post, judged.verdict
    main = verdict.types[0] if verdict.types else ""
    probabilities = verdict.severity_probabilities
    return Mention(
        post_id=post.id,
        brand=brand,
        alias=judged.aliases[brand],
        platform=post.platform,
        source=post.source,
        text=post.text,
        title=post.title,
        author_handle=post.author_handle,
        author_name=post.author_name,
        followers=post.followers,
        url=post.url,
        published_at=post.published_at,
        language=verdict.language,
        judged=verdict.judged,
        sentiment=verdict.sentiment,
        confidence=verdict.confidence,
        p_complaint=verdict.p_complaint,
        complaint=verdict.complaint,
        types=verdict.types,
        type_confidence=verdict.type_probabilities.get(main, 0.0),
        severity=verdict.severity,
        severity_confidence=probabilities[verdict.severity] if probabilities else 0.0,
        flags=verdict.flags,
        ours=post.ours,
        type_names=tuple(type_names.get(word, word.replace("_", " ")) for word in verdict.types),
        sentiment_only=verdict.sentiment_only,
    )
