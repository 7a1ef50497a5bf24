"""Posts whose complaint types people have named: what is taken from a file and from corrections."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifiers.training.own.posts import LabelledPost, Origin, Words
from config.complaint_types import ComplaintType
from config.vocabulary import Platform
from monitor.cli.labelled import from_corrections, from_examples, from_file
from monitor.cli.tables import NoTable
from monitor.store.corrections import CorrectedPost
from monitor.store.labels import Labels

TYPES = [
    ComplaintType.model_validate({"name": "invoices", "from": ["billing"], "examples": ["you billed me twice"]}),
    ComplaintType.model_validate({"name": "network", "description": "no signal"}),
]
WORDS = Words(TYPES)


def file(folder: Path, content: str | bytes) -> Path:
    path = folder / "labelled.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_rows_are_posts_and_bad_ones_are_named_with_line_and_column(tmp_path: Path) -> None:
    content = (
        "id;types;text;note\n"
        "1;network invoices;no signal, and billed for it;x\n"
        "2;;lovely;x\n"
        "3;signal;no bars;x\n"
        "4;network; ;x\n"
        "5;network\n"
        '6;billing;"two\nlines";x\n'
        "7;policy;what a policy;x\n"
    )
    posts, flaws = from_file(file(tmp_path, content), WORDS)
    assert posts == [
        LabelledPost("no signal, and billed for it", ("network", "invoices"), Origin.FILE),
        LabelledPost("lovely", (), Origin.FILE),
        LabelledPost("two\nlines", ("invoices",), Origin.FILE),
    ]
    assert flaws == [
        'line 4, column types: no complaint type is called "signal"; complaint types: invoices, network',
        "line 5, column text: is empty",
        "line 6: has 2 columns, the header has 4; left out",
        "line 9, column types: policy: dropped, and no complaint type takes over other",
    ]


def test_a_gzipped_file_is_read_as_a_plain_one(tmp_path: Path) -> None:
    posts, flaws = from_file(file(tmp_path, gzip.compress(b"text,types\nno bars,network\n")), WORDS)
    assert ([post.types for post in posts], flaws) == ([("network",)], [])


@pytest.mark.parametrize("content", ["text,kind\na,network\n", "types\nnetwork\n", ""])
def test_a_file_without_the_columns_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(NoTable, match=r"no column|is empty"):
        from_file(file(tmp_path, content), WORDS)


def corrected(post_id: int, labels: Labels) -> CorrectedPost:
    now = datetime(2026, 11, 18, tzinfo=UTC)
    return CorrectedPost(
        post_id=post_id, text="no bars", labels=labels, platform=Platform.X, url=None, drawn=False, who="mia", at=now
    )


def test_only_corrections_that_name_types_are_taken() -> None:
    posts, flaws = from_corrections(
        [
            corrected(1, Labels(complaint=True, types=("network", "billing"))),
            corrected(2, Labels(complaint=False, types=())),
            corrected(3, Labels(complaint=True)),
            corrected(4, Labels(complaint=True, types=("signal",))),
        ],
        WORDS,
    )
    assert [(post.types, post.origin) for post in posts] == [
        (("network", "invoices"), Origin.CORRECTION),
        ((), Origin.CORRECTION),
    ]
    assert flaws == ['post 4: no complaint type is called "signal"; complaint types: invoices, network']


def test_examples_of_the_configuration_are_posts_of_their_type() -> None:
    assert from_examples(TYPES) == [LabelledPost("you billed me twice", ("invoices",), Origin.EXAMPLE)]
