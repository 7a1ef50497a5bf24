"""When an open case is told again, handed up, or closed: pure rules in office time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from config.alerting import Escalation, OfficeHours
from config.vocabulary import Severity

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # datetime.weekday() order
_DAY = timedelta(days=1)


class Step(StrEnum):
    """What is due for a case."""

    REMIND = "remind"
    ESCALATE = "escalate"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What the rule needs to know of a case; times are aware."""

    opened_at: datetime  # since when the customer waits: the opening, or the post that re-opened it
    last_post_at: datetime
    severity: Severity
    reminders_sent: int = 0
    escalated: bool = False
    answered: bool = False  # somebody has taken or answered it

    def __post_init__(self) -> None:
        """Refuse naive times and a negative count."""
        if self.opened_at.utcoffset() is None or self.last_post_at.utcoffset() is None:
            raise ValueError("opened_at and last_post_at must be timezone-aware")
        if self.reminders_sent < 0:
            raise ValueError("reminders_sent must not be negative")


@dataclass(frozen=True, slots=True)
class DueTimes:
    """When the reminders and the escalation of an unanswered case fall due, in UTC."""

    reminders: tuple[datetime, ...]  # () where none are wanted
    escalation: datetime | None  # None: nobody to escalate to, or the case is not severe enough


@dataclass(frozen=True, slots=True)
class Next:
    """The one step due now, or None; and the next instant at which to ask again.

    `number` is the reminder's: after an outage the last one due, so that a backlog of reminders is one
    reminder.
    """

    step: Step | None
    look_again: datetime | None  # None only after CLOSE
    number: int = 0


def due_times(
    opened_at: datetime, severity: Severity, escalation: Escalation, hours: OfficeHours, zone: ZoneInfo
) -> DueTimes:
    """When an unanswered case is told again and handed up.

    Waits are counted in office time; around the clock for a critical case. Reminder n is due n waits after
    the opening; after the escalation there are no more.
    """
    if severity < escalation.min_severity:
        return DueTimes((), None)
    always = severity is Severity.CRITICAL

    def after(wait: timedelta) -> datetime:
        return opened_at.astimezone(UTC) + wait if always else office_deadline(opened_at, wait, hours, zone)

    escalates = after(escalation.escalate_after) if escalation.escalate_to else None
    reminders = tuple(after(escalation.remind_after * n) for n in range(1, escalation.remind_times + 1))
    if escalates is not None:
        reminders = tuple(due for due in reminders if due < escalates)
    return DueTimes(reminders, escalates)


def next_step(case: CaseFacts, *, escalation: Escalation, hours: OfficeHours, zone: ZoneInfo, now: datetime) -> Next:
    """What is due for the case at `now`, and when to look again.

    Closing goes before everything, escalation before reminders. The caller records the step (reminders_sent =
    number, escalated = True) and asks again: the answer is then the wait for the next one.
    """
    closes = case.last_post_at.astimezone(UTC) + escalation.close_after
    if now >= closes:
        return Next(Step.CLOSE, None)
    if case.answered or case.escalated:
        return Next(None, closes)
    due = due_times(case.opened_at, case.severity, escalation, hours, zone)
    if due.escalation is not None and now >= due.escalation:
        return Next(Step.ESCALATE, closes)
    passed = sum(1 for at in due.reminders if at <= now)
    coming = [at for at in (*due.reminders, due.escalation, closes) if at is not None and at > now]
    if passed > case.reminders_sent:
        return Next(Step.REMIND, min(coming), passed)
    return Next(None, min(coming))


def office_deadline(start: datetime, wait: timedelta, hours: OfficeHours, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which `wait` of office time has passed since `start`.

    A wait of nothing is over at once. Time is counted in real seconds, so a day on which the clocks change is
    as long as it is. A team without office days is taken to work around the clock.
    """
    if wait <= timedelta() or not hours.days:
        return start.astimezone(UTC) + max(wait, timedelta())
    since, day, left = start.astimezone(UTC), start.astimezone(zone).date(), wait
    while True:
        opens, closes = _office(day, hours, zone)
        opens = max(opens, since)
        if closes - opens >= left:
            return opens + left
        left -= max(closes - opens, timedelta())
        day += _DAY


def _office(day: date, hours: OfficeHours, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when to when (UTC) the team works on a local day; a span of nothing on a day off."""
    opens = datetime.combine(day, hours.opens, zone).astimezone(UTC)
    if _DAYS[day.weekday()] not in hours.days:
        return opens, opens
    return opens, datetime.combine(day, hours.closes, zone).astimezone(UTC)
