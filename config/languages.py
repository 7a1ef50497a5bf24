"""The languages that posts can be told to be in: ISO 639-1 codes, and how people read them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from config.problems import printable

UNDETERMINED = "und"  # ISO 639-2: the post is too short or too mixed to tell

# What is written on the platforms we collect from, as far as the detector knows it.
LANGUAGES: dict[str, str] = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "gu": "Gujarati",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "hy": "Armenian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ka": "Georgian",
    "km": "Khmer",
    "kn": "Kannada",
    "ko": "Korean",
    "lo": "Lao",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "ml": "Malayalam",
    "ms": "Malay",
    "my": "Burmese",
    "nl": "Dutch",
    "no": "Norwegian",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "si": "Sinhala",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sr": "Serbian",
    "sv": "Swedish",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tl": "Tagalog",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
}

# Codes of countries, and other codes of the same language, that are taken for its code.
_OFTEN_MEANT = {
    "br": "pt",
    "cn": "zh",
    "cz": "cs",
    "dk": "da",
    "ee": "et",
    "fil": "tl",
    "gb": "en",
    "gr": "el",
    "il": "he",
    "iw": "he",
    "jp": "ja",
    "kr": "ko",
    "nb": "no",
    "nn": "no",
    "se": "sv",
    "ua": "uk",
    "us": "en",
    "vn": "vi",
}


def language_name(code: str) -> str:
    """A language as people read it: "German"; "undetermined" for "und", and a code that is not known as it is."""
    return "undetermined" if code == UNDETERMINED else LANGUAGES.get(code, code)


def known_language(code: str) -> str:
    """The code as it is.

    Raises:
        ValueError: it is not the ISO 639-1 code of a language that posts can be told to be in.
    """
    if code in LANGUAGES:
        return code
    by_name = {name.lower(): known for known, name in LANGUAGES.items()}
    meant = _OFTEN_MEANT | {known: known for known in LANGUAGES} | by_name
    close = meant.get(code.lower().partition("-")[0])
    hint = f'; did you mean "{close}" ({LANGUAGES[close]})?' if close else ""
    raise ValueError(f'"{printable(code)}" is no two-letter code (ISO 639-1) of a language that can be told{hint}')


LanguageCode = Annotated[str, AfterValidator(known_language)]
