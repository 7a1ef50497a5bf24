"""Which model judges, and from which probability on its word counts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from config.strict import Strict


class Thresholds(Strict):
    """From which calibrated probability on a post counts as negative or as a complaint, by severity.

    A critical complaint is wanted even where the model is less sure; a mild one only where it is sure.
    """

    negative: Annotated[float, Field(ge=0, le=1)] = 0.6
    complaint_mild: Annotated[float, Field(ge=0, le=1)] = 0.6
    complaint_serious: Annotated[float, Field(ge=0, le=1)] = 0.5
    complaint_critical: Annotated[float, Field(ge=0, le=1)] = 0.35


class Model(Strict):
    """The judge of posts: the embedded model, or a Hugging Face sequence classifier for its sentiment."""

    sentiment_model: str = "embedded"  # "embedded", a folder, or the name of a hub model
    revision: str | None = None  # obligatory for a hub model: the commit whose weights were tried
    languages: tuple[str, ...] = ("en",)  # languages that the model serves; other posts are kept, not judged
    batch_posts: Annotated[int, Field(ge=1, le=4096)] = 1024  # posts read, judged and stored in one go

    @model_validator(mode="after")
    def _hub_model_is_pinned(self) -> Model:
        is_path = self.sentiment_model.startswith((".", "/", "~"))
        if self.sentiment_model != "embedded" and not is_path and self.revision is None:
            raise ValueError("revision: a hub model must name the revision (commit) to load")
        return self
