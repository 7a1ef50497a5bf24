"""The base of every settings model: frozen, and an unknown key is a mistake; small rules that several share."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict


class Strict(BaseModel):
    """Frozen settings that refuse keys they do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, validate_default=True)


@dataclass(frozen=True, slots=True)
class IsPath:
    """Marks a field that names a file or folder: where relative, `load` takes it from the settings file's folder."""

    is_pattern: bool = False  # it may hold * and ?


IS_PATH = IsPath()
IS_PATH_PATTERN = IsPath(is_pattern=True)


def _one_line(value: str) -> str:
    """Refuse control characters: such a text stands in mail headers and in subjects."""
    if any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in value):
        raise ValueError("must be one line without control characters")
    return value


OneLine = Annotated[str, AfterValidator(_one_line)]


def known_zone(name: str) -> str:
    """The name as it is.

    Raises:
        ValueError: it is not the name of an IANA time zone.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('must be an IANA time zone such as "Europe/Berlin"') from None
    return name
