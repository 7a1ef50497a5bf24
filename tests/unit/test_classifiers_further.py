"""Further labels and written posts: sound, named by digest alone, and never a post that is judged on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_models import write_corpus, write_encoder, write_source

from classifiers.network import PostNetwork
from classifiers.training import further
from classifiers.training.data import letters, load_corpus
from classifiers.training.encoder import start
from classifiers.training.export import export
from classifiers.training.further import ANNOTATED, WRITTEN
from classifiers.training.plan import further_plan
from classifiers.training.sources import FLAG_INDEX, NON_COMMERCIAL, SOURCES, TYPE_INDEX


def test_every_written_post_is_there_once_with_labels_that_fit_each_other() -> None:
    posts = list(further.written())
    assert len({letters(post.text) for post in posts}) == len(posts) > 3_000
    assert [post.text for post in posts if bool(post.types) != bool(post.severity)] == []
    assert [post.text for post in posts if len(set(post.types or ())) != len(post.types or ())] == []
    assert {kind for post in posts for kind in post.types or ()} == set(TYPE_INDEX.values())


def test_every_further_label_names_a_source_that_allows_commercial_use() -> None:
    labels = further.labels_by_source()
    assert sum(map(len, labels.values())) > 5_000
    assert not set(labels) & NON_COMMERCIAL
    for rows in labels.values():
        assert [row for row in rows.values() if bool(row["types"]) != (row["severity"] != "0")] == []


def test_a_further_label_finds_its_post_by_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "@acme my BAG never came, flight 12"
    own = tmp_path / "posts"
    own.mkdir()
    rows = [("complaints_tweets", further.digest(letters(text))), ("complaints_tweets", further.digest("unknown"))]
    lines = [f"{source},{digest},lost_or_damaged delay,2,needs_reply" for source, digest in rows]
    (own / "annotated.csv").write_text("source,digest,types,severity,flags\n" + "\n".join(lines) + "\n")
    (own / "written.csv").write_text("types,severity,flags,sentiment,text\n")
    monkeypatch.setattr(further, "POSTS", own)
    data = tmp_path / "data"
    fields = {"domain": "", "severity": "", "sentiment": "negative", "emotion": "", "cause_span": ""}
    write_source(data, "complaints_tweets", [{"text": text.lower(), "complaint": "1", **fields}])
    [post] = load_corpus(data, sources=[replace(s, held=0) for s in SOURCES]).train[ANNOTATED]
    assert (post.types, post.severity, post.flags) == (
        (TYPE_INDEX["lost_or_damaged"], TYPE_INDEX["delay"]),
        2,
        (FLAG_INDEX["needs_reply"],),
    )
    assert (post.source, post.complaint, post.prevalence) == (f"{ANNOTATED}/complaints_tweets", None, False)


def test_written_posts_train_and_are_never_set_aside(tmp_path: Path) -> None:
    corpus = load_corpus(write_corpus(tmp_path))
    assert len(corpus.train[WRITTEN]) > 3_000
    assert WRITTEN not in corpus.held | corpus.published


@pytest.mark.shared
def test_no_further_post_is_one_that_is_judged_on(shared: Path) -> None:
    corpus = load_corpus(shared / "data")
    judged = {letters(post.text) for part in (corpus.held, corpus.published) for rows in part.values() for post in rows}
    # A written post as short as "@user sent!" may well say what somebody else has said: it is then not trained on.
    further_posts = [*corpus.train[ANNOTATED], *corpus.train[WRITTEN]]
    assert [post.text for post in further_posts if letters(post.text) in judged] == []
    # Little is lost on the way: each label has its post, and nearly each written post is trained on.
    assert len(corpus.train[WRITTEN]) > len(list(further.written())) - 50
    assert len(corpus.train[ANNOTATED]) == sum(map(len, further.labels_by_source().values()))


def test_going_on_begins_with_the_heads_of_the_model_and_a_plain_encoder_with_fresh_ones(tmp_path: Path) -> None:
    plain = write_encoder(tmp_path / "encoder")
    network, tokenizer = start(plain, 1)
    with torch.no_grad():
        network.heads.bias.fill_(0.25)
    export(network, tokenizer, tmp_path / "model")
    again, _ = start(tmp_path / "model", 2)
    fresh, _ = start(plain, 2)
    assert isinstance(again, PostNetwork)
    assert again.heads.bias.tolist() == network.heads.bias.tolist()
    assert torch.equal(again.heads.weight, network.heads.weight.half().float())
    assert fresh.heads.bias.tolist() != network.heads.bias.tolist()


def test_the_shorter_plan_gives_every_further_set_a_share_and_non_commercial_sources_none() -> None:
    for stage in further_plan().stages:
        assert stage.shares[ANNOTATED] > 0
        assert stage.shares[WRITTEN] > 0
        assert not set(stage.shares) & NON_COMMERCIAL
