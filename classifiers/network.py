"""The network: one small encoder, mean pooling, five linear heads."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel, PreTrainedModel

from classifiers.verdicts import HEAD_SIZES


@dataclass(frozen=True, slots=True)
class Logits:
    """Raw scores of a batch of n texts."""

    sentiment: Tensor  # n x 3, in the order of `Sentiment`
    complaint: Tensor  # n
    types: Tensor  # n x 11, in the order of `COMPLAINT_TYPES`
    severity: Tensor  # n x 4, severity 0..3
    flags: Tensor  # n x 4, in the order of `Flag`


class PostNetwork(PreTrainedModel):  # type: ignore[no-untyped-call]  # transformers leaves its hook untyped
    """A BERT encoder without pooler under one linear layer that holds all heads side by side."""

    config_class = BertConfig
    config: BertConfig
    base_model_prefix = "encoder"
    _supports_sdpa = True  # as BertModel does

    def __init__(self, config: BertConfig) -> None:
        """Build from a plain BERT configuration; weights are random until loaded."""
        super().__init__(config)
        self.encoder = BertModel(config, add_pooling_layer=False)
        self.dropout = nn.Dropout(0.1)  # on the pooled vector only: on a CPU inner dropout costs a quarter of a step
        self.heads = nn.Linear(config.hidden_size, sum(HEAD_SIZES.values()))
        self.post_init()  # type: ignore[no-untyped-call]  # transformers leaves it untyped

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Logits:
        """Judge n x m token ids; `attention_mask` is 1 on tokens and 0 on padding."""
        return self.judged(self.pooled(input_ids, attention_mask))

    def pooled(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return n vectors: the mean of each text's last states over its tokens."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        mean: Tensor = (states * mask).sum(1) / mask.sum(1).clamp(min=1.0)
        return mean

    def judged(self, pooled: Tensor) -> Logits:
        """Return every head's scores of n pooled vectors."""
        scores = self.heads(self.dropout(pooled)).float()
        parts = torch.split(scores, list(HEAD_SIZES.values()), dim=1)
        return Logits(parts[0], parts[1].squeeze(1), parts[2], parts[3], parts[4])
