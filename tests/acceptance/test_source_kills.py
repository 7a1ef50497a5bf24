"""Each source's stage killed by SIGKILL, over the real store: what is stored is what the source holds, nothing twice.

MONITOR_SOURCE_KILLS sets how many random kills there are over all sources together.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from random import Random

import pytest
from collector_exam import candidates
from source_kills import Household, Outcome, at_every_point, at_random

from config.settings import Database

SOURCES = candidates(steady=True)
KILLS = int(os.environ.get("MONITOR_SOURCE_KILLS", str(2 * len(SOURCES))))
THOROUGH = "MONITOR_SOURCE_KILLS" in os.environ
LIVES = 500 if THOROUGH else 6  # of one source, killed at every point
AT_ONCE = 10  # kills between two looks at what is stored
SEED = 20261121


def fresh(migrated: Path, folder: Path) -> Database:
    folder.mkdir(parents=True)
    shutil.copy(migrated, folder / "monitor.db")
    return Database(url=f"sqlite:///{folder}/monitor.db")


@pytest.mark.parametrize("source", SOURCES)
def test_a_kill_between_pages_and_after_commits_changes_nothing(
    source: str, tmp_path: Path, migrated_sqlite: Path
) -> None:
    database = fresh(migrated_sqlite, tmp_path / "store")
    with SOURCES[source](tmp_path) as candidate:
        outcome = at_every_point(Household(candidate, database, tmp_path), LIVES)
    assert outcome.kills > 1
    assert (outcome.lost, outcome.doubled) == (0, 0)


def test_kills_change_nothing_on_either_database(database: Database, tmp_path: Path) -> None:
    with SOURCES["hackernews"](tmp_path) as candidate:
        outcome = at_random(Household(candidate, database, tmp_path), Random(SEED), 5, 0.5)
    assert outcome == Outcome(5, 0, 0)


@pytest.mark.kill
@pytest.mark.timeout(7200)
def test_kills_at_random_lose_and_double_nothing(tmp_path: Path, migrated_sqlite: Path) -> None:
    chance = Random(SEED)
    found: dict[str, Outcome] = {}
    for number, (source, opener) in enumerate(SOURCES.items()):
        wanted = KILLS * (number + 1) // len(SOURCES) - KILLS * number // len(SOURCES)
        found[source] = Outcome(0, 0, 0)
        calm = None
        for turn in range(1_000):
            left = wanted - found[source].kills
            if left <= 0:
                break
            folder = tmp_path / source.replace(" ", "_") / str(turn)
            database = fresh(migrated_sqlite, folder)
            with opener(folder) as candidate:
                household = Household(candidate, database, folder)
                if calm is None:
                    began = time.monotonic()
                    household.calm_down()
                    calm = (time.monotonic() - began) / 2
                else:
                    found[source] += at_random(household, chance, min(AT_ONCE, left), calm)
            shutil.rmtree(folder)
    total = sum(found.values(), Outcome(0, 0, 0))
    print(f"\n{'source':24}{'kills':>7}{'lost':>7}{'doubled':>9}")
    for source, one in (*found.items(), ("all", total)):
        print(f"{source:24}{one.kills:>7}{one.lost:>7}{one.doubled:>9}")
    assert total == Outcome(KILLS, 0, 0)
