"""An inbound webhook as a source: other systems of the company send posts to the monitor."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from config.secret import Secret
from config.source import CommonSource
from config.vocabulary import Platform

KIB = 1024
MIB = 1024 * KIB


def _listed(value: object) -> object:
    """One secret as a list of one."""
    return [value] if isinstance(value, str | Secret) else value


class WebhookSource(CommonSource):
    """Signed posts from the company's own site, or any other tool, taken at a path of the monitor's own address."""

    kind: Literal["webhook"] = "webhook"
    path: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", max_length=200)]
    # each of them signs: while a secret is being changed, the new one and the old one
    secret: Annotated[tuple[Secret, ...], BeforeValidator(_listed), Field(min_length=1, max_length=5)]
    platform: Platform = Platform.WEB  # where the posts stood, if the sender passes on those of a platform
    max_body: Annotated[int, Field(ge=KIB, le=16 * MIB)] = 256 * KIB  # bytes of one request
