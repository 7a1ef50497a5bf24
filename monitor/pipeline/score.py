"""Score: each stored post gets its verdict once; a text that breaks the model is set aside, not in the way."""

from __future__ import annotations

from collections.abc import Sequence

from classifiers.base import Classifier, Verdict
from monitor import logs
from monitor.clock import Clock
from monitor.pipeline.notices import Notices
from monitor.store.engine import Store
from monitor.store.values import TextToScore

HARMLESS = "The shop opens at nine."  # a model that cannot judge this cannot judge anything

log = logs.get("score")


class Score:
    """Judges what waits, in batches."""

    def __init__(self, store: Store, classifier: Classifier, notices: Notices, clock: Clock, *, batch: int) -> None:
        self._store = store
        self._notices = notices
        self._classifier = classifier
        self._clock = clock
        self._batch = batch

    def batch(self) -> int:
        """Judge one batch; the number of posts taken up, 0 if none waits.

        Raises:
            Exception: whatever the model raises where it cannot judge even a harmless text: the fault is its own,
                no post is blamed, and the posts wait for the next tick.
        """
        waiting = self._store.posts.to_score(self._batch)
        if not waiting:
            return 0
        verdicts, poison = judge(self._classifier, waiting)
        if poison:
            self._classifier.classify([HARMLESS])
        self._store.posts.save_verdicts(verdicts, model=self._classifier.version, now=self._clock())
        if poison:
            gone = self._store.posts.save_poison(
                [text.post_id for text, _ in poison], error=poison[0][1], now=self._clock()
            )
            log.error("posts not judged", posts=len(poison), quarantined=len(gone), error=poison[0][1])
            if gone:
                self._notices.tell(
                    f"{len(gone)} posts could not be judged and have been set aside",
                    (f"Reason: {poison[0][1]}", "To try them again: monitor posts requeue"),
                    once=("quarantined", *gone),
                )
        log.info("posts judged", posts=len(verdicts))
        return len(waiting)


Judged = list[tuple[TextToScore, Verdict]]
Poison = list[tuple[TextToScore, str]]


def judge(classifier: Classifier, waiting: Sequence[TextToScore]) -> tuple[Judged, Poison]:
    """Verdicts for all texts that the classifier can bear, and the others with the error's name.

    A batch that fails is halved until the text at fault stands alone.
    """
    try:
        verdicts = classifier.classify([one.text for one in waiting])
    except Exception as error:  # whatever a text does to the model, the other texts get their verdict
        if len(waiting) == 1:
            log.exception("a text broke the model", post=waiting[0].post_id)
            return [], [(waiting[0], type(error).__name__)]
        middle = len(waiting) // 2
        left, left_poison = judge(classifier, waiting[:middle])
        right, right_poison = judge(classifier, waiting[middle:])
        return left + right, left_poison + right_poison
    return list(zip(waiting, verdicts, strict=True)), []
