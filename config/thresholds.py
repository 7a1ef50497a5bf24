"""From which probability on a post counts: said outright, or by what share is to be found."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from config.strict import Strict
from config.vocabulary import Severity

Probability = Annotated[float, Field(ge=0, le=1)]
Found = Annotated[float, Field(gt=0, lt=1)]

GOVERNED = {  # which threshold follows from which aim
    "negative_found": "negative",
    "complaints_found": "complaint_mild",
    "serious_complaints_found": "complaint_serious",
    "critical_complaints_found": "complaint_critical",
}
COMPLAINT_THRESHOLDS = ("complaint_mild", "complaint_serious", "complaint_critical")  # by the severity given


class Aim(Strict):
    """What share is to be found at least; the threshold is then looked up in what was measured of the model.

    `monitor thresholds` shows what each share costs. A threshold that is also said outright is taken as said.
    """

    negative_found: Found | None = None  # of the negative posts
    complaints_found: Found | None = None  # of all complaints
    serious_complaints_found: Found | None = None  # of the serious and critical ones
    critical_complaints_found: Found | None = None


class Thresholds(Strict):
    """From which calibrated probability on a post counts as negative or as a complaint, by the severity given.

    A critical complaint is wanted even where the model is less sure; a mild one only where it is sure.
    """

    negative: Probability = 0.6
    complaint_mild: Probability = 0.6
    complaint_serious: Probability = 0.5
    complaint_critical: Probability = 0.35
    aim: Aim = Aim()

    def for_complaint(self, severity: Severity) -> float:
        """The probability from which a complaint of this severity counts; one without severity counts as mild."""
        return {
            Severity.NONE: self.complaint_mild,
            Severity.MILD: self.complaint_mild,
            Severity.SERIOUS: self.complaint_serious,
            Severity.CRITICAL: self.complaint_critical,
        }[severity]

    @property
    def aims_in_force(self) -> dict[str, float]:
        """The aims whose threshold is not said outright."""
        aims = {name: getattr(self.aim, name) for name in GOVERNED}
        return {
            name: value
            for name, value in aims.items()
            if value is not None and GOVERNED[name] not in self.model_fields_set
        }

    @model_serializer(mode="wrap")
    def _without_what_an_aim_governs(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out a threshold that an aim governs: written down, its default would be taken as said outright."""
        governed = {GOVERNED[name] for name in self.aims_in_force}
        content: dict[str, Any] = dump(self)
        return {name: value for name, value in content.items() if name not in governed}
