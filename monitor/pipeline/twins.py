"""Which posts say the same as one in a case, or pass it on: pure rules over what the open cases hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monitor.pipeline.copies import alike, copy_key
from monitor.store.judged import as_judged
from monitor.store.values import StoredPost, ToldPost


@dataclass(frozen=True, slots=True)
class Words:
    """What a post says, and where its copies are to be looked for."""

    text: str  # title and text in one, as judged
    key: str | None  # None: too short to be told from what anybody says

    @classmethod
    def of(cls, post: StoredPost) -> Words:
        """The words of a post."""
        text = as_judged(post.title, post.text)
        return cls(text, copy_key(text))


class Twins:
    """The texts and names of the posts in cases; a brand and a platform each for themselves."""

    def __init__(self, told: Iterable[ToldPost] = ()) -> None:
        self._texts: dict[tuple[str, str, str], list[tuple[str, int]]] = defaultdict(list)
        self._names: dict[tuple[str, str, str], int] = {}
        self._passed_on: dict[tuple[str, str, str], int] = {}
        for one in told:
            place = one.case.brand, str(one.case.platform)
            words = Words(one.text, one.copy_key)
            self._add(place, one.case.id, words, one.native_id, one.repost_of, customer=one.customer)

    def remember(self, brand: str, post: StoredPost, words: Words, case_id: int, *, customer: bool) -> None:
        """Know a post that has been placed; of a copy only its name: it says what the customer's post says."""
        self._add((brand, str(post.platform)), case_id, words, post.native_id, post.repost_of, customer=customer)

    def _add(
        self, place: tuple[str, str], case_id: int, words: Words, name: str, original: str | None, *, customer: bool
    ) -> None:
        self._names[*place, name] = case_id
        if original is not None and customer:
            self._passed_on[*place, original] = case_id
        if words.key is not None and customer:
            self._texts[*place, words.key].append((words.text, case_id))

    def cases(self, brand: str, post: StoredPost, words: Words) -> Iterator[tuple[int, bool]]:
        """The cases that hold what a post says, the nearest first; True where one is known to pass on the other."""
        place = brand, str(post.platform)
        names = [post.repost_of] if post.repost_of is not None else []
        for known, keys in ((self._names, names), (self._passed_on, [*names, post.native_id])):
            for key in keys:
                if (*place, key) in known:
                    yield known[*place, key], True
        if words.key is not None:
            for text, case_id in reversed(self._texts.get((*place, words.key), [])):
                if alike(text, words.text):
                    yield case_id, False
