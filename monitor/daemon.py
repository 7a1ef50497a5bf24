"""The daemon: APScheduler as the tick, stages that ask the database what is due, and a clean stop."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock
from time import monotonic, sleep
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from monitor import logs
from monitor.inbound.server import Door, opened
from monitor.pipeline.collect import Collect
from monitor.pipeline.destinations import Destinations
from monitor.states import FINAL
from monitor.store.engine import Held
from monitor.wiring import House

STAGES = ("collect", "recheck", "score", "decide", "deliver", "tend", "digest", "purge")

# Seconds between two looks at what is due. Scoring, deciding and delivering are the way of an alert, and their sum is
# what a customer-relations team waits for; the others wait minutes anyway.
TICK = {
    "collect": 5.0,
    "recheck": 30.0,
    "score": 1.0,
    "decide": 1.0,
    "deliver": 1.0,
    "tend": 15.0,
    "digest": 60.0,
    "purge": 600.0,
}
LOCK_TICK = 30.0  # seconds between two looks at whether the stages are still ours alone
PATIENCE = 8.0  # seconds that units of work get to end after SIGTERM; service managers kill after ten or more

log = logs.get("daemon")

Batch = Callable[[], int]  # one unit of work: how much was done, 0 if nothing was due


@dataclass
class Daemon:
    """The stages of one process. `only` is a subset of STAGES, in any order."""

    house: House
    only: frozenset[str] = frozenset(STAGES)
    stop: Event = field(default_factory=Event)
    failed: list[str] = field(default_factory=list)  # what a drain could not finish
    _busy: set[str] = field(default_factory=set)
    _guard: Lock = field(default_factory=Lock)

    @contextmanager
    def _stages(self) -> Iterator[tuple[dict[str, list[tuple[str, Batch]]], list[Held]]]:
        """The chosen stages, each held so that no second process does the same work."""
        with ExitStack() as stack:
            held = [stack.enter_context(self.house.store.hold(name)) for name in STAGES if name in self.only]
            yield self._build(), held

    def _build(self) -> dict[str, list[tuple[str, Batch]]]:
        """The units of work by stage; everything that can refuse to start does so here."""
        house = self.house
        destinations = house.destinations()
        stages: dict[str, list[tuple[str, Batch]]] = {}
        if "collect" in self.only:
            stages["collect"] = [(c.source, _while_more(c)) for c in house.collectors(destinations)]
        if "recheck" in self.only:
            stages["recheck"] = [(one.source, one.batch) for one in house.rechecks(destinations)]
        if "score" in self.only:
            stages["score"] = [("model", house.score(house.classifier(), destinations).batch)]
        if "decide" in self.only:
            stages["decide"] = [("posts", house.decide(destinations).batch)]
        if "deliver" in self.only:
            workers = house.deliver(destinations, stop=self.stop)
            for worker in workers:
                worker.recover()
            self._tell_of_orphans(destinations)
            stages["deliver"] = [(worker.destination, worker.batch) for worker in workers]
        if "tend" in self.only:
            stages["tend"] = [
                ("cases", house.tend(destinations).batch),
                ("watch", house.watch(destinations).batch),
            ]
        if "digest" in self.only:
            stages["digest"] = [("weekly", house.digest().batch)]
        if "purge" in self.only:
            stages["purge"] = [("texts", house.purge().batch)]
        return stages

    def _tell_of_orphans(self, destinations: Destinations) -> None:
        """Say which messages wait for a destination that the settings no longer have: nobody will ever send them."""
        depth = self.house.store.outbox.depth()
        waiting = {name for (name, state), count in depth.items() if state not in FINAL and count}
        for name in sorted(waiting - set(destinations.all)):
            log.error("messages wait for a channel that is gone", destination=name)
            self.house.notices(destinations).tell(
                f"Messages wait for {name}, which is no longer in the configuration",
                ("Put the channel back, or give the messages up: monitor deliveries list, monitor deliveries drop",),
                once=("orphans", name, self.house.clock().date()),
            )

    def _until_done(self, stage: str, unit: str, batch: Batch) -> Callable[[], None]:
        """Work in units until nothing is due or the daemon stops; a bug costs one tick, not the daemon."""
        name = f"{stage}:{unit}"

        def work() -> None:
            with self._guard:
                self._busy.add(name)
            try:
                while not self.stop.is_set() and batch():
                    pass
            except Exception:  # told with its traceback; the next tick tries again
                log.exception("stage failed", failed=stage, unit=unit)
            finally:
                with self._guard:
                    self._busy.discard(name)

        return work

    def run(self) -> None:
        """Work until SIGTERM or SIGINT, then finish the units in hand and return.

        Units that do not end within PATIENCE are left as a kill would leave them, and the process ends: the next
        start takes them up.

        Raises:
            AlreadyRunning: another process does one of these stages.
            ModelUnusable: the model cannot be loaded.
            DoorUnusable: the address for inbound posts cannot be listened at.
        """
        with self._stages() as (stages, held):
            # A destination or a source that hangs holds one thread of its own, never another's.
            pools = {name: ThreadPoolExecutor(max_workers=max(1, len(units))) for name, units in stages.items()}
            scheduler = BackgroundScheduler(
                executors=pools | {"default": ThreadPoolExecutor(max_workers=1)},
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
            scheduler.add_job(self._still_ours, "interval", args=[held], seconds=LOCK_TICK, id="locks")
            with self._signals():
                door = self._door()
                scheduler.start()
                log.info("running", stages=sorted(stages), units=sum(len(units) for units in stages.values()))
                self.stop.wait()
                log.info("stopping")
                scheduler.pause()
                deadline = monotonic() + PATIENCE
                if door is not None:
                    door.close(PATIENCE / 2)
                self._let_units_end(deadline)
                scheduler.shutdown(wait=True)
                log.info("stopped")

    def _still_ours(self, held: list[Held]) -> None:
        """Stop where a lock was lost (a database server that restarted): a second daemon may be at work."""
        if not all(one.alive() for one in held):
            log.error("the hold on a stage was lost; stopping")
            self.failed.append("locks")
            self.stop.set()

    def _door(self) -> Door | None:
        """Where other systems send posts, if a source waits for them; belongs to collecting."""
        if "collect" not in self.only:
            return None

        def died() -> None:
            self.failed.append("inbound")
            self.stop.set()

        return opened(self.house.settings, self.house.store, self.house.clock, died=died)

    def _let_units_end(self, deadline: float) -> None:
        while monotonic() < deadline:
            with self._guard:
                if not self._busy:
                    return
            sleep(0.05)
        with self._guard:
            log.warning("stopped in the middle of work; the next start takes it up", units=sorted(self._busy))
        _go_at_once(0)

    def drain(self) -> int:
        """Do all that is due now, in order, and return how much was done.

        Sources are read to their end; what they bring is judged, decided and told before returning. What waits for
        a later time (a destination that asked for patience) stays in the outbox. A unit of work that fails is left
        out of the rest of the drain and named in `failed`.
        """
        done = 0
        with self._signals(), self._stages() as (stages, _):
            again = True
            while again and not self.stop.is_set():
                again = False
                for stage in STAGES:
                    for unit, batch in stages.get(stage, ()):
                        count = self._drained(f"{stage}:{unit}", batch)
                        done += count
                        again = again or bool(count)
        return done

    def _drained(self, name: str, batch: Batch) -> int:
        done = 0
        try:
            while name not in self.failed and not self.stop.is_set() and (count := batch()):
                done += count
        except Exception:
            log.exception("stage failed", failed=name)
            self.failed.append(name)
        return done

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, _frame: FrameType | None) -> None:
            if self.stop.is_set():  # the second one: everything is safe on disk
                _go_at_once(128 + number)
            self.stop.set()

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _while_more(collect: Collect) -> Batch:
    def batch() -> int:
        if not collect.due():
            return 0
        tally, more = collect.piece()
        return max(1, tally.read) if more else 0

    return batch


def _go_at_once(status: int) -> None:
    """End the process without waiting for its threads, as the interpreter would at its exit."""
    logging.shutdown()
    os._exit(status)
