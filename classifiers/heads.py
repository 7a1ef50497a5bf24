"""A company's own complaint types over the shipped model's vectors.

Shipped types renamed, merged or dropped need no training: a merged type is the case where at least one of its parts
is. Heads trained for the company's own posts (`classifiers.training.own`) add to that a linear correction of the same
vectors, so that a head that has learnt nothing says what the shipped ones say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from classifiers import text
from classifiers.base import ModelUnusable
from classifiers.calibration import Array, Calibration, Sigmoid
from classifiers.pooled import Pooled, Vectors, highest
from classifiers.verdicts import MAX_TYPES, TypeCalls
from config.complaint_types import ComplaintType, fallback, types_in_force
from config.vocabulary import COMPLAINT_TYPES

FORMAT = 1
LABELS = "heads.json"
WEIGHTS = "heads.safetensors"
_SHIPPED = tuple(COMPLAINT_TYPES)
_UNLIKELY = -60.0  # a logit that stands for "never": its probability is 1e-26

Chosen = npt.NDArray[np.bool_]


class OwnTypes(Protocol):
    """Says which of the company's types a text is of."""

    @property
    def version(self) -> str:
        """Names types and weights; "" where everything is as shipped."""
        ...

    def calls(self, shipped: Array, pooled: Pooled) -> TypeCalls:
        """Judge encoded texts; `shipped` holds the shipped type heads' raw scores, windows x 11."""
        ...


class Inherited:
    """Shipped types renamed, merged or dropped; nothing is trained."""

    def __init__(self, types: Sequence[ComplaintType], calibration: Calibration) -> None:
        """Take the types in force; ModelUnusable where one of them takes over no shipped type."""
        new = [one.name for one in types if not one.shipped]
        if new:
            raise ModelUnusable(f"nothing is trained for {', '.join(new)}: run monitor train, then set model.heads")
        self._types = tuple(types)
        self._calibration = calibration.types
        self._heir = {word: one.name for one in types for word in one.shipped}
        self._rest = fallback(types)

    @property
    def version(self) -> str:
        """Names which type takes over which; "" where all are as shipped."""
        if self._heir == {name: name for name in _SHIPPED}:
            return ""
        told = sorted((one.name, sorted(one.shipped)) for one in self._types)
        return f"types-{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:8]}"

    def calls(self, shipped: Array, pooled: Pooled) -> TypeCalls:
        """Judge as the shipped heads do, in the company's words.

        A complaint is about the heirs of the likeliest shipped type and of those above their thresholds. Where all
        of these are dropped it is about the heir of "other", or about nothing.
        """
        raw = highest(shipped, pooled)
        likely = self._calibration(raw)
        given = likely >= np.array(self._calibration.threshold)
        given[np.arange(len(raw)), raw.argmax(axis=1)] = True
        likely[np.arange(len(raw)), raw.argmax(axis=1)] += 1.0  # the main type goes first
        names = tuple(one.name for one in self._types)
        chosen = [self._named(row, marks) for row, marks in zip(likely, given, strict=True)]
        return TypeCalls(names, sigmoid(prior(raw, self._types, self._calibration)), chosen)

    def _named(self, likely: Array, given: Chosen) -> tuple[str, ...]:
        order = [index for index in np.argsort(-likely, kind="stable") if given[index]]
        heirs = dict.fromkeys(self._heir[_SHIPPED[i]] for i in order if _SHIPPED[i] in self._heir)
        return tuple(heirs)[:MAX_TYPES] or ((self._rest,) if self._rest else ())


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Trained corrections of k types, with what makes probabilities of their scores."""

    weight: Vectors  # k x hidden
    bias: Vectors  # k
    calibration: Sigmoid  # of k types

    def __post_init__(self) -> None:
        """Refuse parts that do not fit each other, and numbers that are none."""
        count = len(self.calibration.scale)
        if self.weight.ndim != 2 or len(self.weight) != count or self.bias.shape != (count,):  # noqa: PLR2004
            raise ValueError(f"{count} types with weights {self.weight.shape} and biases {self.bias.shape}")
        if not (np.isfinite(self.weight).all() and np.isfinite(self.bias).all()):
            raise ValueError("weights that are no numbers")

    def scores(self, priors: Array, pooled: Pooled) -> Array:
        """Return texts x k raw scores; `priors` are windows x k. A long text is what its loudest window says."""
        return highest(priors + pooled.vectors @ self.weight.T + self.bias, pooled)


class Trained:
    """Own types judged by heads that were trained for them."""

    def __init__(self, types: Sequence[ComplaintType], heads: Heads, shipped: Sigmoid, version: str) -> None:
        """Take types and their heads, in one order."""
        self._types = tuple(types)
        self._heads = heads
        self._shipped = shipped
        self.version = version

    def calls(self, shipped: Array, pooled: Pooled) -> TypeCalls:
        """Judge by the trained heads; see `choice` for which types a complaint is about."""
        likely = self._heads.calibration(self._heads.scores(prior(shipped, self._types, self._shipped), pooled))
        marks = choice(likely, self._heads.calibration.threshold, self._types)
        names = tuple(one.name for one in self._types)
        order = np.argsort(-likely, axis=1, kind="stable")
        chosen = [
            tuple(names[index] for index in row if own[index])[:MAX_TYPES]
            for row, own in zip(order, marks, strict=True)
        ]
        return TypeCalls(names, likely, chosen)


def prior(raw: Array, types: Sequence[ComplaintType], shipped: Sigmoid) -> Array:
    """Return n x k logits of what the shipped heads' n x 11 raw scores say of each type; 0 for a new one.

    A type is there where at least one of its parts is, the parts taken as independent: 1 - (1-p1)(1-p2)... For one
    part that is the part itself.
    """
    logits = raw * np.array(shipped.scale) + np.array(shipped.shift)
    absent = np.logaddexp(0.0, np.clip(logits, _UNLIKELY, -_UNLIKELY))  # -log(1-p)
    found = np.zeros((len(raw), len(types)))
    for column, one in enumerate(types):
        if one.shipped:
            none = absent[:, [_SHIPPED.index(word) for word in one.shipped]].sum(axis=1)
            found[:, column] = none + np.log(-np.expm1(-none))
    return found


def choice(likely: Array, thresholds: Sequence[float], types: Sequence[ComplaintType]) -> Chosen:
    """Return which of k types each of n complaints is about: n x k.

    Those above their thresholds. Where there is none: the likeliest, if the types take over all shipped ones, so that
    one of them must fit; else the heir of "other"; without one, nothing.
    """
    given = likely >= np.array(thresholds)
    nothing = ~given.any(axis=1)
    rest = fallback(types)
    if {word for one in types for word in one.shipped} == set(_SHIPPED):
        given[nothing, likely[nothing].argmax(axis=1)] = True
    elif rest is not None:
        given[nothing, [one.name for one in types].index(rest)] = True
    return np.asarray(given)


def sigmoid(logits: Array) -> Array:
    """Turn logits into probabilities."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, _UNLIKELY, -_UNLIKELY))))


def own_types(
    written: Sequence[ComplaintType], heads: str | None, calibration: Calibration, *, encoder: str
) -> OwnTypes | None:
    """Return what judges the configured types; None where that is the shipped model itself.

    `encoder` names the shipped model. ModelUnusable where a type has no head, or `heads` names a folder that was
    trained for other types, another model or another preparation of texts.
    """
    types = types_in_force(written)
    if heads is not None:
        return read_heads(Path(heads), types, calibration, encoder=encoder)
    inherited = Inherited(types, calibration)
    return inherited if inherited.version else None


def read_heads(folder: Path, types: Sequence[ComplaintType], calibration: Calibration, *, encoder: str) -> Trained:
    """Read heads that `monitor train` wrote; ModelUnusable where they are not for these types and this model."""
    try:
        raw = (folder / LABELS).read_bytes()
        content: dict[str, Any] = json.loads(raw)
        weights = load_file(folder / WEIGHTS)
        whole = hashlib.sha256(raw + (folder / WEIGHTS).read_bytes()).hexdigest()[:8]
        _refuse_other(content, types, encoder)
        order = [entry["name"] for entry in content["types"]]
        parts = {key: tuple(float(value) for value in content[key]) for key in ("scale", "shift", "threshold")}
        heads = Heads(weights["weight"], weights["bias"], Sigmoid(**parts))
        in_order = sorted(types, key=lambda one: order.index(one.name))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as problem:
        raise ModelUnusable(f"model.heads: {folder}: {type(problem).__name__}: {problem}") from None
    if len(order) != len(heads.bias):
        raise ModelUnusable(f"model.heads: {folder}: {len(order)} types with {len(heads.bias)} heads")
    return Trained(in_order, heads, calibration.types, f"heads-{whole}")


def described(types: Sequence[ComplaintType]) -> list[dict[str, Any]]:
    """Return what of the types decides whether heads fit them, for `heads.json`."""
    return [{"name": one.name, "shipped": sorted(one.shipped)} for one in types]


def _refuse_other(content: dict[str, Any], types: Sequence[ComplaintType], encoder: str) -> None:
    again = "run monitor train again, then name the folder that it writes"
    expected = {"format": FORMAT, "preparation": text.VERSION, "encoder": encoder}
    wrong = [f"{key} {content.get(key)}, not {value}" for key, value in expected.items() if content.get(key) != value]
    if wrong:
        raise ModelUnusable(f"model.heads: trained for another model: {'; '.join(wrong)}; {again}")
    trained = {entry["name"]: entry["shipped"] for entry in content["types"]}
    wanted = {entry["name"]: entry["shipped"] for entry in described(types)}
    wrong = [f"nothing is trained for {name}" for name in wanted if name not in trained]
    wrong += [f"{name} is no configured type" for name in trained if name not in wanted]
    wrong += [f"{name} took over other types" for name in trained if wanted.get(name, trained[name]) != trained[name]]
    if wrong:
        raise ModelUnusable(f"model.heads: trained for other complaint types: {'; '.join(wrong)}; {again}")
