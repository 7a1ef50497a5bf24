"""Which language a post is in, said only where it can be told.

A post falsely called foreign is a complaint that nobody reads. So another language than the served ones is
named only where the detector is confident and the post is long enough; everything else is "und", which is judged.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from classifiers.text import LINK

UNDETERMINED = "und"  # ISO 639-2

# Languages written on the platforms we collect from. All 140 of the detector make it guess small ones
# (Nigerian Pidgin for "Boko Haram"): English posts called foreign went from 0.18 % to 0.10 % with this set.
# fmt: off
LANGUAGES = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr",
    "he", "hi", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "nl", "no", "pl",
    "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tl", "tr", "uk", "ur", "vi", "zh",
)
# fmt: on
CONFIDENT = 0.6  # of 20,786 English posts of six sources, 0.10 % are called foreign; most of those are
MIN_LETTERS = 12  # shorter Latin text cannot be told; the detector is near chance on one or two words
MIN_LETTERS_OTHER_SCRIPT = 4  # a few Cyrillic or Chinese letters are telling already
MAX_CHARS = 400  # of a long post; more does not change the answer


_LETTER = re.compile(r"[^\W\d_]")
_LATIN_LETTER = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")


def language_of(plain: str) -> str:
    """Return the ISO 639-1 code of a masked text, or "und" where it is too short or too mixed to tell."""
    words = " ".join(word for word in plain[:MAX_CHARS].split() if word[0] not in "@#" and word != LINK)
    letters = len(_LETTER.findall(words))
    latin = len(_LATIN_LETTER.findall(words))
    if letters < (MIN_LETTERS if 2 * latin > letters else MIN_LETTERS_OTHER_SCRIPT):
        return UNDETERMINED
    code, confidence = _identifier().classify(words)
    return str(code) if confidence >= CONFIDENT else UNDETERMINED


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    """Load the bundled detector once: four megabytes, no network."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LANGUAGES)
    # stored as half floats, which numpy multiplies in software: ten times slower than single ones
    identifier.nb_ptc = np.ascontiguousarray(identifier.nb_ptc, dtype=np.float32)
    identifier.nb_pc = np.asarray(identifier.nb_pc, dtype=np.float32)
    return identifier
