from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter

import config.load
from config import alerting, brands, complaint_types, layout, models, settings, source, sources, thresholds
from config.load import load
from config.strict import Strict
from config.toml_text import toml_text

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"
EXAMPLE = Path(config.load.__file__).parent / "example.toml"

SECTIONS: dict[type[Strict], str] = {
    settings.Settings: "The file itself",
    brands.Brand: "`[[brands]]`",
    brands.Alias: "`[[brands.aliases]]`",
    brands.Account: "`[[brands.own_accounts]]`",
    sources.FilesSource: '`[[sources]]` with `kind = "files"`',
    layout.Columns: "`[sources.columns]`",
    layout.ImportMapping: "`[[mappings]]`",
    sources.FeedSource: '`[[sources]]` with `kind = "feed"`',
    sources.HackerNewsSource: '`[[sources]]` with `kind = "hackernews"`',
    alerting.SlackChannel: '`[[channels]]` with `kind = "slack"`',
    alerting.SlackWebhookChannel: '`[[channels]]` with `kind = "slack_webhook"`',
    alerting.MailChannel: '`[[channels]]` with `kind = "mail"`',
    alerting.WebhookChannel: '`[[channels]]` with `kind = "webhook"`',
    alerting.ConsoleChannel: '`[[channels]]` with `kind = "console"`',
    alerting.Route: "`[[routes]]` and `[default_route]`",
    alerting.When: "`[routes.when]`",
    complaint_types.ComplaintType: "`[[complaint_types]]`",
    thresholds.Thresholds: "`[thresholds]`",
    thresholds.Aim: "`[thresholds.aim]`",
    models.Model: "`[model]`",
    models.LanguageModel: "`[[model.by_language]]`",
    alerting.Alerting: "`[alerting]`",
    alerting.OfficeHours: "`[alerting.office_hours]`",
    alerting.Escalation: "`[alerting.escalation]`",
    settings.Digest: "`[digest]`",
    settings.Inbound: "`[inbound]`",
    settings.Database: "`[database]`",
}
SHARED = {"sources": "Every source", "channels": "Every channel"}
PAGES = DOCS.parent / "sources"  # one page for each kind of source of config/source_KIND.py
KINDS: list[type[source.CommonSource]] = [
    kind for kind in get_args(get_args(sources.Source)[0]) if kind not in SECTIONS
]


def page_of(kind: type[source.CommonSource]) -> str:
    name = kind.model_fields["kind"].default
    assert kind.__module__ == f"config.source_{name}"
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def parts_of(kind: type[source.CommonSource]) -> dict[str, type[BaseModel]]:
    """The tables of a source, by heading: its own settings, and each table inside it."""
    inner = {
        f"`[sources.{name}]`": arm
        for name, field in kind.model_fields.items()
        for arm in (field.annotation, *get_args(field.annotation))
        if isinstance(arm, type) and issubclass(arm, BaseModel)
    }
    return {"Settings": kind, **inner}


def leaves(model: type[Strict]) -> Iterator[type[Strict]]:
    """Every model that stands in a settings file."""
    children = model.__subclasses__()
    if not children and not model.__name__.startswith("_"):
        yield model
    for child in children:
        yield from leaves(child)


def rows(title: str, page: str | None = None) -> dict[str, str]:
    """Key -> default of the section's table."""
    section = (page or DOCS.read_text(encoding="utf-8")).split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `(\w+)` \| .+ \| ([^|]+) \| [^|]+ \|$", section, re.MULTILINE))


def documented(model: type[Strict]) -> dict[str, str]:
    shared = next((title for part, title in SHARED.items() if f"`[[{part}]]` with" in SECTIONS[model]), None)
    return (rows(shared) if shared else {}) | rows(SECTIONS[model])


def default_shown(model: type[BaseModel], name: str) -> str:
    field = model.model_fields[name]
    value = field.get_default(call_default_factory=True)
    if field.is_required() or (name == "kind" and model is not brands.Alias):
        return "*obligatory*"
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, BaseModel):
        return "see there"
    if value == {}:
        return "empty"
    dumped: dict[str, Any] = model.model_construct(**{name: value}).model_dump(mode="json", include={name})
    return f"`{toml_text(dumped).strip().removeprefix(f'{name} = ')}`"


COMMON = {name: default_shown(source.CommonSource, name) for name in source.CommonSource.model_fields}


def test_every_model_has_a_section() -> None:
    of_kinds = {model for kind in KINDS for model in parts_of(kind).values()}
    assert set(leaves(Strict)) == set(SECTIONS) | of_kinds


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_setting_of_a_source_is_on_its_page_with_its_default(kind: type[source.CommonSource]) -> None:
    for title, model in parts_of(kind).items():
        own = {
            field.alias or name: default_shown(model, name)
            for name, field in model.model_fields.items()
            if model is not kind or name not in COMMON or default_shown(kind, name) != COMMON[name]
        }
        assert rows(title, page_of(kind)) == own, title


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_page_of_a_source_shows_every_setting_in_an_example_that_loads(kind: type[source.CommonSource]) -> None:
    block = next(b for b in re.findall(r"```toml\n(.*?)```", page_of(kind), re.DOTALL) if "[[sources]]" in b)
    (entry,) = tomllib.loads(block)["sources"]
    loaded = TypeAdapter(sources.Source).validate_python(entry)
    assert type(loaded) is kind
    shown = {name for _model, name in given(loaded)} | set(re.findall(r"^# (\w+) = ", block, re.MULTILINE))
    wanted = {name for model in parts_of(kind).values() for name in model.model_fields}
    assert wanted - shown - (set(COMMON) - {"name"}) == set()


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize("model", SECTIONS, ids=lambda model: model.__name__)
def test_every_setting_is_documented_with_its_default(model: type[Strict]) -> None:
    expected = {field.alias or name: default_shown(model, name) for name, field in model.model_fields.items()}
    assert documented(model) == expected


def given(value: object) -> Iterator[tuple[type[BaseModel], str]]:
    """Every setting that a loaded file sets by itself."""
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            yield type(value), name
            yield from given(getattr(value, name))
    elif isinstance(value, tuple):
        for entry in value:
            yield from given(entry)


def test_the_example_shows_every_setting() -> None:
    shown = set(given(load(EXAMPLE)))
    commented = set(re.findall(r"^# (\w+) = ", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))
    base = {
        "name",
        "enabled",
        "every",
        "brand",
        "quiet_after",
        "recheck_at",
        "keep_text_for",
        "per_minute",
    }  # shown once for all kinds
    missing = {
        (model.__name__, name)
        for model in SECTIONS
        for name in model.model_fields
        if (model, name) not in shown and name not in commented and name not in base
    }
    assert missing == set()
    assert base <= {name for _model, name in shown}
