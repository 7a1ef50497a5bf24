"""What a batch with partial labels costs: each head learns from the posts that have its label."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from classifiers.network import Logits
from classifiers.training.arrays import UNKNOWN, Ints, Truth

TYPES_WEIGHT = 3.0  # a mean over eleven mostly-zero labels is small beside a three-way loss
FLAGS_WEIGHT = 2.0
SEVERITY_WEIGHT = 0.7
SIDE_WEIGHT = 0.5  # the side tasks serve the others
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
    total = total + FLAGS_WEIGHT * _binary(logits.flags, torch.from_numpy(batch.flags), rare, size)
    return total + taught_loss(logits, batch)


def taught_loss(logits: Logits, batch: Truth) -> Tensor:
    """Return what it costs to differ from the teacher, on heads whose own label is unknown; 0 without a teacher."""
    taught = torch.from_numpy(batch.taught)
    rows = torch.nonzero(~taught[:, 0].isnan()).squeeze(1)
    if not len(rows):
        return logits.complaint.new_zeros(())
    widths = [1, logits.types.shape[1], logits.severity.shape[1], logits.flags.shape[1]]
    complaint, types, severity, flags = torch.split(taught[rows], widths, dim=1)
    unlabelled = torch.from_numpy((batch.severity == UNKNOWN) & (batch.types[:, 0] == UNKNOWN))[rows]
    no_complaint = torch.from_numpy(batch.complaint == UNKNOWN)[rows]
    binary = functional.binary_cross_entropy_with_logits
    cost = binary(logits.complaint[rows], complaint[:, 0], reduction="none") * no_complaint
    each = TYPES_WEIGHT * binary(logits.types[rows], types, reduction="none").mean(1)
    each = each + FLAGS_WEIGHT * binary(logits.flags[rows], flags, reduction="none").mean(1)
    each = each - SEVERITY_WEIGHT * (severity * logits.severity[rows].log_softmax(1)).sum(1)
    total: Tensor = (cost + each * unlabelled).sum()
    return total / len(batch.severity)


def side_loss(scores: Tensor, labels: Ints, tasks: Sequence[slice]) -> Tensor:
    """Return the loss of the side tasks: a choice within the columns of the label's own task."""
    total = scores.new_zeros(())
    wanted = torch.from_numpy(labels)
    for task in tasks:
        rows = torch.nonzero((wanted >= task.start) & (wanted < task.stop)).squeeze(1)
        if len(rows):
            own = wanted[rows] - task.start
            total = total + functional.cross_entropy(scores[rows, task], own, reduction="sum")
    return SIDE_WEIGHT * total / len(labels)


def _binary(scores: Tensor, labels: Tensor, positive: Tensor | None, size: int) -> Tensor:
    mask = (labels != UNKNOWN).to(scores.dtype)
    target = labels.clamp(min=0).to(scores.dtype)
    each = functional.binary_cross_entropy_with_logits(scores, target, reduction="none", pos_weight=positive)
    return (each * mask).sum() / (size * scores.shape[1])
