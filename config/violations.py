"""What the models refuse, in the words of the settings file: place, what is wrong, what is allowed."""

from __future__ import annotations

import re
from copy import deepcopy
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.problems import Finding, Place, below, printable
from config.settings import Settings

ROUNDS = 4  # unknown keys, wrong values, missing values, rules between values: no mistake hides behind more

_WORDS = re.compile(r"'([^']*)'")
_SHOULD = re.compile(r"^(?:Input|Value|String|Tuple|List|Dictionary|Data) should ")
_OWN_PATH = re.compile(r"^([a-z_]+): ")

_PATTERNS = (
    ("[a-z0-9_]{0,47}", "must be lower-case letters, digits and _, beginning with a letter, 48 at most"),
    ("[a-z0-9_-]", "must be lower-case letters, digits, - and _, beginning with a letter or digit, 64 at most"),
    ("@", "must be one e-mail address such as care@company.example"),
)
_TYPES = {
    "missing": "is missing",
    "union_tag_not_found": "is missing",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "string_type": "must be text in quotation marks",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "tuple_type": "must be a list, such as [ … ] (a list of tables is written [[name]])",
    "dict_type": "must be a table of names and values",
    "model_type": "must be a table of names and values",
    "model_attributes_type": "must be a table of names and values",
}

# Taken for a wrong or missing value, only to see what else is wrong beside it.
_STAND_INS: dict[str, Any] = {
    "company": "stand-in",
    "name": "stand-in",
    "text": "stand-in",
    "handle": "stand-in",
    "platform": "file",
    "path": "stand-in",
    "url": "https://stand-in.example",
    "queries": ["stand-in"],
    "token": "env:STAND_IN",
    "secret": "env:STAND_IN",
    "password": "env:STAND_IN",
    "conversation": "stand-in",
    "host": "stand-in.example",
    "sender": "stand-in@stand-in.example",
    "recipients": ["stand-in@stand-in.example"],
    "aliases": [{"text": "stand-in"}],
    "brands": [{"name": "stand-in", "aliases": [{"text": "stand-in"}]}],
    "channels": [{"kind": "console", "name": "stand-in"}],
    "default_route": {"name": "stand-in", "channels": ["stand-in"]},
    "languages": ["en"],
    "sentiment_model": "./stand-in",
}
_STAND_IN_ENTRIES: dict[str, Any] = {
    "sources": {"kind": "hackernews", "name": "stand-in", "queries": ["stand-in"]},
    "channels": {"kind": "console", "name": "stand-in"},
    "brands": {"name": "stand-in", "aliases": [{"text": "stand-in"}]},
    "routes": {"name": "stand-in", "channels": ["stand-in"]},
    "aliases": {"text": "stand-in"},
    "complaint_types": {"name": "stand_in", "description": "stand-in"},
    "own_accounts": {"platform": "file", "handle": "stand-in"},
    "languages": "en",
    "by_language": {"languages": ["en"], "sentiment_model": "./stand-in"},
}


def violations(tree: dict[str, Any]) -> list[Finding]:
    """Everything in the tree that the models refuse; empty if they take it.

    A rule between several values is only asked by pydantic where each value is right by itself. So wrong values
    are replaced in a copy and the models asked again, until they have nothing new to say.
    """
    copy = deepcopy(tree)
    findings: dict[Place, Finding] = {}
    for _round in range(ROUNDS):
        try:
            Settings.model_validate(copy)
        except ValidationError as error:
            found = [_Seen(detail) for detail in error.errors(include_url=False)]
        else:
            break
        for seen in found:
            hollow = seen.type == "too_short" and any(below(s.place, [seen.place]) for s in found if s is not seen)
            if not hollow and not below(seen.place, findings):
                findings[seen.place] = Finding(seen.place, seen.message)
        for seen in found:
            _replace(copy, seen)
    return list(findings.values())


class _Seen:
    """One refusal of pydantic's: its place without the tags of unions, and its message in our words."""

    def __init__(self, detail: ErrorDetails) -> None:
        self.type = detail["type"]
        self.place, self.model = _resolved(detail["loc"])
        self.origin = self.place  # what is replaced
        if self.type in ("union_tag_invalid", "union_tag_not_found"):
            self.place = (*self.place, "kind")
        self.message = self._worded(detail)
        if self.type == "value_error" and (own := _OWN_PATH.match(self.message)):
            self.place = (*self.place, own.group(1))
            self.message = self.message[own.end() :]

    def _worded(self, detail: ErrorDetails) -> str:
        if self.type == "extra_forbidden":
            return _unknown(str(self.place[-1]), self.model)
        if self.type in _TYPES:
            return _TYPES[self.type]
        context = detail.get("ctx", {})
        match self.type:
            case "enum" | "literal_error":
                return _not_among(str(detail["input"]), _WORDS.findall(str(context["expected"])))
            case "union_tag_invalid":
                return _not_among(str(context["tag"]), _WORDS.findall(str(context["expected_tags"])))
            case "string_pattern_mismatch":
                pattern = str(context["pattern"])
                return next((words for key, words in _PATTERNS if key in pattern), "has a wrong form")
        return _SHOULD.sub("must ", detail["msg"].removeprefix("Value error, "))


def _unknown(key: str, model: type[BaseModel] | None) -> str:
    known = sorted(field.alias or name for name, field in model.model_fields.items()) if model else []
    close = get_close_matches(key, known, n=1)
    hint = f'did you mean "{close[0]}"? ' if close else ""
    return f"unknown key; {hint}known here: {', '.join(known)}"


def _not_among(word: str, allowed: list[str]) -> str:
    close = get_close_matches(word, allowed, n=1)
    hint = f'; did you mean "{close[0]}"?' if close else ""
    return f'"{printable(word)}" is not allowed{hint}; must be one of {", ".join(allowed)}'


def _resolved(loc: tuple[str | int, ...]) -> tuple[Place, type[BaseModel] | None]:
    """The place without the tags that pydantic adds, and the model in which the last name was looked for."""
    place: list[str | int] = []
    models: list[type[BaseModel]] = [Settings]
    owner: type[BaseModel] | None = Settings
    for part in loc:
        if len(models) > 1 and isinstance(part, str):  # a union: this part is the tag
            models = [model for model in models if model.model_fields["kind"].default == part]
            continue
        place.append(part)
        if isinstance(part, str):
            owner = models[0] if models else None
            models = _models_in(_annotation(owner, part))
    return tuple(place), owner


def _annotation(model: type[BaseModel] | None, key: str) -> object:
    if model is None:
        return None
    return next((f.annotation for name, f in model.model_fields.items() if key in (name, f.alias)), None)


def _models_in(annotation: object) -> list[type[BaseModel]]:
    """The models that an annotation holds, through unions, tuples and Annotated."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return [annotation] if issubclass(annotation, BaseModel) else []
    if get_origin(annotation) in (Union, UnionType, tuple) or hasattr(annotation, "__metadata__"):
        return [model for part in get_args(annotation) for model in _models_in(part)]
    return []


def _replace(tree: dict[str, Any], seen: _Seen) -> None:
    """Take the refused value out, or put a stand-in there, so that the rest can be asked again."""
    *above, last = seen.origin or ("",)
    holder: Any = tree
    for part in above:
        try:
            holder = holder[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(holder, dict) and isinstance(last, str):
        if seen.type in ("missing", "too_short", "string_too_short") or last in _required(seen.model):
            holder[last] = deepcopy(_STAND_INS.get(last))
        else:
            holder.pop(last, None)
    elif isinstance(holder, list) and isinstance(last, int) and above[-1] in _STAND_IN_ENTRIES:
        holder[last] = deepcopy(_STAND_IN_ENTRIES[str(above[-1])])
    elif isinstance(holder, list):
        holder.clear()


def _required(model: type[BaseModel] | None) -> set[str]:
    if model is None:
        return set()
    return {field.alias or name for name, field in model.model_fields.items() if field.is_required()}
