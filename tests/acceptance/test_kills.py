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
def test_deaths_change_nothing(tmp_path, database, request):
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
        for _ in range(KILLS):
            program = killed.start("run")  # the daemon with all its threads
            try:
                program.wait(timeout=rng.uniform(0, longest_life(idle, took - idle)))
            except subprocess.TimeoutExpired:
                kill(program)
            else:
                pytest.fail(f"the daemon ended by itself:\n{killed.log()[-2000:]}")
        for _ in range(60):
            killed.run("run", "--once")
            if killed.rows("select count(*) from delivery where state not in ('sent', 'dead', 'cancelled')") == [(0,)]:
                break
            time.sleep(1)  # what waits for a later try
        outcome = killed.outcome()
        slack, mails = Counter(killed.slack.keys), Counter(m.mail["Message-ID"] for m in killed.mail.mails)
        repeated = [message_id for message_id, times in mails.items() if times > 1]
        in_flight = killed.rows("select count(*) from delivery_attempt where outcome = 'ambiguous'")[0][0]
        found = killed.rows("select count(*) from delivery_attempt where outcome = 'found'")[0][0]
        print(
            f"\n{KILLS} kills; {sum(outcome.posts.values())} posts, {sum(outcome.cases.values())} cases, "
            f"{len(slack)} Slack messages, {len(mails)} mails; killed in mid-send {in_flight} times, of which "
            f"{found} had arrived and were found; mails repeated {len(repeated)}; undisturbed run {took:.1f} s"
        )
        assert outcome == expected
        assert [key for key, times in slack.items() if times > 1] == []
        assert (len(slack), len(mails)) == expected_messages
        # A mail server cannot be asked. A mail that was killed between the server's word and ours is sent again,
        # byte for byte with its Message-ID; no other may be repeated.
        assert len(repeated) <= in_flight
        by_id: dict[str, set[str]] = {}
        for one in killed.mail.mails:
            by_id.setdefault(one.mail["Message-ID"], set()).add(one.text)
        assert all(len(texts) == 1 for texts in by_id.values())
