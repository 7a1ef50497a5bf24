"""A company makes the complaint types its own: at a terminal, from the first table to trained heads in use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk, desk, write_csv

from config.settings import Database

OWN = """
[[complaint_types]]
name = "invoices"
description = "an invoice is wrong"
from = ["billing"]

[[complaint_types]]
name = "parcels"
description = "parcel late, lost or broken"
from = ["delay", "lost_or_damaged"]

[[complaint_types]]
name = "other"
"""
NETWORK = """
[[complaint_types]]
name = "network"
description = "no signal where the customer lives"
examples = ["acme there is no signal in my village since Monday, please mend your mast"]
"""
BILLED = "acme charged me twice and I want my money back: this is outrageous"
PLACES = (
    "village",
    "valley",
    "street",
    "flat",
    "town",
    "cellar",
    "garden",
    "house",
    "office",
    "kitchen",
    "train",
    "car",
)
DAYS = ("Monday", "Friday")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, Database(url=f"sqlite:///{tmp_path}/monitor.db")) as one:
        yield one


def labelled(count: int) -> list[dict[str, str]]:
    """Invented posts: as many about the network as about bills, and half as many that are no complaint."""
    places = [(place, day) for place in PLACES for day in DAYS][:count]
    rows = [
        {"text": f"acme no signal at all in our {place} since {day}, nobody can call", "types": "network"}
        for place, day in places
    ]
    rows += [
        {"text": f"acme your invoice of {day} for the {place} is wrong, you charged me twice", "types": "invoices"}
        for place, day in places
    ]
    return rows + [{"text": f"thank you acme, lovely {place}", "types": ""} for place, _ in places[::2]]


def configure(here: Desk, posts: Path, more: str) -> None:
    """The desk's settings with further ones, and its playbook in the company's word for bills."""
    here.write(posts=posts, more=more)
    path = here.folder / "monitor.toml"
    path.write_text(path.read_text().replace("playbook = { billing =", "playbook = { invoices ="))


def test_own_types_hold_from_the_first_start_and_trained_ones_after_training(here: Desk) -> None:
    posts = write_csv(
        here.folder / "posts.csv",
        [{"text": BILLED, "id": "1", "created_at": "2026-11-18T10:00:00+00:00", "author": "mia", "thread": ""}],
    )
    here.write(posts=posts)
    here.run("run", "--once")
    assert here.rows("select types from verdict") == [("billing",)]

    configure(here, posts, OWN)
    alerts = len(here.slack.messages)
    assert "main type" in here.run("rescore", "--since", "3650d", "--dry-run").stdout
    assert here.rows("select count(*) from verdict") == [(1,)]
    said = here.run("rescore", "--since", "2026-11-01").stdout
    assert re.search(r"main type\W+1\W+100\.0%", said), said
    assert here.rows("select types from verdict order by scored_at desc limit 1") == [("invoices",)]
    here.run("run", "--once")
    assert len(here.slack.messages) == alerts

    configure(here, posts, OWN + NETWORK)
    few = write_csv(here.folder / "few.csv", labelled(4))
    refused = here.run("train", "--from", str(few), expect=1).stderr
    assert "network: 5 labelled posts, 20 are needed" in refused
    assert not (here.folder / "heads").exists()

    rows = [*labelled(24), {"text": "no idea", "types": "signal"}]
    enough = write_csv(here.folder / "enough.csv", rows)
    done = here.run("train", "--from", str(enough), "--from-corrections")
    assert f"{enough}: line {len(rows) + 1}, column types: no complaint type is called" in done.stderr
    assert 'heads = "heads/types-1"' in done.stdout
    assert "parcels stays as shipped" in done.stdout

    configure(here, posts, OWN + NETWORK + '\n[model]\nheads = "heads/types-1"\n')
    judged = here.run("score", "acme no signal at all in our harbour since Sunday, nobody can call").stdout
    assert "network" in judged
