"""The bar of a backfill: how much of the time asked for lies behind, and what was read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from monitor.pipeline.backfill import Progress as Step
    from monitor.store.values import BackfillFacts


class Bar:
    """Follows a job on standard error. A source with several queries fills it once for each."""

    def __init__(self, progress: Progress, task: TaskID, job: BackfillFacts) -> None:
        self._progress = progress
        self._task = task
        self._since, self._until = job.since, job.until
        self._last: datetime | None = None  # the oldest post of the call before
        self._backwards: bool | None = None  # how the source is read; two calls tell

    def advance(self, step: Step) -> None:
        """Show where a call has come to; until that is known, only what was read."""
        self._progress.update(self._task, words=f"{step.job.total.read} read, {step.job.total.stored} stored")
        if step.oldest is None or step.newest is None:
            return
        if self._backwards is None and self._last is not None and step.oldest != self._last:
            self._backwards = step.oldest < self._last
        self._last = step.oldest
        if self._backwards is None:
            return
        behind = self._until - step.oldest if self._backwards else step.newest - self._since
        whole = self._until - self._since
        completed = min(max(behind, timedelta()), whole).total_seconds()
        self._progress.update(self._task, total=whole.total_seconds(), completed=completed)

    def wait(self, how_long: timedelta, why: str) -> None:
        """Say that nothing is asked for a while, and let that time pass."""
        self._progress.console.print(f"{why}: going on in {how_long.total_seconds():.0f} s", markup=False)
        time.sleep(how_long.total_seconds())


@contextmanager
def bar(job: BackfillFacts) -> Iterator[Bar]:
    """The bar of a job, while it works."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Bar(progress, progress.add_task(job.source, total=None, words=""), job)
