"""From a settings file to checked settings, or to every problem in it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from config.anchor import anchored, secrets_in
from config.crosschecks import cross_findings
from config.problems import ConfigError, Finding, Place, Problem, below, spelled
from config.secret import SecretUnavailable
from config.settings import Settings
from config.toml_source import Source, read_toml
from config.violations import violations

MAX_BYTES = 4_000_000  # far above any settings file; a database given by mistake is not read to its end

__all__ = ["ConfigError", "Problem", "check_secrets", "load"]


def load(path: Path, *, untrained: bool = False) -> Settings:
    """The settings in the file. Relative paths in it are taken from the file's own folder.

    Secrets are not looked at (see `check_secrets`); nothing is connected to. With `untrained`, complaint types pass
    that no head knows yet: for training, and for what prepares it.

    Raises:
        ConfigError: with all problems, in the order of the file; those that stand nowhere in it last.
    """
    source = read_toml(_text(path))
    mistakes = [Problem(spelled(finding.place), line, finding.message) for finding, line in source.mistakes]
    problems = mistakes + [_located(finding, source) for finding in _findings(source, untrained=untrained)]
    if problems:
        in_order = sorted(dict.fromkeys(problems), key=lambda problem: (problem.line is None, problem.line or 0))
        raise ConfigError(in_order)
    return anchored(Settings.model_validate(source.tree), path.expanduser().absolute().parent)


def check_secrets(settings: Settings) -> list[Problem]:
    """A problem for each secret that cannot be revealed at this moment; names its place, never its value."""
    problems = []
    for place, secret in secrets_in(settings):
        try:
            secret.reveal()
        except SecretUnavailable as error:
            problems.append(Problem(spelled(place), None, str(error)))
    return problems


def _text(path: Path) -> str:
    try:
        with path.expanduser().open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise ConfigError([Problem("", None, f"{path}: cannot be read: {reason}")]) from None
    if len(raw) > MAX_BYTES:
        raise ConfigError([Problem("", None, f"{path}: is larger than {MAX_BYTES} bytes: not a settings file")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem("", line, "is not UTF-8; save the file as UTF-8")]) from None


def _findings(source: Source, *, untrained: bool) -> list[Finding]:
    """What is wrong with what could be read; a place that a mistake of syntax has spoilt is not judged again."""
    tree: dict[str, Any] = source.tree
    found = {finding.place: finding for finding in violations(tree)}
    unsure = {part for place in source.broken for part in _names_lost(place)}
    for finding in cross_findings(tree, untrained=untrained):
        if finding.rests_on not in unsure and not below(finding.place, found):
            found[finding.place] = finding
    return [finding for finding in found.values() if not below(finding.place, source.broken)]


def _names_lost(place: Place) -> set[str]:
    """The parts whose names are not all known, because this place could not be read."""
    whole_entry = 2  # ("channels", 0)
    named = {".".join(map(str, place[:whole_entry]))}  # "model.languages"
    return named | {str(place[0])} if place and (len(place) <= whole_entry or place[-1] == "name") else named


def _located(finding: Finding, source: Source) -> Problem:
    """The problem with its line; of a word in a list the list is named, since the message names the word."""
    place = finding.place
    is_word = place in source.lines and isinstance(place[-1], int) and source.is_text(place)
    return Problem(spelled(place[:-1] if is_word else place), source.line_of(place), finding.message)
