"""Posts on their way: collected, scored, decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, func, select, update

from classifiers.base import Verdict
from collectors.base import Gone, Heard, Loss, Reject, Spend
from config.vocabulary import Sentiment
from monitor.states import PostState
from monitor.store import harvests, ledger, sources
from monitor.store.changes import add_history
from monitor.store.erasing import erase_gone
from monitor.store.judged import as_judged, labels_in_force, newest_verdicts
from monitor.store.labels import laid_over
from monitor.store.rows import stored_post, verdict_values
from monitor.store.tables import decision, post, post_match, verdict
from monitor.store.transactions import AnyRow, insert_into, parts, reading, writing
from monitor.store.values import HistoryLine, JudgedPost, StoredPost, Tally, TextToScore

MAX_TRIES = 3  # a text that broke the classifier thrice is set aside

# Own posts are never judged: they stop clocks, whatever their tone.
_NOT_JUDGED = Verdict(
    sentiment=Sentiment.NEUTRAL,
    p_negative=0.0,
    p_neutral=0.0,
    p_positive=0.0,
    p_complaint=0.0,
    complaint=False,
    judged=False,
)


class Posts:
    """Posts and their verdicts. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save_harvest(
        self,
        source: str,
        heard: Sequence[Heard],
        *,
        rejects: Sequence[Reject],
        unmatched: int,
        cursor: str | None,
        next_due_at: datetime,
        now: datetime,
        spent: Sequence[Spend] = (),
        lost: Sequence[Loss] = (),
        gaps: int = 0,
        gone: Sequence[Gone] = (),
        recheck_ages: Sequence[timedelta] = (),
    ) -> Tally:
        """Store what one call of a source brought, with its cursor: all of it, or nothing.

        A known post counts as a duplicate, or as edited if its text or title has changed: it is then judged and
        decided anew. A post heard for a further brand is decided for that brand too. An empty harvest still counts
        as a successful call. The same harvest again adds nothing but counts. What is `gone` is erased, also where the
        harvest itself has brought it. New posts are looked at again at each of the `recheck_ages`.
        """
        with writing(self._engine) as connection:
            brought = harvests.save_posts(connection, source, heard, now, recheck_ages)
            erase_gone(connection, gone, now)
            harvests.save_rejects(connection, source, rejects, now)
            tally = Tally(brought.stored, brought.duplicates, brought.edited, unmatched, len(rejects))
            ledger.note_spends(connection, source, spent)
            ledger.note_losses(connection, source, lost, now)
            sources.note_success(
                connection,
                source,
                tally,
                newest=brought.newest,
                cursor=cursor,
                next_due_at=next_due_at,
                gaps=gaps,
                now=now,
            )
        return tally

    def save_failure(
        self,
        source: str,
        *,
        error: str,
        retry_at: datetime,
        stopped: bool,
        now: datetime,
        counts: bool = True,
        blocked: bool = False,
        spent: Sequence[Spend] = (),
    ) -> int:
        """Note that a call of a source failed; how often in a row. The cursor stays.

        `counts` is False where the source only asked for patience: all is noted, but no failure is added. `blocked`
        until `retry_at` is a source whose budget is spent.
        """
        with writing(self._engine) as connection:
            ledger.note_spends(connection, source, spent)
            return sources.note_failure(
                connection,
                source,
                error=error,
                retry_at=retry_at,
                stopped=stopped,
                now=now,
                counts=counts,
                blocked=blocked,
            )

    def to_score(self, limit: int) -> list[TextToScore]:
        """The posts that wait longest for a verdict, at most `limit`; own posts need none."""
        c = post.c
        query = (
            select(c.id, c.title, c.text, c.revision, c.tries)
            .where(c.state == PostState.COLLECTED, c.ours.is_(False))
            .order_by(c.id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [
                TextToScore(row.id, as_judged(row.title, row.text), row.revision, row.tries)
                for row in connection.execute(query)
            ]

    def save_verdicts(self, verdicts: Sequence[tuple[TextToScore, Verdict]], *, model: str, now: datetime) -> int:
        """Store verdicts and send their posts on to be decided; how many posts went on.

        A verdict on a text that has changed since is dropped, and so is one on a post that has gone on already.
        """
        by_id = {text.post_id: (text, judged) for text, judged in verdicts}
        with writing(self._engine) as connection:
            current = [
                row.id
                for row in _locked(connection, by_id)
                if row.state == PostState.COLLECTED and row.revision == by_id[row.id][0].revision
            ]
            if not current:
                return 0
            _move(connection, current, PostState.COLLECTED, PostState.SCORED)
            statement = insert_into(connection, verdict)
            kept = {c.name: statement.excluded[c.name] for c in verdict.c if c.name not in ("id", "post_id", "model")}
            connection.execute(
                statement.on_conflict_do_update(index_elements=["post_id", "model"], set_=kept),
                [{**verdict_values(i, by_id[i][1]), "model": model, "scored_at": now} for i in current],
            )
        return len(current)

    def save_poison(
        self, post_ids: Collection[int], *, error: str, max_tries: int = MAX_TRIES, now: datetime
    ) -> list[int]:
        """Count a failed attempt to judge each post; the ids of those set aside for it, after `max_tries`."""
        aside: list[int] = []
        with writing(self._engine) as connection:
            for part in parts(sorted(post_ids)):
                waiting = and_(post.c.id.in_(part), post.c.state == PostState.COLLECTED)
                connection.execute(update(post).where(waiting).values(tries=post.c.tries + 1))
                aside += connection.scalars(
                    update(post)
                    .where(waiting, post.c.tries >= max_tries)
                    .values(state=PostState.QUARANTINED)
                    .returning(post.c.id)
                )
            moved = ("quarantined", PostState.COLLECTED, PostState.QUARANTINED)
            add_history(connection, [_line(post_id, *moved, "monitor", error, now) for post_id in aside])
        return sorted(aside)

    def requeue(self, now: datetime, *, who: str = "operator") -> int:
        """Judge every post that was set aside again, with all its tries; how many will be."""
        with writing(self._engine) as connection:
            again = connection.scalars(
                update(post)
                .where(post.c.state == PostState.QUARANTINED, post.c.withdrawn_at.is_(None))
                .values(state=PostState.COLLECTED, tries=0)
                .returning(post.c.id)
            ).all()
            moved = ("requeued", PostState.QUARANTINED, PostState.COLLECTED)
            lines = [_line(post_id, *moved, who, "tried again by hand", now) for post_id in sorted(again)]
            add_history(connection, lines)
        return len(again)

    def to_decide(self, limit: int) -> list[JudgedPost]:
        """The oldest posts that wait for a decision, at most `limit`, in the order in which they were stored.

        Own posts come with a verdict that is not judged, and "" for its model. `decided_brands` are those for which
        an earlier decision alerted; a brand for which it stayed quiet is decided anew.
        """
        with reading(self._engine) as connection:
            rows = [
                *connection.execute(_waiting(PostState.SCORED, ours=False).limit(limit)),
                *connection.execute(_waiting(PostState.COLLECTED, ours=True).limit(limit)),
            ]
            rows = sorted(rows, key=lambda row: row.id)[:limit]
            ids = [row.id for row in rows]
            judged = newest_verdicts(connection, [row.id for row in rows if not row.ours])
            corrected = labels_in_force(connection, judged)
            aliases = _aliases(connection, ids)
            alerted = _alerted_brands(connection, ids)
        found = []
        for row in rows:
            said, model = (_NOT_JUDGED, "") if row.ours else judged[row.id]
            if row.id in corrected:  # a person has spoken before the decision was made, or made anew
                said = laid_over(said, corrected[row.id])
            found.append(
                JudgedPost(
                    post=stored_post(row),
                    verdict=said,
                    model=model,
                    aliases=aliases[row.id],
                    decided_brands=frozenset(alerted[row.id]),
                    revision=row.revision,
                )
            )
        return found

    def backlog(self) -> dict[PostState, int]:
        """How many posts there are in each state; a state without posts is missing."""
        query = select(post.c.state, func.count()).group_by(post.c.state)
        with reading(self._engine) as connection:
            return {PostState(state): count for state, count in connection.execute(query)}

    def get(self, post_id: int) -> StoredPost | None:
        """One post; None: there is none with this id."""
        with reading(self._engine) as connection:
            row = connection.execute(select(post).where(post.c.id == post_id)).one_or_none()
        return None if row is None else stored_post(row)


def _locked(connection: Connection, post_ids: Collection[int]) -> list[AnyRow]:
    c = post.c
    found: list[AnyRow] = []
    for part in parts(sorted(post_ids)):
        query = select(c.id, c.state, c.ours, c.revision).where(c.id.in_(part)).order_by(c.id)
        found += connection.execute(query.with_for_update())
    return found


def _move(connection: Connection, post_ids: Sequence[int], before: PostState, after: PostState) -> None:
    for part in parts(post_ids):
        connection.execute(update(post).where(post.c.id.in_(part), post.c.state == before).values(state=after))


def _line(
    post_id: int, event: str, before: PostState, after: PostState, who: str, why: str, now: datetime
) -> HistoryLine:
    return HistoryLine(
        at=now,
        entity="post",
        entity_id=str(post_id),
        event=event,
        before=before.value,
        after=after.value,
        who=who,
        why=why,
    )


def _waiting(state: PostState, *, ours: bool) -> Select[Any]:
    return select(post).where(post.c.state == state, post.c.ours.is_(ours)).order_by(post.c.id)


def _aliases(connection: Connection, post_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    c = post_match.c
    first: dict[int, dict[str, str]] = defaultdict(dict)
    for part in parts(post_ids):
        query = select(c.post_id, c.brand, c.alias).where(c.post_id.in_(part)).order_by(c.post_id, c.id)
        for post_id, brand, alias in connection.execute(query):
            first[post_id].setdefault(brand, alias)
    return first


def _alerted_brands(connection: Connection, post_ids: Sequence[int]) -> dict[int, set[str]]:
    c = decision.c
    brands: dict[int, set[str]] = defaultdict(set)
    for part in parts(post_ids):
        query = select(c.post_id, c.brand).where(c.post_id.in_(part), c.alert.is_(True))
        for post_id, brand in connection.execute(query):
            brands[post_id].add(brand)
    return brands
