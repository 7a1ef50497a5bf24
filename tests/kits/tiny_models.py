"""Very small real models and an invented corpus, made on the spot: nothing is fetched."""

from __future__ import annotations

import csv
import gzip
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import BertProcessing
from transformers import BertConfig, BertForSequenceClassification, BertModel, PreTrainedTokenizerFast

from classifiers.calibration import neutral_calibration, write_calibration
from classifiers.network import PostNetwork

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = [
    "the",
    "my",
    "your",
    "app",
    "crashes",
    "broken",
    "late",
    "love",
    "great",
    "thanks",
    "bus",
    "left",
    "nine",
    "at",
    "it",
    "is",
    "was",
    "never",
    "again",
    "where",
]
LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """A WordPiece tokenizer of a few words, all letters and their continuations."""
    pieces = [*SPECIAL, *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS), *"0123456789@#!?.,'"]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=128,
    )


def _config(**more: object) -> BertConfig:
    return BertConfig(
        vocab_size=len(tiny_tokenizer()),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        **more,
    )


def write_encoder(folder: Path) -> Path:
    """Write an untrained two-layer encoder with its tokenizer, as training starts from."""
    torch.manual_seed(7)
    BertModel(_config(), add_pooling_layer=False).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def write_judge(folder: Path, seed: int = 13) -> Path:
    """Write an untrained model of the shipped kind: all heads, and a calibration that changes nothing."""
    torch.manual_seed(seed)
    PostNetwork(_config()).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    write_calibration(folder, neutral_calibration())
    return folder


def write_classifier(folder: Path, labels: Sequence[str]) -> Path:
    """Write a sequence classifier with these label names, as downloaded from a hub."""
    torch.manual_seed(11)
    names = dict(enumerate(labels))
    config = _config(id2label=names, label2id={name: index for index, name in names.items()})
    BertForSequenceClassification(config).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return folder


def write_source(data: Path, name: str, rows: Sequence[Mapping[str, str]], part: str = "train") -> None:
    """Write one source's gzipped CSV file."""
    folder = data / name
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / f"{part}.csv.gz", "wt", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


MOODS = (("negative", "my bus was late again"), ("neutral", "the bus left at nine"), ("positive", "love it great"))
KINDS = (("technical", "1", "your app crashes"), ("delay", "2", "late again my bus"), ("", "0", "thanks great app"))


def write_corpus(data: Path) -> Path:
    """Write some sixty invented posts in the columns of four sources, a third of complaint_types non-commercial."""
    numbers = itertools.count()
    write_source(
        data,
        "tweeteval_sentiment",
        [{"text": f"{words} {next(numbers)}", "label_name": mood, "in_tweeteval": "1"} for mood, words in MOODS * 6],
    )
    write_source(
        data,
        "tweeteval_sentiment",
        [{"text": f"{words} {next(numbers)}", "label_name": mood} for mood, words in MOODS * 2],
        part="val",
    )
    write_source(
        data,
        "complaints_tweets",
        [
            {"text": f"{words} {next(numbers)}", "complaint": str(int(bool(kind))), "sentiment": "neutral"}
            for kind, _, words in KINDS * 6
        ],
    )
    origins = ("app_reviews", "airline_sentiment", "brand_apple", "twacs_airline_support")
    write_source(
        data,
        "complaint_types",
        [
            {
                "id": str(100 + index),
                "source": origins[index % len(origins)],
                "text": f"{words} {next(numbers)}",
                "types": kind,
                "severity": severity,
                "flags": "" if kind else "praise",
            }
            for index, (kind, severity, words) in enumerate(KINDS * 8)
        ],
    )
    return data
