"""Any Hugging Face sequence classifier as the judge of sentiment, from a folder or the local cache."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from classifiers.base import ModelUnusable
from classifiers.calibration import Array
from classifiers.packing import batches
from classifiers.sentiment_labels import sentiment_columns
from config.vocabulary import Sentiment

MAX_TOKENS = 512  # what most encoders can read; a model that reads less says so in its configuration
BATCH_TOKENS = 2048
REVISION_SHOWN = 10  # digits of a commit that tell it from any other


class HubSentiment:
    """The sentiment of another model; nothing is fetched, no code from the model's repository runs."""

    def __init__(self, name: str, revision: str | None) -> None:
        """Load `name`: a folder, or a hub model whose `revision` lies in the local cache.

        ModelUnusable says what is wrong: not there (with the command that fetches it), not a sequence
        classifier, weights missing, or labels that are no sentiment.
        """
        folder = Path(name).expanduser()
        self._place = str(folder) if folder.is_dir() else name
        self._revision = None if folder.is_dir() else revision
        if not folder.is_dir() and revision is None:
            raise ModelUnusable(f"{name}: no such folder; a hub model needs its revision")
        self._load()
        # The folder's own name: where it lies on this machine is nobody else's business, nor part of what it says.
        self._version = f"{folder.name}@{(self._revision or _folder_digest(folder))[:REVISION_SHOWN]}"

    @property
    def version(self) -> str:
        """Names the model and the beginning of its revision, or a folder and a digest of its weights."""
        return self._version

    def probabilities(self, texts: Sequence[str], /) -> Array:
        """Return n x 3 probabilities of n masked texts, rows summing to 1; the model's own, not calibrated."""
        if not texts:
            return np.zeros((0, len(Sentiment)))
        ids = self._tokenizer(list(texts), truncation=True, max_length=self._longest)["input_ids"]
        found = np.zeros((len(ids), len(Sentiment)))
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        for rows in batches(order, [len(row) for row in ids], BATCH_TOKENS):
            padded = self._tokenizer.pad({"input_ids": [ids[row] for row in rows]}, return_tensors="pt")
            with torch.inference_mode():
                logits = self._model(**padded).logits
            for column, own in zip(self._columns, logits.double().softmax(dim=1).numpy().T, strict=True):
                found[rows, column] += own
        return found

    def _load(self) -> None:
        where = {"revision": self._revision, "local_files_only": True, "trust_remote_code": False}
        try:
            config = AutoConfig.from_pretrained(self._place, **where)
            self._columns = sentiment_columns(config.id2label)
            self._tokenizer = AutoTokenizer.from_pretrained(self._place, **where)
            self._model, found = AutoModelForSequenceClassification.from_pretrained(
                self._place, output_loading_info=True, **where
            )
        except (OSError, ValueError, RuntimeError, KeyError, ImportError) as problem:
            raise ModelUnusable(self._explained(problem)) from None
        if found["missing_keys"]:  # transformers only warns, and would judge with random weights
            raise ModelUnusable(f"{self._place}: not a trained sequence classifier, no {sorted(found['missing_keys'])}")
        self._model.eval()
        positions = getattr(config, "max_position_embeddings", MAX_TOKENS)
        offset = (config.pad_token_id or 0) + 1 if config.model_type in ("roberta", "xlm-roberta", "camembert") else 0
        self._longest = max(8, min(MAX_TOKENS, positions - offset, self._tokenizer.model_max_length))

    def _explained(self, problem: Exception) -> str:
        if self._revision is None or isinstance(problem, ValueError):
            return f"{self._place}: {problem}"
        fetch = f"hf download {self._place} --revision {self._revision}"
        return f"{self._place}: not in the local cache at revision {self._revision}; to fetch it, run: {fetch}"


def _folder_digest(folder: Path) -> str:
    """Return ten hexadecimal digits for everything in a model folder that decides its answers."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".json", ".safetensors", ".bin", ".txt", ".model"):
            with path.open("rb") as file:
                whole.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:10]
