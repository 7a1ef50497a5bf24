"""Everything that a database holds, as one text to be searched."""

from __future__ import annotations

from sqlalchemy import inspect

from monitor.store.engine import Store


def dump(store: Store) -> str:
    """Each row of each table as the database has it, a line each."""
    lines: list[str] = []
    with store._engine.connect() as connection:
        for table in sorted(inspect(connection).get_table_names()):
            rows = connection.exec_driver_sql(f'SELECT * FROM "{table}"').mappings()
            lines += [f"{table} {dict(row)}" for row in rows]
    return "\n".join(lines)


def lines_with(store: Store, word: str) -> list[str]:
    """The tables in whose rows a word stands, whatever its case; one entry a row."""
    return [line.split()[0] for line in dump(store).casefold().splitlines() if word in line]
