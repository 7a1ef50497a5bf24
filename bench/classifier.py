"""Posts a second of three ways to judge the same posts with the same weights, and the memory each takes.

(a) a Hugging Face pipeline fed one post after another, (b) the same with `batch_size=32`, both with default
settings over the sentiment head alone, (c) this product's classifier with all its heads and the language.
"""

from __future__ import annotations

import csv
import gzip
import multiprocessing
import os
import resource
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

AIRLINE_POSTS = "data/twacs_airline_support/unlabelled.csv.gz"
PIPELINE_BATCH = 32
ROUNDS = 3  # the best of them counts: on a shared machine the others measure the neighbours
WARM_UP = 64  # posts judged before the clock starts: first calls allocate and pick kernels
MEBIBYTE = 1024  # kibibytes, the unit of ru_maxrss on Linux


def shared_texts(limit: int, default: Path) -> list[str] | None:
    """Return up to `limit` real posts from the shared data (MONITOR_SHARED, else `default`); None where absent."""
    path = Path(os.environ.get("MONITOR_SHARED", default)) / AIRLINE_POSTS
    if not path.exists():
        return None
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        texts = [row["text"] for row in csv.DictReader(lines)]
    step = max(1, len(texts) // limit)
    return texts[::step][:limit]  # spread over the file, not its head


def bench_classifier(texts: Sequence[str], *, one_by_one: int = 600) -> dict[str, Any]:
    """Measure all three, each in a process of its own, one after another.

    The slow first way judges only the first `one_by_one` texts; speeds are posts a second of wall time.
    """
    results: dict[str, Any] = {"posts": len(texts)}
    with tempfile.TemporaryDirectory() as folder:
        _apart(_write_sentiment_view, Path(folder))
        results["pipeline_one_by_one"] = _apart(_pipeline, Path(folder), list(texts[:one_by_one]), 1)
        results["pipeline_batch_32"] = _apart(_pipeline, Path(folder), list(texts), PIPELINE_BATCH)
    results["classifier"] = _apart(_classifier, list(texts))
    speed = results["classifier"]["posts_per_second"]
    for name in ("pipeline_one_by_one", "pipeline_batch_32"):
        results[f"times_{name}"] = round(speed / results[name]["posts_per_second"], 2)
    return results


def _apart(measure: Callable[..., Any], *arguments: object) -> Any:
    """Run in a fresh process: peak memory and thread settings of one way do not colour the next."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, arguments)


def _write_sentiment_view(folder: Path) -> None:
    """Write the sentiment head over the same encoder as a plain sequence classifier, in single precision."""
    import torch
    from transformers import AutoTokenizer, logging

    logging.disable_progress_bar()
    from classifiers.network import HEAD_SIZES, PostNetwork
    from classifiers.transformer import EMBEDDED

    network = PostNetwork.from_pretrained(EMBEDDED, local_files_only=True, dtype=torch.float32)
    config = network.config
    config.id2label = {0: "negative", 1: "neutral", 2: "positive"}
    config.label2id = {name: index for index, name in config.id2label.items()}
    classes = HEAD_SIZES["sentiment"]
    view = sentiment_view(config)
    view.encoder.load_state_dict(network.encoder.state_dict())
    view.head.weight.data = network.heads.weight.data[:classes].clone()
    view.head.bias.data = network.heads.bias.data[:classes].clone()
    torch.save(view.state_dict(), folder / "view.pt")
    config.save_pretrained(folder)
    AutoTokenizer.from_pretrained(EMBEDDED, local_files_only=True).save_pretrained(folder)


def sentiment_view(config: Any) -> Any:
    """Return a sequence classifier, as the pipeline wants one: mean pooling and the sentiment head."""
    from torch import Tensor, nn
    from transformers import BertModel, PreTrainedModel
    from transformers.modeling_outputs import SequenceClassifierOutput

    class SentimentView(PreTrainedModel):
        config_class = type(config)
        _supports_sdpa = True

        def __init__(self) -> None:
            super().__init__(config)
            self.encoder = BertModel(config, add_pooling_layer=False)
            self.head = nn.Linear(config.hidden_size, 3)
            self.post_init()

        def forward(self, input_ids: Tensor, attention_mask: Tensor, **_: Any) -> SequenceClassifierOutput:
            states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            return SequenceClassifierOutput(logits=self.head((states * mask).sum(1) / mask.sum(1)))

    SentimentView.__name__ = "BertForSequenceClassification"  # the pipeline warns of any name it does not know
    return SentimentView().eval()


def _pipeline(folder: Path, texts: list[str], batch: int) -> dict[str, float]:
    import torch
    from transformers import AutoConfig, AutoTokenizer, TextClassificationPipeline, logging

    logging.set_verbosity_error()  # it would list every architecture that ours is not

    from classifiers.text import prepare

    view = sentiment_view(AutoConfig.from_pretrained(folder, local_files_only=True))
    view.load_state_dict(torch.load(folder / "view.pt", weights_only=True))
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    judge = TextClassificationPipeline(model=view, tokenizer=tokenizer, device="cpu")
    prepared = [prepare(text) for text in texts]  # both read the same words; this is not on the clock
    options = {"truncation": True, "max_length": 128}
    judge(prepared[:WARM_UP], batch_size=batch, **options)
    if batch == 1:
        return _best_of_rounds(len(texts), lambda: [judge(text, **options) for text in prepared])
    return _best_of_rounds(len(texts), lambda: judge(prepared, batch_size=batch, **options))


def _classifier(texts: list[str]) -> dict[str, float]:
    from classifiers.transformer import TransformerClassifier

    judge = TransformerClassifier()
    judge.classify(texts[:WARM_UP])
    return _best_of_rounds(len(texts), lambda: judge.classify(texts))


def _best_of_rounds(posts: int, judge: Callable[[], Sequence[object]]) -> dict[str, float]:
    seconds = []
    for _ in range(ROUNDS):
        started = perf_counter()
        if len(judge()) != posts:
            raise RuntimeError("a way of judging lost posts")
        seconds.append(perf_counter() - started)
    return _result(posts, min(seconds))


def _result(posts: int, seconds: float) -> dict[str, float]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE
    return {
        "posts": posts,
        "seconds": round(seconds, 3),
        "posts_per_second": round(posts / seconds, 1),
        "peak_memory_mib": round(peak),
    }
