"""Writing what ships: weights, tokenizer, labels, metrics, manifest."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from classifiers.network import PostNetwork

MAX_BYTES = 50_000_000  # of the whole folder: it lies in the repository and in the wheel
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")


def export(network: PostNetwork, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Write configuration, half-precision weights and tokenizer to `folder`, leaving the network as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = PostNetwork(network.config)
    copy.load_state_dict(network.state_dict())
    copy.to(torch.float16).save_pretrained(folder)  # type: ignore[arg-type]
    tokenizer.save_pretrained(folder)
    for path in folder.glob("*"):
        if path.name in ("special_tokens_map.json", "vocab.txt", "added_tokens.json"):
            path.unlink()  # all of it stands in tokenizer.json


def write_json(path: Path, content: Any) -> None:
    """Write readable JSON, whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(path)


def size_of(folder: Path) -> int:
    """Return the bytes of all files in the folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def install(folder: Path, target: Path) -> None:
    """Put a finished model in the place of the shipped one; ValueError where it is too large."""
    size = size_of(folder)
    if size > MAX_BYTES:
        raise ValueError(f"{folder}: {size:,} bytes, at most {MAX_BYTES:,}")
    target.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        shutil.copy2(path, target / path.name)
