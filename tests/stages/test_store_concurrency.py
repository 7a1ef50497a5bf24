"""Several workers at once, and workers that are killed: nothing is lost, nothing is done twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from builders import NOW, a_case, a_delivery, a_post, a_receipt, a_verdict, judge, keep, open_cases

from config.settings import Database
from monitor.states import CaseEvent, DeliveryState, IllegalTransition, PostState
from monitor.store.engine import open_store
from monitor.store.values import Tally

ROOT = Path(__file__).parents[2]


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """Run all at the same moment, each in a thread; what each returned, in order. The first error is raised."""
    gate = threading.Barrier(len(work))

    def one(do: Callable[[], Any]) -> Any:
        gate.wait()
        return do()

    with ThreadPoolExecutor(len(work)) as threads:
        return list(threads.map(one, work))


def test_two_workers_never_claim_the_same_delivery(store, database):
    store.outbox.enqueue([a_delivery() for _ in range(300)], NOW)
    other = open_store(database)

    def drain(mine) -> list[int]:
        ids: list[int] = []
        while claimed := mine.outbox.claim("care", 7, lease=timedelta(minutes=1), now=NOW):
            ids += [one.id for one in claimed]
        return ids

    left, right = at_once(lambda: drain(store), lambda: drain(other))
    # Under PostgreSQL a claim passes over rows that the other is claiming; a last look takes what both passed over.
    rest = drain(store)
    other.close()
    assert sorted(left + right + rest) == list(range(1, 301))


def test_two_workers_keep_the_order_of_a_case(store, database):
    open_cases(store, a_case(1), deliveries=[a_delivery(case_id=1) for _ in range(40)])
    other = open_store(database)
    sent: list[int] = []

    def work(mine) -> None:
        while mine.outbox.unfinished():
            for one in mine.outbox.claim("care", 5, lease=timedelta(minutes=1), now=NOW):
                assert mine.outbox.begin(one.id, one.attempt, "body", NOW)
                sent.append(one.id)
                assert mine.outbox.complete(one.id, one.attempt, a_receipt(), took=0, now=NOW)

    at_once(lambda: work(store), lambda: work(other))
    other.close()
    assert sent == list(range(1, 41))


def test_sources_that_bring_the_same_posts_at_once_store_them_once(store, database):
    posts = [a_post(published_at=NOW - timedelta(minutes=n % 7)) for n in range(200)]
    other = open_store(database)
    tallies = at_once(
        lambda: sum((keep(store, *posts[n : n + 50]) for n in range(0, 200, 50)), Tally()),
        lambda: sum((keep(other, *posts[n : n + 50][::-1], source="b") for n in range(0, 200, 50)), Tally()),
    )
    other.close()
    assert sum(tallies, Tally()) == Tally(stored=200, duplicates=200)
    assert store.posts.backlog() == {PostState.COLLECTED: 200}


def test_two_judges_move_each_post_once(store, database):
    keep(store, *(a_post() for _ in range(100)))
    texts = store.posts.to_score(100)
    other = open_store(database)
    verdicts = [(text, a_verdict()) for text in texts]
    moved = at_once(
        lambda: store.posts.save_verdicts(verdicts, model="m1", now=NOW),
        lambda: other.posts.save_verdicts(verdicts[::-1], model="m1", now=NOW),
    )
    other.close()
    assert sorted(moved) == [0, 100]


def test_numbers_of_cases_are_reserved_once(store, database):
    other = open_store(database)
    take = lambda mine: [n for _ in range(50) for n in mine.cases.reserve_ids(3)]  # noqa: E731
    left, right = at_once(lambda: take(store), lambda: take(other))
    other.close()
    assert sorted(left + right) == list(range(1, 301))


def test_of_two_people_who_close_a_case_one_is_told_that_it_is_closed(store, database):
    open_cases(store, a_case(1))
    other = open_store(database)

    def close(mine, event: CaseEvent) -> bool:
        try:
            mine.cases.transition(1, event, who="kim", why="", now=NOW)
        except IllegalTransition:
            return False
        return True

    closed = at_once(lambda: close(store, CaseEvent.RESOLVE), lambda: close(other, CaseEvent.DISMISS))
    other.close()
    assert sorted(closed) == [False, True]
    assert len(store.cases.show(1).history) == 2


def test_readers_do_not_wait_for_a_writer(store, database):
    keep(store, a_post())
    other = open_store(database)
    with store._engine.execution_options(writing=True).begin() as connection:
        connection.exec_driver_sql("UPDATE post SET tries = 9")
        assert other.posts.backlog() == {PostState.COLLECTED: 1}
        assert [text.tries for text in other.posts.to_score(10)] == [0]
    other.close()


WRITER = """
import sys
sys.path[:0] = ["tests/kits", "."]
from datetime import timedelta
from builders import NOW, a_case, a_decision, a_delivery, a_post, judge, keep
from config.settings import Database
from monitor.store.engine import open_store
from monitor.store.values import CasePost, Decisions
store = open_store(Database.model_validate_json(sys.argv[1]))
for number in range(int(sys.argv[2]), 100_000):
    keep(store, *(a_post(native_id=f"{number}-{i}") for i in range(10)), cursor=str(number))
    judge(store)
    ids = [waiting.post.id for waiting in store.posts.to_decide(10)]
    (case_id,) = store.cases.reserve_ids(1)
    store.cases.save_decisions(Decisions(
        post_ids=ids, decisions=[a_decision(i) for i in ids], new_cases=[a_case(case_id, posts=len(ids))],
        case_posts=[CasePost(case_id, i, "customer") for i in ids],
        deliveries=[a_delivery(key=f"case-{case_id}", case_id=case_id)],
    ), now=NOW)
    print(number, flush=True)
"""


def written_until_killed(database: Database, start: int, lines: int) -> int:
    """Let a process write until it has confirmed some rounds, kill it at once; the last round it confirmed."""
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, database.model_dump_json(), str(start)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    with child:
        confirmed = start - 1
        for _ in range(lines):
            line = child.stdout.readline()
            assert line, "the writer died by itself"
            confirmed = int(line)
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split()
        child.wait()
    return max([confirmed, *map(int, rest)])


def test_a_killed_writer_leaves_whole_transactions(store, database):
    start = 0
    for lines in (3, 1, 5, 2):
        confirmed = written_until_killed(database, start, lines)
        start = confirmed + 1
        with store._engine.connect() as connection:
            count = lambda query: connection.exec_driver_sql(query).scalar()  # noqa: E731
            if store._engine.dialect.name == "sqlite":
                assert connection.exec_driver_sql("PRAGMA integrity_check").all() == [("ok",)]
            stored = count("SELECT count(*) FROM post")
            cursor = int(store.sources.get("x-acme").cursor)
            assert cursor in {confirmed, start}  # at most the round that was under way
            assert stored == 10 * (cursor + 1) == store.sources.get("x-acme").total.stored
            assert count("SELECT count(*) FROM post_match") == stored
            scored = count("SELECT count(*) FROM post WHERE state IN ('scored', 'decided')")
            assert count("SELECT count(*) FROM verdict") == scored
            decided = count("SELECT count(*) FROM post WHERE state = 'decided'")
            assert count("SELECT count(*) FROM decision") == count("SELECT count(*) FROM case_post") == decided
            assert count('SELECT sum(posts) FROM "case"') == decided
            cases = count('SELECT count(*) FROM "case"')
            assert count("SELECT count(*) FROM delivery") == count("SELECT count(*) FROM history") == cases
    judge(store)
    assert store.outbox.depth()["care", DeliveryState.PENDING] >= start
