"""The checks of languages: which model serves which, each by one alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.languages import LANGUAGES, UNDETERMINED, language_name
from config.models import EMBEDDED_LANGUAGES, Model
from config.problems import Finding, Place, spelled
from config.tree import Entry, entries


def served_languages(tree: dict[str, Any]) -> list[str] | None:
    """The languages in which posts are judged and routed; None where that cannot be read."""
    written = tree.get("model", {})
    languages = written.get("languages", Model().languages) if isinstance(written, dict) else None
    if not isinstance(languages, list | tuple):
        return None
    further = [word for entry in _by_language(tree) for _place, word in entry.texts("languages")]
    return [*(word for word in languages if isinstance(word, str)), *further, UNDETERMINED]


def languages_served_once(tree: dict[str, Any]) -> Iterator[Finding]:
    """No language is given to two models, nor twice to one."""
    models = entries(tree, "model")
    is_written = any("languages" in entry.table for entry in models)
    served: dict[str, Place] = {} if is_written else dict.fromkeys(Model().languages, ("model", "languages", 0))
    for entry in (*models, *_by_language(tree)):
        for place, code in entry.texts("languages"):
            if (owner := served.setdefault(code, place)) != place:
                yield Finding(place, f"{language_name(code)} is served by {spelled(owner[:-1])} already")


def embedded_languages_only(tree: dict[str, Any]) -> Iterator[Finding]:
    """The embedded model is asked for no language that it cannot read: its answer would look like a verdict."""
    for entry in entries(tree, "model"):
        for place, code in entry.texts("languages"):
            if code in LANGUAGES and code not in EMBEDDED_LANGUAGES:
                known = ", ".join(EMBEDDED_LANGUAGES)
                yield Finding(
                    place,
                    f"the embedded model judges {known} alone, not {language_name(code)}: "
                    "name a model for it under [[model.by_language]]",
                )


def _by_language(tree: dict[str, Any]) -> list[Entry]:
    return entries(tree, "model", "by_language")
