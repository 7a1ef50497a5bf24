"""Which case a post belongs to: pure rules over the posts of a batch and the cases that stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.routing import Routing
from config.vocabulary import Severity
from monitor.pipeline.twins import Twins, Words
from monitor.states import JOINABLE, CaseEvent, CaseState, after
from monitor.store.values import CaseFacts, CasePost, StoredPost


def author_of(post: StoredPost) -> str | None:
    """By what a customer is known on a platform: the id, else the handle; None where neither is told."""
    return post.author_id or (post.author_handle.casefold() if post.author_handle else None)


def thread_of(post: StoredPost) -> str:
    """The conversation: its root's id, which is the post's own where it starts one."""
    return post.thread or post.native_id


@dataclass(frozen=True, slots=True)
class Raised:
    """A post that wants an answer."""

    post: StoredPost
    brand: str
    severity: Severity
    main_type: str
    routing: Routing
    words: Words


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a raised post went: into a new case, or as a further post into a standing one.

    `known_to` are the channels that need not hear of it: they were told already what it says.
    """

    raised: Raised
    case: CaseFacts  # as it is after this post
    opened: bool
    earlier_posts: int
    known_to: tuple[str, ...] | None = None  # None: it says something new


@dataclass
class Casework:
    """The cases that a batch touches. Feed it posts in the order in which they were collected."""

    standing: Iterable[CaseFacts]
    ids: Iterator[int]
    join_within: timedelta
    now: datetime
    twins: Twins = field(default_factory=Twins)
    cases: dict[int, CaseFacts] = field(default_factory=dict, init=False)
    new: set[int] = field(default_factory=set, init=False)
    changed: set[int] = field(default_factory=set, init=False)
    posts: list[CasePost] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Take up the standing cases."""
        self._by_author: dict[tuple[str, str, str], list[int]] = {}
        self._by_thread: dict[tuple[str, str, str], list[int]] = {}
        for case in self.standing:
            self._index(case)

    def _index(self, case: CaseFacts) -> None:
        self.cases[case.id] = case
        if case.author:
            self._by_author.setdefault((case.brand, case.platform, case.author), []).append(case.id)
        if case.thread:
            self._by_thread.setdefault((case.brand, case.platform, case.thread), []).append(case.id)

    def place(self, raised: Raised) -> Placed:
        """Put a post into the customer's open case, or open one.

        A customer is joined by author within `join_within` of the last post. Where the author is unknown, the
        thread stands in; other customers in a thread have cases of their own, for each wants an answer. Whoever only
        passes on what a case is about, or says the same, joins that one: its posts grow, and nothing else changes.
        """
        post = raised.post
        case, twin = self._joinable(raised), self._twin(raised)
        if case is None and twin is not None:
            return self._copied(raised, twin)
        if case is None:
            opened = CaseFacts(
                id=next(self.ids),
                brand=raised.brand,
                platform=post.platform,
                thread=thread_of(post),
                author=author_of(post),
                handle=post.author_handle,
                state=CaseState.OPEN,
                severity=raised.severity,
                main_type=raised.main_type,
                waits_since=self.now,
                routes=raised.routing.names,
                channels=raised.routing.channels,
                posts=1,
                opened_at=self.now,
                first_post_at=post.published_at,
                last_post_at=post.published_at,
            )
            self._index(opened)
            self.new.add(opened.id)
            self._note(raised, opened.id, "customer")
            return Placed(raised, opened, opened=True, earlier_posts=0)
        # Said just so before, and still to be answered: told once.
        again = twin is not None and twin.id == case.id and case.state is not CaseState.RESPONDED
        known_to = case.channels if again else None
        if case.state is CaseState.RESPONDED:  # answered, and still unhappy: the clock starts anew
            case = replace(case, waits_since=self.now, acked_at=None, reminders=0, escalated_at=None)
        joined = replace(
            case,
            state=after(case.state, CaseEvent.CUSTOMER_POSTS),
            severity=max(case.severity, raised.severity),
            main_type=case.main_type or raised.main_type,
            routes=_union(case.routes, raised.routing.names),
            channels=_union(case.channels, raised.routing.channels),
            posts=case.posts + 1,
            last_post_at=max(case.last_post_at, post.published_at),
        )
        self._change(joined)
        self._note(raised, joined.id, "customer")
        return Placed(raised, joined, opened=False, earlier_posts=case.posts, known_to=known_to)

    def _copied(self, raised: Raised, case: CaseFacts) -> Placed:
        joined = replace(
            case,
            routes=_union(case.routes, raised.routing.names),
            channels=_union(case.channels, raised.routing.channels),
            posts=case.posts + 1,
        )
        self._change(joined)
        self._note(raised, joined.id, "copy")
        return Placed(raised, joined, opened=False, earlier_posts=case.posts, known_to=case.channels)

    def _twin(self, raised: Raised) -> CaseFacts | None:
        """The open case about what the post only passes on or says again; worse than the case, it is about more."""
        for case_id, passed_on in self.twins.cases(raised.brand, raised.post, raised.words):
            case = self.cases[case_id]
            if self._open_for(case, raised.post) and (passed_on or raised.severity <= case.severity):
                return case
        return None

    def _open_for(self, case: CaseFacts, post: StoredPost) -> bool:
        return case.state in JOINABLE and abs(post.published_at - case.last_post_at) <= self.join_within

    def _note(self, raised: Raised, case_id: int, role: str) -> None:
        self.posts.append(CasePost(case_id, raised.post.id, role))
        self.twins.remember(raised.brand, raised.post, raised.words, case_id, customer=role == "customer")

    def answer(self, post: StoredPost, brands: Iterable[str]) -> list[CaseFacts]:
        """Let a post of the company's own account answer the cases of its thread; the cases answered.

        With several customers in the thread, only those are answered whose handle the post names.
        """
        answered = []
        for brand in brands:
            ids = self._by_thread.get((brand, post.platform, thread_of(post)), [])
            open_ids = [i for i in ids if self.cases[i].state in JOINABLE]
            if len(open_ids) > 1:
                words = {w.strip("@.,:;!?").casefold() for w in post.text.split()}
                open_ids = [i for i in open_ids if (self.cases[i].handle or "\0").casefold() in words]
            for case_id in open_ids:
                case = self.cases[case_id]
                if post.published_at < case.first_post_at:
                    continue
                self.posts.append(CasePost(case_id, post.id, "ours"))
                if case.state is CaseState.RESPONDED:
                    continue
                if post.published_at < case.last_post_at:
                    # The customer has written again since: answered once, and waiting still.
                    if case.first_response_at is None:
                        self._change(replace(case, first_response_at=post.published_at))
                    continue
                self._change(
                    replace(
                        case,
                        state=after(case.state, CaseEvent.RESPOND),
                        first_response_at=case.first_response_at or post.published_at,
                    )
                )
                answered.append(self.cases[case_id])
        return answered

    def _change(self, case: CaseFacts) -> None:
        self.cases[case.id] = case
        if case.id not in self.new:
            self.changed.add(case.id)

    def _joinable(self, raised: Raised) -> CaseFacts | None:
        post = raised.post
        author = author_of(post)
        ids: Sequence[int]
        if author is not None:
            ids = self._by_author.get((raised.brand, post.platform, author), ())
        elif post.thread is not None:
            ids = [
                i
                for i in self._by_thread.get((raised.brand, post.platform, post.thread), ())
                if self.cases[i].author is None
            ]
        else:
            return None
        for case_id in reversed(ids):
            case = self.cases[case_id]
            if self._open_for(case, post):
                return case
        return None


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))


def keys_of(posts: Iterable[tuple[StoredPost, Collection[str]]]) -> set[tuple[str, str, str | None, str | None]]:
    """What to ask the store for: (brand, platform, thread, author) of every post and brand of a batch."""
    return {(brand, str(post.platform), thread_of(post), author_of(post)) for post, brands in posts for brand in brands}
