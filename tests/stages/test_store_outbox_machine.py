"""The outbox under everything at once: failures, throttles, crashes, late and stale workers, in any order.

The other side keeps what arrives and can be asked. Whatever happens, every message arrives exactly once unless it
was given up, none is settled by two workers, and the messages of a case arrive in their order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from builders import NOW, a_case, a_delivery, a_receipt, open_cases
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from alerts.base import ErrorClass
from config.settings import Database
from monitor.states import FINAL, DeliveryState
from monitor.store.engine import Store, open_store
from monitor.store.tables import metadata
from monitor.store.values import Claimed, DeliveryFacts

LEASE = timedelta(seconds=60)
PLACES = ("care", "boss")
place = st.sampled_from(PLACES)


@dataclass
class World:
    """What stands outside the store: the other side, and what was asked of it."""

    queued: list[tuple[str, str, int | None]] = field(default_factory=list)  # key, place, case, in their order
    arrived: list[str] = field(default_factory=list)
    given_up: set[str] = field(default_factory=set)
    settled: list[str] = field(default_factory=list)  # each time a worker was told that it settled the delivery


class OutboxMachine(RuleBasedStateMachine):
    """Workers, time and accidents over one store."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.now = NOW
        self.world = World()
        self.held: list[Claimed] = []  # leases that some worker believes to hold, ended ones too
        self.unreported: list[Claimed] = []  # sent, and the worker has not said so yet
        open_cases(store, a_case(1), a_case(2))

    def teardown(self) -> None:
        """Let everything run without accidents: what was not given up must arrive, once and in order."""
        self.now += timedelta(days=1)
        for name in PLACES:
            self.store.outbox.unpark(name, self.now)
            self.store.outbox.release(name, self.now)
        for name in PLACES:
            while claimed := self.store.outbox.claim(name, 100, lease=LEASE, now=self.now):
                for one in claimed:
                    self._work(one, "ok")
        assert self.store.outbox.unfinished() == 0
        wanted = {key for key, _, _ in self.world.queued} - self.world.given_up
        assert wanted <= set(self.world.arrived), "a message was lost"
        self._nothing_twice()

    @rule(name=place, case=st.sampled_from([None, 1, 1, 2]), wait=st.integers(0, 90))
    def queue(self, name: str, case: int | None, wait: int) -> None:
        delivery = a_delivery(channel=name, case_id=case, not_before=self.now + timedelta(seconds=wait))
        assert self.store.outbox.enqueue([delivery, delivery], self.now) == 1
        self.world.queued.append((delivery.key, name, case))

    @rule(name=place, limit=st.integers(1, 4))
    def claim(self, name: str, limit: int) -> None:
        claimed = self.store.outbox.claim(name, limit, lease=LEASE, now=self.now)
        assert len(claimed) <= limit
        self.held += claimed

    @precondition(lambda self: self.held)
    @rule(
        pick=st.integers(0, 9),
        outcome=st.sampled_from(["ok", "ok", "refused", "throttled", "reset", "answer lost", "no", "crash", "late"]),
    )
    def work(self, pick: int, outcome: str) -> None:
        self._work(self.held.pop(pick % len(self.held)), outcome)

    @precondition(lambda self: self.held)
    @rule(pick=st.integers(0, 9))
    def give_back(self, pick: int) -> None:
        one = self.held.pop(pick % len(self.held))
        self.store.outbox.give_back(one.id, one.attempt, self.now)

    @precondition(lambda self: self.unreported)
    @rule()
    def report_late(self) -> None:
        self._complete(self.unreported.pop(0), "sent")

    @rule(seconds=st.sampled_from([1, 20, 61, 200]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(name=place)
    def leases_end(self, name: str) -> None:
        self.store.outbox.expire(name, self.now)

    @rule(name=place)
    def worker_is_killed_and_starts_again(self, name: str) -> None:
        self.held = [one for one in self.held if one.channel != name]
        self.unreported = [one for one in self.unreported if one.channel != name]
        self.store.outbox.release(name, self.now)

    @rule(name=place, seconds=st.integers(-5, 90))
    def pause(self, name: str, seconds: int) -> None:
        self.store.outbox.pause(name, self.now + timedelta(seconds=seconds), "slow down", self.now)

    @rule(name=place)
    def park_or_unpark(self, name: str) -> None:
        if not self.store.outbox.park(name, "broken", self.now):
            self.store.outbox.unpark(name, self.now)

    @precondition(lambda self: self.world.queued)
    @rule(pick=st.integers(0, 9))
    def drop(self, pick: int) -> None:
        one = self._any(pick)
        if self.store.outbox.drop([one.id], "kim", "settled", self.now):
            self.world.given_up.add(one.key)

    @precondition(lambda self: self.world.queued)
    @rule(pick=st.integers(0, 9))
    def retry(self, pick: int) -> None:
        one = self._any(pick)
        if self.store.outbox.retry([one.id], self.now):
            self.world.given_up.discard(one.key)

    @invariant()
    def nothing_arrives_twice(self) -> None:
        self._nothing_twice()

    def _nothing_twice(self) -> None:
        assert len(self.world.arrived) == len(set(self.world.arrived)), "a message arrived twice"
        assert len(self.world.settled) == len(set(self.world.settled)), "a delivery was settled twice"

    def _any(self, pick: int) -> DeliveryFacts:
        known = self.store.outbox.listing(frozenset(DeliveryState), 1000)
        return known[pick % len(known)]

    def _work(self, one: Claimed, outcome: str) -> None:
        """One try as the delivery stage makes it, with an accident chosen from outside."""
        outbox = self.store.outbox
        if not outbox.begin(one.id, one.attempt, "body", self.now):
            return
        if one.ambiguous and one.key in self.world.arrived:
            self._complete(one, "found")
        elif outcome == "ok":
            self._arrive(one)
            self._complete(one, "sent")
        elif outcome == "late":
            self._arrive(one)
            self.unreported.append(one)
        elif outcome == "answer lost":
            self._arrive(one)
            self._postpone(one, ErrorClass.AMBIGUOUS, DeliveryState.AMBIGUOUS)
        elif outcome == "reset":
            self._postpone(one, ErrorClass.AMBIGUOUS, DeliveryState.AMBIGUOUS)
        elif outcome == "refused":
            self._postpone(one, ErrorClass.TRANSIENT, DeliveryState.WAITING)
        elif outcome == "throttled":
            self._postpone(one, ErrorClass.THROTTLE, DeliveryState.WAITING)
        elif outcome == "no" and outbox.bury(one.id, one.attempt, "no", ErrorClass.RECIPIENT, 0.1, self.now):
            self.world.given_up.add(one.key)

    def _arrive(self, one: Claimed) -> None:
        settled = {facts.key for facts in self.store.outbox.listing(FINAL, 1000)}
        for key, name, case in self.world.queued:
            if key == one.key:
                break
            if case is not None and (name, case) == (one.channel, one.case_id):
                assert key in settled, f"{one.key} overtook {key}"
        self.world.arrived.append(one.key)

    def _complete(self, one: Claimed, outcome: str) -> None:
        receipt = a_receipt(one.key)
        if self.store.outbox.complete(one.id, one.attempt, receipt, outcome=outcome, took=0.1, now=self.now):
            self.world.settled.append(one.key)

    def _postpone(self, one: Claimed, kind: ErrorClass, state: DeliveryState) -> None:
        counts = kind is not ErrorClass.THROTTLE
        self.store.outbox.postpone(
            one.id,
            one.attempt,
            state=state,
            not_before=self.now + timedelta(seconds=5),
            error_class=kind,
            why=kind.value,
            took=0.1,
            now=self.now,
            counts=counts,
        )


def emptied(store: Store) -> Store:
    """The same database without rows: quicker than a new one for each example."""
    with store._engine.execution_options(writing=True).begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return store


@pytest.mark.parametrize(("kind", "examples"), [("sqlite", 40), ("postgresql", 15)])
def test_the_outbox_holds_its_promises_in_any_order_of_events(request, kind, examples):
    where = Database(url="sqlite://") if kind == "sqlite" else request.getfixturevalue("postgres").fresh()
    store = open_store(where)
    run_state_machine_as_test(
        lambda: OutboxMachine(emptied(store)),
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
    store.close()
