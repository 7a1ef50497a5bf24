"""Which schema a database has, and how it gets the one that this version needs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from monitor.store.transactions import reading, writing

_FOLDER = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 7_263_001  # any number; tells PostgreSQL that only one process migrates at a time


class SchemaMismatch(Exception):
    """The database's schema is not the one of this version; the message says what to run."""


def upgrade(engine: Engine) -> tuple[str | None, str]:
    """Bring the schema to this version in one transaction; its revision before (None: empty) and now.

    Repeating does nothing.

    Raises:
        SchemaMismatch: the schema is newer than this version.

    """
    scripts = _scripts()
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        before = _known(_revision(connection), scripts)
        if before != scripts.get_current_head():
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return before, str(scripts.get_current_head())


def check(engine: Engine) -> None:
    """Refuse a schema that is not the one of this version.

    Raises:
        SchemaMismatch: it is behind or ahead, or there is none yet.

    """
    scripts = _scripts()
    with reading(engine) as connection:
        found = _known(_revision(connection), scripts)
    head = scripts.get_current_head()
    if found != head:
        raise SchemaMismatch(
            f"the database's schema is {found or 'not there yet'}, this version needs {head}: run `monitor db upgrade`"
        )


def _known(revision: str | None, scripts: ScriptDirectory) -> str | None:
    if revision is not None and revision not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaMismatch(
            f"this database was written by a newer version of the monitor (schema {revision}): "
            "install that version or a later one"
        )
    return revision


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()  # built here: an installed wheel has no alembic.ini
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
