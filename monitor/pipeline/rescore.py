"""Rescore: posts judged before get the verdict of today's classifier. Nothing is decided anew and nobody is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from classifiers.base import Classifier, Verdict
from monitor import logs
from monitor.clock import Clock
from monitor.pipeline.score import HARMLESS, judge
from monitor.store.engine import Store
from monitor.store.rescoring import Place, Rescorable
from monitor.store.values import TextToScore

LABELS = ("sentiment", "complaint", "main type", "severity")

log = logs.get("rescore")

Pair = tuple[Rescorable, Verdict]


@dataclass
class Changes:
    """What rescoring has done so far."""

    posts: int = 0  # given a new verdict, or in a dry run: would have been
    unjudgeable: int = 0  # broke the model; their verdict stays
    moved_on: int = 0  # edited or withdrawn while they were judged
    labels: Counter[str] = field(default_factory=Counter)  # how many posts have another label than before


class Rescore:
    """Walks over stored posts, oldest first, in batches that are each stored before the next is judged.

    Whatever stops it, what it had stored stays, and another run goes on with the rest: a post whose newest verdict is
    of this version is not taken up again.
    """

    def __init__(
        self,
        store: Store,
        classifier: Classifier,
        clock: Clock,
        *,
        since: datetime,
        batch: int,
        dry_run: bool = False,
    ) -> None:
        self._store = store
        self._classifier = classifier
        self._clock = clock
        self._since = since
        self._batch = batch
        self._dry_run = dry_run
        self.changes = Changes()

    def left(self) -> int:
        """How many posts have a newest verdict of another version."""
        return self._store.rescoring.count(self._since, self._classifier.version)

    def run(self, progress: Callable[[int], None]) -> Changes:
        """Rescore all of them; `progress` hears after each batch how many it held.

        Raises:
            Exception: whatever the model raises where it cannot judge even a harmless text.
        """
        after: Place | None = None
        while found := self._store.rescoring.waiting(self._since, self._classifier.version, after, self._batch):
            after = found[-1].place
            self._rescore(found)
            progress(len(found))
        log.info("posts rescored", posts=self.changes.posts, model=self._classifier.version, dry_run=self._dry_run)
        return self.changes

    def _rescore(self, found: Sequence[Rescorable]) -> None:
        by_id = {one.post_id: one for one in found}
        texts = [TextToScore(one.post_id, one.text, one.revision, 0) for one in found]
        judged, poison = judge(self._classifier, texts)
        if poison:
            self._classifier.classify([HARMLESS])
        pairs: list[Pair] = [(by_id[text.post_id], verdict) for text, verdict in judged]
        version = self._classifier.version
        stored = (
            {one.post_id for one, _ in pairs}
            if self._dry_run
            else self._store.rescoring.save(pairs, model=version, now=self._clock())
        )
        self.changes.posts += len(stored)
        self.changes.unjudgeable += len(poison)
        self.changes.moved_on += len(pairs) - len(stored)
        for one, verdict in pairs:
            if one.post_id in stored:
                self.changes.labels.update(changed(one.before, verdict))


def changed(before: Verdict, after: Verdict) -> list[str]:
    """Which of LABELS differ between two verdicts; not judged counts as a sentiment of its own."""
    return [name for name, was, now in zip(LABELS, _labels(before), _labels(after), strict=True) if was != now]


def _labels(verdict: Verdict) -> tuple[object, ...]:
    sentiment = verdict.sentiment if verdict.judged else None
    return sentiment, verdict.complaint, verdict.types[:1], verdict.severity
