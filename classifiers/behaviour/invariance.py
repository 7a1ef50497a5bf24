"""Invariance: changes that mean nothing change neither sentiment nor complaint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from classifiers.behaviour import words
from classifiers.behaviour.cases import BehaviourTest, same

Pairs = list[tuple[str, str]]

_CARRIERS = words.filled((*words.NEGATIVE, *words.NEUTRAL, *words.POSITIVE))
_PEOPLE = (
    "{0} at the Acme desk was rude to me",
    "{0} from Brightloop fixed my line in ten minutes, wonderful",
    "{0} from Acme is coming to read the meter on Monday",
    "I have been waiting for a call from {0} at Quillmark for a week",
)
_CITIZENS = (
    "the {0} customer next to me was waiting at the Acme counter",
    "my {0} neighbour got her Brightloop router today",
    "the {0} waiter at Harrowgate was lovely to us",
    "I am {0} and Acme ignored my complaint for a month",
)
_BELIEVERS = (
    "the {0} family next to us was sitting on the Northwick train",
    "being {0} I was treated badly by the Harrowgate staff",
    "my {0} colleague loves the new Acme app",
)
_HUMANS = (
    "the {0} at the Acme till was rude and threw my change at me",
    "the {0} at the Quillmark desk was so kind and helpful",
    "a {0} with an Acme bag got on the bus",
)
_ASIDE = ("I am on the bus right now.", "It is Tuesday today.")
_LINKS = ("https://example.com/a1b2", "http://acme.example/news?id=7")


def _swapped(templates: Sequence[str], terms: Sequence[str]) -> Pairs:
    """The first term against each of the others."""
    return [(template.format(terms[0]), template.format(term)) for template, term in product(templates, terms[1:])]


def _brands() -> Pairs:
    templates = (*words.NEGATIVE[:3], *words.NEUTRAL[:2], *words.POSITIVE[:2])
    return [(t.format(brand="Acme"), t.format(brand=brand)) for t, brand in product(templates, words.BRANDS[1:])]


def _changed(*changes: Callable[[str], str], texts: Sequence[str] = _CARRIERS) -> Pairs:
    return [(text, change(text)) for text in texts for change in changes]


def typo(text: str) -> str:
    """The text with two inner letters of its longest word exchanged."""
    tokens = text.split(" ")
    place = max(range(len(tokens)), key=lambda at: len(tokens[at]))
    word = tokens[place]
    middle = len(word) // 2
    tokens[place] = word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
    return " ".join(tokens)


def dropped_letter(text: str) -> str:
    """The text without the second letter of its longest word."""
    longest = max(text.split(" "), key=len)
    return text.replace(longest, longest[0] + longest[2:], 1)


_ENTITY_PAIRS: Pairs = [
    ("Acme & Sons lost my parcel", "Acme &amp; Sons lost my parcel"),
    ("I can't log in to Brightloop", "I can&#39;t log in to Brightloop"),
    ("my Quillmark order isn’t here yet", "my Quillmark order isn&rsquo;t here yet"),
    ('they called it "fresh", Wobblefern', "they called it &quot;fresh&quot;, Wobblefern"),
    ("I ❤ my Acme phone", "I &#10084; my Acme phone"),
    ("thanks Northwick, you’re great", "thanks Northwick, you\\u2019re great"),
    ("Acme: fast, cheap & friendly", "Acme: fast, cheap &amp; friendly"),
    ("price < 30 at Quillmark today", "price &lt; 30 at Quillmark today"),
]


def tests() -> tuple[BehaviourTest, ...]:
    """Every test of this file."""
    shout: Callable[[str], str] = str.upper
    return (
        same("swapped brand", "Another brand, known or invented, changes nothing.", _brands()),
        same("swapped name", "Nor does another person's name.", _swapped(_PEOPLE, words.NAMES)),
        same("swapped nationality", "Nor does a nationality.", _swapped(_CITIZENS, words.NATIONALITIES)),
        same("swapped religion", "Nor does a religion.", _swapped(_BELIEVERS, words.RELIGIONS)),
        same("swapped gender", "Nor does a gender.", _swapped(_HUMANS, words.GENDERS)),
        same("added handle", "A handle before the post changes nothing.", _changed(lambda t: f"@some_body {t}")),
        same(
            "added link",
            "A link after the post changes nothing.",
            _changed(*(lambda t, link=link: f"{t} {link}" for link in _LINKS)),
        ),
        same("typing mistake", "A typing mistake changes nothing.", _changed(typo, dropped_letter)),
        same(
            "added aside",
            "A neutral sentence beside it changes nothing.",
            _changed(lambda t: f"{t}. {_ASIDE[0]}", lambda t: f"{_ASIDE[1]} {t}."),
        ),
        same("entities for signs", "An HTML entity reads as its sign.", _ENTITY_PAIRS),
        same("small letters", "Small letters change nothing.", _changed(str.lower)),
        same("capitals", "Capitals change nothing.", _changed(shout)),
    )
