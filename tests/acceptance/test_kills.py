"""Killed anywhere and started again: the same posts, one verdict each, the same cases, each message once.

MONITOR_KILLS and MONITOR_KILL_POSTS set how much; MONITOR_KILL_POSTS=shared takes the 11,997 public support posts.
"""

from __future__ import annotations

import math
import os
import random
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from desk import Desk, desk, invented_posts, kill, write_csv

KILLS = int(os.environ.get("MONITOR_KILLS", "6"))
POSTS = os.environ.get("MONITOR_KILL_POSTS", "300")
SEED = 20261121


def posts_file(folder: Path, request: pytest.FixtureRequest) -> tuple[Path, dict[str, str]]:
    if POSTS == "shared":
        shared: Path = request.getfixturevalue("shared")
        path = shared / "data" / "twacs_airline_support" / "unlabelled.csv.gz"
        if not path.exists():
            pytest.skip(f"{path} is absent")
        return path, {"columns": '{ text = "text", id = "twcs_id" }'}
    day = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    return write_csv(folder / "posts.csv", invented_posts(int(POSTS), day=day)), {}


def timed(desk: Desk) -> float:
    began = time.monotonic()
    desk.run("run", "--once")
    return time.monotonic() - began


def longest_life(idle: float, work: float) -> float:
    """Lives drawn evenly from 0 to this do about 0.7 of the work in KILLS of them: every part of it is met."""
    share = 0.7 * work / KILLS
    return idle + share + math.sqrt(share**2 + 2 * share * idle)


@pytest.mark.kill
@pytest.mark.timeout(7200)
def test_deaths_change_nothing(tmp_path, database, request, record_property):
    posts, how = posts_file(tmp_path, request)
    calm_folder = tmp_path / "calm"
    calm_folder.mkdir()
    calm_database = database.model_copy(update={"url": f"sqlite:///{calm_folder}/monitor.db", "user": None})
    with desk(calm_folder, calm_database) as calm:
        calm.write(posts=posts, **how)
        took = timed(calm)
        idle = timed(calm)  # nothing is left to do: this is the start-up alone
        expected = calm.outcome()
        expected_messages = len(calm.slack.keys), len(calm.mail.mails)

    rng = random.Random(SEED)
    with desk(tmp_path, database) as killed:
        killed.write(posts=posts, **how)
        died = 0
        while died < KILLS:
            program = killed.start("run", "--once")
            moment = rng.uniform(0, longest_life(idle, took - idle))
            try:
                program.wait(timeout=moment)
            except subprocess.TimeoutExpired:
                kill(program)
                died += 1
                continue
            break  # it came to its end before it could be killed
        killed.run("run", "--once")
        for _ in range(30):  # what waits for a later try
            if killed.rows("select count(*) from delivery where state not in ('sent', 'dead', 'cancelled')") == [(0,)]:
                break
            time.sleep(1)
            killed.run("run", "--once")
        outcome = killed.outcome()
        slack, mails = Counter(killed.slack.keys), Counter(m.mail["Message-ID"] for m in killed.mail.mails)
        record_property("kills", died)
        print(
            f"kills {died}, posts {sum(outcome.posts.values())}, slack {len(slack)}, mails {len(mails)}, "
            f"repeated mails {sum(mails.values()) - len(mails)}, calm run {took:.1f} s"
        )
        assert died >= KILLS * 0.8
        assert outcome == expected
        assert [key for key, times in slack.items() if times > 1] == []
        assert (len(slack), len(mails)) == expected_messages
        # SMTP cannot be asked whether a mail arrived. Between the server's word and ours lies about a millisecond;
        # a mail that falls into it is sent again byte for byte with the same Message-ID.
        by_id: dict[str, set[str]] = {}
        for one in killed.mail.mails:
            by_id.setdefault(one.mail["Message-ID"], set()).add(one.text)
        assert all(len(texts) == 1 for texts in by_id.values())
        assert sum(mails.values()) - len(mails) <= 1
