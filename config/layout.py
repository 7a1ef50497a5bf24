"""How the rows of an export are read: which column holds what, and what of it is kept."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from config.secret import Secret
from config.source import SourceName
from config.strict import Strict, known_zone
from config.vocabulary import Platform

Hashable = Literal["author", "id", "thread"]  # under another name they still join what belongs together


class Columns(Strict):
    """Which column (CSV) or key (JSON Lines) holds what; only the text is obligatory."""

    text: str = "text"
    id: str | None = None  # without one, a row is known by a digest of its content
    created_at: str | None = None
    author: str | None = None
    author_name: str | None = None
    followers: str | None = None
    url: str | None = None
    title: str | None = None
    thread: str | None = None
    language: str | None = None
    rating: str | None = None
    csat: str | None = None  # customer satisfaction, 1 to 5: a rating out of 5
    nps: str | None = None  # net promoter score, 0 to 10: a rating out of 10

    @model_validator(mode="after")
    def _one_score(self) -> Self:
        scores = [name for name in ("rating", "csat", "nps") if getattr(self, name) is not None]
        if len(scores) > 1:
            raise ValueError(f"a post has one score: only one of {', '.join(scores)} can be read")
        return self


class Layout(Strict):
    """How the rows of an export are read."""

    encoding: str | None = None  # None: sniffed
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1, strip_whitespace=False)] | None = None
    columns: Columns = Columns()
    platform: Platform = Platform.FILE  # where the posts stood, if the file was exported from somewhere
    # for times without a zone; None: such a row is reported as bad
    time_zone: Annotated[str, AfterValidator(known_zone)] | None = None
    rating_max: Annotated[int, Field(ge=1, le=100)] | None = None
    dropped: tuple[str, ...] = ()  # columns that are not even looked at to tell one row from another
    hashed: tuple[Hashable, ...] = ()  # kept as a keyed digest instead of itself
    hash_key: Secret | None = None

    @model_validator(mode="after")
    def _personal_columns(self) -> Self:
        named = self.columns.model_dump(exclude_none=True)
        both = sorted(set(self.dropped) & set(named.values()))
        if both:
            raise ValueError(f"dropped: {', '.join(both)} is read as well: take it out of columns")
        if self.hashed and self.hash_key is None:
            raise ValueError("hashed needs hash_key: without a key, everybody can try names until one fits")
        absent = [name for name in self.hashed if name not in named]
        if absent:
            raise ValueError(f"hashed: columns.{absent[0]} names no column")
        return self


class ImportMapping(Layout):
    """A layout kept by name, for exports that are imported by hand again and again."""

    name: SourceName
    brand: str | None = None  # all posts are about this brand, no alias needed
