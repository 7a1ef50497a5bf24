"""Tells the operators what has happened to a source, and that it is over: each once, across restarts and kills."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from config.sources import Source
from monitor.clock import Clock
from monitor.pipeline.health import Alarm, Condition, condition, may_be_blind
from monitor.pipeline.notices import Notices
from monitor.store.engine import Store
from monitor.store.values import SourceFacts


def observed(source: Source, store: Store, now: datetime) -> tuple[SourceFacts, Condition]:
    """What the store knows of a source, and how it is."""
    facts = store.sources.get(source.name)
    pace = store.sources.pace(source.name, facts.empties) if may_be_blind(source, facts) else None
    return facts, condition(source, facts, now, pace)


class Alarms:
    """One alarm at a time for each source: what was told is kept with the source, and changes with the telling."""

    def __init__(self, store: Store, notices: Notices, clock: Clock, zone: ZoneInfo) -> None:
        self._store = store
        self._notices = notices
        self._clock = clock
        self._zone = zone

    def look(self, source: Source) -> None:
        """After a call: tell what it has changed. That a source is late is for somebody who waits for it to say."""
        facts, seen = observed(source, self._store, self._clock())
        if seen.alarm is not Alarm.LATE:
            self.tell(facts, seen)

    def tell(self, facts: SourceFacts, seen: Condition) -> bool:
        """Tell of a change of the alarm; False where there is nothing to tell.

        A trouble is over with the first call that works, not with the time that passes or somebody's `wake`.
        """
        if seen.alarm == facts.alarm or (seen.alarm is None and facts.last_error):
            return False
        now = self._clock()
        words: tuple[str, tuple[str, ...]] | None
        if seen.alarm is not None:
            words = self._trouble(facts, seen, seen.alarm, now)
        else:  # of a spent budget it was said when it ends
            words = None if facts.alarm == Alarm.BUDGET else (f"Source {facts.name} works again", ())
        once = ("source", facts.name, seen.alarm or "recovered", now)
        deliveries = self._notices.written(*words, once=once) if words is not None else ()
        return self._store.sources.change_alarm(facts.name, facts.alarm, seen.alarm, deliveries, now)

    def _trouble(self, facts: SourceFacts, seen: Condition, alarm: Alarm, now: datetime) -> tuple[str, tuple[str, ...]]:
        name = f"Source {facts.name}"
        last_success = f"Last success: {self._at(facts.last_success_at)}"
        match alarm:
            case Alarm.STOPPED:
                mend = f"Once it is mended: monitor sources wake {facts.name}"
                return f"{name} has stopped: access denied", (f"Last error: {seen.why}", last_success, mend)
            case Alarm.BUDGET:
                until = f"Found spent at {self._at(now)}; nothing is read until {self._at(facts.blocked_until)}."
                return f"{name} has stopped: its budget is spent", (seen.why, until)
            case Alarm.BROKEN:
                return f"{name} has failed {facts.failures} times in a row", (f"Last error: {seen.why}", last_success)
            case Alarm.EMPTY:
                what = f"{seen.why[0].upper()}{seen.why[1:]}."
                return f"{name} answers, but with nothing", (what, "Look whether the platform itself shows any.")
            case Alarm.LATE:
                ended = f"Last call ended: {self._at(facts.last_try_at)}"
                return f"{name} is late", (f"Why: {seen.why}", last_success, ended)

    def _at(self, at: datetime | None) -> str:
        return at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M") if at else "never"
