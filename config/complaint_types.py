"""A company's own complaint types: the shipped ones renamed, merged, dropped, and new ones beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from config.strict import OneLine, Strict
from config.vocabulary import COMPLAINT_TYPES

TypeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]  # a case keeps 64 characters of it
Example = Annotated[str, StringConstraints(min_length=1, max_length=5000)]
OTHER = "other"  # the shipped type of a complaint that fits no other


class ComplaintType(Strict):
    """One complaint type of the company's own list.

    `from` names the shipped types that it takes over: one is kept or renamed, several are merged. A type that is
    named like a shipped one and has no `from` is that shipped type. A type that takes over none is judged by heads
    trained for it.
    """

    name: TypeName
    description: Annotated[OneLine, StringConstraints(max_length=100)] = ""  # "": as the shipped type is described
    from_: Annotated[tuple[str, ...], Field(alias="from")] = ()
    examples: tuple[Example, ...] = ()  # posts of this type, for training

    @model_validator(mode="after")
    def _is_described(self) -> ComplaintType:
        if not self.description and len(self.shipped) != 1:
            raise ValueError("description: is missing: say in a few words what such a complaint is about")
        return self

    @property
    def shipped(self) -> tuple[str, ...]:
        """The shipped types that it takes over; empty for a new one."""
        return taken_over(self.name, self.from_)

    @property
    def meaning(self) -> str:
        """What people read."""
        return self.description or COMPLAINT_TYPES.get(self.shipped[0], self.name)


def taken_over(name: str, written: Sequence[str]) -> tuple[str, ...]:
    """The shipped types that a type takes over whose `from` is as written; a shipped name alone keeps that type."""
    return tuple(written) or ((name,) if name in COMPLAINT_TYPES else ())


def types_in_force(written: Sequence[ComplaintType]) -> tuple[ComplaintType, ...]:
    """The company's list, or the shipped eleven where it has none."""
    return tuple(written) or tuple(ComplaintType(name=name) for name in COMPLAINT_TYPES)


def fallback(types: Sequence[ComplaintType]) -> str | None:
    """The type of a complaint that fits none of the others: the heir of the shipped "other"; None without one."""
    heir = next((one.name for one in types if OTHER in one.shipped), None)
    return heir or next((one.name for one in types if one.name == OTHER), None)
