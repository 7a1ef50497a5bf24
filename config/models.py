"""Which model judges."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, model_validator

from config.languages import LanguageCode
from config.strict import IS_PATH, Strict

EMBEDDED = "embedded"
EMBEDDED_LANGUAGES = ("en",)  # what the shipped model was trained and measured on

_COMMIT = re.compile("[0-9a-f]{40}")


class LanguageModel(Strict):
    """A Hugging Face sequence classifier for the sentiment of posts in further languages, and for nothing else.

    Complaint, type and severity are not judged there: the embedded model, which judges them, cannot read the language.
    """

    languages: Annotated[tuple[LanguageCode, ...], Field(min_length=1)]
    sentiment_model: str  # a folder, or the name of a hub model
    revision: str | None = None  # obligatory for a hub model: the commit whose weights were tried

    @model_validator(mode="after")
    def _is_another_model_and_pinned(self) -> LanguageModel:
        if self.sentiment_model == EMBEDDED:
            served = ", ".join(EMBEDDED_LANGUAGES)
            raise ValueError(f"sentiment_model: the embedded model judges {served} alone; name another one")
        _demand_commit(self.sentiment_model, self.revision)
        return self


class Model(Strict):
    """The judge of posts: the embedded model, or a Hugging Face sequence classifier for its sentiment."""

    sentiment_model: str = EMBEDDED  # "embedded", a folder, or the name of a hub model
    revision: str | None = None  # obligatory for a hub model: the commit whose weights were tried
    languages: tuple[LanguageCode, ...] = EMBEDDED_LANGUAGES  # judged in full; posts in others are kept, not judged
    by_language: tuple[LanguageModel, ...] = ()  # models for the sentiment of posts in further languages
    heads: Annotated[str | None, IS_PATH] = None  # folder with heads for own complaint types, by `monitor train`
    batch_posts: Annotated[int, Field(ge=1, le=4096)] = 1024  # posts read, judged and stored in one go

    @model_validator(mode="after")
    def _hub_model_is_pinned(self) -> Model:
        if self.sentiment_model != EMBEDDED:
            _demand_commit(self.sentiment_model, self.revision)
        return self


def is_folder(sentiment_model: str) -> bool:
    """Whether a setting names a folder, not a model of the hub."""
    return sentiment_model.startswith((".", "/", "~"))


def _demand_commit(sentiment_model: str, revision: str | None) -> None:
    """Refuse a hub model that is not pinned: a branch moves, and the same name would judge otherwise."""
    if is_folder(sentiment_model):
        return
    if revision is None:
        raise ValueError("revision: a hub model must name the revision (commit) to load")
    if not _COMMIT.fullmatch(revision):
        raise ValueError("revision: must be a commit (40 hexadecimal digits); a branch or tag may move")
