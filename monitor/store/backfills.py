"""Jobs that read the past of a source: each with a cursor, counts and a budget of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update

from collectors.base import Harvest, Heard, Spend
from monitor.store import harvests, ledger
from monitor.store.erasing import erase_gone
from monitor.store.rows import DONE, RUNNING, backfill_facts
from monitor.store.tables import backfill
from monitor.store.transactions import insert_into, reading, writing
from monitor.store.values import BackfillFacts


class BackfillJobs:
    """The jobs. Each method is one transaction; none touches the state of the live source."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[BackfillFacts]:
        """Every job that was ever begun, the oldest first."""
        with reading(self._engine) as connection:
            return [backfill_facts(row) for row in connection.execute(select(backfill).order_by(backfill.c.id))]

    def begin(
        self, source: str, since: datetime, until: datetime, *, budget: int | None, now: datetime
    ) -> BackfillFacts:
        """The job for this stretch, begun now if it is not there yet; a budget (micros) replaces the job's own."""
        c = backfill.c
        same = (c.source == source, c.since == since, c.until == until)
        row = {"source": source, "since": since, "until": until, "state": RUNNING, "started_at": now}
        with writing(self._engine) as connection:
            connection.execute(insert_into(connection, backfill).values(row).on_conflict_do_nothing())
            if budget is not None:
                connection.execute(update(backfill).where(*same).values(budget=budget))
            return backfill_facts(connection.execute(select(backfill).where(*same)).one())

    def save(
        self,
        job: BackfillFacts,
        harvest: Harvest,
        heard: Sequence[Heard],
        *,
        unmatched: int,
        ages: Sequence[timedelta],
        now: datetime,
    ) -> BackfillFacts:
        """Store what one call brought, with the job's cursor and what it has cost: all of it, or nothing.

        A post is looked at again at each of `ages` that it has not reached yet.
        """
        c = backfill.c
        with writing(self._engine) as connection:
            brought = harvests.save_posts(connection, job.source, heard, now, ages)
            erase_gone(connection, harvest.gone, now)
            harvests.save_rejects(connection, job.source, harvest.rejects, now)
            ledger.note_losses(connection, job.source, harvest.lost, now)
            cost = ledger.note_spends(connection, job.source, harvest.spent)
            changed = connection.execute(
                update(backfill)
                .where(c.id == job.id)
                .values(
                    cursor=harvest.cursor,
                    state=RUNNING if harvest.more else DONE,
                    ended_at=None if harvest.more else now,
                    spent=c.spent + cost,
                    requests=c.requests + harvest.requests,
                    read=c.read + len(heard) + unmatched + len(harvest.rejects),
                    stored=c.stored + brought.stored,
                    duplicates=c.duplicates + brought.duplicates,
                    edited=c.edited + brought.edited,
                    unmatched=c.unmatched + unmatched,
                    rejected=c.rejected + len(harvest.rejects),
                )
                .returning(backfill)
            ).one()
            return backfill_facts(changed)

    def save_cost(self, job: BackfillFacts, spent: Sequence[Spend]) -> BackfillFacts:
        """Note what a failed call has cost all the same; the cursor stays."""
        c = backfill.c
        with writing(self._engine) as connection:
            cost = ledger.note_spends(connection, job.source, spent)
            changed = update(backfill).where(c.id == job.id).values(spent=c.spent + cost).returning(backfill)
            return backfill_facts(connection.execute(changed).one())
