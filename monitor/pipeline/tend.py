"""Tend: a case that nobody answers is told again, handed up, and at last closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts import compose, patience
from alerts.base import Mention, Message, MessageKind
from alerts.patience import Next, Step, next_step
from config.settings import Settings
from monitor import logs
from monitor.clock import Clock
from monitor.pipeline.destinations import Destinations
from monitor.states import CaseState
from monitor.store.engine import Store
from monitor.store.values import CaseFacts, CaseStep, NewDelivery

BATCH = 200
AFTER_A_BUG = timedelta(hours=1)

log = logs.get("tend")


def upcoming(case: CaseFacts, settings: Settings, now: datetime) -> Next:
    """What is due for a case now, and when to look again."""
    return next_step(
        patience.CaseFacts(
            opened_at=case.waits_since,
            last_post_at=case.last_post_at,
            severity=case.severity,
            reminders_sent=case.reminders,
            escalated=case.escalated_at is not None,
            answered=case.state is not CaseState.OPEN,
        ),
        escalation=settings.alerting.escalation,
        hours=settings.alerting.office_hours,
        zone=settings.zone,
        now=now,
    )


def look_again_at(case: CaseFacts, settings: Settings, now: datetime) -> datetime | None:
    """When to look at a case next: now, where a step is due already."""
    coming = upcoming(case, settings, now)
    return now if coming.step is not None else coming.look_again


class Tend:
    """Looks after the cases whose time has come."""

    def __init__(self, store: Store, settings: Settings, destinations: Destinations, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._destinations = destinations
        self._clock = clock

    def batch(self) -> int:
        """Take the due step of each due case; how many cases were looked at."""
        now = self._clock()
        due = self._store.cases.due(now, BATCH)
        if not due:
            return 0
        written = self._store.outbox.last_messages([case.id for case in due])
        mentions = {case_id: Message.from_json(text).mention for case_id, text in written.items()}
        steps = [self._safely(case, mentions.get(case.id), now) for case in due]
        done = self._store.cases.save_steps(steps, now=now)
        log.info("cases tended", cases=len(due), steps=sum(bool(step.event) for step in steps), saved=len(done))
        return len(due)

    def _safely(self, case: CaseFacts, mention: Mention | None, now: datetime) -> CaseStep:
        try:
            return self._step(case, mention, now)
        except Exception:  # a bug costs this case an hour, not the others their reminder
            log.exception("a case could not be tended", case=case.id)
            return CaseStep(before=case, after=replace(case, next_step_at=now + AFTER_A_BUG), event="", why="")

    def _step(self, case: CaseFacts, mention: Mention | None, now: datetime) -> CaseStep:
        coming = upcoming(case, self._settings, now)
        if coming.step is Step.CLOSE:
            closed = replace(case, state=CaseState.RESOLVED, closed_at=now, next_step_at=None)
            return CaseStep(before=case, after=closed, event="auto-close", why="no news for long")
        # A case on a quiet route was told to nobody: there is nothing to remind of.
        if coming.step is None or mention is None:
            return CaseStep(before=case, after=replace(case, next_step_at=coming.look_again), event="", why="")
        if coming.step is Step.REMIND:
            told = replace(case, reminders=coming.number)
            deliveries = self._reminders(told, mention, now)
        else:
            told = replace(case, escalated_at=now)
            deliveries = self._escalations(told, mention, now)
        after = replace(told, next_step_at=look_again_at(told, self._settings, now))
        return CaseStep(before=case, after=after, event=coming.step, why="nobody has answered", deliveries=deliveries)

    def _reminders(self, case: CaseFacts, mention: Mention, now: datetime) -> list[NewDelivery]:
        settings = self._settings
        due = patience.due_times(
            case.waits_since, case.severity, settings.alerting.escalation, settings.alerting.office_hours, settings.zone
        )
        deliveries = []
        for destination in self._destinations.of(case.channels):
            key = compose.delivery_key(
                "case", case.id, MessageKind.REMINDER, case.waits_since.isoformat(), case.reminders, destination
            )
            message = compose.reminder(
                mention,
                key=key,
                case_id=case.id,
                company=settings.company,
                zone=settings.zone,
                playbook=settings.alerting.playbook,
                now=now,
                opened_at=case.opened_at,
                number=case.reminders,
                escalates_at=due.escalation,
            )
            deliveries.append(_delivery(message, destination, now))
        return deliveries

    def _escalations(self, case: CaseFacts, mention: Mention, now: datetime) -> list[NewDelivery]:
        settings = self._settings
        deliveries = []
        for destination in self._destinations.of(settings.alerting.escalation.escalate_to):
            key = compose.delivery_key(
                "case", case.id, MessageKind.ESCALATION, case.waits_since.isoformat(), destination
            )
            message = compose.escalation(
                mention,
                key=key,
                case_id=case.id,
                company=settings.company,
                zone=settings.zone,
                playbook=settings.alerting.playbook,
                now=now,
                opened_at=case.opened_at,
                told=case.channels,
            )
            deliveries.append(_delivery(message, destination, now))
        return deliveries


def _delivery(message: Message, destination: str, now: datetime) -> NewDelivery:
    return NewDelivery(
        key=message.key,
        kind=message.kind,
        channel=destination,
        message=message.to_json(),
        not_before=now,
        case_id=message.case_id,
    )
