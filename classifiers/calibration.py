"""From raw scores to calibrated probabilities and labels: numbers that travel with the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers import text
from classifiers.base import ModelUnusable
from classifiers.tokens import MAX_TOKENS
from config.vocabulary import COMPLAINT_TYPES, Flag, Sentiment

Array = npt.NDArray[np.float64]
FILE = "labels.json"
SHIPPED = Path(__file__).parent / "embedded"  # the folder of the embedded model
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Softmax:
    """Temperature and a bias a class."""

    temperature: float
    bias: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a temperature that would turn the order round."""
        if self.temperature <= 0:
            raise ValueError(f"temperature {self.temperature}")

    def __call__(self, scores: Array) -> Array:
        """Turn n x k scores into n x k probabilities that sum to 1."""
        shifted = scores / self.temperature + np.array(self.bias)
        powers = np.exp(shifted - shifted.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """Platt's scale and shift, and the probability from which the label is given, for each of k labels."""

    scale: tuple[float, ...]
    shift: tuple[float, ...]
    threshold: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse lists of different lengths and thresholds that are no probabilities."""
        if not len(self.scale) == len(self.shift) == len(self.threshold):
            raise ValueError("scale, shift and threshold differ in length")
        if not all(0.0 < value < 1.0 for value in self.threshold):
            raise ValueError(f"thresholds {self.threshold}")

    def __call__(self, scores: Array) -> Array:
        """Turn n x k scores into n x k probabilities."""
        shifted = scores * np.array(self.scale) + np.array(self.shift)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(shifted, -60.0, 60.0))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Everything between the network's scores and a verdict."""

    sentiment: Softmax
    complaint: Sigmoid
    types: Sigmoid
    severity: Softmax
    severity_cuts: tuple[float, float, float]  # expected severity from which 1, 2 and 3 are given
    flags: Sigmoid

    def __post_init__(self) -> None:
        """Refuse numbers that do not fit the vocabulary."""
        if len(self.types.scale) != len(COMPLAINT_TYPES) or len(self.flags.scale) != len(Flag):
            raise ValueError("calibration is for other labels than the vocabulary's")
        if list(self.severity_cuts) != sorted(self.severity_cuts):
            raise ValueError(f"severity cuts {self.severity_cuts}")


def neutral_calibration() -> Calibration:
    """Return one that changes nothing: for a network just trained."""
    types, flags = len(COMPLAINT_TYPES), len(Flag)
    return Calibration(
        sentiment=Softmax(1.0, (0.0,) * 3),
        complaint=Sigmoid((1.0,), (0.0,), (0.5,)),
        types=Sigmoid((1.0,) * types, (0.0,) * types, (0.5,) * types),
        severity=Softmax(1.0, (0.0,) * 4),
        severity_cuts=(0.5, 1.5, 2.5),
        flags=Sigmoid((1.0,) * flags, (0.0,) * flags, (0.5,) * flags),
    )


def write_calibration(folder: Path, calibration: Calibration, *, counts: Mapping[str, Any] | None = None) -> None:
    """Write `labels.json`: label maps, calibration, thresholds, and what the weights were trained to read.

    `counts`: of posts set aside, from which `classifiers.thresholds` looks a threshold up for an aim. The file is
    written whole or not at all.
    """
    content: dict[str, Any] = {
        "format": FORMAT,
        "preparation": text.VERSION,
        "max_tokens": MAX_TOKENS,
        "labels": _labels(),
        "calibration": asdict(calibration),
    }
    if counts is not None:
        content["counts"] = counts
    part = folder / f"{FILE}.part"
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    part.replace(folder / FILE)


def read_calibration(folder: Path) -> Calibration:
    """Read `labels.json`; ModelUnusable where it is absent, malformed or made for other labels or preparation."""
    path = folder / FILE
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ModelUnusable(f"{path}: {problem}") from None
    expected = {"format": FORMAT, "preparation": text.VERSION, "max_tokens": MAX_TOKENS, "labels": _labels()}
    wrong = [
        f"{key} is {content.get(key)!r}, not {value!r}" for key, value in expected.items() if content.get(key) != value
    ]
    if wrong:
        raise ModelUnusable(f"{path}: made for another version: {'; '.join(wrong)}")
    try:
        return _calibration(content["calibration"])
    except (KeyError, TypeError, ValueError) as problem:
        raise ModelUnusable(f"{path}: calibration: {problem!r}") from None


def _labels() -> dict[str, list[str]]:
    return {
        "sentiment": [name.value for name in Sentiment],
        "types": list(COMPLAINT_TYPES),
        "flags": [flag.value for flag in Flag],
    }


def _calibration(content: Mapping[str, Any]) -> Calibration:
    first, second, third = (float(cut) for cut in content["severity_cuts"])
    return Calibration(
        sentiment=_softmax(content["sentiment"]),
        complaint=_sigmoid(content["complaint"]),
        types=_sigmoid(content["types"]),
        severity=_softmax(content["severity"]),
        severity_cuts=(first, second, third),
        flags=_sigmoid(content["flags"]),
    )


def _softmax(content: Mapping[str, Any]) -> Softmax:
    return Softmax(float(content["temperature"]), tuple(float(value) for value in content["bias"]))


def _sigmoid(content: Mapping[str, Any]) -> Sigmoid:
    parts = (tuple(float(value) for value in content[key]) for key in ("scale", "shift", "threshold"))
    return Sigmoid(*parts)
