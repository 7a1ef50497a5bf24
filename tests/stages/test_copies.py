from __future__ import annotations

from builders import a_post, keep

from monitor.pipeline.copies import copies

TEXT = "@mia your parcel is lost 😡 see https://a.example/1"


def numbers(store, *texts: str, **given) -> list[int]:
    """Store posts in this order; their ids."""
    posts = [a_post(text=text, native_id=f"p{n}") for n, text in enumerate(texts)]
    keep(store, *posts, **given)
    return [store.corrections.find("x", post.native_id).id for post in posts]


def test_posts_that_read_the_same_are_copies_whatever_handle_link_and_blanks(store):
    mine, copy, _other, _part = numbers(
        store,
        TEXT,
        "@someone_else  your parcel is lost 😡\nsee https://b.example/22222",
        "@mia your parcel is late 😡 see https://a.example/1",
        "your parcel is lost",
    )
    assert copies(store, TEXT, but=mine) == [copy]
    assert copies(store, TEXT, but=99) == [mine, copy]


def test_a_text_without_words_has_the_copies_that_read_the_same(store):
    mine, copy, _other = numbers(store, "😡😡", "😡 😡", "😀😀")
    assert copies(store, "😡😡", but=mine) == [copy]
    assert copies(store, " ", but=mine) == []


def test_own_and_withdrawn_posts_are_no_copies(store):
    numbers(store, "your parcel is lost", ours=True)
    assert copies(store, "your parcel is lost", but=99) == []
    with store._engine.begin() as db:
        db.exec_driver_sql("UPDATE post SET ours = false, state = 'withdrawn'")
    assert copies(store, "your parcel is lost", but=99) == []
