"""What all tests share: a store on each database, and the folder of shared data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import PostgresServer, PostgresUnavailable, running

from config.settings import Database
from monitor.store.engine import Store, open_store, upgrade


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server, started once for the whole run."""
    try:
        with running() as server:
            yield server
    except PostgresUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the current schema and no rows, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    upgrade(Database(url=f"sqlite:///{path}"))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The settings of a fresh database with the current schema; each test runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "monitor.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield Database(url=f"sqlite:///{path}")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    settings = server.fresh()
    yield settings
    server.drop(settings)


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """A store without rows; each test runs on SQLite and on PostgreSQL."""
    opened = open_store(database)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared reference data; skips where there is none."""
    beside = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("MONITOR_SHARED") or beside)
    if not folder.is_dir():
        pytest.skip(f"no shared data: {folder} is no folder and MONITOR_SHARED names none")
    return folder
