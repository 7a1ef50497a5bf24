"""The daemon: APScheduler as the tick, stages that ask the database what is due, and a clean stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from monitor import logs
from monitor.pipeline.collect import Collect
from monitor.pipeline.deliver import Deliver
from monitor.wiring import House

STAGES = ("collect", "score", "decide", "deliver", "tend", "digest")

# Seconds between two looks at what is due. Collecting and tending wait minutes anyway; the others are the way of an
# alert, and their sum is what a customer-relations team waits for.
TICK = {"collect": 5.0, "score": 1.0, "decide": 1.0, "deliver": 1.0, "tend": 15.0, "digest": 60.0}

log = logs.get("daemon")

Batch = Callable[[], int]  # one unit of work: how much was done, 0 if nothing was due


@dataclass
class Daemon:
    """The stages of one process. `only` is a subset of STAGES, in any order."""

    house: House
    only: frozenset[str] = frozenset(STAGES)
    stop: Event = field(default_factory=Event)

    @contextmanager
    def _stages(self) -> Iterator[dict[str, list[tuple[str, Batch]]]]:
        """The chosen stages, each held so that no second process does the same work."""
        with ExitStack() as held:
            for name in STAGES:
                if name in self.only:
                    held.enter_context(self.house.store.hold(name))
            yield self._build()

    def _build(self) -> dict[str, list[tuple[str, Batch]]]:
        """The units of work by stage; everything that can refuse to start does so here."""
        house = self.house
        destinations = house.destinations()
        stages: dict[str, list[tuple[str, Batch]]] = {}
        if "collect" in self.only:
            stages["collect"] = [(c.source, self._while_more(c)) for c in house.collectors()]
        if "score" in self.only:
            stages["score"] = [("model", house.score(house.classifier()).batch)]
        if "decide" in self.only:
            stages["decide"] = [("posts", house.decide(destinations).batch)]
        if "deliver" in self.only:
            workers: list[Deliver] = house.deliver(destinations)
            for worker in workers:
                worker.recover()
            stages["deliver"] = [(worker.destination, worker.batch) for worker in workers]
        if "tend" in self.only:
            stages["tend"] = [("cases", house.tend(destinations).batch)]
        if "digest" in self.only:
            stages["digest"] = [("weekly", house.digest().batch)]
        return stages

    def _while_more(self, collect: Collect) -> Batch:
        def batch() -> int:
            if not collect.due():
                return 0
            tally, more = collect.piece()
            return max(1, tally.read) if more else 0

        return batch

    def _until_done(self, stage: str, unit: str, batch: Batch) -> Callable[[], None]:
        """Work in units until nothing is due or the daemon stops; a bug costs one tick, not the daemon."""

        def work() -> None:
            try:
                while not self.stop.is_set() and batch():
                    pass
            except Exception:  # told with its traceback; the next tick tries again
                log.exception("stage failed", failed=stage, unit=unit)

        return work

    def run(self) -> None:
        """Work until SIGTERM or SIGINT, then finish the units in hand and return.

        Raises:
            AlreadyRunning: another process does one of these stages.
            ModelUnusable: the model cannot be loaded.
        """
        with self._stages() as stages:
            scheduler = BackgroundScheduler(
                executors={
                    # A destination or a source that hangs holds one thread of its own, never another's.
                    stage: ThreadPoolExecutor(max_workers=max(1, len(units)))
                    for stage, units in stages.items()
                }
                | {"default": ThreadPoolExecutor(max_workers=1)},
                job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
                timezone="UTC",
            )
            for stage, units in stages.items():
                for unit, batch in units:
                    scheduler.add_job(
                        self._until_done(stage, unit, batch),
                        "interval",
                        seconds=TICK[stage],
                        executor=stage,
                        id=f"{stage}:{unit}",
                        next_run_time=datetime.now(UTC),
                    )
            with self._signals():
                scheduler.start()
                log.info("running", stages=sorted(stages), units=sum(len(units) for units in stages.values()))
                self.stop.wait()
                log.info("stopping")
                scheduler.shutdown(wait=True)
                log.info("stopped")

    def drain(self) -> int:
        """Do all that is due now, in order, and return how much was done.

        Sources are read to their end; what they bring is judged, decided and told before returning. What waits for
        a later time (a destination that asked for patience) stays in the outbox.
        """
        done = 0
        with self._signals(), self._stages() as stages:
            again = True
            while again and not self.stop.is_set():
                again = False
                for stage in STAGES:
                    for _, batch in stages.get(stage, ()):
                        while not self.stop.is_set() and (count := batch()):
                            done += count
                            again = True
        return done

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, _frame: FrameType | None) -> None:
            if self.stop.is_set():  # the second one: everything is safe on disk, go at once
                raise SystemExit(128 + number)
            self.stop.set()

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
