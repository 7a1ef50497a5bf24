"""What to listen for: brands, the forms of their names, and the company's own accounts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from config.languages import LanguageCode
from config.strict import Strict
from config.vocabulary import Platform

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class AliasKind(StrEnum):
    """How an alias is looked for in a post."""

    WORD = "word"  # whole word, Unicode word boundaries
    PHRASE = "phrase"  # several words in this order, blanks folded
    HANDLE = "handle"  # @name
    HASHTAG = "hashtag"  # #name, and as a segment of a longer hashtag (#AcmeFail)
    DOMAIN = "domain"  # a link to this domain or below it


class Alias(Strict):
    """One form in which people name the brand."""

    text: Name
    kind: AliasKind = AliasKind.WORD
    case_sensitive: bool = False


class Account(Strict):
    """An account that speaks for the company: its posts never raise a case, and they stop clocks."""

    platform: Platform
    handle: Name


class Brand(Strict):
    """One brand to listen for."""

    name: Name
    aliases: Annotated[tuple[Alias, ...], Field(min_length=1)]
    own_accounts: tuple[Account, ...] = ()
    context_words: tuple[Name, ...] = ()  # if any are given, a word or phrase alias counts only beside one of them
    exclusion_words: tuple[Name, ...] = ()  # a post that holds one of these is not about the brand
    languages: tuple[LanguageCode, ...] = ()  # () = every language
