"""How Alembic runs a migration here: on the connection it is given, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

from monitor.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite can change a table only by copying it
    transactional_ddl=True,  # all of a migration, or nothing: on SQLite too
)
context.run_migrations()
