"""What counts as the same text: by key, then by comparison."""

from __future__ import annotations

import pytest

from monitor.pipeline.copies import alike, copy_key

TEXT = "Acme lost my parcel again, and the complaints hotline hung up twice today"


@pytest.mark.parametrize(
    "same",
    [
        TEXT.upper(),
        f"@acme_help {TEXT} https://x.example/3",
        TEXT.replace(",", " -").replace("parcel", "#parcel"),
        f"RT @mia: {TEXT}",
        f"{TEXT} 😡😡😡 12345",
        TEXT.replace("twice", "once"),
        TEXT.removesuffix(" today"),
        TEXT.replace("&", "&amp;"),
    ],
)
def test_small_changes_keep_key_and_likeness(same):
    assert copy_key(same) == copy_key(TEXT) is not None
    assert alike(same, TEXT)
    assert alike(TEXT, same)


@pytest.mark.parametrize(
    "text", ["", " ", "😡" * 40, "so " * 40, "worst service ever, never again acme", "https://a.example/"]
)
def test_what_anybody_says_has_no_key(text):
    assert copy_key(text) is None


def test_one_key_by_chance_is_no_likeness():
    one = "the hotline hung up and my parcel was lost again, acme"
    other = "acme again: hotline reached, parcel came, nothing hung on the door"
    assert copy_key(one) is not None
    assert not alike(one, other)
    assert not alike("", "")
    assert not alike(TEXT, f"{TEXT} {' '.join(f'word{n}x' for n in range(30))}")


def test_hostile_text_is_taken():
    for text in ("\x00" * 50, "\ud800 " * 20, "a" * 100_000, "\u202eword " * 3000, "漢字" * 50):
        copy_key(text)
        alike(text, TEXT)
