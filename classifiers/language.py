"""Which language a post is in, said only where it can be told.

A post falsely called foreign is a complaint that nobody reads; a foreign one taken for English is judged by a model
that cannot read it. So another language than English is named only where the evidence for it outweighs that for
English by far, and everything in doubt is "und", which is judged. How often either happens: docs/languages.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from classifiers.profiles import Profiles
from classifiers.romanised import is_romanised_hindi
from classifiers.scripts import languages_of_script
from classifiers.text import LINK
from config.languages import LANGUAGES, UNDETERMINED

ENGLISH = "en"
# The rest of LANGUAGES is told by its script alone. All 140 of the detector would make it guess small languages
# (Nigerian Pidgin for "Boko Haram").
_BY_SCRIPT_ALONE = frozenset(("gu", "hy", "ka", "km", "kn", "lo", "ml", "my", "pa", "si", "ta", "te"))
DETECTED = tuple(code for code in LANGUAGES if code not in _BY_SCRIPT_ALONE)

# Chosen on one half of the posts, split by a hash, and measured on the other.
MARGIN = 0.25  # by how much the likeliest language must outweigh English
MARGIN_SHORT = 0.5  # likewise under SHORT letters
SHORT = 20  # letters: where nearly all English posts that are falsely called foreign are
CONFIDENT = 0.6  # from this probability on English is named; below, the post is "und", which is judged alike
MIN_LETTERS = 12  # shorter Latin text cannot be told; the detector is near chance on one or two words
MIN_LETTERS_OTHER_SCRIPT = 4  # a few Cyrillic or Chinese letters are telling already
MAX_CHARS = 400  # of a long post; more does not change the answer

_LATIN_LETTER = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A text that the detector is asked for."""

    place: int  # among all texts
    words: str
    letters: int
    script: tuple[str, ...] = ()  # the languages of its script; () for the Latin one


def language_of(plain: str) -> str:
    """Return the ISO 639-1 code of a masked text, or "und" where it is too short or too mixed to tell."""
    return languages_of([plain])[0]


def languages_of(texts: Sequence[str]) -> list[str]:
    """Return the language of each masked text: same length, same order; empty in, empty out.

    The answer to a text does not depend on the texts beside it. Any text is taken.
    """
    found = [UNDETERMINED] * len(texts)
    asked: list[_Asked] = []
    for place, text in enumerate(texts):
        words = _own_words(text)
        letters = sum(map(str.isalpha, words))
        if letters < MIN_LETTERS_OTHER_SCRIPT:
            continue
        latin = letters if words.isascii() else len(_LATIN_LETTER.findall(words))
        if 2 * latin > letters:
            if letters >= MIN_LETTERS:
                asked.append(_Asked(place, words, letters))
            continue
        script = languages_of_script(words, MIN_LETTERS_OTHER_SCRIPT)
        if len(script) == 1:
            found[place] = script[0]
        elif script:
            asked.append(_Asked(place, words, letters, script))
    for one, code in zip(asked, _told(asked), strict=True):
        found[one.place] = code
    return found


def _told(asked: Sequence[_Asked]) -> list[str]:
    """Return the language of each text that the detector is asked for, "und" where it is not sure enough."""
    profiles = _profiles()
    chances = profiles.probabilities([one.words for one in asked])
    english = chances[:, profiles.codes.index(ENGLISH)]
    likeliest = chances.argmax(axis=1)
    margin = np.where([one.letters < SHORT for one in asked], MARGIN_SHORT, MARGIN)
    best = chances.max(axis=1, initial=0.0)
    sure = np.where(best == english, best >= CONFIDENT, best - english >= margin)
    told = []
    for row, (one, index, is_sure) in enumerate(zip(asked, likeliest.tolist(), sure.tolist(), strict=True)):
        if one.script:
            told.append(max(one.script, key=lambda code: float(chances[row, profiles.codes.index(code)])))
        elif is_romanised_hindi(one.words):
            told.append("hi")
        else:
            told.append(profiles.codes[index] if is_sure else UNDETERMINED)
    return told


def _own_words(plain: str) -> str:
    """Leave out names, hashtags and links: they say nothing of the language that the author writes in."""
    return " ".join(word for word in plain[:MAX_CHARS].split() if word[0] not in "@#" and word != LINK)


@lru_cache(maxsize=1)
def _profiles() -> Profiles:
    """Load the bundled detector once: four megabytes, no network."""
    return Profiles(DETECTED)
