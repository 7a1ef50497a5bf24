"""The settings in force, as a settings file."""

from __future__ import annotations

from config.settings import Settings
from config.toml_text import toml_text


def dump(settings: Settings) -> str:
    """Every value in force, defaults too, as TOML that loads to equal settings.

    A secret is shown as the place where it lies (`env:NAME`, `file:PATH`), never its value. Settings that are
    off by having no value do not appear.
    """
    return toml_text(settings.model_dump(mode="json", by_alias=True))
