"""From prepared texts to vectors and scores: packed, in windows, on every core, always the same."""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import BertConfig

from classifiers.base import ModelUnusable
from classifiers.engine import Engine
from classifiers.memory import keep_freed_memory
from classifiers.network import PostNetwork
from classifiers.packing import batch_of, rows_of
from classifiers.pooled import Pooled, averaged, found, gravest, highest
from classifiers.precision import Machine, Precision, Way, fastest, this_machine, usable_cores
from classifiers.text import prepare
from classifiers.tokens import MAX_TOKENS, MAX_WINDOWS, OVERLAP, windows
from classifiers.transformer import EMBEDDED, TransformerClassifier
from classifiers.weights import read_shape, read_weights

POSTS = [
    prepare(f"{opening} {subject}{' and I told them so' * (number % 9)}")
    for number, (opening, subject) in enumerate(
        (opening, subject)
        for opening in ("@acme", "So", "Honestly, 😡", "#AcmeFail", "Dear people of @acme,")
        for subject in (
            "my parcel never arrived",
            "the new app is great",
            "do you open on Sundays?",
            "no",
            "late again!!!",
        )
    )
]


@pytest.fixture(scope="module")
def exact() -> Engine:
    return Engine(EMBEDDED, Precision.FLOAT32)


@pytest.fixture(scope="module")
def network() -> PostNetwork:
    return PostNetwork.from_pretrained(EMBEDDED, local_files_only=True, dtype=torch.float32).eval()


def test_packed_texts_score_as_each_alone_in_the_network_that_was_trained(exact: Engine, network: PostNetwork) -> None:
    scores = exact.scores(POSTS)
    for row, ids in enumerate(exact._tokenized(POSTS)):
        (window,) = windows(ids, start=exact._start, end=exact._end)
        pieces = torch.tensor([window])
        with torch.inference_mode():
            alone = network(pieces, torch.ones_like(pieces))
        assert scores.sentiment[row] == pytest.approx(alone.sentiment[0].numpy(), abs=1e-4)
        assert scores.complaint[row, 0] == pytest.approx(float(alone.complaint[0]), abs=1e-4)
        assert scores.types[row] == pytest.approx(alone.types[0].numpy(), abs=1e-4)
        assert scores.severity[row] == pytest.approx(alone.severity[0].numpy(), abs=1e-4)
        assert scores.flags[row] == pytest.approx(alone.flags[0].numpy(), abs=1e-4)


def test_texts_score_the_same_beside_any_others(exact: Engine) -> None:
    together = exact.pooled([*POSTS, "word " * 3000, *POSTS[::-1]])
    alone = np.concatenate([exact.pooled([post]).vectors for post in POSTS])
    last = together.owner.max()
    assert together.vectors[: len(POSTS)] == pytest.approx(alone, abs=1e-4)
    assert together.vectors[np.isin(together.owner, range(last - len(POSTS) + 1, last + 1))][::-1] == pytest.approx(
        alone, abs=1e-4
    )


@pytest.mark.skipif(not this_machine().bfloat16, reason="this processor has no bfloat16")
def test_the_fast_precision_stays_close_to_the_exact_one(exact: Engine) -> None:
    fast = Engine(EMBEDDED)
    assert fast.way.precision is Precision.BFLOAT16
    assert fast.scores(POSTS).complaint == pytest.approx(exact.scores(POSTS).complaint, abs=0.1)


@pytest.mark.shared
@pytest.mark.parametrize("source", ["airline_sentiment", "brand_sanders", "complaints_tweets", "app_reviews"])
def test_the_fast_precision_gives_the_labels_of_the_exact_one_on_real_posts(source: str) -> None:
    root = Path(os.environ.get("MONITOR_SHARED", Path(__file__).parents[3] / "shared"))
    file = root / "data" / source / "train.csv.gz"
    if not file.exists():
        pytest.skip(f"no shared data: {file} (set MONITOR_SHARED)")
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        posts = [row["text"] for row in csv.DictReader(lines)]
    posts = posts[:: len(posts) // 500][:500]
    exact = TransformerClassifier(precision=Precision.FLOAT32).classify(posts)
    fast = TransformerClassifier().classify(posts)
    for name in ("sentiment", "complaint", "severity"):
        same = [getattr(a, name) == getattr(b, name) for a, b in zip(exact, fast, strict=True)]
        assert sum(same) / len(same) >= 0.99, name  # of 500 posts; of 3,000 at least 0.995 (make bench)


def test_no_text_has_no_vectors_and_an_empty_text_has_one(exact: Engine) -> None:
    nothing = exact.pooled([])
    assert (len(nothing), nothing.vectors.shape, len(exact.scores([]))) == (0, (0, 384), 0)
    assert exact.pooled(["", "a", ""]).owner.tolist() == [0, 1, 2]


def test_hostile_texts_have_scores_that_are_numbers(exact: Engine) -> None:
    scores = exact.scores([prepare(text) for text in HOSTILE.values()])
    assert len(scores) == len(HOSTILE)
    assert np.isfinite(scores.sentiment).all()
    assert np.isfinite(scores.severity).all()


def test_texts_of_the_same_pieces_are_encoded_once(exact: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    encode = exact._encoder.pooled
    monkeypatch.setattr(exact._encoder, "pooled", lambda batch: seen.append(len(batch.windows)) or encode(batch))
    pooled = exact.pooled(["Late AGAIN", "late again", "on time", "láte again", "on time"])
    assert seen == [2]
    assert pooled.owner.tolist() == [0, 1, 2, 3, 4]
    assert pooled.vectors[[1, 3]] == pytest.approx(pooled.vectors[[0, 0]])


def test_texts_may_come_one_by_one(exact: Engine) -> None:
    assert exact.pooled(post for post in POSTS).vectors == pytest.approx(exact.pooled(POSTS).vectors, abs=1e-5)


def test_two_threads_may_ask_at_once(exact: Engine) -> None:
    expected = exact.pooled(POSTS).vectors
    given: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: given.append(exact.pooled(POSTS).vectors)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 4
    assert all(vectors == pytest.approx(expected, abs=1e-4) for vectors in given)


def test_a_huge_text_is_scored_in_a_moment(exact: Engine) -> None:
    started = time.process_time()
    pooled = exact.pooled([prepare("the delivery is late again and nobody answers " * 22_000)])
    assert len(pooled.vectors) <= MAX_WINDOWS
    assert time.process_time() - started < 20  # a sixth of a second on a free core in bfloat16


def test_other_threads_keep_their_number_of_threads() -> None:
    before = torch.get_num_threads()
    Engine(EMBEDDED, Precision.FLOAT32)
    found: list[int] = []
    fresh = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    fresh.start()
    fresh.join()
    assert (torch.get_num_threads(), found) == (before, [before])


@given(st.lists(st.integers(1, 64), max_size=300))
def test_every_window_lies_in_one_row_and_no_row_overflows(lengths: list[int]) -> None:
    rows = rows_of(lengths, 64)
    assert sorted(window for row in rows for window in row) == list(range(len(lengths)))
    assert all(0 < sum(lengths[window] for window in row) <= 64 for row in rows)


def test_posts_of_mixed_lengths_leave_hardly_any_room() -> None:
    lengths = np.random.default_rng(3).integers(4, 60, 300).tolist()
    assert sum(lengths) / (64 * len(rows_of(lengths, 64))) > 0.97


@pytest.mark.parametrize("lengths", [[65], [3, 0]])
def test_a_window_that_fits_no_row_is_refused(lengths: list[int]) -> None:
    with pytest.raises(ValueError, match="rows of 64"):
        rows_of(lengths, 64)


def test_a_batch_says_of_each_piece_where_it_stands() -> None:
    batch = batch_of([(7, 8, 9), (5,), (6, 4)], [[0, 1], [2]], 5)
    assert batch.windows == (0, 1, 2)
    assert batch.ids.tolist() == [[7, 8, 9, 5, 0], [6, 4, 0, 0, 0]]
    assert batch.places.tolist() == [[0, 1, 2, 0, 0], [0, 1, 0, 0, 0]]
    assert batch.spans.tolist() == [[0, 0, 0, 1, 3], [2, 2, 3, 3, 3]]


@given(st.integers(0, 6000))
def test_windows_reach_from_the_first_piece_to_the_last(length: int) -> None:
    cut = windows(range(100, 100 + length), start=1, end=2)
    inside = [window[1:-1] for window in cut]
    assert all((window[0], window[-1]) == (1, 2) for window in cut)
    assert 1 <= len(cut) <= MAX_WINDOWS
    if length <= MAX_TOKENS - 2:
        assert inside == [tuple(range(100, 100 + length))]
        return
    assert {len(window) for window in cut} == {MAX_TOKENS}
    assert (inside[0][0], inside[-1][-1]) == (100, 99 + length)
    steps = np.diff([window[0] for window in inside])
    assert steps.max() - steps.min() <= 1
    if length <= MAX_WINDOWS * (MAX_TOKENS - 2):
        assert set().union(*inside) == set(range(100, 100 + length))
    if length <= (MAX_WINDOWS - 1) * (MAX_TOKENS - 2 - OVERLAP):
        assert steps.max() <= MAX_TOKENS - 2 - OVERLAP


TWO = Pooled(np.zeros((3, 2), dtype=np.float32), np.array([0, 0, 1]))
TABLE = np.array([[1.0, 5.0], [3.0, 1.0], [2.0, 2.0]])


def test_the_windows_of_a_text_become_one_row() -> None:
    assert averaged(TABLE, TWO).tolist() == [[2.0, 3.0], [2.0, 2.0]]
    assert highest(TABLE, TWO).tolist() == [[3.0, 5.0], [2.0, 2.0]]
    assert found(TABLE, TWO) == pytest.approx(np.array([[3.0, 5.0], [2.0, 2.0]]) - np.log([[2.0], [1.0]]))
    assert gravest(TABLE, TWO).tolist() == [[1.0, 5.0], [2.0, 2.0]]


def test_texts_of_one_window_keep_their_scores() -> None:
    alone = Pooled(np.zeros((3, 2), dtype=np.float32), np.arange(3))
    for rule in (averaged, highest, found, gravest):
        assert rule(TABLE, alone).tolist() == TABLE.tolist()


@pytest.mark.parametrize("owner", [[0, 2, 2], [1, 1, 2], [0, 1, 0], [0, 0]])
def test_windows_of_nobody_are_refused(owner: list[int]) -> None:
    with pytest.raises(ValueError, match="3 windows"):
        Pooled(np.zeros((3, 2), dtype=np.float32), np.array(owner))


@pytest.mark.parametrize(
    ("machine", "asked", "way"),
    [
        (Machine(2, gpu=False, bfloat16=True), None, Way("cpu", Precision.BFLOAT16, 2048, 2)),
        (Machine(4, gpu=False, bfloat16=False), None, Way("cpu", Precision.FLOAT32, 2048, 4)),
        (Machine(2, gpu=False, bfloat16=True), Precision.FLOAT32, Way("cpu", Precision.FLOAT32, 2048, 2)),
        (Machine(8, gpu=True, bfloat16=True), None, Way("cuda", Precision.BFLOAT16, 65_536, 1)),
        (Machine(8, gpu=True, bfloat16=False), None, Way("cuda", Precision.FLOAT32, 65_536, 1)),
    ],
)
def test_the_way_to_calculate_follows_the_machine(machine: Machine, asked: Precision | None, way: Way) -> None:
    assert fastest(machine, asked) == way


def test_this_machine_has_the_cores_that_it_may_use() -> None:
    assert this_machine().cores == usable_cores() >= 1
    with pytest.raises(ValueError, match="0 cores"):
        Machine(0, gpu=False, bfloat16=False)


def test_freed_memory_can_be_kept_again_and_again() -> None:
    assert keep_freed_memory() == keep_freed_memory()


def test_another_kind_of_encoder_is_refused(tmp_path: Path) -> None:
    shutil.copytree(EMBEDDED, tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    (tmp_path / "model" / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    with pytest.raises(ModelUnusable, match="bert with relu"):
        Engine(tmp_path / "model")


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.pop("encoder.encoder.layer.3.output.dense.bias"),
        lambda state: state.update({"encoder.encoder.layer.3.output.dense.bias": torch.zeros(3)}),
        lambda state: state.update({"encoder.pooler.dense.bias": torch.zeros(3)}),
    ],
)
def test_weights_other_than_the_configuration_promises_are_refused(tmp_path: Path, change: object) -> None:
    state = load_file(EMBEDDED / "model.safetensors")
    change(state)
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(ModelUnusable, match=r"do not fit config\.json: encoder\.\S+dense\.bias$"):
        read_weights(tmp_path, read_shape(EMBEDDED))


def test_cut_off_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes((EMBEDDED / "model.safetensors").read_bytes()[:5000])
    with pytest.raises(ModelUnusable, match=r"model\.safetensors"):
        read_weights(tmp_path, read_shape(EMBEDDED))


def test_the_shape_is_the_one_that_transformers_reads() -> None:
    config = BertConfig.from_pretrained(EMBEDDED)
    shape = read_shape(EMBEDDED)
    assert (shape.words, shape.layers, shape.heads) == (
        config.vocab_size,
        config.num_hidden_layers,
        config.num_attention_heads,
    )
