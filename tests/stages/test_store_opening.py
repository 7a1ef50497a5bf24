"""Opening a database: its settings, its schema, its refusals, and the sole right to run a stage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from builders import NOW, a_post, keep
from postgres_server import PostgresServer

from config.secret import Secret
from config.settings import Database
from monitor.states import PostState
from monitor.store import locks
from monitor.store.engine import AlreadyRunning, SchemaMismatch, Store, StoreUnusable, open_store, upgrade
from monitor.store.tables import metadata

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A database with nothing in it."""
    if request.param == "sqlite":
        return Database(url=f"sqlite:///{tmp_path}/new.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.empty()


def set_revision(store: Store, revision: str) -> None:
    with store._engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


def test_the_migrations_make_the_schema_of_the_tables(store):
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_index_of_open_deliveries_is_partial(store):
    found = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE name = 'ix_delivery_open'",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_delivery_open'",
    }
    with store._engine.connect() as connection:
        made = connection.exec_driver_sql(found[store._engine.dialect.name]).scalar_one()
    assert all(word in made for word in ("WHERE", "sent", "dead", "cancelled"))


def test_upgrading_says_what_it_did_and_repeats_without_harm(empty):
    before, after = upgrade(empty)
    assert (before, after) == (None, "0004")
    store = open_store(empty)
    keep(store, a_post())
    store.close()
    assert upgrade(empty) == ("0004", "0004")
    store = open_store(empty)
    assert store.posts.backlog() == {PostState.COLLECTED: 1}
    store.close()


def test_sqlite_makes_its_schema_when_opened(tmp_path):
    store = open_store(Database(url=f"sqlite:///{tmp_path}/new.db"))
    assert keep(store, a_post()).stored == 1
    store.close()


def test_a_database_in_memory_works(tmp_path):
    store = open_store(Database(url="sqlite://"))
    assert keep(store, a_post()).stored == 1
    with store.hold("score"), pytest.raises(AlreadyRunning), store.hold("score"):
        pass
    with store.hold("score"):
        store.close()


def test_postgresql_without_a_schema_names_the_command(postgres):
    database = postgres.empty()
    with pytest.raises(SchemaMismatch, match=r"not there yet.*monitor db upgrade"):
        open_store(database)
    open_store(database, migrate=True).close()
    open_store(database).close()


def test_postgresql_makes_its_schema_where_the_settings_say_so(postgres):
    open_store(postgres.empty().model_copy(update={"migrate": True})).close()


def test_a_schema_of_a_newer_version_is_refused(database):
    store = open_store(database)
    set_revision(store, "9999")
    store.close()
    for attempt in (open_store, upgrade):
        with pytest.raises(SchemaMismatch, match="written by a newer version of the monitor"):
            attempt(database)


def test_sqlite_keeps_what_it_has_confirmed(tmp_path):
    store = open_store(Database(url=f"sqlite:///{tmp_path}/new.db"))
    with store._engine.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    store.close()


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(StoreUnusable, match=f"{tmp_path}/none does not exist"):
        open_store(Database(url=f"sqlite:///{tmp_path}/none/monitor.db"))


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("my notes" * 1000)
    with pytest.raises(StoreUnusable, match=r"notes\.txt.*not a database"):
        open_store(Database(url=f"sqlite:///{tmp_path}/notes.txt"))


@pytest.mark.parametrize("url", ["mysql://host/name", "no url", "postgresql+nothing://host/name"])
def test_another_kind_of_database_is_refused(url):
    with pytest.raises(StoreUnusable, match="sqlite:///"):
        open_store(Database(url=url))


def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path, monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", "hunter2-canary")
    database = Database(
        url=f"postgresql+psycopg:///monitor?host={tmp_path}", user="monitor", password=Secret("env:DB_PASSWORD")
    )
    with pytest.raises(StoreUnusable) as refused:
        open_store(database)
    assert str(tmp_path) in str(refused.value)
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_missing_password_is_named_by_its_place(tmp_path, monkeypatch):
    monkeypatch.delenv("DB_PASSWORD", raising=False)
    database = Database(url=f"postgresql+psycopg:///monitor?host={tmp_path}", password=Secret("env:DB_PASSWORD"))
    with pytest.raises(StoreUnusable, match=r"database\.password: env:DB_PASSWORD"):
        open_store(database)


def test_a_stage_is_held_once(store, database):
    other = open_store(database)
    with store.hold("score"):
        with pytest.raises(AlreadyRunning, match="score already runs"), other.hold("score"):
            pass
        with other.hold("decide"):
            pass
    with other.hold("score"):
        pass
    other.close()


def test_who_holds_a_stage_can_ask_whether_it_still_does(store):
    with store.hold("score") as held, store.hold("decide") as other:
        assert [held.alive(), other.alive(), held.alive()] == [True, True, True]


def test_a_stage_is_lost_with_its_connection_and_its_holder_learns_of_it(postgres):
    database = postgres.fresh()
    store, other = open_store(database), open_store(database)
    with store.hold("score") as held:
        with other._engine.connect() as connection:
            ended = (
                "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                " WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted"
            )
            assert connection.exec_driver_sql(ended).all() == [(True,)]
        for _ in range(200):  # a backend that is told to end takes a moment
            if not held.alive():
                break
            time.sleep(0.02)
        assert [held.alive(), held.alive()] == [False, False]
        with other.hold("score") as successor:
            assert (held.alive(), successor.alive()) == (False, True)
        assert keep(store, a_post()).stored == 1  # the store itself goes on with new connections
    with store.hold("score") as held:
        assert held.alive()
    assert not held.alive()
    store.close()
    other.close()
    postgres.drop(database)


def test_a_lock_that_a_living_connection_has_lost_is_not_held(postgres):
    database = postgres.fresh()
    store, other = open_store(database), open_store(database)
    with store.hold("score") as held, store.hold("decide") as elsewhere:
        # As when a pooler between us and the server hands the connection on: it lives, and holds something else.
        held._connection.exec_driver_sql("SELECT pg_advisory_unlock_all()")
        held._connection.exec_driver_sql(f"SELECT pg_advisory_lock({locks._STAGE_LOCKS}, 1)")
        held._connection.exec_driver_sql(f"SELECT pg_advisory_lock(1, {locks._key('score')})")
        with other.hold("score") as successor:
            assert (held.alive(), elsewhere.alive(), successor.alive()) == (False, True, True)
    store.close()
    other.close()
    postgres.drop(database)


HOLDER = """
import sys, time
from config.settings import Database
from monitor.store.engine import open_store
with open_store(Database.model_validate_json(sys.argv[1])).hold("score"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_killed_process_holds_nothing(store, database):
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database.model_dump_json()], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    with child:
        assert child.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning), store.hold("score"):
            pass
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    for _ in range(200):  # PostgreSQL notices the broken connection a moment later
        try:
            with store.hold("score"):
                return
        except AlreadyRunning:
            time.sleep(0.02)
    pytest.fail("a killed process still holds the stage")


def test_times_without_a_zone_are_refused(store):
    with pytest.raises(Exception, match="a time without a zone"):
        keep(store, now=NOW.replace(tzinfo=None))
