"""Puts the parts together: the one place that knows which is made of what."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from random import Random
from threading import Event

from alerts.base import Channel
from classifiers.base import Classifier
from collectors.base import Collector
from collectors.matching import Matcher
from config.settings import Settings
from config.sources import Source
from monitor.clock import Clock, wall_clock
from monitor.digest.make import mail_channel
from monitor.digest.send import SendDigest
from monitor.pipeline.alarms import Alarms
from monitor.pipeline.collect import Collect
from monitor.pipeline.decide import Decide
from monitor.pipeline.deliver import Deliver
from monitor.pipeline.destinations import Destinations
from monitor.pipeline.notices import Notices
from monitor.pipeline.purge import Purge
from monitor.pipeline.recheck import Recheck
from monitor.pipeline.score import Score
from monitor.pipeline.tend import Tend
from monitor.pipeline.watch import Watch
from monitor.store.engine import Store
from monitor.store.ledger import SourcePurse

DIGEST = "(digest)"
DECIDE_BATCH = 500  # posts decided in one transaction: large enough to be fast, small enough to be short


def user_agent() -> str:
    """How the monitor names itself to others."""
    return f"sentiment-monitor/{version('sentiment-monitor')}"


@dataclass(frozen=True, slots=True)
class House:
    """What stages are made of. Chance is for jitter only."""

    settings: Settings
    store: Store
    clock: Clock = wall_clock
    rng: Random = Random()  # noqa: RUF009, S311 - shared on purpose; jitter needs no secrecy

    def collectors(self, destinations: Destinations) -> list[Collect]:
        """One stage for each source that is switched on."""
        matcher = Matcher(self.settings.brands)
        alarms = Alarms(self.store, self.notices(destinations), self.clock, self.settings.zone)
        return [
            Collect(
                source,
                self._collector(source),
                matcher,
                self.store,
                alarms,
                self.clock,
                self.rng,
            )
            for source in self.settings.sources
            if source.enabled
        ]

    def rechecks(self, destinations: Destinations) -> list[Recheck]:
        """One stage for each source that is switched on and looks at posts again.

        Each with a collector of its own: none needs to be safe for two threads.
        """
        matcher = Matcher(self.settings.brands)
        notices = self.notices(destinations)
        return [
            Recheck(source, self._collector(source), matcher, self.store, notices, self.clock, self.rng)
            for source in self.settings.sources
            if source.enabled and source.recheck_at
        ]

    def purge(self) -> Purge:
        """The stage that erases posts by age."""
        return Purge(self.store, self.settings.sources, self.clock)

    def _collector(self, source: Source) -> Collector:
        from collectors import registry

        return registry.build(
            source,
            clock=self.clock,
            user_agent=user_agent(),
            purse=self.purse(source.name),
            brands=self.settings.brands,
        )

    def purse(self, source: str) -> SourcePurse:
        """A source's own view of the ledger."""
        return SourcePurse(self.store.ledger, source)

    def classifier(self) -> Classifier:
        """The judge; loads the model.

        Raises:
            ModelUnusable: it cannot be loaded.
        """
        from classifiers import registry

        return registry.build(self.settings.model, self.settings.complaint_types)

    def notices(self, destinations: Destinations) -> Notices:
        """What tells the operators."""
        return Notices(self.store, self.settings, destinations, self.clock)

    def score(self, classifier: Classifier, destinations: Destinations) -> Score:
        """The scoring stage."""
        notices = self.notices(destinations)
        return Score(self.store, classifier, notices, self.clock, batch=self.settings.model.batch_posts)

    def destinations(self) -> Destinations:
        """Everybody who can be told."""
        from alerts import registry

        accepted = _beside(self.settings.database.url)
        by_channel: dict[str, tuple[Channel, ...]] = {
            c.name: registry.build([c], accepted=accepted) for c in self.settings.channels
        }
        pace = {c.name: c.per_minute for c in self.settings.channels}
        mailer = mail_channel(self.settings)
        if mailer is not None and self.settings.digest.enabled:
            # The digest's readers need not be among those who get alerts; DIGEST is no name a channel can have.
            readers = mailer.model_copy(update={"recipients": self.settings.digest.recipients})
            by_channel[DIGEST] = registry.build([readers], accepted=accepted)
            pace[DIGEST] = mailer.per_minute
        return Destinations(by_channel, per_minute=pace, default=self.settings.default_route.channels)

    def decide(self, destinations: Destinations) -> Decide:
        """The deciding stage.

        Raises:
            ModelUnusable: the model cannot reach an aim.
        """
        from classifiers.thresholds import in_force

        notices = self.notices(destinations)
        acting = in_force(self.settings.thresholds, self.settings.model)
        settings = self.settings.model_copy(update={"thresholds": acting})
        return Decide(self.store, settings, destinations, notices, self.clock, batch=DECIDE_BATCH)

    def deliver(self, destinations: Destinations, *, stop: Event | None = None) -> list[Deliver]:
        """One worker for each destination; they leave off between two messages once `stop` is set."""
        notices = self.notices(destinations)
        return [
            Deliver(name, destinations, self.store, notices, self.clock, self.rng, stop=stop or Event())
            for name in destinations.all
        ]

    def tend(self, destinations: Destinations) -> Tend:
        """The stage that looks after open cases."""
        return Tend(self.store, self.settings, destinations, self.clock)

    def watch(self, destinations: Destinations) -> Watch:
        """What looks at the sources from outside."""
        return Watch(self.store, self.settings, self.notices(destinations), self.clock)

    def digest(self) -> SendDigest:
        """The stage that makes and sends the weekly digest."""
        return SendDigest(self.store, self.settings, self.clock)


def _beside(url: str) -> Path | None:
    """A folder beside the SQLite file; None for a database server, which other machines may share."""
    _, found, path = url.partition("sqlite:///")
    return Path(f"{path}.accepted") if found else None
