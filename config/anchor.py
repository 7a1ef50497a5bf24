"""Walks checked settings: relative paths made absolute, and every secret with its place."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from config.models import LanguageModel, Model, is_folder
from config.problems import Place
from config.secret import Secret
from config.settings import Settings
from config.strict import IsPath

SQLITE = "sqlite:///"

M = TypeVar("M", bound=BaseModel)
W = TypeVar("W", Model, LanguageModel)


def anchored(settings: Settings, folder: Path) -> Settings:
    """The same settings with every path absolute: taken from the folder where it was relative, `~` spelled out."""
    settings = _anchored_model(settings, folder)
    database, model = settings.database, settings.model
    if database.url.startswith(SQLITE):
        file, mark, options = database.url.removeprefix(SQLITE).partition("?")
        url = SQLITE + _absolute(file, folder) + mark + options
        database = database.model_copy(update={"url": url})
    model = _anchored_weights(model, folder)
    others = tuple(_anchored_weights(other, folder) for other in model.by_language)
    model = model.model_copy(update={"by_language": others})
    return settings.model_copy(update={"database": database, "model": model})


def _anchored_weights(model: W, folder: Path) -> W:
    if not is_folder(model.sentiment_model):
        return model
    return model.model_copy(update={"sentiment_model": _absolute(model.sentiment_model, folder)})


def secrets_in(settings: Settings) -> Iterator[tuple[Place, Secret]]:
    """Every secret that the settings name, with its place."""
    yield from _secrets(settings, ())


def _secrets(value: object, place: Place) -> Iterator[tuple[Place, Secret]]:
    if isinstance(value, Secret):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name), (*place, name))
    elif isinstance(value, tuple):
        for index, entry in enumerate(value):
            yield from _secrets(entry, (*place, index))


def _anchored_model(model: M, folder: Path) -> M:
    changed: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        mark = next((mark for mark in field.metadata if isinstance(mark, IsPath)), None)
        if isinstance(value, str) and mark is not None:
            # the folder's own name is not part of a pattern
            value = _absolute(value, Path(glob.escape(str(folder))) if mark.is_pattern else folder)
        else:
            value = _anchored_value(value, folder)
        if value != getattr(model, name):  # what is updated counts as said in the file from then on
            changed[name] = value
    return model.model_copy(update=changed)


def _anchored_value(value: Any, folder: Path) -> Any:
    if isinstance(value, BaseModel):
        return _anchored_model(value, folder)
    if isinstance(value, tuple):
        return tuple(_anchored_value(entry, folder) for entry in value)
    if isinstance(value, Secret) and value.place.startswith("file:"):
        return Secret("file:" + _absolute(value.place.removeprefix("file:"), folder))
    return value


def _absolute(path: str, folder: Path) -> str:
    try:
        expanded = Path(path).expanduser()
    except RuntimeError:  # the home folder of an unknown user: told when the file is opened
        expanded = Path(path)
    return str(expanded if expanded.is_absolute() else folder / expanded)
