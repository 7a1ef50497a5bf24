"""How a correction is laid against what is known of its post, and kept. Runs inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from monitor.states import PostState
from monitor.store.judged import corrections_that_hold, labels_values, newest_verdicts, stored_labels
from monitor.store.labels import Labels, in_words, merged, said_by, standing
from monitor.store.relabelled import relabel_cases
from monitor.store.tables import correction, post, sample
from monitor.store.transactions import AnyRow, parts

_NEVER = datetime.min.replace(tzinfo=UTC)  # no post was edited then: told from None, which is "never edited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a person says of one post; made by `labels.given`, so that nothing in it contradicts itself."""

    post_id: int
    labels: Labels
    note: str = ""
    drawn: bool = False  # the answer to a post of a random sample

    def __post_init__(self) -> None:
        """Refuse a correction that says nothing."""
        if not self.labels.named:
            raise ValueError("a correction says something of at least one label")


class Fate(StrEnum):
    """What became of a correction."""

    STORED = "stored"
    KNOWN = "known"  # it had been said just so
    NO_SUCH_POST = "there is no such post"
    WITHDRAWN = "it has been withdrawn"
    ERASED = "its text has been erased"
    OURS = "it is the company's own post, which is not judged"
    WAITING = "it has not been judged yet"
    NOT_JUDGED = "the model did not judge it: say its sentiment, too"
    NOT_DRAWN = "it is in no sample"
    EDITED = "it has been edited since it was drawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one correction: the labels that counted before and that count now."""

    post_id: int
    fate: Fate
    before: Labels | None = None
    after: Labels | None = None
    cases: tuple[int, ...] = ()  # those whose labels changed with it


class Adding:
    """One call of `add`: what is known of the posts is read once, then each correction is laid against it."""

    def __init__(self, connection: Connection, post_ids: Collection[int], who: str, now: datetime) -> None:
        self._connection = connection
        self._who, self._now = who, now
        self._posts: dict[int, AnyRow] = {}
        self._free: dict[int, list[Labels]] = defaultdict(list)  # all that was said, oldest first
        self._drawn: dict[int, list[Labels]] = defaultdict(list)  # of these, what answered a sample
        ids = sorted(post_ids)
        columns = (post.c.id, post.c.state, post.c.ours, post.c.edited_at, post.c.withdrawn_at)
        for part in parts(ids):  # locked in one order: two people may correct at the same time
            query = select(*columns).where(post.c.id.in_(part)).order_by(post.c.id).with_for_update()
            self._posts |= {row.id: row for row in connection.execute(query)}
        for part in parts(ids):
            for row in connection.execute(corrections_that_hold().where(correction.c.post_id.in_(part))):
                self._hear(row.post_id, stored_labels(row), drawn=row.drawn)
        self._verdicts = newest_verdicts(connection, self._posts)
        self._samples: dict[int, datetime | None] = {}
        for part in parts(ids):
            query = select(sample.c.post_id, sample.c.edited_at).where(sample.c.post_id.in_(part))
            self._samples |= {row.post_id: row.edited_at for row in connection.execute(query)}

    def _hear(self, post_id: int, labels: Labels, *, drawn: bool) -> None:
        self._free[post_id].append(labels)
        if drawn:
            self._drawn[post_id].append(labels)

    def all(self, given: Sequence[Correction]) -> list[Outcome]:
        """Store all of them."""
        outcomes = [self._one(one) for one in given]
        stored = [one for one, outcome in zip(given, outcomes, strict=True) if outcome.fate is Fate.STORED]
        if stored:
            self._connection.execute(insert(correction), [self._row(one) for one in stored])
        self._mark([one.post_id for one, o in zip(given, outcomes, strict=True) if one.drawn and o.after])
        changed = {o.post_id: _difference(o, one.note) for one, o in zip(given, outcomes, strict=True)}
        moved = [o.post_id for o in outcomes if o.fate is Fate.STORED and o.before != o.after]
        cases = relabel_cases(self._connection, {i: changed[i] for i in moved}, who=self._who, now=self._now)
        return [replace(o, cases=cases.get(o.post_id, ())) if o.fate is Fate.STORED else o for o in outcomes]

    def _one(self, one: Correction) -> Outcome:
        refused = self._refusal(one)
        if refused is not None:
            return Outcome(post_id=one.post_id, fate=refused)
        said, now = self._said(one.post_id), merged(self._free[one.post_id])
        heard = merged(self._drawn[one.post_id]) if one.drawn else now
        known = all(getattr(heard, name) == getattr(one.labels, name) for name in one.labels.named)
        before = standing(said, now)
        if known:
            return Outcome(post_id=one.post_id, fate=Fate.KNOWN, before=before, after=before)
        self._hear(one.post_id, one.labels, drawn=one.drawn)
        after = standing(said, merged(self._free[one.post_id]))
        return Outcome(post_id=one.post_id, fate=Fate.STORED, before=before, after=after)

    def _refusal(self, one: Correction) -> Fate | None:
        row = self._posts.get(one.post_id)
        if row is None:
            return Fate.NO_SUCH_POST
        if row.state == PostState.WITHDRAWN or row.ours:
            return Fate.WITHDRAWN if row.state == PostState.WITHDRAWN else Fate.OURS
        if row.withdrawn_at is not None:  # by its age: nobody can read any more what they would correct
            return Fate.ERASED
        if row.state in (PostState.COLLECTED, PostState.QUARANTINED) or one.post_id not in self._verdicts:
            return Fate.WAITING  # an edited post, too: its verdict is about the text before
        if one.drawn and self._samples.get(one.post_id, _NEVER) != row.edited_at:
            return Fate.EDITED if one.post_id in self._samples else Fate.NOT_DRAWN
        heard = merged([*self._free[one.post_id], one.labels])
        return Fate.NOT_JUDGED if standing(self._said(one.post_id), heard) is None else None

    def _said(self, post_id: int) -> Labels | None:
        return said_by(self._verdicts[post_id][0])

    def _row(self, one: Correction) -> dict[str, Any]:
        return {
            "post_id": one.post_id,
            "edited_at": self._posts[one.post_id].edited_at,
            "model": self._verdicts[one.post_id][1],
            **labels_values(self._said(one.post_id), "said_"),
            **labels_values(one.labels),
            "drawn": one.drawn,
            "who": self._who,
            "note": one.note,
            "at": self._now,
        }

    def _mark(self, post_ids: Sequence[int]) -> None:
        for part in parts(post_ids):
            waiting = (sample.c.post_id.in_(part), sample.c.labelled_at.is_(None))
            self._connection.execute(update(sample).where(*waiting).values(labelled_at=self._now))


def _difference(outcome: Outcome, note: str) -> str:
    """What a correction changed, in words for the history."""
    before, after = outcome.before or Labels(), outcome.after or Labels()
    changed = [n for n in after.named if getattr(after, n) != getattr(before, n)]
    words = [f"{n} {in_words(getattr(before, n))} to {in_words(getattr(after, n))}" for n in changed]
    return ", ".join(words) + (f" ({note})" if note else "")
