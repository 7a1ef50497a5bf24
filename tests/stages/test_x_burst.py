"""Ten thousand posts on X at once: within the budget, all are stored or their gap is told, and the ledger is the bill."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from x_server import XServer, an_id, tweet

from collectors.base import BudgetSpent, Harvest, Heard, Loss, Match, SourceError
from collectors.x import XCollector
from config.secret import Secret
from config.settings import Database
from config.source_x import XBudget, XSource
from monitor.store.engine import Store, open_store
from monitor.store.ledger import SourcePurse

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
BURST = 10_000
QUARTER = timedelta(minutes=15)


@pytest.fixture
def store(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copy(migrated_sqlite, tmp_path / "monitor.db")
    opened = open_store(Database(url=f"sqlite:///{tmp_path}/monitor.db"))
    yield opened
    opened.close()


@pytest.fixture
def server() -> Iterator[XServer]:
    with XServer(NOON) as server:
        yield server


class Desk:
    """A source, its store, and a clock that both it and X go by."""

    def __init__(self, store: Store, server: XServer, secret: Path, budget: XBudget, *queries: str) -> None:
        secret.write_text("SECRET", "utf-8")
        secret.chmod(0o600)
        source = XSource(
            name="x",
            bearer_token=Secret(f"file:{secret}"),
            queries=queries,
            budget=budget,
            base_url=server.base,
            allow_private_address=True,
        )
        self.store, self.server = store, server
        self.collector = XCollector(
            source, clock=lambda: server.now, user_agent="monitor/test", purse=SourcePurse(store.ledger, "x")
        )
        self.stored: set[str] = set()
        self.doubled = 0
        self.lost: list[Loss] = []
        self.gaps = 0

    def poll(self) -> BudgetSpent | None:
        """Collect until there is no more; what stopped it, if the budget did."""
        while True:
            try:
                harvest = self.collector.collect(self.store.sources.get("x").cursor)
            except BudgetSpent as stop:
                return stop
            self.keep(harvest)
            if not harvest.more:
                return None

    def keep(self, harvest: Harvest) -> None:
        heard = [Heard(post, (Match("Acme", "acme", "text"),)) for post in harvest.posts]
        now = self.server.now
        tally = self.store.posts.save_harvest(
            "x",
            heard,
            rejects=harvest.rejects,
            unmatched=0,
            cursor=harvest.cursor,
            next_due_at=now,
            now=now,
            spent=harvest.spent,
            lost=harvest.lost,
            gaps=harvest.gaps,
        )
        ids = {post.native_id for post in harvest.posts}
        self.doubled += tally.stored - len(ids - self.stored)
        self.stored |= ids
        self.lost += harvest.lost
        self.gaps = harvest.gaps

    def spent(self, day: date | None = None) -> int:
        outlays = self.store.ledger.spent("x", date(2026, 11, 1))
        return sum(one.micros for one in outlays if day is None or one.day == day)


def a_burst(server: XServer, posts: int = BURST) -> set[str]:
    """Posts within three minutes, by four hundred authors."""
    for number in range(posts):
        moment = NOON - timedelta(minutes=30) + timedelta(milliseconds=18 * number)
        server.posts.append(tweet(an_id(moment, number % 7), f"acme {number}", author=str(number % 400)))
    return {post["id"] for post in server.posts}


def test_a_burst_within_the_budget_is_stored_whole_and_paid_to_the_cent(
    store: Store, server: XServer, tmp_path: Path
) -> None:
    truth = a_burst(server)
    desk = Desk(store, server, tmp_path / "token", XBudget(daily=Decimal(100), monthly=Decimal(1_000)), "acme")
    assert desk.poll() is None
    assert (desk.stored, desk.doubled, desk.gaps, desk.lost) == (truth, 0, 0, [])
    assert desk.spent() == server.micros == 10_000 * 5_000 + 400 * 10_000
    assert len(server.searches) == 100


def test_a_burst_with_kills_and_failures_is_paid_to_the_cent_all_the_same(
    store: Store, server: XServer, tmp_path: Path
) -> None:
    truth = a_burst(server, 2_000)
    budget = XBudget(daily=Decimal(100), monthly=Decimal(1_000))
    desk = Desk(store, server, tmp_path / "token", budget, "acme", "acme OR bolt")
    chance = random.Random(4)
    while len(desk.stored) < len(truth) or desk.gaps:
        if chance.random() < 0.2:
            server.faults.append(chance.choice(["500", "truncated", "reset", "429"]))
        try:
            harvest = desk.collector.collect(store.sources.get("x").cursor)
        except SourceError:
            continue
        if chance.random() < 0.7:  # else killed before it was saved
            desk.keep(harvest)
    server.faults.clear()
    desk.poll()
    assert (desk.stored, desk.doubled, desk.gaps, desk.lost) == (truth, 0, 0, [])
    assert desk.spent() == server.micros


def test_a_burst_beyond_the_budget_is_read_over_days_without_ever_overspending(
    store: Store, server: XServer, tmp_path: Path
) -> None:
    truth = a_burst(server, BURST // 2)
    daily = Decimal(20)
    desk = Desk(store, server, tmp_path / "token", XBudget(daily=daily, monthly=Decimal(1_000)), "acme", "bolt")
    for _ in range(4):
        day = server.now.date()
        while server.now.date() == day:
            stop = desk.poll()
            assert stop is None or stop.until > server.now
            server.now += 16 * QUARTER
        assert desk.spent(day) == server.micros_on(day.isoformat()) <= daily * 1_000_000
        assert desk.gaps > 0 or desk.stored == truth
    assert (desk.stored, desk.doubled, desk.gaps, desk.lost) == (truth, 0, 0, [])
    assert desk.spent() == server.micros


def test_what_the_budget_leaves_until_it_is_too_old_is_told_as_lost(
    store: Store, server: XServer, tmp_path: Path
) -> None:
    truth = a_burst(server, 2_000)
    desk = Desk(store, server, tmp_path / "token", XBudget(daily=Decimal(1), monthly=Decimal(5)), "acme")
    for _ in range(24):
        desk.poll()
        server.now += timedelta(hours=9)
    assert desk.gaps == 0
    unread = {post["id"]: datetime.fromisoformat(post["created_at"]) for post in server.posts}
    missing = [unread[post_id] for post_id in truth - desk.stored]
    assert missing
    assert all(any(loss.since <= moment <= loss.until for loss in desk.lost) for moment in missing)
    assert len(desk.lost) == len(store.ledger.losses(NOON - timedelta(days=30)))
    assert desk.spent() == server.micros <= 5_000_000
