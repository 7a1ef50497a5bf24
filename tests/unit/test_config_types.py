from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.complaint_types import ComplaintType, fallback, types_in_force
from config.load import ConfigError, load
from config.settings import Settings
from config.vocabulary import COMPLAINT_TYPES

GOOD = """\
company = "Acme"
[[brands]]
name = "Acme"
aliases = [{ text = "Acme" }]
[[channels]]
kind = "console"
name = "care"
[default_route]
name = "rest"
channels = ["care"]
[digest]
enabled = false
"""
INVOICES = '[[complaint_types]]\nname = "invoices"\nfrom = ["billing"]\n'
PARCELS = '[[complaint_types]]\nname = "parcels"\ndescription = "late or lost"\nfrom = ["delay", "lost_or_damaged"]\n'
NETWORK = '[[complaint_types]]\nname = "network"\ndescription = "no signal"\n'
HEADS = '[model]\nheads = "heads/types-1"\n'


def loaded(folder: Path, further: str, *, untrained: bool = False) -> Settings:
    path = folder / "monitor.toml"
    path.write_text(GOOD + further, encoding="utf-8")
    return load(path, untrained=untrained)


def problems(folder: Path, further: str, *, untrained: bool = False) -> list[str]:
    try:
        loaded(folder, further, untrained=untrained)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_without_a_list_the_shipped_eleven_hold(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "")
    assert settings.type_names == COMPLAINT_TYPES
    assert [one.shipped for one in types_in_force(settings.complaint_types)] == [(name,) for name in COMPLAINT_TYPES]


def test_types_are_kept_renamed_merged_and_dropped(tmp_path: Path) -> None:
    settings = loaded(tmp_path, INVOICES + PARCELS + '[[complaint_types]]\nname = "staff"\n')
    assert settings.type_names == {
        "invoices": COMPLAINT_TYPES["billing"],
        "parcels": "late or lost",
        "staff": COMPLAINT_TYPES["staff"],
    }
    assert [one.shipped for one in settings.complaint_types] == [("billing",), ("delay", "lost_or_damaged"), ("staff",)]
    assert settings.every_type_name["policy"] == COMPLAINT_TYPES["policy"]  # for what was judged before


def test_a_new_type_passes_once_heads_are_named_or_while_they_are_trained(tmp_path: Path) -> None:
    assert problems(tmp_path, NETWORK, untrained=True) == []
    settings = loaded(tmp_path, NETWORK + HEADS)
    assert settings.model.heads == f"{tmp_path}/heads/types-1"
    assert settings.complaint_types[0].shipped == ()


@pytest.mark.parametrize(
    ("further", "expected"),
    [
        (
            NETWORK,
            'line 13: complaint_types[0]: "network" takes over no shipped type (from) and nothing is trained for it: run ',
        ),
        (
            INVOICES.replace("billing", "biling"),
            'line 15: complaint_types[0].from: no shipped type is called "biling"; did you mean "billing"?',
        ),
        (
            INVOICES + INVOICES.replace("invoices", "bills"),
            'line 18: complaint_types[1].from: the shipped type "billing" is taken over by "invoices" already',
        ),
        (
            INVOICES + '[[complaint_types]]\nname = "billing"\n',
            'line 17: complaint_types[1].name: the shipped type "billing" is taken over by "invoices" already',
        ),
        (
            INVOICES.replace('["billing"]', '["billing", "billing"]\ndescription = "b"'),
            'line 15: complaint_types[0].from: the shipped type "billing" is taken over by "invoices" already',
        ),
        (
            INVOICES + INVOICES.replace("billing", "delay"),
            'line 17: complaint_types[1].name: "invoices" is the name of complaint_types[0] already',
        ),
        (
            PARCELS.replace('description = "late or lost"\n', ""),
            "complaint_types[0].description: is missing: say in a few words",
        ),
        (
            INVOICES.replace('"invoices"', '"Invoices due"'),
            "line 14: complaint_types[0].name: must be lower-case letters, digits and _, beginning with a letter",
        ),
        (INVOICES + 'exmples = ["x"]\n', 'complaint_types[0].exmples: unknown key; did you mean "examples"?'),
        (
            INVOICES + '[[routes]]\nname = "one"\nchannels = ["care"]\nwhen = { types = ["billing"] }\n',
            'line 19: routes[0].when.types: no complaint type is called "billing"; complaint types: invoices',
        ),
        (
            INVOICES + '[alerting.playbook]\ninvoice = "call"\n',
            'line 17: alerting.playbook.invoice: no complaint type is called "invoice"; did you mean "invoices"?',
        ),
    ],
)
def test_each_mistake_is_named_with_its_line(tmp_path: Path, further: str, expected: str) -> None:
    found = problems(tmp_path, further)
    assert [line for line in found if expected in line], found


def test_routes_and_playbook_may_name_the_companys_own_types(tmp_path: Path) -> None:
    further = '[[routes]]\nname = "one"\nchannels = ["care"]\nwhen = { types = ["invoices"] }\n'
    assert problems(tmp_path, INVOICES + further + '[alerting.playbook]\ninvoices = "call"\n') == []


def test_a_type_whose_name_cannot_be_read_brings_no_false_problems_behind_it(tmp_path: Path) -> None:
    found = problems(tmp_path, INVOICES.replace('"invoices"', "invoices") + '[alerting.playbook]\ninvoices = "call"\n')
    assert [line.split(": ")[:2] for line in found] == [["line 14", "complaint_types[0].name"]]


def test_what_the_guide_says_can_be_written_so(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "complaint-types.md").read_text(encoding="utf-8")
    tables, every, new, heads = re.findall(r"^( *)```toml\n(.*?)^ *```", guide, re.MULTILINE | re.DOTALL)
    assert set(loaded(tmp_path, tables[1]).type_names) == {"invoices", "parcels", "staff", "other"}
    (tmp_path / "monitor.toml").write_text(every[1] + GOOD, encoding="utf-8")
    assert load(tmp_path / "monitor.toml").type_names == COMPLAINT_TYPES
    assert loaded(tmp_path, new[1] + heads[1]).complaint_types[0].name == "network"


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([], "other"),
        ([ComplaintType.model_validate({"name": "invoices", "from": ["billing"]})], None),
        ([ComplaintType.model_validate({"name": "misc", "from": ["other"]})], "misc"),
        ([ComplaintType.model_validate({"name": "misc", "from": ["policy", "other"], "description": "m"})], "misc"),
    ],
)
def test_a_complaint_that_fits_nothing_goes_to_the_heir_of_other(
    types: list[ComplaintType], expected: str | None
) -> None:
    assert fallback(types_in_force(types)) == expected
