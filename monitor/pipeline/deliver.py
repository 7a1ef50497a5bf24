"""Deliver: each message of the outbox arrives once, at its place, in its order, however often we are killed."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from time import monotonic
from typing import Literal

from alerts.base import DeliveryFailed, ErrorClass, Message, MessageKind, Receipt
from alerts.compose import delivery_key
from config.settings import Settings
from monitor import logs
from monitor.backoff import ALERT_HORIZON, DIGEST_HORIZON, full_jitter, retry_at
from monitor.clock import Clock
from monitor.pipeline.destinations import Destinations
from monitor.states import DeliveryState
from monitor.store.engine import Store
from monitor.store.values import Claimed, NewDelivery

LEASE = timedelta(seconds=60)  # far above any channel's own time-out
CLAIM = 20  # deliveries leased at once: few enough to be sent well within the lease
OUTAGE_AFTER = 2  # failures in a row before the whole destination waits, so that its order is kept

log = logs.get("deliver")

_BROKEN = {ErrorClass.CREDENTIAL, ErrorClass.DESTINATION}
_REFUSED = {ErrorClass.RECIPIENT, ErrorClass.CONTENT}


class Deliver:
    """The only worker of one destination."""

    def __init__(
        self, destination: str, destinations: Destinations, store: Store, settings: Settings, clock: Clock, rng: Random
    ) -> None:
        self.destination = destination
        self._destinations = destinations
        self._channel = destinations.channel(destination)
        self._store = store
        self._settings = settings
        self._clock = clock
        self._rng = rng
        self._pace = _Pace(destinations.per_minute(destination))
        self._failures = 0  # in a row, over all messages: an outage, not a bad message

    def recover(self) -> None:
        """Take back what a killed worker held: unsent goes back, in flight becomes ambiguous. Call once at start."""
        unsent, in_flight = self._store.outbox.release(self.destination, now=self._clock())
        if unsent or in_flight:
            log.warning("leases taken back", destination=self.destination, unsent=unsent, in_flight=in_flight)

    def batch(self) -> int:
        """Try the deliveries that are due now, within the destination's pace; how many were tried."""
        room = min(CLAIM, self._pace.room(self._clock()))
        if room == 0:
            return 0
        claimed = self._store.outbox.claim(self.destination, room, lease=LEASE, now=self._clock())
        for number, one in enumerate(claimed):
            self._pace.spend(self._clock())
            if not self._one(one):
                for rest in claimed[number + 1 :]:
                    self._store.outbox.give_back(rest.id, rest.attempt, now=self._clock())
                return number + 1
        return len(claimed)

    def _one(self, one: Claimed) -> bool:
        """Try one delivery; False where the destination must be left alone for now."""
        started = monotonic()
        try:
            if one.ambiguous:
                since = one.first_tried_at or one.created_at
                found = self._channel.find(one.key, since=since, reply_to=one.reply_to)
                if found is not None:
                    return self._arrived(one, found, "found", started)
            body = one.body if one.body is not None else self._channel.render(Message.from_json(one.message))
            if not self._store.outbox.begin(one.id, one.attempt, body, now=self._clock()):
                log.warning("fenced off", delivery=one.id, destination=self.destination)
                return True
            receipt = self._channel.send(one.key, body, reply_to=one.reply_to)
        except DeliveryFailed as failure:
            return self._failed(one, failure, monotonic() - started)
        return self._arrived(one, receipt, "sent", started)

    def _arrived(self, one: Claimed, receipt: Receipt, outcome: Literal["sent", "found"], started: float) -> bool:
        took = monotonic() - started
        self._failures = 0
        self._store.outbox.complete(one.id, one.attempt, receipt, outcome=outcome, took=took, now=self._clock())
        log.info(
            "delivered",
            delivery=one.id,
            kind=one.kind,
            destination=self.destination,
            case=one.case_id,
            outcome=outcome,
            attempt=one.attempt,
            took=round(took, 3),
        )
        return True

    def _failed(self, one: Claimed, failure: DeliveryFailed, took: float) -> bool:
        now = self._clock()
        kind = failure.error_class
        log.warning(
            "delivery failed",
            delivery=one.id,
            destination=self.destination,
            case=one.case_id,
            error_class=kind,
            why=failure.why,
            attempt=one.attempt,
        )
        if kind in _REFUSED:
            self._bury(one, failure.why, kind, took)
            return True
        if kind is ErrorClass.THROTTLE:
            until = now + (failure.retry_after or timedelta(seconds=30)) + full_jitter(0, self._rng)
            self._postpone(one, failure, took, until=until, counts=False)
            self._store.outbox.pause(self.destination, until, failure.why, now=now)
            return False
        if kind in _BROKEN:
            self._postpone(one, failure, took, until=now, counts=False)
            if self._store.outbox.park(self.destination, failure.why, now=now):
                self._tell(f"Channel {self.destination} is broken and has been parked", failure.why)
            return False
        horizon = DIGEST_HORIZON if one.kind is MessageKind.DIGEST else ALERT_HORIZON
        if now - one.queued_at > horizon:
            self._bury(one, f"gave up after {horizon}: {failure.why}", kind, took)
            return True
        until = retry_at(kind, one.tries + 1, now, self._rng)
        self._postpone(one, failure, took, until=until, counts=True)
        self._failures += 1
        if self._failures >= OUTAGE_AFTER and kind is not ErrorClass.SLOW:
            # It is the place, not the message: everything behind waits too, or it would overtake.
            pause = max(until, retry_at(kind, self._failures, now, self._rng))
            self._store.outbox.pause(self.destination, pause, failure.why, now=now)
            return False
        return True

    def _postpone(self, one: Claimed, failure: DeliveryFailed, took: float, *, until: datetime, counts: bool) -> None:
        ambiguous = failure.error_class is ErrorClass.AMBIGUOUS
        self._store.outbox.postpone(
            one.id,
            one.attempt,
            state=DeliveryState.AMBIGUOUS if ambiguous else DeliveryState.WAITING,
            not_before=until,
            error_class=failure.error_class,
            why=failure.why,
            took=took,
            now=self._clock(),
            counts=counts,
        )

    def _bury(self, one: Claimed, why: str, kind: ErrorClass, took: float) -> None:
        self._store.outbox.bury(one.id, one.attempt, why=why, error_class=kind, took=took, now=self._clock())
        about = f"case {one.case_id}" if one.case_id else str(one.kind)
        self._tell(f"A message about {about} could not be delivered to {self.destination}", why)

    def _tell(self, subject: str, why: str) -> None:
        """Tell the operators over every channel of theirs but the one at fault."""
        now = self._clock()
        notices = []
        for channel in self._destinations.of(self._settings.alerting.operators):
            if channel == self.destination:
                continue
            key = delivery_key("channel", self.destination, subject, now.isoformat(), channel)
            message = Message(
                key=key,
                kind=MessageKind.NOTICE,
                subject=subject,
                lines=(f"Reason: {why}",),
                written_at=now,
                company=self._settings.company,
                time_zone=self._settings.time_zone,
            )
            notices.append(
                NewDelivery(
                    key=key, kind=MessageKind.NOTICE, channel=channel, message=message.to_json(), not_before=now
                )
            )
        self._store.outbox.enqueue(notices, now=now)


class _Pace:
    """At most so many messages in any minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._sent: list[datetime] = []

    def room(self, now: datetime) -> int:
        """How many may go now."""
        minute = now - timedelta(minutes=1)
        self._sent = [at for at in self._sent if at > minute]
        return self._per_minute - len(self._sent)

    def spend(self, now: datetime) -> None:
        """One goes now."""
        self._sent.append(now)
