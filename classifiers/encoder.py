"""The encoder at work: a BERT's forward pass straight on its weights, and mean pooling.

Windows lie side by side in rows; a mask keeps the attention of each within itself. transformers' own modules, which
training uses, would pad every window to the longest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from classifiers.linear import Linear, linear
from classifiers.packing import Batch
from classifiers.pooled import Vectors
from classifiers.precision import Precision, Way
from classifiers.weights import Shape, part


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """A layer norm."""

    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, states: Tensor) -> Tensor:
        """Normalise m x hidden states."""
        return functional.layer_norm(states, self.bias.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One block of the encoder."""

    mixed: Linear  # query, key and value side by side
    attended: Linear
    norm: Norm
    widened: Linear
    narrowed: Linear
    last_norm: Norm


class Encoder:
    """A BERT without pooler, read-only; several threads may use it at once."""

    def __init__(self, weights: Mapping[str, Tensor], shape: Shape, way: Way) -> None:
        """Take checked weights by the names that transformers gives them."""
        self._heads, self._device = shape.heads, way.device
        self._kind = torch.bfloat16 if way.precision is Precision.BFLOAT16 else torch.float32
        given = {name: weight.to(way.device, self._kind) for name, weight in weights.items()}
        embeddings = part(given, "embeddings.")
        self._words = embeddings["word_embeddings.weight"]
        # a post is always the first kind of token
        self._places = embeddings["position_embeddings.weight"] + embeddings["token_type_embeddings.weight"][0]
        self._norm = _norm(embeddings, "LayerNorm", shape)
        self._layers = [_layer(part(given, f"encoder.layer.{number}."), shape, way) for number in range(shape.layers)]

    def pooled(self, batch: Batch) -> Vectors:
        """Return the mean over the last states of each window of a batch, in the order of its `windows`."""
        with torch.inference_mode():
            ids, places, spans = (
                torch.from_numpy(numbers).to(self._device) for numbers in (batch.ids, batch.places, batch.spans)
            )
            apart = (spans[:, :, None] != spans[:, None, :])[:, None]
            mask = torch.zeros(apart.shape, dtype=self._kind, device=self._device).masked_fill_(apart, -torch.inf)
            flat = functional.embedding(ids.flatten(), self._words)
            states = self._norm(flat + functional.embedding(places.flatten(), self._places))
            for layer in self._layers:
                states = self._through(layer, states, mask)
            return _means(states, spans.flatten(), len(batch.windows))

    def _through(self, layer: Layer, states: Tensor, mask: Tensor) -> Tensor:
        states = layer.norm(layer.attended.plus(self._attention(layer.mixed(states), mask), states))
        return layer.last_norm(layer.narrowed.plus(layer.widened.gelu(states), states))

    def _attention(self, mixed: Tensor, mask: Tensor) -> Tensor:
        """Attend within each window: (rows x width) x (3 x hidden) in, (rows x width) x hidden out."""
        rows, _, width, _ = mask.shape
        query, key, value = mixed.view(rows, width, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return found.transpose(1, 2).reshape(rows * width, -1)


def _means(states: Tensor, spans: Tensor, count: int) -> Vectors:
    """Return the mean of the states of each span, in single precision; the last span, of the empty places, is none."""
    sums = torch.zeros((count + 1, states.shape[1]), device=states.device).index_add_(0, spans, states.float())
    sizes = torch.bincount(spans, minlength=count + 1).clamp_(min=1)
    return np.asarray((sums / sizes[:, None])[:count].cpu().numpy(), dtype=np.float32)


def _norm(weights: Mapping[str, Tensor], name: str, shape: Shape) -> Norm:
    return Norm(weights[f"{name}.weight"], weights[f"{name}.bias"], shape.epsilon)


def _layer(weights: Mapping[str, Tensor], shape: Shape, way: Way) -> Layer:
    def side_by_side(*names: str) -> Linear:
        weight, bias = (torch.cat([weights[f"{name}.{kind}"] for name in names]) for kind in ("weight", "bias"))
        return linear(weight, bias, way)

    return Layer(
        mixed=side_by_side(*(f"attention.self.{name}" for name in ("query", "key", "value"))),
        attended=side_by_side("attention.output.dense"),
        norm=_norm(weights, "attention.output.LayerNorm", shape),
        widened=side_by_side("intermediate.dense"),
        narrowed=side_by_side("output.dense"),
        last_norm=_norm(weights, "output.LayerNorm", shape),
    )
