"""Watch: notices what no source can say of itself, such as that its thread hangs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from config.settings import Settings
from config.sources import Source
from monitor.clock import Clock
from monitor.pipeline.alarms import Alarms, observed
from monitor.pipeline.budgets import budgets
from monitor.pipeline.health import MIN_GRACE, Alarm
from monitor.pipeline.notices import Notices
from monitor.store.engine import Store
from monitor.store.values import LossFacts

GATHER = timedelta(minutes=10)  # losses found in so long are told in one message: a round that finds one finds more
MOST_LINES = 20  # losses named in one message


class Watch:
    """Looks at every source, whoever reads it; holds nothing that a restart would miss."""

    def __init__(self, store: Store, settings: Settings, notices: Notices, clock: Clock) -> None:
        self._store = store
        self._sources = tuple(source for source in settings.sources if source.enabled)
        self._zone = settings.zone
        self._notices = notices
        self._alarms = Alarms(store, notices, clock, settings.zone)
        self._clock = clock
        self._late: dict[str, datetime] = {}  # since when a source is seen late, by this process
        self._short: set[tuple[object, ...]] = set()  # budgets told of; only saves asking the store again

    def batch(self) -> int:
        """Tell what is new since the last look; how many messages that were."""
        now = self._clock()
        told = sum(self._look(source, now) for source in self._sources)
        return told + sum(self._budgets(source, now) for source in self._sources) + self._losses(now)

    def _look(self, source: Source, now: datetime) -> bool:
        facts, seen = observed(source, self._store, now)
        if seen.alarm is not Alarm.LATE:
            self._late.pop(source.name, None)
            return self._alarms.tell(facts, seen)
        # Late when this process begins, or the machine wakes, it may be called at any moment: wait and see.
        since = self._late.setdefault(source.name, now)
        return now - since >= MIN_GRACE and self._alarms.tell(facts, seen)

    def _budgets(self, source: Source, now: datetime) -> int:
        """Tell once a period that a source reads less to make its budget last."""
        told = 0
        for budget in budgets(source, self._store, now):
            once = ("source", source.name, "short", budget.limit.period, budget.limit.resource, budget.first_day)
            if not budget.is_short or once in self._short:
                continue
            ends = budget.ends.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")
            lines = (f"Used: {budget}.", f"Until {ends} only what is newest is read, and less of it.")
            self._notices.tell(f"Source {source.name}: most of its budget is spent", lines, once=once)
            self._short.add(once)
            told += 1
        return told

    def _losses(self, now: datetime) -> int:
        """Tell of posts that are lost for good, some at a time."""
        lost = self._store.ledger.untold_losses()
        if not lost or now - lost[0].at < GATHER:
            return 0
        names = sorted({one.source for one in lost})
        deliveries = self._notices.written(
            f"Posts are lost for good: {', '.join(names)}",
            self._lines(lost),
            once=("lost", lost[0].id, lost[-1].id),
        )
        return int(self._store.ledger.tell_losses(lost, deliveries, now))

    def _lines(self, lost: Sequence[LossFacts]) -> list[str]:
        lines = []
        for one in lost[:MOST_LINES]:
            where = f"{one.source}, {one.query}" if one.query else one.source
            lines.append(f"{where}: {self._at(one.since)} to {self._at(one.until)}, {one.why}")
        more = len(lost) - len(lines)
        return [*lines, *([f"{more} more: monitor sources losses"] if more else [])]

    def _at(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")
