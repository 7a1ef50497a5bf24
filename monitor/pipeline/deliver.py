"""Deliver: each message of the outbox arrives once, at its place, in its order, however often we are killed."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from threading import Event
from time import monotonic
from typing import Literal

from alerts.base import DeliveryFailed, ErrorClass, Message, MessageKind, Receipt
from monitor import logs
from monitor.backoff import ALERT_HORIZON, DIGEST_HORIZON, full_jitter, retry_at
from monitor.clock import Clock
from monitor.pipeline.destinations import Destinations
from monitor.pipeline.notices import Notices
from monitor.states import DeliveryState
from monitor.store.engine import Store
from monitor.store.values import Claimed

LEASE = timedelta(seconds=60)  # far above any channel's own time-out
CLAIM = 20  # deliveries leased at once: few enough to be sent well within the lease
THROTTLED = timedelta(seconds=30)  # where the other side does not say for how long
MIN_TRIES = 10  # before a message is given up, however long it has waited
OUTAGE_AFTER = 2  # failures in a row before the whole destination waits, so that its order is kept

log = logs.get("deliver")

_BROKEN = {ErrorClass.CREDENTIAL, ErrorClass.DESTINATION}
_REFUSED = {ErrorClass.RECIPIENT, ErrorClass.CONTENT}


class Deliver:
    """The only worker of one destination."""

    def __init__(
        self,
        destination: str,
        destinations: Destinations,
        store: Store,
        notices: Notices,
        clock: Clock,
        rng: Random,
        *,
        stop: Event,
    ) -> None:
        self.destination = destination
        self._channel = destinations.channel(destination)
        self._store = store
        self._notices = notices
        self._clock = clock
        self._rng = rng
        self._stop = stop
        self._pace = _Pace(destinations.per_minute(destination))
        self._failures = 0  # in a row, over all messages: an outage, not a bad message

    def recover(self) -> None:
        """Take back what a killed worker held: unsent goes back, in flight becomes ambiguous. Call once at start."""
        unsent, in_flight = self._store.outbox.release(self.destination, now=self._clock())
        if unsent or in_flight:
            log.warning("leases taken back", destination=self.destination, unsent=unsent, in_flight=in_flight)

    def batch(self) -> int:
        """Try the deliveries that are due now, within the destination's pace; how many were tried."""
        self._store.outbox.expire(self.destination, now=self._clock())  # left by a bug or a database that went away
        room = min(CLAIM, self._pace.room(self._clock()))
        if room == 0:
            return 0
        began = self._clock()
        claimed = self._store.outbox.claim(self.destination, room, lease=LEASE, now=began)
        for number, one in enumerate(claimed):
            slow = self._clock() - began > LEASE / 2
            if self._stop.is_set() or slow or not self._one(one):
                tried = number if self._stop.is_set() or slow else number + 1
                for rest in claimed[tried:]:
                    self._store.outbox.give_back(rest.id, rest.attempt, now=self._clock())
                return tried
        return len(claimed)

    def _one(self, one: Claimed) -> bool:
        """Try one delivery; False where the destination must be left alone for now."""
        self._pace.spend(self._clock())
        started = monotonic()
        try:
            if one.ambiguous:
                found = self._ask(one)
                if found is not None:
                    return self._arrived(one, found, "found", started)
            body = self._body(one)
            if not self._store.outbox.begin(one.id, one.attempt, body, now=self._clock()):
                log.warning("fenced off", delivery=one.id, destination=self.destination)
                return True
            receipt = self._send(one, body)
        except DeliveryFailed as failure:
            return self._failed(one, failure, monotonic() - started)
        return self._arrived(one, receipt, "sent", started)

    def _body(self, one: Claimed) -> str:
        if one.body is not None:
            return one.body
        try:
            return self._channel.render(Message.from_json(one.message))
        except Exception as error:  # a bug of ours: this message is lost to it, the others are not
            log.exception("a message could not be rendered", delivery=one.id, destination=self.destination)
            raise DeliveryFailed(ErrorClass.CONTENT, f"cannot be rendered: {type(error).__name__}") from error

    def _ask(self, one: Claimed) -> Receipt | None:
        try:
            return self._channel.find(one.key, since=one.first_tried_at or one.created_at, reply_to=one.reply_to)
        except DeliveryFailed:
            raise
        except Exception as error:
            log.exception("a look-up failed", delivery=one.id, destination=self.destination)
            raise DeliveryFailed(ErrorClass.AMBIGUOUS, f"look-up: {type(error).__name__}") from error

    def _send(self, one: Claimed, body: str) -> Receipt:
        try:
            return self._channel.send(one.key, body, reply_to=one.reply_to)
        except DeliveryFailed:
            raise
        except Exception as error:  # nobody can say how far it got
            log.exception("a send failed", delivery=one.id, destination=self.destination)
            raise DeliveryFailed(ErrorClass.AMBIGUOUS, f"send: {type(error).__name__}") from error

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
            until = now + (failure.retry_after or THROTTLED) + full_jitter(0, self._rng)
            self._postpone(one, failure, took, until=until, counts=False)
            self._store.outbox.pause(self.destination, until, failure.why, now=now)
            return False
        if kind in _BROKEN:
            self._park(one, failure.why)
            self._postpone(one, failure, took, until=now, counts=False)
            return False
        return self._later(one, failure, took)

    def _park(self, one: Claimed, why: str) -> None:
        # Told first: a kill in between tells nobody twice, for it is the same occasion, and parks all the same.
        self._notices.tell(
            f"Channel {self.destination} is broken and has been parked",
            (f"Reason: {why}", f"Once it is mended: monitor deliveries unpark {self.destination}"),
            once=("parked", self.destination, one.id, one.tries),
            but=self.destination,
        )
        self._store.outbox.park(self.destination, why, now=self._clock())

    def _later(self, one: Claimed, failure: DeliveryFailed, took: float) -> bool:
        now, kind, tries = self._clock(), failure.error_class, one.tries + 1
        horizon = DIGEST_HORIZON if one.kind is MessageKind.DIGEST else ALERT_HORIZON
        tried_since = max(one.queued_at, one.first_tried_at or now)  # time in which nothing was tried does not count
        until = retry_at(kind, tries, now, self._rng)
        if now - tried_since > horizon and tries >= MIN_TRIES:
            self._bury(one, f"gave up after {horizon}: {failure.why}", kind, took)
        else:
            self._postpone(one, failure, took, until=until, counts=True)
        self._failures += 1
        if self._failures < OUTAGE_AFTER or kind is ErrorClass.SLOW:
            return True
        # It is the place, not the message: everything behind waits too, or it would overtake.
        pause = max(until, retry_at(kind, self._failures, now, self._rng))
        self._store.outbox.pause(self.destination, pause, failure.why, now=now)
        return False

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
        if one.kind is not MessageKind.NOTICE:  # a notice about a notice would never end
            self._notices.tell(
                f"Messages to {self.destination} cannot be delivered",
                (
                    f"The first: {one.kind} of case {one.case_id or '-'}",
                    f"Reason: {why}",
                    "All of them: monitor deliveries list --state dead",
                ),
                once=("dead", self.destination, self._clock().date()),
                but=self.destination,
            )
        self._store.outbox.bury(one.id, one.attempt, why=why, error_class=kind, took=took, now=self._clock())


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
