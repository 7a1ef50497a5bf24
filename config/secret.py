"""Secrets are named in the configuration, never written there, and never printed."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class SecretUnavailable(Exception):
    """The place that a secret names holds nothing; says which place, never what was expected in it."""


class Secret:
    """Where a secret lies: `env:NAME` or `file:PATH`. Holds the place, not the value.

    `reveal()` reads it at the moment of use, so that a rotated file is picked up and a dump of the settings
    holds no secret. Two secrets are equal where they name the same place.
    """

    __slots__ = ("place",)

    def __init__(self, place: str) -> None:
        kind, _, rest = place.partition(":")
        if kind not in ("env", "file") or not rest.strip():
            # The text may be the secret itself, pasted by mistake: it is not repeated here.
            raise ValueError('must be "env:NAME" or "file:PATH"; a secret is never written here itself')
        self.place = place

    def reveal(self) -> str:
        """The secret, stripped of surrounding blanks.

        Raises:
            SecretUnavailable: the variable is unset or empty, or the file is missing, unreadable, empty, or
                readable by everybody on this machine.
        """
        kind, _, rest = self.place.partition(":")
        if kind == "env":
            value = os.environ.get(rest, "").strip()
            if not value:
                raise SecretUnavailable(f"{self.place}: the environment variable is not set or empty")
            return value
        try:
            path = Path(rest).expanduser()
            if path.stat().st_mode & 0o007:
                raise SecretUnavailable(f"{self.place}: everybody may read this file; run chmod 600 on it")
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, RuntimeError, ValueError) as error:
            raise SecretUnavailable(f"{self.place}: {type(error).__name__}") from None
        if not value:
            raise SecretUnavailable(f"{self.place}: the file is empty")
        return value

    def __repr__(self) -> str:
        return f"Secret({self.place!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.place == self.place

    def __hash__(self) -> int:
        return hash(self.place)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate from text; dump as the place."""
        return core_schema.no_info_plain_validator_function(
            cls._validated, serialization=core_schema.plain_serializer_function_ser_schema(lambda s: s.place)
        )

    @classmethod
    def _validated(cls, value: object) -> Secret:
        if isinstance(value, Secret):
            return value
        if not isinstance(value, str):
            raise ValueError('must be "env:NAME" or "file:PATH"')  # noqa: TRY004 - pydantic reports ValueError only
        return cls(value)


def _no_credentials(value: object) -> object:
    """Refuse a URL that carries a password in the open."""
    if isinstance(value, str) and "://" in value and "@" in re.split(r"[/?#]", value.split("://", 1)[1])[0]:
        raise ValueError("holds a user name or password; name the secret with env: or file: instead")
    return value


def _is_http(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value


PlainUrl = Annotated[str, BeforeValidator(_no_credentials)]
HttpUrl = Annotated[PlainUrl, AfterValidator(_is_http)]
