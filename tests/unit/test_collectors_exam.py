"""Every collector before the exam. The candidates are in tests/kits/*_candidate.py."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import collector_exam as exam
import pytest
from collector_exam import Candidate, Ledger, candidates
from faulty_server import DISTORTIONS, FAULTS, Answer, FaultyServer

from collectors import addresses, bluesky_socket, network, x_guard

BURST = int(os.environ.get("MONITOR_SOURCE_BURST", "200"))  # posts at once; 10,000 takes some minutes
ALL = candidates()
STEADY = candidates(steady=True)
ONLINE = candidates(online=True, steady=True)


@pytest.fixture(params=ALL)
def candidate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Candidate]:
    with ALL[request.param](tmp_path) as ready:
        yield ready


@pytest.fixture(params=STEADY)
def steady(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Candidate]:
    """Those whose clock is right: enough for what has nothing to do with clocks."""
    with STEADY[request.param](tmp_path) as ready:
        yield ready


@pytest.fixture(params=ONLINE)
def online(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Candidate]:
    with ONLINE[request.param](tmp_path) as ready:
        yield ready


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.json")


def test_everything_is_brought_once(candidate: Candidate, ledger: Ledger) -> None:
    exam.brings_everything_once(candidate, ledger)


def test_a_kill_at_every_call_loses_and_doubles_nothing(candidate: Candidate, ledger: Ledger) -> None:
    exam.survives_a_kill_at_every_call(candidate, ledger)


@pytest.mark.parametrize("seed", range(3))
def test_random_kills_lose_and_double_nothing(steady: Candidate, ledger: Ledger, seed: int) -> None:
    exam.survives_random_kills(steady, ledger, seed)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_page_loses_nothing(online: Candidate, ledger: Ledger, fault: str) -> None:
    exam.loses_nothing_when_a_page_fails(online, ledger, fault)


def test_what_appears_meanwhile_is_not_missed(candidate: Candidate, ledger: Ledger) -> None:
    exam.misses_nothing_that_appears_meanwhile(candidate, ledger)


@pytest.mark.parametrize("how", DISTORTIONS)
def test_pages_that_are_not_as_promised_lose_and_double_nothing(
    online: Candidate, ledger: Ledger, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FaultyServer, "distortion", how)
    exam.brings_everything_once(online, ledger)


def test_a_burst_is_brought_whole(steady: Candidate, ledger: Ledger) -> None:
    exam.takes_a_burst(steady, ledger, BURST)


def test_hostile_words_arrive_as_they_were_written(steady: Candidate) -> None:
    exam.carries_hostile_words_unharmed(steady)


def test_no_redirect_leads_inside(online: Candidate, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultyServer(lambda _: Answer(b"{}")) as inside:
        port = int(inside.base.rsplit(":", 1)[1])

        def only_inside_is_private(
            host: str, to: int, *, allow_private: bool, resolver: addresses.Resolver = addresses.resolve
        ) -> Sequence[str]:
            return addresses.checked(host, to, allow_private=to != port, resolver=resolver)

        for module in (network, x_guard, bluesky_socket):
            monkeypatch.setattr(module, "checked", only_inside_is_private)
        monkeypatch.setattr(FaultyServer, "trap", f"{inside.base}/latest/meta-data")
        exam.follows_no_redirect_inside(online, ledger, lambda: len(inside.asked))


def test_recheck_of_nothing_is_nothing(candidate: Candidate) -> None:
    exam.knows_nothing_of_no_posts(candidate)
