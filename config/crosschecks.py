"""The checks that need several parts of the settings; they look at what is readable, whatever else is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from unicodedata import normalize
from urllib.parse import parse_qsl, urlsplit

from pydantic import ValidationError

from config.alerting import When
from config.languagechecks import embedded_languages_only, languages_served_once, served_languages
from config.problems import Finding, Place, printable
from config.tree import Entry, entries, names, unknown
from config.typechecks import shipped_types_known, types_can_be_judged, types_named

_DOMAIN = re.compile(r"(?:[\w-]{1,63}\.)+[\w-]{2,63}")
_FILE_URL = re.compile(r"sqlite:///(?!:memory:)/?[^/?]")
_SECRET_PARAMETERS = {"password", "passwd", "passfile", "sslpassword"}


def cross_findings(tree: dict[str, Any], *, untrained: bool = False) -> list[Finding]:
    """Everything that is wrong between the parts of the settings; empty if they fit each other.

    With `untrained`, complaint types pass that no head knows yet.
    """
    checks = CHECKS if untrained else (*CHECKS, types_can_be_judged)
    return [finding for check in checks for finding in check(tree)]


def _repeated_names(tree: dict[str, Any]) -> Iterator[Finding]:
    for parts in (
        ("brands",),
        ("sources",),
        ("mappings",),
        ("channels",),
        ("routes", "default_route"),
        ("complaint_types",),
    ):
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
    known = names(tree, "brands")
    for source in (*entries(tree, "sources"), *entries(tree, "mappings")):
        for place, brand in source.texts("brand"):
            if brand not in known:
                yield unknown(place, "brand is named", brand, known, listed="brands")


def _paths_differ(tree: dict[str, Any]) -> Iterator[Finding]:
    seen: dict[str, Place] = {}
    for source in entries(tree, "sources"):
        if source.table.get("kind") != "webhook":
            continue
        for place, path in source.texts("path"):
            if (first := seen.setdefault(path, source.place)) != source.place:
                yield Finding(place, f'"{printable(path)}" is the path of {_shown(first)} already')


def _channels_named(tree: dict[str, Any]) -> Iterator[Finding]:
    known = names(tree, "channels")
    users: list[tuple[Entry, tuple[str, ...]]] = []
    for part in ("routes", "default_route"):
        users += [(route, ("channels",)) for route in entries(tree, part)]
    for alerting in entries(tree, "alerting"):
        users += [(alerting, ("operators",)), (alerting, ("escalation", "escalate_to"))]
    for entry, keys in users:
        for place, channel in entry.texts(*keys):
            if channel not in known:
                yield unknown(place, "channel is named", channel, known, listed="channels")


def _conditions_known(tree: dict[str, Any]) -> Iterator[Finding]:
    brands = names(tree, "brands")
    served = served_languages(tree)
    for route in entries(tree, "routes"):
        for place, brand in route.texts("when", "brands"):
            if brand not in brands:
                yield unknown(place, "brand is named", brand, brands, listed="brands")
        for place, language in route.texts("when", "languages"):
            if served is not None and language not in served:
                yield unknown(place, "post is judged in", language, served, listed="model.languages")


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
    _paths_differ,
    _channels_named,
    _conditions_known,
    languages_served_once,
    embedded_languages_only,
    shipped_types_known,
    types_named,
    _digest_has_a_way,
    _aliases_differ,
    _routes_reached,
    _default_takes_all,
    _database_is_served,
)
