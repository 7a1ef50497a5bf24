"""The digest stage: is the digest of a finished week missing? Then make it once, and put it into the outbox."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.base import MessageKind
from config.settings import Settings
from monitor import logs
from monitor.clock import Clock
from monitor.digest import make
from monitor.digest.mail import render
from monitor.digest.period import Week, send_time, weeks_due
from monitor.store.engine import Store
from monitor.store.transactions import Stale
from monitor.store.values import NewDelivery

# Posts not yet judged hold a digest up for so long at most, after its time or after the start.
WAIT_FOR_BACKLOG = timedelta(hours=6)

log = logs.get("digest")


class SendDigest:
    """Sends each finished week's digest once to each recipient, however often it is asked."""

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._began = clock()

    def batch(self) -> int:
        """Put the oldest missing digest into the outbox; 1 if there was one to be sent now, else 0."""
        week = self._missing()
        if week is None:
            return 0
        now = self._clock()
        facts = make.frozen_facts(self._store, self._settings, week, now)
        rendered = render(facts)
        deliveries = [
            NewDelivery(
                key=make.digest_key(week, recipient),
                kind=MessageKind.DIGEST,
                channel=f"{self._settings.digest.channel}:{recipient}",
                message=facts.to_json(),
                body=make.mail_body(rendered, self._settings, week=week, recipient=recipient, at=facts.made_at),
                not_before=now,
            )
            for recipient in self._settings.digest.recipients
        ]
        quoted = {quote.post_id for quote in (*facts.quotes, *facts.praise.quotes)}
        try:
            added = self._store.outbox.enqueue(deliveries, now=now, quoting=quoted)
        except Stale:
            log.info("digest put off: a post that it quotes was erased", week=str(week))
            return 0
        log.info("digest made", week=str(week), recipients=added)
        return 1

    def _missing(self) -> Week | None:
        digest, zone, now = self._settings.digest, self._settings.zone, self._clock()
        if not digest.enabled:
            return None
        since = self._store.reports.listening_since()
        if since is None:
            return None
        weeks = weeks_due(now, zone, digest, since=since)
        week = next((one for one in weeks if self._is_missing(one, newest=one == weeks[-1])), None)
        return None if week is None or self._should_wait(week, now) else week

    def _is_missing(self, week: Week, *, newest: bool) -> bool:
        """Whether a recipient lacks it. One who was added lately gets the newest, not a month of old ones."""
        keys = {make.digest_key(week, recipient) for recipient in self._settings.digest.recipients}
        known = self._store.outbox.known(keys)
        return known != keys if newest else not known

    def _should_wait(self, week: Week, now: datetime) -> bool:
        """Whether posts of the week may still come in or be judged, and there is patience for it."""
        digest, zone = self._settings.digest, self._settings.zone
        wanted = send_time(week, zone, digest)
        if now >= max(wanted, self._began) + WAIT_FOR_BACKLOG:
            return False
        if self._store.reports.waiting_before(week.end(zone)):
            return True
        return now >= wanted + WAIT_FOR_BACKLOG and self._is_unread_since(week.end(zone))

    def _is_unread_since(self, end: datetime) -> bool:
        """Whether a source has not been asked since the week's end: after a long stop, its posts are yet to come."""
        known = {facts.name: facts for facts in self._store.sources.all()}
        asked = [known[one.name] for one in self._settings.sources if one.enabled and one.name in known]
        return any(not one.stopped and (one.last_try_at is None or one.last_try_at < end) for one in asked)
