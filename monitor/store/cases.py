"""Cases: opened and joined by decisions, moved on by people and by time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, select

from monitor.states import JOINABLE, CaseEvent, CaseState, PostState, after
from monitor.store import decided
from monitor.store.changes import add_history, cancel_nudges, case_line, lock_cases, write_cases
from monitor.store.deliveries import insert_deliveries
from monitor.store.judged import labels_in_force, newest_verdicts
from monitor.store.labels import Labels, laid_over
from monitor.store.rows import case_facts, delivery_facts, history_line, stored_post
from monitor.store.tables import case, case_post, counter, delivery, history, post
from monitor.store.transactions import insert_into, parts, reading, writing
from monitor.store.values import CaseFacts, CaseFile, CaseStep, Decisions, StoredPost

CaseKey = tuple[str, str, str | None, str | None]  # brand, platform, thread, author

_CLOSED = frozenset(CaseState) - JOINABLE


class NoSuchCase(Exception):
    """There is no case with this number."""

    def __init__(self, case_id: int) -> None:
        super().__init__(f"there is no case {case_id}")


class Cases:
    """Cases and their history. Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reserve_ids(self, n: int) -> range:
        """`n` numbers for new cases, never given twice, so that a case can be named before it is stored."""
        if n == 0:
            return range(0)
        with writing(self._engine) as connection:
            statement = insert_into(connection, counter).values(name="case", next=n + 1)
            end = connection.scalars(
                statement.on_conflict_do_update(index_elements=["name"], set_={"next": counter.c.next + n}).returning(
                    counter.c.next
                )
            ).one()
        return range(end - n, end)

    def joinable(self, keys: Collection[CaseKey], *, since: datetime) -> list[CaseFacts]:
        """The cases that a post with one of the keys could join, oldest first.

        That is: not closed, last posted in at `since` or later, the same brand and platform, and the same thread
        or the same author. An absent thread or author matches nothing.
        """
        wanted: dict[tuple[str, str], tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
        for brand, platform, thread, author in keys:
            threads, authors = wanted[brand, str(platform)]
            if thread is not None:
                threads.add(thread)
            if author is not None:
                authors.add(author)
        found: dict[int, CaseFacts] = {}
        with reading(self._engine) as connection:
            for (brand, platform), (threads, authors) in sorted(wanted.items()):
                for column, names in ((case.c.thread, threads), (case.c.author, authors)):
                    for part in parts(sorted(names)):
                        query = select(case).where(
                            case.c.brand == brand,
                            case.c.platform == platform,
                            column.in_(part),
                            case.c.state.in_(sorted(JOINABLE)),
                            case.c.last_post_at >= since,
                        )
                        found |= {row.id: case_facts(row) for row in connection.execute(query)}
        return [found[case_id] for case_id in sorted(found)]

    def own_posts(self, keys: Collection[tuple[str, str]], *, since: datetime) -> list[StoredPost]:
        """The company's own posts in these threads (platform, thread), published at `since` or later, oldest first.

        A post without a thread is its own thread, by its native id. Decided ones are among them, and those that
        still wait for it; withdrawn ones are not. An unknown thread matches nothing.
        """
        threads: dict[str, set[str]] = defaultdict(set)
        for platform, thread in keys:
            threads[str(platform)].add(thread)
        c = post.c
        found: dict[int, StoredPost] = {}
        with reading(self._engine) as connection:
            for platform, names in sorted(threads.items()):
                for part in parts(sorted(names)):
                    for inside in (c.thread.in_(part), and_(c.thread.is_(None), c.native_id.in_(part))):
                        query = select(post).where(
                            c.platform == platform,
                            inside,
                            c.ours.is_(True),
                            c.withdrawn_at.is_(None),
                            c.state.in_((PostState.DECIDED, PostState.COLLECTED)),
                            c.published_at >= since,
                        )
                        found |= {row.id: stored_post(row) for row in connection.execute(query)}
        return sorted(found.values(), key=lambda one: (one.published_at, one.id))

    def save_decisions(self, batch: Decisions, *, now: datetime) -> None:
        """Store a batch of decisions with its cases and deliveries: all of it, or nothing.

        An earlier decision on the same post and brand is replaced, unless it alerted: then it stays. A delivery
        with a known key is dropped.

        Raises:
            Stale: a post has gone on or changed, or a case has changed, since it was read; read and decide again.

        """
        with writing(self._engine) as connection:
            decided.save(connection, batch, now)

    def show(self, case_id: int) -> CaseFile | None:
        """Everything about one case; None: there is none with this number."""
        posts = (
            select(post, case_post.c.role)
            .join(case_post, case_post.c.post_id == post.c.id)
            .where(case_post.c.case_id == case_id)
            .order_by(post.c.published_at, post.c.id)
        )
        lines = (
            select(history)
            .where(history.c.entity == "case", history.c.entity_id == str(case_id))
            .order_by(history.c.id)
        )
        messages = select(delivery).where(delivery.c.case_id == case_id).order_by(delivery.c.id)
        with reading(self._engine) as connection:
            row = connection.execute(select(case).where(case.c.id == case_id)).one_or_none()
            if row is None:
                return None
            found = tuple((stored_post(p), p.role) for p in connection.execute(posts))
            judged = newest_verdicts(connection, [one.id for one, _role in found])
            people = labels_in_force(connection, judged)
            return CaseFile(
                case=case_facts(row),
                posts=found,
                verdicts={i: laid_over(said, people.get(i, Labels())) for i, (said, _model) in judged.items()},
                history=tuple(history_line(line) for line in connection.execute(lines)),
                deliveries=tuple(delivery_facts(d) for d in connection.execute(messages)),
            )

    def listing(
        self, states: Collection[CaseState], *, assignee: str | None = None, limit: int = 100
    ) -> list[CaseFacts]:
        """Cases in one of the states, the worst and longest waiting first, at most `limit`; None: anybody's."""
        c = case.c
        query = select(case).where(c.state.in_(sorted(states)))
        if assignee is not None:
            query = query.where(c.assignee == assignee)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(c.severity.desc(), c.waits_since, c.id).limit(limit))
            return [case_facts(row) for row in rows]

    def transition(
        self,
        case_id: int,
        event: CaseEvent,
        *,
        who: str,
        why: str,
        now: datetime,
        answered_at: datetime | None = None,
    ) -> CaseFacts:
        """Move a case on for somebody, and say so in its history; the case as it is then.

        Reminders and escalations that have not left are cancelled. The next step of a case that stays open is
        due at once, so that it is reckoned anew. `answered_at` is when the customer was answered (None: now).

        Raises:
            IllegalTransition: this cannot happen in the case's state; nothing is stored.
            NoSuchCase: there is none with this number.

        """
        with writing(self._engine) as connection:
            before = _locked(connection, case_id)
            moved = _moved(before, event, now=now, answered_at=answered_at or now)
            write_cases(connection, [moved])
            cancel_nudges(connection, [case_id])
            add_history(connection, [case_line(before.state, moved, event=event.value, who=who, why=why, now=now)])
        return replace(moved, version=moved.version + 1)

    def assign(self, case_id: int, who: str | None, *, by: str, now: datetime) -> CaseFacts:
        """Give a case to somebody, or to nobody; the case as it is then.

        Raises:
            NoSuchCase: there is none with this number.

        """
        with writing(self._engine) as connection:
            before = _locked(connection, case_id)
            given = replace(before, assignee=who)
            write_cases(connection, [given])
            why = f"to {who}" if who else "to nobody"
            add_history(connection, [case_line(before.state, given, event="assigned", who=by, why=why, now=now)])
        return replace(given, version=given.version + 1)

    def due(self, now: datetime, limit: int) -> list[CaseFacts]:
        """Cases that are not closed and whose next step is due, the longest due first, at most `limit`."""
        c = case.c
        query = (
            select(case)
            .where(c.state.in_(sorted(JOINABLE)), c.next_step_at <= now)
            .order_by(c.next_step_at, c.id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [case_facts(row) for row in connection.execute(query)]

    def save_steps(self, steps: Sequence[CaseStep], *, now: datetime) -> list[int]:
        """Store what time did to cases, each with its deliveries; the ids of the cases that took their step.

        A case that has changed since it was read is left alone with its deliveries: it comes up again.
        A step without an event only sets when to look again, and leaves no line in the history.
        """
        with writing(self._engine) as connection:
            current = lock_cases(connection, [step.before.id for step in steps])
            taken = [s for s in steps if s.before.id in current and current[s.before.id].version == s.before.version]
            write_cases(connection, [replace(step.after, version=step.before.version) for step in taken])
            cancel_nudges(connection, [step.after.id for step in taken if step.after.state in _CLOSED])
            insert_deliveries(connection, [message for step in taken for message in step.deliveries], now)
            add_history(
                connection,
                [
                    case_line(s.before.state, s.after, event=s.event, who="monitor", why=s.why, now=now)
                    for s in taken
                    if s.event
                ],
            )
        return [step.before.id for step in taken]


def _locked(connection: Connection, case_id: int) -> CaseFacts:
    try:
        return lock_cases(connection, [case_id])[case_id]
    except KeyError:
        raise NoSuchCase(case_id) from None


def _moved(before: CaseFacts, event: CaseEvent, *, now: datetime, answered_at: datetime) -> CaseFacts:
    moved = replace(before, state=after(before.state, event), next_step_at=now)
    if event is CaseEvent.ACK:
        return replace(moved, acked_at=now)
    if event is CaseEvent.RESPOND:
        return replace(moved, first_response_at=before.first_response_at or answered_at)
    if event is CaseEvent.CUSTOMER_POSTS:
        return replace(moved, waits_since=now if before.state is CaseState.RESPONDED else before.waits_since)
    return replace(moved, closed_at=now, next_step_at=None)
