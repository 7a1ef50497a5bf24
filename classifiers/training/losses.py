"""What a batch with partial labels costs: each head learns from the posts that have its label."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from classifiers.network import Logits
from classifiers.training.arrays import UNKNOWN, Truth

TYPES_WEIGHT = 3.0  # a mean over eleven mostly-zero labels is small beside a three-way loss
FLAGS_WEIGHT = 2.0
SEVERITY_WEIGHT = 0.7
RARE_FLAG_WEIGHT = (
    4.0,
    1.0,
    1.0,
    2.0,
)  # leaves and names_staff_or_place are rare; calibration undoes the shift


def batch_loss(logits: Logits, batch: Truth) -> Tensor:
    """Return the sum of the heads' losses, each a mean over the whole batch; 0 where no label is known."""
    size = len(batch.sentiment)
    known = torch.from_numpy(batch.sentiment)
    weight = torch.from_numpy(batch.weight)
    each = functional.cross_entropy(
        logits.sentiment, known, ignore_index=UNKNOWN, reduction="none", label_smoothing=0.05
    )
    total = (each * weight).sum() / size
    total = total + _binary(logits.complaint[:, None], torch.from_numpy(batch.complaint)[:, None], None, size)
    total = total + TYPES_WEIGHT * _binary(logits.types, torch.from_numpy(batch.types), None, size)
    main = torch.from_numpy(batch.main)
    total = total + functional.cross_entropy(logits.types, main, ignore_index=UNKNOWN, reduction="sum") / size
    severity = torch.from_numpy(batch.severity)
    ordinal = functional.cross_entropy(logits.severity, severity, ignore_index=UNKNOWN, reduction="sum") / size
    total = total + SEVERITY_WEIGHT * ordinal
    rare = torch.tensor(RARE_FLAG_WEIGHT)
    return total + FLAGS_WEIGHT * _binary(logits.flags, torch.from_numpy(batch.flags), rare, size)


def _binary(scores: Tensor, labels: Tensor, positive: Tensor | None, size: int) -> Tensor:
    mask = (labels != UNKNOWN).to(scores.dtype)
    target = labels.clamp(min=0).to(scores.dtype)
    each = functional.binary_cross_entropy_with_logits(scores, target, reduction="none", pos_weight=positive)
    return (each * mask).sum() / (size * scores.shape[1])
