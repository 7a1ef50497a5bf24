"""Reading Hacker News's past: every post of the time asked for, once, whatever fails or dies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from faulty_server import FAULTS
from hackernews_server import HackerNewsServer, comment

from collectors.base import Backfills, SourceError
from collectors.hackernews import HackerNewsCollector
from collectors.http import Http
from config.sources import HackerNewsSource

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SINCE, UNTIL = NOON - timedelta(days=60), NOON - timedelta(days=30)
START, END = int(SINCE.timestamp()), int(UNTIL.timestamp())


@pytest.fixture
def server() -> Iterator[HackerNewsServer]:
    with HackerNewsServer() as server:
        server.items = [comment(number, START + number * 977, "acme and bolt") for number in range(20)]
        server.items += [comment(100 + number, START + 5_000, "acme, all in one second") for number in range(8)]
        server.items += [comment(200, START, "bolt, the first"), comment(201, END - 1, "bolt, the last")]
        server.items += [comment(300, START - 1, "acme before"), comment(301, END, "acme after")]
        yield server


def a_collector(server: HackerNewsServer, page: int = 3) -> HackerNewsCollector:
    http = Http(user_agent="t", clock=lambda: NOON, allow_private=True, read_seconds=0.2, total_seconds=2)
    source = HackerNewsSource(
        name="hn", queries=("acme", "bolt"), base_url=server.base, allow_private_address=True, since=timedelta(days=1)
    )
    return HackerNewsCollector(source, http=http, clock=lambda: NOON, page=page)


TRUTH = {str(number) for number in (*range(20), *range(100, 108), 200, 201)}


def test_everything_of_the_time_is_read_by_a_new_process_for_each_page(server: HackerNewsServer) -> None:
    assert isinstance(a_collector(server), Backfills)
    cursor, found, more = None, set[str](), True
    while more:
        a_collector(server).backfill(cursor, SINCE, UNTIL)  # killed before it was stored
        harvest = a_collector(server).backfill(cursor, SINCE, UNTIL)
        found |= {post.native_id for post in harvest.posts}
        cursor, more = harvest.cursor, harvest.more
        assert harvest.requests == 1
    assert found == TRUTH
    assert a_collector(server).backfill(cursor, SINCE, UNTIL).requests == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_page_loses_nothing(server: HackerNewsServer, fault: str) -> None:
    collector = a_collector(server, page=20)
    cursor, found, more = None, set[str](), True
    while more:
        server.faults.append(fault)
        with pytest.raises(SourceError):
            collector.backfill(cursor, SINCE, UNTIL)
        harvest = collector.backfill(cursor, SINCE, UNTIL)
        found |= {post.native_id for post in harvest.posts}
        cursor, more = harvest.cursor, harvest.more
    assert found == TRUTH


def test_no_time_is_read_without_a_request(server: HackerNewsServer) -> None:
    harvest = a_collector(server).backfill(None, UNTIL, UNTIL)
    assert (harvest.posts, harvest.more, harvest.requests) == ((), False, 0)
