"""Linear layers, with what follows each of them in the encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from classifiers.precision import Precision, Way


class Linear(Protocol):
    """A linear layer at work on m x in states."""

    def __call__(self, states: Tensor, /) -> Tensor:
        """Return m x out."""
        ...

    def gelu(self, states: Tensor, /) -> Tensor:
        """Return m x out through the exact GELU."""
        ...

    def plus(self, states: Tensor, further: Tensor, /) -> Tensor:
        """Return m x out with `further` added."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """A linear layer as torch has it everywhere."""

    weight: Tensor
    bias: Tensor

    def __call__(self, states: Tensor, /) -> Tensor:
        """Return m x out."""
        return functional.linear(states, self.weight, self.bias)

    def gelu(self, states: Tensor, /) -> Tensor:
        """Return m x out through the exact GELU."""
        return functional.gelu(self(states))

    def plus(self, states: Tensor, further: Tensor, /) -> Tensor:
        """Return m x out with `further` added."""
        return self(states) + further


class Packed:
    """One whose weights oneDNN has laid out for the processor once, and which takes the next step on the way out.

    These operators are what torch's own compiler writes, without a compiler at run time.
    """

    def __init__(self, plain: Plain, tokens: int) -> None:
        """Lay the weights out for batches of about `tokens`; others work, somewhat slower."""
        self._weight = torch.ops.mkldnn._reorder_linear_weight(plain.weight, tokens)  # noqa: SLF001
        self._bias = plain.bias

    def __call__(self, states: Tensor, /) -> Tensor:
        """Return m x out."""
        return _pointwise(states, self._weight, self._bias, "none", [], "")

    def gelu(self, states: Tensor, /) -> Tensor:
        """Return m x out through the exact GELU."""
        return _pointwise(states, self._weight, self._bias, "gelu", [], "none")

    def plus(self, states: Tensor, further: Tensor, /) -> Tensor:
        """Return m x out with `further` added."""
        found: Tensor = torch.ops.mkldnn._linear_pointwise.binary(  # noqa: SLF001
            states, further, self._weight, self._bias, "add"
        )
        return found


def linear(weight: Tensor, bias: Tensor, way: Way) -> Linear:
    """Return the fastest linear layer of out x in weights that there is for this way to calculate."""
    plain = Plain(weight, bias)
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    packs = there and way.device == "cpu" and way.precision is Precision.BFLOAT16
    return Packed(plain, way.tokens) if packs else plain


def _pointwise(states: Tensor, weight: Tensor, bias: Tensor, step: str, numbers: list[float], kind: str) -> Tensor:
    found: Tensor = torch.ops.mkldnn._linear_pointwise(states, weight, bias, step, numbers, kind)  # noqa: SLF001
    return found
