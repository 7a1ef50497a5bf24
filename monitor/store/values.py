"""What the store takes and gives: frozen values, no rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.base import MessageKind, Receipt
from classifiers.base import Verdict
from config.vocabulary import Platform, Severity
from monitor.states import CaseState, DeliveryState, PostState


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the items that were read: `read` is the sum of the others."""

    stored: int = 0
    duplicates: int = 0
    edited: int = 0
    unmatched: int = 0
    rejected: int = 0

    @property
    def read(self) -> int:
        """All items."""
        return self.stored + self.duplicates + self.edited + self.unmatched + self.rejected

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.stored + other.stored,
            self.duplicates + other.duplicates,
            self.edited + other.edited,
            self.unmatched + other.unmatched,
            self.rejected + other.rejected,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LossFacts:
    """A stretch of time of which posts are lost for good."""

    id: int
    source: str
    query: str
    since: datetime
    until: datetime
    why: str
    at: datetime  # when it was found lost


@dataclass(frozen=True, slots=True)
class TextToScore:
    """A post that waits for its verdict."""

    post_id: int
    text: str  # title and text in one, as judged
    revision: int
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPost:
    """A post as it is kept."""

    id: int
    platform: Platform
    native_id: str
    source: str
    text: str
    title: str | None
    author_id: str | None
    author_handle: str | None
    author_name: str | None
    followers: int | None
    url: str | None
    thread: str | None
    published_at: datetime
    dated_by: str
    collected_at: datetime
    ours: bool
    state: PostState
    repost_of: str | None = None  # native id of the post that it only passes on


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPost:
    """A post with its verdict, waiting for a decision."""

    post: StoredPost
    verdict: Verdict
    model: str
    aliases: Mapping[str, str]  # brand -> the first alias that matched, in the order of the matches
    decided_brands: frozenset[str] = frozenset()  # alerted before (the post was edited): no second alert
    revision: int = 0  # to be carried by the decision: one made on an older revision is refused


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """A case as rules and people see it."""

    id: int
    brand: str
    platform: Platform
    thread: str | None
    author: str | None
    handle: str | None
    state: CaseState
    severity: Severity
    main_type: str
    routes: tuple[str, ...]
    channels: tuple[str, ...]
    posts: int
    opened_at: datetime
    first_post_at: datetime
    last_post_at: datetime
    waits_since: datetime  # since when the customer waits: the opening, or the post that re-opened the case
    acked_at: datetime | None = None
    first_response_at: datetime | None = None
    closed_at: datetime | None = None
    assignee: str | None = None
    reminders: int = 0
    escalated_at: datetime | None = None
    next_step_at: datetime | None = None
    version: int = 0  # carried along by `replace`: a change made on an older version is refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPost:
    """A post in a case that is not closed: another one may say the same, or pass it on."""

    case: CaseFacts
    native_id: str
    repost_of: str | None
    copy_key: str | None
    text: str  # title and text in one, as judged
    customer: bool  # False: itself a copy in its case


@dataclass(frozen=True, slots=True)
class NewDecision:
    """Why a post was told or not told."""

    post_id: int
    brand: str
    model: str
    alert: bool
    reason: str
    detail: str
    routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CasePost:
    """A post's place in a case; `role` is "customer", "copy" (says the same as the customer's) or "ours"."""

    case_id: int
    post_id: int
    role: str


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """One message to one destination."""

    key: str
    kind: MessageKind
    channel: str
    message: str  # Message.to_json()
    not_before: datetime
    case_id: int | None = None
    body: str | None = None  # given where it was rendered with the message (a digest with its charts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """One batch of decisions: all of it is stored, or nothing."""

    post_ids: Sequence[int]  # every post of the batch; all become DECIDED
    revisions: Mapping[int, int] = field(default_factory=dict)  # post -> revision decided on; missing: not checked
    decisions: Sequence[NewDecision] = ()
    new_cases: Sequence[CaseFacts] = ()
    changed_cases: Sequence[CaseFacts] = ()  # cases that existed before, as they are after this batch
    case_posts: Sequence[CasePost] = ()
    copy_keys: Mapping[int, str] = field(default_factory=dict)  # post -> digest of what it says, where it can be told
    deliveries: Sequence[NewDelivery] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStep:
    """One step of tending a case; stored only if the case still is as it was before."""

    before: CaseFacts
    after: CaseFacts
    event: str  # "remind", "escalate", "auto-close"; "": only a new next_step_at, no line in the history
    why: str
    deliveries: Sequence[NewDelivery] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery that this worker may send until its lease ends."""

    id: int
    key: str
    kind: MessageKind
    channel: str
    case_id: int | None
    message: str
    body: str | None  # None before the first attempt
    attempt: int  # to be carried by begin, complete, postpone, bury
    tries: int  # failed attempts that count (a throttled one does not)
    ambiguous: bool  # an earlier attempt may have arrived: ask first
    created_at: datetime
    queued_at: datetime  # created, re-driven by hand, or its destination mended: the horizon starts here
    first_tried_at: datetime | None
    reply_to: Receipt | None  # of the first message of this case at this destination


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFacts:
    """A delivery as people see it."""

    id: int
    key: str
    kind: MessageKind
    channel: str
    case_id: int | None
    state: DeliveryState
    attempt: int
    tries: int
    not_before: datetime
    created_at: datetime
    sent_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """The state of one source."""

    name: str
    cursor: str | None = None
    first_run_at: datetime | None = None
    last_try_at: datetime | None = None
    last_success_at: datetime | None = None
    last_post_at: datetime | None = None
    last_new_at: datetime | None = None
    next_due_at: datetime | None = None
    failures: int = 0
    last_error: str = ""
    stopped: bool = False
    gaps: int = 0  # stretches still to be read
    empties: int = 0  # calls in a row that read nothing
    blocked_until: datetime | None = None  # budget or quota spent
    alarm: str | None = None  # what the operators were told of
    total: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One line of the append-only history."""

    at: datetime
    entity: str
    entity_id: str
    event: str
    before: str
    after: str
    who: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """Everything about one case, each part oldest first."""

    case: CaseFacts
    posts: tuple[tuple[StoredPost, str], ...]  # each with its role: "customer", "copy" or "ours"
    history: tuple[HistoryLine, ...]
    deliveries: tuple[DeliveryFacts, ...]
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)  # post -> the newest, corrections over it; own: none


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationFacts:
    """A destination that was paused or parked at least once."""

    name: str
    paused_until: datetime | None
    parked_at: datetime | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PollFacts:
    """One call of one source."""

    source: str
    at: datetime
    ok: bool
    read: int
    stored: int
    detail: str


@dataclass(frozen=True, slots=True)
class Pace:
    """What a source's calls used to bring, the present run of empty ones left out."""

    calls: int = 0  # successful ones looked at
    median: float = 0.0  # items read by one
    longest_run: int = 0  # of calls in a row that read nothing
    last: int | None = None  # items read by the last successful call of all; None: there was none


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillFacts:
    """A job that reads the past of a source: how far it is."""

    id: int
    source: str
    since: datetime
    until: datetime
    cursor: str | None
    done: bool
    budget: int | None  # micros; None: none of its own
    spent: int  # micros
    requests: int
    started_at: datetime
    ended_at: datetime | None
    total: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectFacts:
    """One item that was no post."""

    place: str
    reason: str
    at: datetime
