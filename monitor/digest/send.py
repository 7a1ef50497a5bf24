"""The digest stage: is the digest of a finished week missing? Then make it once, and put it into the outbox."""

from __future__ import annotations

from datetime import timedelta

from alerts.base import MessageKind
from config.settings import Settings
from monitor import logs
from monitor.clock import Clock
from monitor.digest import make
from monitor.digest.mail import render
from monitor.digest.period import Week, due, send_time
from monitor.states import PostState
from monitor.store.engine import Store
from monitor.store.values import NewDelivery

WAIT_FOR_BACKLOG = timedelta(hours=6)  # posts not yet judged hold the digest up for so long at most

log = logs.get("digest")


class SendDigest:
    """Sends each finished week's digest once to each recipient, however often it is asked."""

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock

    def batch(self) -> int:
        """Put the missing digest into the outbox; 1 if there was one, else 0."""
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
        added = self._store.outbox.enqueue(deliveries, now=now)
        log.info("digest made", week=str(week), recipients=added)
        return 1

    def _missing(self) -> Week | None:
        digest, zone, now = self._settings.digest, self._settings.zone, self._clock()
        if not digest.enabled:
            return None
        since = self._store.reports.listening_since()
        week = due(now, zone, digest, since=since) if since is not None else None
        if week is None:
            return None
        keys = {make.digest_key(week, recipient) for recipient in digest.recipients}
        if self._store.outbox.known(keys) == keys:
            return None
        backlog = self._store.posts.backlog()
        waiting = backlog.get(PostState.COLLECTED, 0) + backlog.get(PostState.SCORED, 0)
        patient = now < send_time(week, zone, digest) + WAIT_FOR_BACKLOG
        return None if waiting and patient else week
