"""A row of somebody's export made into a post, by the columns that the settings name."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Literal
from zoneinfo import ZoneInfo

from collectors.base import MAX_TEXT, Post, PostKind
from collectors.dates import parse_date
from collectors.plain import language_tag, unfit, web_link, without_controls
from collectors.rows import Row
from config.layout import Hashable
from config.sources import FilesSource

MAX_ID = 500  # characters; a longer cell is no id
_COUNT = re.compile(r"\d{1,15}(?:\.0+)?|\d{1,3}(?:,\d{3}){1,4}")
_NUMBER = re.compile(r"-?\d{1,9}(?:[.,]\d{1,9})?")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#39|#x27);")  # as Twitter's own exports escape their text
_SHOWN = 20  # characters of a bad number repeated in the report
_LONGEST_NAME = 40  # characters of a column's name repeated in the report
_SCALES = {"csat": (1, 5), "nps": (0, 10)}  # as these two are asked everywhere


_Dated = Literal["platform", "first_seen"]


class Misfit(Exception):
    """A row that is no post; says why in words fit for a report."""


class Columns:
    """Turns rows into posts; one for each file, since each has its own order of columns."""

    def __init__(self, source: FilesSource, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._clock = clock
        self._zone = ZoneInfo(source.time_zone) if source.time_zone else None
        configured: dict[str, str | None] = source.columns.model_dump()
        self._names = {field: name for field, name in configured.items() if name is not None}
        self._score = next((field for field in ("rating", "csat", "nps") if field in self._names), None)
        self._key = hashlib.sha256(source.hash_key.reveal().encode()).digest() if source.hash_key else b""
        self._places: Sequence[tuple[str, int]] = ()
        self._dropped: frozenset[int] = frozenset()  # places of columns that tell nothing

    @property
    def wanted(self) -> Sequence[str]:
        """The names of the columns that the settings ask for."""
        return tuple(self._names.values())

    def read_header(self, header: Sequence[str]) -> str | None:
        """Learn where the columns stand; what is wrong with the header, if a column that was asked for is missing."""
        names = [name.strip() for name in header]
        missing = [name for name in self.wanted if name not in names]
        if missing:
            there = ", ".join(repr(name[:_LONGEST_NAME]) for name in names[:12])
            return f"has no column {', '.join(_meant(name, names) for name in missing)}; its first line names {there}"
        self._places = [(field, names.index(name)) for field, name in self._names.items()]
        self._dropped = frozenset(place for place, name in enumerate(names) if name in self._source.dropped)
        return None

    def post(self, row: Row) -> Post:
        """The post that a sound row tells of.

        Raises:
            Misfit: it is none, and why.
        """
        values = self._of_object(row.fields) if row.fields is not None else self._of_cells(row.cells)
        for field, value in values.items():
            if unfit(value):
                raise Misfit(f"{self._names[field]}: holds a NUL or half a character")
        get = values.get
        text = _text(get("text", ""), self._names["text"])
        rating, rating_max = self._rated(get)
        if not text and rating is None:
            raise Misfit(f"{self._names['text']}: is empty")
        published_at, dated_by = self._date(get("created_at"))
        return Post(
            platform=self._source.platform,
            native_id=self._id(get("id"), row),
            text=text,
            published_at=published_at,
            dated_by=dated_by,
            kind=self._kind(rated=rating is not None),
            title=_short(get("title")),
            author_handle=self._kept("author", (_short(get("author")) or "").lstrip("@")) or None,
            author_name=_short(get("author_name")),
            followers=self._followers(get("followers")),
            url=web_link(get("url")),
            language=language_tag(get("language")),
            thread=self._kept("thread", _short(get("thread")) or "") or None,
            rating=rating,
            rating_max=rating_max if rating is not None else None,
        )

    def _of_cells(self, cells: Sequence[str]) -> Mapping[str, str]:
        return {field: cells[place] for field, place in self._places}

    def _of_object(self, fields: Mapping[str, object]) -> Mapping[str, str]:
        values: dict[str, str] = {}
        for field, name in self._names.items():
            value = fields.get(name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise Misfit(f"{name}: is neither text nor a number")
            if field == "text" and not isinstance(value, str):
                raise Misfit(f"{name}: is no text")
            values[field] = value if isinstance(value, str) else _written(value)
        return values

    def _id(self, value: str | None, row: Row) -> str:
        if self._names.get("id") is None:
            return "row:" + self._digest(row)
        value = (value or "").strip()
        if not value:
            raise Misfit(f"{self._names['id']}: is empty")
        if len(value) > MAX_ID:
            raise Misfit(f"{self._names['id']}: is longer than {MAX_ID} characters")
        return self._kept("id", value)

    def _digest(self, row: Row) -> str:
        """The same for the same content, whatever the file's name, encoding, delimiter or order of JSON keys."""
        if row.fields is not None:
            told = {name: value for name, value in row.fields.items() if name not in self._source.dropped}
            content = json.dumps(told, sort_keys=True, ensure_ascii=True)
        else:
            cells = [cell.strip() for place, cell in enumerate(row.cells) if place not in self._dropped]
            content = json.dumps(cells, ensure_ascii=True)
        return hashlib.blake2b(content.encode("ascii"), digest_size=16).hexdigest()

    def _date(self, value: str | None) -> tuple[datetime, _Dated]:
        name = self._names.get("created_at")
        if name is None:
            return self._clock().astimezone(UTC), "first_seen"
        try:
            return parse_date(value or "", self._zone), "platform"
        except ValueError as error:
            raise Misfit(f"{name}: {error}") from None

    def _rated(self, get: Callable[[str], str | None]) -> tuple[float | None, float | None]:
        """The score of a row and the best possible; None where the row has none."""
        field = self._score
        value = (get(field) or "").strip() if field is not None else ""
        if field is None or not value:
            return None, None
        if not _NUMBER.fullmatch(value):
            raise Misfit(f'{self._names[field]}: "{value[:_SHOWN]}" is no number')
        rating = float(value.replace(",", "."))
        least, most = _SCALES.get(field, (0, self._source.rating_max))
        if rating < least or (most is not None and rating > most):
            raise Misfit(f'{self._names[field]}: "{value[:_SHOWN]}" is outside the scale')
        return rating, most

    def _kind(self, *, rated: bool) -> PostKind:
        if self._score in _SCALES:
            return "survey"
        return "review" if rated else "post"

    def _kept(self, field: Hashable, value: str) -> str:
        """A value, or its keyed digest where the settings say so: the same for the same person, and no more."""
        if not value or field not in self._source.hashed:
            return value
        same = value.casefold() if field == "author" else value
        return "h-" + hashlib.blake2b(same.encode(), digest_size=12, key=self._key).hexdigest()

    def _followers(self, value: str | None) -> int | None:
        value = (value or "").strip()
        if not value:
            return None
        if not _COUNT.fullmatch(value):
            raise Misfit(f'{self._names["followers"]}: "{value[:_SHOWN]}" is no count')
        return int(value.replace(",", "").partition(".")[0])


def _text(value: str, name: str) -> str:
    text = without_controls(_ENTITY.sub(lambda found: html.unescape(found[0]), value)).strip()
    if len(text) > MAX_TEXT:
        raise Misfit(f"{name}: has {len(text)} characters, more than {MAX_TEXT}")
    return text


def _short(value: str | None) -> str | None:
    return without_controls(value or "").strip()[:MAX_ID] or None


def _written(value: float) -> str:
    """A JSON number as an id or a date is written: no exponent, no ".0"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _meant(name: str, there: Sequence[str]) -> str:
    """The name of a column that is missing, with the one that was probably meant."""
    folded = {other.casefold(): other for other in reversed(there)}
    near = get_close_matches(name.casefold(), list(folded), n=1)
    return f"{name!r} (is it {folded[near[0]][:_LONGEST_NAME]!r}?)" if near else repr(name)
