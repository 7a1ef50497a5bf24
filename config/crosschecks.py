"""The checks that need several parts of the settings; they look at what is readable, whatever else is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from unicodedata import normalize
from urllib.parse import parse_qsl, urlsplit

from pydantic import ValidationError

from config.alerting import When
from config.models import Model
from config.problems import Finding, Place, printable
from config.vocabulary import COMPLAINT_TYPES

UNDETERMINED = "und"  # the language of a post too short to tell; such a post is judged

_DOMAIN = re.compile(r"(?:[\w-]{1,63}\.)+[\w-]{2,63}")
_FILE_URL = re.compile(r"sqlite:///(?!:memory:)/?[^/?]")
_SECRET_PARAMETERS = {"password", "passwd", "passfile", "sslpassword"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a list of tables, as it was written."""

    place: Place
    table: dict[str, Any]

    @property
    def name(self) -> str | None:
        """Its name, if it has one that can be read."""
        name = self.table.get("name")
        return name.strip() if isinstance(name, str) else None

    def texts(self, *keys: str) -> Iterator[tuple[Place, str]]:
        """Each text in the list (or the one text) at the keys, with its place; nothing where there is none."""
        value: Any = self.table
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        place = (*self.place, *keys)
        if isinstance(value, str):
            yield place, value.strip()
        elif isinstance(value, list):
            yield from (((*place, i), text.strip()) for i, text in enumerate(value) if isinstance(text, str))


def entries(tree: dict[str, Any], *place: str | int) -> list[Entry]:
    """The tables of the list at the place; those that are no tables are left out."""
    value: Any = tree
    for part in place:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return []
    if isinstance(value, dict):
        return [Entry(tuple(place), value)]
    if not isinstance(value, list):
        return []
    return [Entry((*place, i), table) for i, table in enumerate(value) if isinstance(table, dict)]


def cross_findings(tree: dict[str, Any]) -> list[Finding]:
    """Everything that is wrong between the parts of the settings; empty if they fit each other."""
    return [finding for check in CHECKS for finding in check(tree)]


def _names(tree: dict[str, Any], part: str) -> list[str]:
    return [entry.name for entry in entries(tree, part) if entry.name is not None]


def _unknown(place: Place, what: str, word: str, known: list[str], *, listed: str) -> Finding:
    close = get_close_matches(word, known, n=1)
    hint = f'; did you mean "{close[0]}"?' if close else ""
    shown = ", ".join(map(printable, known)) or "none"
    return Finding(place, f'no {what} "{printable(word)}"{hint}; {listed}: {shown}', rests_on=listed)


def _repeated_names(tree: dict[str, Any]) -> Iterator[Finding]:
    for parts in (("brands",), ("sources",), ("channels",), ("routes", "default_route")):
        seen: dict[str, Place] = {}
        for entry in (entry for part in parts for entry in entries(tree, part)):
            if entry.name is None:
                continue
            if (first := seen.setdefault(entry.name.casefold(), entry.place)) != entry.place:
                where = _shown(first)
                yield Finding((*entry.place, "name"), f'"{printable(entry.name)}" is the name of {where} already')


def _shown(place: Place) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else part for part in place)


def _brands_of_sources(tree: dict[str, Any]) -> Iterator[Finding]:
    known = _names(tree, "brands")
    for source in entries(tree, "sources"):
        for place, brand in source.texts("brand"):
            if brand not in known:
                yield _unknown(place, "brand is named", brand, known, listed="brands")


def _channels_named(tree: dict[str, Any]) -> Iterator[Finding]:
    known = _names(tree, "channels")
    users: list[tuple[Entry, tuple[str, ...]]] = []
    for part in ("routes", "default_route"):
        users += [(route, ("channels",)) for route in entries(tree, part)]
    for alerting in entries(tree, "alerting"):
        users += [(alerting, ("operators",)), (alerting, ("escalation", "escalate_to"))]
    for entry, keys in users:
        for place, channel in entry.texts(*keys):
            if channel not in known:
                yield _unknown(place, "channel is named", channel, known, listed="channels")


def _conditions_known(tree: dict[str, Any]) -> Iterator[Finding]:
    brands, types = _names(tree, "brands"), list(COMPLAINT_TYPES)
    served = _served_languages(tree)
    for route in entries(tree, "routes"):
        for place, brand in route.texts("when", "brands"):
            if brand not in brands:
                yield _unknown(place, "brand is named", brand, brands, listed="brands")
        for place, word in route.texts("when", "types"):
            if word not in types:
                yield _unknown(place, "complaint type is called", word, types, listed="complaint types")
        for place, language in route.texts("when", "languages"):
            if served is not None and language not in served:
                yield _unknown(place, "post is judged in", language, served, listed="model.languages")


def _playbook_known(tree: dict[str, Any]) -> Iterator[Finding]:
    types = list(COMPLAINT_TYPES)
    for alerting in entries(tree, "alerting"):
        for playbook in entries(alerting.table, "playbook"):
            for word in playbook.table:
                if word not in types:
                    place = (*alerting.place, "playbook", word)
                    yield _unknown(place, "complaint type is called", word, types, listed="complaint types")


def _served_languages(tree: dict[str, Any]) -> list[str] | None:
    """The languages in which posts are judged and routed; None where that cannot be read."""
    written = tree.get("model", {})
    languages = written.get("languages", Model().languages) if isinstance(written, dict) else None
    if not isinstance(languages, list | tuple):
        return None
    return [*(word for word in languages if isinstance(word, str)), UNDETERMINED]


def _digest_has_a_way(tree: dict[str, Any]) -> Iterator[Finding]:
    digest = tree.get("digest", {})
    if not isinstance(digest, dict) or digest.get("enabled", True) is not True:
        return
    mail = [c.name for c in entries(tree, "channels") if c.table.get("kind") == "mail" and c.name is not None]
    listed = f"mail channels: {', '.join(mail) or 'none'}; or set digest.enabled = false"
    channel = digest.get("channel")
    if channel is None:
        yield Finding(("digest", "channel"), f"is missing: name the mail channel that sends the digest; {listed}")
    elif isinstance(channel, str) and channel.strip() not in mail:
        message = f'no mail channel is named "{printable(channel)}"; {listed}'
        yield Finding(("digest", "channel"), message, rests_on="channels")
    if digest.get("recipients") in (None, []):
        message = "must name at least one e-mail address; or set digest.enabled = false"
        yield Finding(("digest", "recipients"), message)


def _aliases_differ(tree: dict[str, Any]) -> Iterator[Finding]:
    seen: dict[tuple[str, str], tuple[Place, str]] = {}
    for brand in entries(tree, "brands"):
        for alias in entries(tree, *brand.place, "aliases"):
            text, kind = alias.table.get("text"), alias.table.get("kind", "word")
            if not isinstance(text, str) or not isinstance(kind, str):
                continue
            folded = " ".join(normalize("NFKC", text).casefold().split()).lstrip("@#")
            exact = alias.table.get("case_sensitive") is True
            key = (kind, text.strip() if exact else folded)
            first, owner = seen.setdefault(key, (alias.place, str(brand.name)))
            if first != alias.place:
                of_whom = "this brand" if first[:2] == brand.place else f'the brand "{printable(owner)}"'
                yield Finding((*alias.place, "text"), f"is an alias of {of_whom} already ({_shown(first[2:])})")
            if kind == "domain" and not _DOMAIN.fullmatch(text.strip()):
                yield Finding((*alias.place, "text"), 'a domain is written like "company.example", without http://')


def _routes_reached(tree: dict[str, Any]) -> Iterator[Finding]:
    """A route is never reached behind one that takes everything it would take and does not continue."""
    earlier: list[tuple[str, When]] = []
    for route in entries(tree, "routes"):
        when = _conditions(route)
        if when is None:
            continue
        if taker := next((name for name, other in earlier if covers(other, when)), None):
            yield Finding(route.place, f'is never reached: the earlier route "{printable(taker)}" takes all of it')
        if route.table.get("continue", False) is False:
            earlier.append((str(route.name), when))


def _conditions(route: Entry) -> When | None:
    """What the route asks for; None where that cannot be read."""
    try:
        return When.model_validate(route.table.get("when", {}))
    except ValidationError:
        return None


def covers(one: When, other: When) -> bool:
    """Whether every mention that `other` takes is taken by `one` as well."""
    lists = (
        (one.brands, other.brands),
        (one.platforms, other.platforms),
        (one.types, other.types),
        (one.languages, other.languages),
        ([w.casefold() for w in one.keywords], [w.casefold() for w in other.keywords]),
    )
    return (
        all(not mine or (theirs and set(theirs) <= set(mine)) for mine, theirs in lists)
        and one.min_severity <= other.min_severity
        and one.min_reach <= other.min_reach
    )


def _default_takes_all(tree: dict[str, Any]) -> Iterator[Finding]:
    for route in entries(tree, "default_route"):
        if _conditions(route) not in (None, When()):
            yield Finding(("default_route", "when"), "the default route takes whatever is left: no conditions here")
        if route.table.get("continue", False) is not False:
            yield Finding(("default_route", "continue"), "nothing follows the default route")


def _database_is_served(tree: dict[str, Any]) -> Iterator[Finding]:
    for database in entries(tree, "database"):
        url = database.table.get("url")
        if not isinstance(url, str):
            continue
        place: Place = ("database", "url")
        scheme = url.strip().partition(":")[0]
        if scheme not in ("sqlite", "postgresql+psycopg"):
            yield Finding(place, "must be sqlite:///FILE or postgresql+psycopg://HOST/DATABASE")
        elif scheme == "sqlite" and not _FILE_URL.match(url.strip()):
            yield Finding(place, "must name a file, as in sqlite:///monitor.db; memory is lost with the program")
        elif any(key.lower() in _SECRET_PARAMETERS for key, _value in parse_qsl(urlsplit(url).query)):
            yield Finding(place, "holds a password; name it in database.password with env: or file: instead")


CHECKS: tuple[Callable[[dict[str, Any]], Iterator[Finding]], ...] = (
    _repeated_names,
    _brands_of_sources,
    _channels_named,
    _conditions_known,
    _playbook_known,
    _digest_has_a_way,
    _aliases_differ,
    _routes_reached,
    _default_takes_all,
    _database_is_served,
)
