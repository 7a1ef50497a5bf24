"""The weights of a model folder, checked against what its configuration promises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from classifiers.base import ModelUnusable
from classifiers.verdicts import HEAD_SIZES

FILE = "model.safetensors"
CONFIG = "config.json"


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a BERT."""

    words: int
    positions: int
    kinds: int  # of tokens
    hidden: int
    inner: int  # width between the two linear layers of a block
    layers: int
    heads: int  # of attention
    epsilon: float  # of the layer norms


def read_shape(folder: Path) -> Shape:
    """Read `config.json`; ModelUnusable where it is absent or describes another kind of encoder."""
    path = folder / CONFIG
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if (config["model_type"], config["hidden_act"]) != ("bert", "gelu"):
            raise ModelUnusable(f"{path}: {config['model_type']} with {config['hidden_act']}, not bert with gelu")
        return Shape(
            words=int(config["vocab_size"]),
            positions=int(config["max_position_embeddings"]),
            kinds=int(config["type_vocab_size"]),
            hidden=int(config["hidden_size"]),
            inner=int(config["intermediate_size"]),
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            epsilon=float(config["layer_norm_eps"]),
        )
    except (OSError, ValueError, TypeError, KeyError) as problem:
        raise ModelUnusable(f"{path}: {type(problem).__name__}: {problem}") from None


def read_weights(folder: Path, shape: Shape) -> dict[str, Tensor]:
    """Read `model.safetensors` as it lies there; ModelUnusable where a weight is missing, left over or misshapen."""
    path = folder / FILE
    if not path.is_file():
        raise ModelUnusable(f"{folder}: no {FILE}")
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as problem:
        raise ModelUnusable(f"{path}: {problem}") from None
    found = {name: tuple(weight.shape) for name, weight in weights.items()}
    promised = _promised(shape)
    if found != promised:
        names = sorted(name for name in found.keys() | promised.keys() if found.get(name) != promised.get(name))
        raise ModelUnusable(f"{path}: the weights do not fit {CONFIG}: {', '.join(names)}")
    return weights


def part(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the weights whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}


def _promised(shape: Shape) -> dict[str, tuple[int, ...]]:
    hidden, inner, outputs = shape.hidden, shape.inner, sum(HEAD_SIZES.values())
    block = {
        **{f"attention.self.{name}.": (hidden, hidden) for name in ("query", "key", "value")},
        "attention.output.dense.": (hidden, hidden),
        "intermediate.dense.": (inner, hidden),
        "output.dense.": (hidden, inner),
    }
    promised: dict[str, tuple[int, ...]] = {
        "heads.weight": (outputs, hidden),
        "heads.bias": (outputs,),
        "encoder.embeddings.word_embeddings.weight": (shape.words, hidden),
        "encoder.embeddings.position_embeddings.weight": (shape.positions, hidden),
        "encoder.embeddings.token_type_embeddings.weight": (shape.kinds, hidden),
    }
    norms = ["encoder.embeddings.LayerNorm."]
    for number in range(shape.layers):
        layer = f"encoder.encoder.layer.{number}."
        for name, (rows, columns) in block.items():
            promised |= {f"{layer}{name}weight": (rows, columns), f"{layer}{name}bias": (rows,)}
        norms += [f"{layer}attention.output.LayerNorm.", f"{layer}output.LayerNorm."]
    for name in norms:
        promised |= {f"{name}weight": (hidden,), f"{name}bias": (hidden,)}
    return promised
