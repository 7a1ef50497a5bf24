from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.brands import Alias, AliasKind
from config.load import check_secrets, load
from config.sources import FeedSource, HackerNewsSource
from config.template import PLAYBOOK, starter
from config.vocabulary import COMPLAINT_TYPES


def loaded(folder: Path, company: str):
    path = folder / "monitor.toml"
    path.write_text(starter(company), encoding="utf-8")
    return load(path)


def test_the_starter_runs_without_any_secret(tmp_path: Path) -> None:
    made = loaded(tmp_path, "Acme")
    assert check_secrets(made) == []
    assert {source.kind for source in made.sources} == {"hackernews", "feed", "files"}
    assert [channel.kind for channel in made.channels] == ["console"]
    assert not made.digest.enabled
    assert set(made.alerting.playbook) == set(COMPLAINT_TYPES) == set(PLAYBOOK)


def test_the_name_becomes_aliases_and_searches(tmp_path: Path) -> None:
    made = loaded(tmp_path, "  Zöllner & Co\n")
    assert made.company == "Zöllner & Co"
    assert made.brands[0].aliases == (
        Alias(text="Zöllner & Co", kind=AliasKind.PHRASE),
        Alias(text="zollnerco", kind=AliasKind.HANDLE),
        Alias(text="zollnerco", kind=AliasKind.HASHTAG),
        Alias(text="zollnerco.com", kind=AliasKind.DOMAIN),
    )
    by_kind = {source.kind: source for source in made.sources}
    assert isinstance(by_kind["hackernews"], HackerNewsSource)
    assert isinstance(by_kind["feed"], FeedSource)
    assert by_kind["hackernews"].queries == ('"Zöllner & Co"',)
    assert "q=%22Z%C3%B6llner%20%26%20Co%22&hl=" in by_kind["feed"].url


@pytest.mark.parametrize(
    ("company", "aliases"),
    [
        ("C++", ["C++"]),  # one letter would bring everybody's posts
        ("株式会社", ["株式会社", "株式会社", "株式会社"]),
        ("🚀🚀", ["🚀🚀"]),
        ("👩\u200d🚒 Co", ["👩\u200d🚒 Co"]),  # the joiner is part of the sign
        ("\ufdfa" * 50, ["\ufdfa" * 50, "\ufdfa" * 50, "\ufdfa" * 50]),
        ("\u00df" * 100, ["\u00df" * 100, "s" * 100, "s" * 100]),  # grows in lower case
        ('Bad"\\name\x00\u202e', ['Bad"\\name', "badname", "badname", "badname.com"]),
    ],
)
def test_odd_names_get_the_aliases_that_make_sense(tmp_path: Path, company: str, aliases: list[str]) -> None:
    assert [alias.text for alias in loaded(tmp_path, company).brands[0].aliases] == aliases


@pytest.mark.parametrize("company", ["", " \n", "---", "\u200b", "x" * 101])
def test_a_name_that_is_none_is_refused(company: str) -> None:
    with pytest.raises(ValueError, match="name of a company"):
        starter(company)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    st.text(min_size=1, max_size=110)
    | st.text(st.characters(categories=["L", "So", "Cc", "Cs"]), min_size=1, max_size=99)
)
def test_any_name_gives_a_file_that_loads_or_a_clear_error(tmp_path: Path, company: str) -> None:
    try:
        text = starter(company)
    except ValueError as error:
        assert "name of a company" in str(error)  # noqa: PT017 - most names raise nothing
        return
    path = tmp_path / "monitor.toml"
    path.write_bytes(text.encode("utf-8"))
    made = load(path)
    assert made.company == made.brands[0].name
    assert made.brands[0].aliases[0].text == made.company
