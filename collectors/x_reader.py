"""One request to X with all that belongs to it: what may be asked, what came, what it cost, what is left to read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collectors import x_budget, x_cursor, x_usage
from collectors.base import BudgetSpent, Loss, Purse, Spend, UnexpectedReply
from collectors.x_budget import Leave, Limits, Spent
from collectors.x_client import Answer, NotUnderstood, XClient
from collectors.x_cursor import Gap
from collectors.x_posts import Page, read_page
from config.source_x import XSource

_STALE = frozenset(("since_id", "start_time"))  # what X names when a request reaches out of its window
_TOKENS = frozenset(("next_token", "pagination_token"))
_TRIES = 3  # as asked, inside the window, without the page token
_MONTH = timedelta(days=31)
_NOTHING = Page((), (), (), (), (), None, ())


@dataclass(frozen=True, slots=True)
class Taken:
    """What one page of a stretch brought, and what is left of that stretch."""

    page: Page
    rest: Gap | None
    requests: int
    spent: tuple[Spend, ...] = ()
    lost: tuple[Loss, ...] = ()
    served: datetime | None = None  # by X's clock


class Reader:
    """Asks X within the budget, and keeps X's time."""

    def __init__(self, source: XSource, client: XClient, purse: Purse, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._client = client
        self._purse = purse
        self._clock = clock
        self._skew = timedelta()  # of X's clock against ours, as last seen
        self.limits = Limits.of(source)

    def now(self) -> datetime:
        """X's time, as far as it is known."""
        return self._clock() + self._skew

    def spent(self) -> Spent:
        """What the ledger says now."""
        now = self.now()
        return Spent.of(self._purse.spent(x_budget.month_start(now)), now)

    def leave(self, query: str, queries: Collection[str], spent: Spent, page: int) -> Leave:
        """How many results of a query may be paid for now.

        Raises:
            BudgetSpent: the budget of the day or of the month is used up.
        """
        leave = x_budget.leave(query, queries, spent, self.limits, page)
        if leave.state in ("day", "month"):
            raise self.broke(leave)
        return leave

    def broke(self, leave: Leave) -> BudgetSpent:
        """That there is too little left, and until when, by our own clock."""
        now = self.now()
        word = {"day": "today's budget", "month": "this month's budget"}.get(
            leave.state, "the soft share of the budget"
        )
        return BudgetSpent(f"{word} for X is spent", x_budget.renewed(leave.state, now) - self._skew)

    def take(self, query: str, gap: Gap, results: int) -> Taken:
        """A page of a stretch, asked for anew where X finds it too old or its page token worthless.

        Raises:
            SourceError: as XClient.search; UnexpectedReply also for pages without end.
        """
        lost: list[Loss] = []
        for tries in range(1, _TRIES + 1):
            inside, loss = x_cursor.within_window(gap, query, self.now())
            lost += [loss] if loss is not None else []
            if inside is None:
                return Taken(_NOTHING, None, tries - 1, lost=tuple(lost))
            gap = inside
            try:
                answer = self._client.search(query, max_results=results, **gap.params())
            except NotUnderstood as fault:
                self._learn(fault.served)
                if gap.token is not None and fault.parameters & _TOKENS:
                    gap = gap.restarted()
                elif not (fault.parameters & _STALE and x_cursor.is_old(gap, self.now())):
                    raise
                continue
            page, spent = self._read(answer, query, f"query {query!r}", search=True)
            try:
                rest = gap.after(page.ids, page.token)
            except UnexpectedReply as error:
                error.spent = spent
                raise
            return Taken(page, rest, tries, spent, tuple(lost), answer.served)
        raise UnexpectedReply(f"query {query!r}: X refuses every way to ask for what is still unread")

    def lookup(self, ids: Sequence[str]) -> Taken:
        """Posts by id.

        Raises:
            SourceError: as XClient.lookup.
        """
        answer = self._client.lookup(list(ids))
        page, spent = self._read(answer, "", "look-up", search=False)
        return Taken(page, None, 1, spent, served=answer.served)

    def usage(self) -> x_usage.Usage:
        """X's own count of posts read in its period beside the ledger's; costs nothing.

        Raises:
            SourceError: as XClient.usage.
        """
        answer = self._client.usage()
        self._learn(answer.served)
        now = self.now()
        return x_usage.usage_of(answer.payload, self._purse.spent((now - _MONTH).astimezone(UTC).date()), now)

    def forecast(self) -> int:
        """What the month will have cost, in millionths."""
        now = self.now()
        return x_budget.forecast(self._purse.spent(x_budget.month_start(now)), now)

    def _read(self, answer: Answer, query: str, place: str, *, search: bool) -> tuple[Page, tuple[Spend, ...]]:
        self._learn(answer.served)
        page = read_page(answer.payload, place=place, search=search)
        day = self.now().astimezone(UTC).date() if answer.served is None else answer.served.astimezone(UTC).date()
        spent = tuple(
            Spend(day=day, resource=resource, query=query, ids=ids, micros=price)
            for resource, ids, price in (
                (x_usage.POST_READ, page.charged_posts, self.limits.post),
                (x_usage.USER_READ, page.charged_users, self.limits.user),
            )
            if ids
        )
        return page, spent

    def _learn(self, served: datetime | None) -> None:
        if served is not None:
            self._skew = served - self._clock()
