"""Tells the operators that something is broken, over channels that are not."""

from __future__ import annotations

from collections.abc import Sequence

from alerts import compose
from alerts.base import MessageKind
from config.settings import Settings
from monitor import logs
from monitor.clock import Clock
from monitor.pipeline.destinations import Destinations
from monitor.store.engine import Store
from monitor.store.values import NewDelivery

log = logs.get("notices")


class Notices:
    """Puts notices into the outbox: to the operators' channels, else to those of the default route."""

    def __init__(self, store: Store, settings: Settings, destinations: Destinations, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._destinations = destinations
        self._clock = clock

    def tell(self, subject: str, lines: Sequence[str], *, once: Sequence[object], but: str | None = None) -> None:
        """Say it once for all time to each destination, but not to the one at fault.

        `once` names the occasion: said again for the same occasion, after a kill say, it is told nobody twice.
        Where nobody is left to be told, that is an error in the log.
        """
        self._store.outbox.enqueue(self.written(subject, lines, once=once, but=but), now=self._clock())

    def written(
        self, subject: str, lines: Sequence[str], *, once: Sequence[object], but: str | None = None
    ) -> list[NewDelivery]:
        """The messages that `tell` would queue, for who queues them together with what they are about."""
        now = self._clock()
        wanted = (self._settings.alerting.operators, self._settings.default_route.channels)
        places = next((p for p in ([d for d in self._destinations.of(c) if d != but] for c in wanted) if p), [])
        if not places:
            log.error("nobody can be told", about=subject)
        notices = []
        for place in places:
            key = compose.delivery_key("notice", *once, place)
            message = compose.notice(
                key=key,
                subject=subject,
                lines=lines,
                company=self._settings.company,
                zone=self._settings.zone,
                now=now,
            )
            notices.append(
                NewDelivery(key=key, kind=MessageKind.NOTICE, channel=place, message=message.to_json(), not_before=now)
            )
        return notices
