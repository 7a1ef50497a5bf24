"""What the writing system of a text says of its language: in most scripts nearly all, in Latin nothing."""

from __future__ import annotations

import re

# Each script with the languages that the detector is asked to choose between; one alone is sure by its script.
# Where several smaller ones share the script (Assamese in the Bengali one) the most written one stands for them:
# whether a post is judged, and by which model, is the same for all of them.
_RANGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("\u0370-\u03ff\u1f00-\u1fff", ("el",)),
    ("\u0400-\u052f", ("ru", "uk", "bg", "sr")),
    ("\u0530-\u058f", ("hy",)),
    ("\u0590-\u05ff", ("he",)),
    ("\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc", ("ar", "fa", "ur")),
    ("\u0900-\u097f", ("hi",)),
    ("\u0980-\u09ff", ("bn",)),
    ("\u0a00-\u0a7f", ("pa",)),
    ("\u0a80-\u0aff", ("gu",)),
    ("\u0b80-\u0bff", ("ta",)),
    ("\u0c00-\u0c7f", ("te",)),
    ("\u0c80-\u0cff", ("kn",)),
    ("\u0d00-\u0d7f", ("ml",)),
    ("\u0d80-\u0dff", ("si",)),
    ("\u0e00-\u0e7f", ("th",)),
    ("\u0e80-\u0eff", ("lo",)),
    ("\u1000-\u109f", ("my",)),
    ("\u10a0-\u10ff", ("ka",)),
    ("\u1780-\u17ff", ("km",)),
    ("\u1100-\u11ff\u3130-\u318f\uac00-\ud7af", ("ko",)),
    ("\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff", ("ja", "zh")),
)
_SCRIPTS = tuple((re.compile(f"[{span}]"), codes) for span, codes in _RANGES)


def languages_of_script(words: str, least: int) -> tuple[str, ...]:
    """The languages written in the script that most letters of the text are of; `()` where fewer than `least` are.

    Latin letters, and those of scripts not listed (runes, letters drawn as symbols), say nothing.
    """
    counts = [(len(script.findall(words)), codes) for script, codes in _SCRIPTS]
    most, codes = max(counts, key=lambda found: found[0])
    return codes if most >= least else ()
