"""Corrections: what people say of posts, kept for good beside what the model said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, select

from config.vocabulary import Platform
from monitor.states import PostState
from monitor.store.correcting import Adding, Correction, Fate, Outcome
from monitor.store.judged import as_judged, corrections_that_hold, labels_of, stored_labels, stored_said
from monitor.store.labels import Labels
from monitor.store.rows import stored_post
from monitor.store.tables import correction, post
from monitor.store.transactions import AnyRow, reading, writing
from monitor.store.values import StoredPost

__all__ = ["CorrectedPost", "Correction", "Corrections", "Fate", "Outcome", "StoredCorrection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCorrection:
    """A correction as it is kept, with what had been said before."""

    id: int
    correction: Correction
    model: str  # whose verdict it was
    said: Labels | None  # what that verdict said; None: not judged
    who: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedPost:
    """A post with what people say of it after all their corrections."""

    post_id: int
    text: str  # title and text in one, as judged
    labels: Labels
    platform: Platform
    url: str | None
    drawn: bool  # one of its corrections answers a random sample
    who: str  # of the newest correction
    at: datetime


class Corrections:
    """Corrections and what they say together. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, given: Sequence[Correction], *, who: str, now: datetime) -> list[Outcome]:
        """Store what people say of judged posts; what became of each, in order. Empty in, empty out.

        All that can be stored is stored together; the others say why not. What had been said just so is not stored
        again: free corrections by what stands now, those of a sample by what its labelling has said. A post's case
        takes the corrected labels; nobody is alerted.
        """
        if not given:
            return []
        with writing(self._engine) as connection:
            return Adding(connection, {one.post_id for one in given}, who, now).all(given)

    def corrected(self) -> list[CorrectedPost]:
        """Every corrected post with its text and the labels that people gave it, newest word first, by post.

        Erased posts are absent, and so are corrections of a text that has been edited since. Empty: none yet.
        """
        query = corrections_that_hold(post.c.title, post.c.text, post.c.platform, post.c.url).where(
            post.c.state != PostState.WITHDRAWN, post.c.withdrawn_at.is_(None)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        newest = {row.post_id: row for row in rows}
        drawn = {row.post_id for row in rows if row.drawn}
        labels = labels_of(rows)
        return [
            CorrectedPost(
                post_id=post_id,
                text=as_judged(row.title, row.text),
                labels=labels[post_id],
                platform=Platform(row.platform),
                url=row.url,
                drawn=post_id in drawn,
                who=row.who,
                at=row.at,
            )
            for post_id, row in sorted(newest.items())
        ]

    def listing(self, limit: int) -> list[StoredCorrection]:
        """The newest corrections first, at most `limit`, with all history; notes on withdrawn posts are blank."""
        query = (
            select(correction, post.c.state.label("post_state"))
            .join(post, post.c.id == correction.c.post_id)
            .order_by(correction.c.id.desc())
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [_stored(row) for row in connection.execute(query)]

    def find(self, platform: str, native_id: str) -> StoredPost | None:
        """The post that has this id on its platform; None: there is none."""
        query = select(post).where(post.c.platform == platform, post.c.native_id == native_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else stored_post(row)

    def at_url(self, url: str) -> list[StoredPost]:
        """The posts that stand at this address, by id; empty: none."""
        with reading(self._engine) as connection:
            return [stored_post(row) for row in connection.execute(_standing().where(post.c.url == url))]

    def with_word(self, word: str) -> list[tuple[int, str]]:
        """Ids and texts, as judged, of the posts by others whose text or title holds this word, by id.

        The word is taken as it is written, but perhaps in any case. "" finds every post.
        """
        holds_it = post.c.text.contains(word, autoescape=True) | post.c.title.contains(word, autoescape=True)
        query = _standing().with_only_columns(post.c.id, post.c.title, post.c.text).where(holds_it)
        with reading(self._engine) as connection:
            return [(row.id, as_judged(row.title, row.text)) for row in connection.execute(query)]


def _standing() -> Select[Any]:
    kept = (post.c.state != PostState.WITHDRAWN, post.c.withdrawn_at.is_(None))
    return select(post).where(post.c.ours.is_(False), *kept).order_by(post.c.id)


def _stored(row: AnyRow) -> StoredCorrection:
    gone = row.post_state == PostState.WITHDRAWN
    return StoredCorrection(
        id=row.id,
        correction=Correction(
            post_id=row.post_id, labels=stored_labels(row), note="" if gone else row.note, drawn=row.drawn
        ),
        model=row.model,
        said=stored_said(row),
        who=row.who,
        at=row.at,
    )
