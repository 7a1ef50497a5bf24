"""The network while it learns: the one that ships, and the side tasks' layer that does not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor, nn

from classifiers.network import PostNetwork
from classifiers.training.arrays import Truth
from classifiers.training.losses import batch_loss, side_loss


class Trainee(nn.Module):
    """A `PostNetwork` with one more linear layer for the labels of the side tasks."""

    def __init__(self, network: PostNetwork, sides: Sequence[tuple[str, str]], seed: int) -> None:
        """Wrap `network`, which is trained in place; `sides` as `arrays.side_labels` gives them."""
        super().__init__()
        self.network = network
        torch.manual_seed(seed)
        self.sides = nn.Linear(network.config.hidden_size, max(1, len(sides)))
        self._tasks: list[slice] = []
        begin = 0
        for _, labels in groupby(sides, key=lambda side: side[0]):
            end = begin + len(list(labels))
            self._tasks.append(slice(begin, end))
            begin = end

    def forward(self, ids: Tensor, attention: Tensor, truth: Truth) -> Tensor:
        """Return the loss of a batch."""
        pooled = self.network.pooled(ids, attention)
        loss = batch_loss(self.network.judged(pooled), truth)
        if not (truth.side >= 0).any():
            return loss
        return loss + side_loss(self.sides(pooled).float(), truth.side, self._tasks)
