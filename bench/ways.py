"""What one would use instead, over the same weights: how others call a model, and the lexicon that is the floor.

(a) and (b) are the transformers pipeline itself. pysentimiento and tweetnlp are not installed: what is timed is what
their `predict` does with the model (read in pysentimiento 0.7.3, `analyzer.py`, and tweetnlp 0.4.5,
`text_classification/model.py`), less their own preparation of the text and, for pysentimiento, less the Trainer and
the Dataset around it, which take further time there. VADER is timed where vaderSentiment is installed; its last
release is of 2020, so that it is no dependency here.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PIPELINE_BATCH = 32
PYSENTIMIENTO_BATCH = 32  # its default
LONGEST = 128  # word pieces: the limit of both libraries, and of the weights

Judge = Callable[[Sequence[str]], Sequence[object]]


def write_sentiment_view(folder: Path) -> None:
    """Write the sentiment head over the same encoder as a plain sequence classifier, in single precision."""
    import torch
    from transformers import AutoTokenizer, logging

    logging.disable_progress_bar()
    from classifiers.network import PostNetwork
    from classifiers.transformer import EMBEDDED
    from classifiers.verdicts import HEAD_SIZES

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

        def forward(
            self, input_ids: Tensor, attention_mask: Tensor | None = None, **_: Any
        ) -> SequenceClassifierOutput:
            states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            if attention_mask is None:
                return SequenceClassifierOutput(logits=self.head(states.mean(1)))
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            return SequenceClassifierOutput(logits=self.head((states * mask).sum(1) / mask.sum(1)))

    SentimentView.__name__ = "BertForSequenceClassification"  # the pipeline warns of any name it does not know
    return SentimentView().eval()


@dataclass(frozen=True)
class Loaded:
    """The sentiment view and its tokenizer."""

    model: Any
    tokenizer: Any
    names: dict[int, str]


def loaded(folder: Path) -> Loaded:
    """Read what `write_sentiment_view` wrote."""
    import torch
    from transformers import AutoConfig, AutoTokenizer, logging

    logging.set_verbosity_error()  # it would list every architecture that ours is not
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    view = sentiment_view(config)
    view.load_state_dict(torch.load(folder / "view.pt", weights_only=True))
    return Loaded(view, AutoTokenizer.from_pretrained(folder, local_files_only=True), config.id2label)


def pipeline(folder: Path, batch: int) -> Judge:
    """Return a transformers pipeline with default settings; a batch of 1 is fed one text after another."""
    from transformers import TextClassificationPipeline

    given = loaded(folder)
    judge = TextClassificationPipeline(model=given.model, tokenizer=given.tokenizer, device="cpu")
    options = {"truncation": True, "max_length": LONGEST}
    if batch == 1:
        return lambda texts: [judge(text, **options) for text in texts]
    return lambda texts: judge(list(texts), batch_size=batch, **options)


def pysentimiento(folder: Path) -> Judge:
    """Return what `analyzer.predict(list)` does: tokenised and padded in batches of 32, in the order given."""
    import torch

    given = loaded(folder)

    def predict(texts: Sequence[str]) -> list[dict[str, float]]:
        found = []
        for begin in range(0, len(texts), PYSENTIMIENTO_BATCH):
            some = list(texts[begin : begin + PYSENTIMIENTO_BATCH])
            ids = given.tokenizer(some, padding=False, truncation=True, max_length=LONGEST)
            with torch.no_grad():
                logits = given.model(**given.tokenizer.pad(ids, padding="longest", return_tensors="pt")).logits
            for row in logits:
                chances = torch.softmax(row.view(1, -1), dim=1).view(-1)
                found.append({name: chances[index].item() for index, name in given.names.items()})
        return found

    return predict


def tweetnlp(folder: Path) -> Judge:
    """Return what `model.predict(list)` does by default: the whole list as one batch, padded to its longest text."""
    import torch

    given = loaded(folder)

    def predict(texts: Sequence[str]) -> list[str]:
        with torch.no_grad():
            whole = given.tokenizer(list(texts), max_length=LONGEST, return_tensors="pt", padding=True, truncation=True)
            chances = torch.softmax(given.model(**whole).logits, -1).tolist()
        return [given.names[row.index(max(row))] for row in chances]

    return predict


def vader() -> Judge | None:
    """Return the lexicon; None where vaderSentiment is not installed."""
    if importlib.util.find_spec("vaderSentiment") is None:
        return None
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return lambda texts: [analyzer.polarity_scores(text) for text in texts]
