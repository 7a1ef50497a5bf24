"""X by its recent search: the newest page of each query first, then what lies between; never above the budget.

Every post and author that X returns is paid for. So each call asks the ledger what is left, asks for no more than can
be paid, and hands back what was charged with the posts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from collectors import x_budget, x_cursor, x_usage
from collectors.base import (
    AccessDenied,
    BudgetSpent,
    Checked,
    Harvest,
    Loss,
    Post,
    Purse,
    Rechecked,
    SourceDown,
    SourceError,
)
from collectors.checking import CREDENTIALS, REACH, reached
from collectors.http import READ_SECONDS
from collectors.patience import Patience
from collectors.x_client import NotUnderstood, XClient
from collectors.x_cursor import Gap, Place, State
from collectors.x_query import asked_of
from collectors.x_reader import Reader, Taken
from config.brands import Brand
from config.source_x import WINDOW, XSource

MAX_RECHECK = 100  # ids that X looks up in one request
_GONE = ("/resource-not-found", "/not-authorized-for-resource")  # deleted or suspended; protected


class XCollector:
    """Reads one page a call, within the budget."""

    def __init__(
        self,
        source: XSource,
        *,
        clock: Callable[[], datetime],
        user_agent: str,
        purse: Purse,
        brands: Sequence[Brand] = (),
        page: int = x_budget.FULL_PAGE,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._source = source
        self._clock = clock
        self._page = page
        client = XClient(source, user_agent=user_agent, clock=clock, read_seconds=read_seconds)
        self._reader = Reader(source, client, purse, clock)
        self._asked = asked_of(source, brands)
        self._patience = Patience()

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        return self._source.name

    def collect(self, cursor: str | None, /) -> Harvest:
        """One page: of a query not asked in this round, else of the newest gap; `more` while such may be read.

        Raises:
            BudgetSpent: the budget of the day or month is spent, or X says so.
            SourceError: as XClient.search.
        """
        if not self._asked.queries:
            raise AccessDenied("there is nothing to ask X for: no brand has an alias that X can look for")
        reader = self._reader
        state, dropped = x_cursor.read(cursor).begun(self._asked.queries, self._clock(), self._source.every)
        state, expired = state.expired(reader.now())
        lost = [*dropped, *expired]
        try:
            return self._piece(state, lost, list(self._asked.warnings) if cursor is None else [])
        except BudgetSpent:
            if not lost:
                raise
        # What is lost is told at once, though nothing may be asked for a long time.
        return Harvest(cursor=x_cursor.write(state), more=True, lost=lost, gaps=len(state.gaps))

    def _piece(self, state: State, lost: Sequence[Loss], notes: list[str]) -> Harvest:
        reader, queries, spent = self._reader, self._asked.queries, self._reader.spent()
        for query, place in sorted(state.places.items(), key=lambda one: self._patience.rank(one[0])):
            if place.asked:
                continue
            leave = reader.leave(query, queries, spent, self._page)
            if leave.results:
                return self._newest(state, query, leave, lost, notes)
            notes.append(f"query {query!r}: its share of today's budget is spent; it waits")
            state = state.at(query, replace(place, asked=True))
        for query, gap in sorted(state.gaps, key=lambda one: self._patience.rank(_name(*one))):
            leave = reader.leave(query, queries, spent, self._page)
            if leave.state == "free":
                try:
                    taken = reader.take(query, gap, leave.results)
                except SourceDown as error:
                    self._patience.failed(_name(query, gap), error, ())
                    notes.append(f"query {query!r}: what it has missed cannot be read: {error}")
                    continue
                self._patience.worked(_name(query, gap))
                state = state.at(query, state.places[query].without(gap, taken.rest))
                return self._harvest(state, query, leave, taken, lost, notes)
        cursor = x_cursor.write(replace(state, going=False))
        return Harvest(cursor=cursor, notes=notes, lost=lost, gaps=len(state.gaps))

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        """What became of the first MAX_RECHECK of the posts, after their last edit; fewer where money is short.

        Deleted, suspended and protected posts are None. It costs as much as reading them.

        Raises:
            BudgetSpent: the soft share of the budget is spent, or all of it.
            SourceError: as XClient.lookup.
        """
        wanted = [name for name in native_ids if name.isascii() and name.isdigit()][:MAX_RECHECK]
        if not wanted:
            return Rechecked()
        leave = self._reader.leave("", (), self._reader.spent(), 2 * len(wanted))
        if leave.state != "free":
            raise self._reader.broke(leave)
        wanted = wanted[: max(1, leave.results // 2)]  # the other half pays for the last states of edited posts
        first = self._reader.lookup(wanted)
        found: dict[str, Post | None] = dict.fromkeys(_gone(first.page.errors, wanted))
        found |= {post.native_id: post for post in first.page.posts if post.native_id in wanted}
        edited = [last for last in first.page.newer if last not in wanted]
        if not edited:
            return Rechecked(found=found, requests=1, spent=first.spent)
        try:
            second = self._reader.lookup(edited)
        except SourceError as error:
            error.spent = first.spent
            raise
        found |= {post.native_id: post for post in second.page.posts if post.native_id in wanted}
        return Rechecked(found=found, requests=2, spent=(*first.spent, *second.spent))

    def backfill(self, cursor: str | None, since: datetime, until: datetime, /) -> Harvest:
        """One page of what was published in [since, until), as far as X's search reaches; the rest is a Loss.

        Raises:
            BudgetSpent: also where the soft share is spent: what is new goes first.
            SourceError: as XClient.search.
        """
        now = self._reader.now()
        state = x_cursor.read(cursor)
        if cursor is None and since < min(until, now):
            gap = x_cursor.from_time(since, until if until < now else None)
            state = State({query: Place(gaps=(gap,), asked=True) for query in self._asked.queries})
        for query, gap in state.gaps:
            leave = self._reader.leave(query, state.places, self._reader.spent(), self._page)
            if leave.state != "free":
                raise self._reader.broke(leave)
            taken = self._reader.take(query, gap, leave.results)
            state = state.at(query, state.places[query].without(gap, taken.rest))
            return _brought(state, query, taken, [], [], more=bool(state.gaps))
        return Harvest(cursor=x_cursor.write(state))

    def check(self) -> Sequence[Checked]:
        """Token and reach, by X's free count of what was used; what is left of the budget; the queries."""
        seen: list[x_usage.Usage] = []
        answers = [reached(lambda: seen.append(self.usage()))]
        for usage in seen:
            of_cap = f" of {usage.cap}" if usage.cap is not None else ""
            detail = f"X counts {usage.theirs}{of_cap} posts read since {usage.period}, the ledger {usage.ours}"
            answers = [Checked(CREDENTIALS, ok=True), Checked(REACH, ok=True)]
            answers.append(Checked("usage", ok=not usage.exhausted, detail=detail))
        spent, limits = self._reader.spent(), self._reader.limits
        state = x_budget.leave("", (), spent, limits).state
        detail = (
            f"{self._money(spent.today)} of {self._money(limits.daily)} today, {self._money(spent.month)} of "
            f"{self._money(limits.monthly)} this month, about {self._money(self._reader.forecast())} by its end"
        )
        answers.append(Checked("budget", ok=state in ("free", "soft"), detail=detail))
        words = [f"{len(self._asked.queries)} asked", *self._asked.warnings]
        answers.append(Checked("queries", ok=bool(self._asked.queries), detail="; ".join(words)))
        return answers

    def usage(self) -> x_usage.Usage:
        """X's own count of posts read in its period beside the ledger's; costs nothing.

        Raises:
            SourceError: as XClient.usage.
        """
        return self._reader.usage()

    def _newest(
        self, state: State, query: str, leave: x_budget.Leave, lost: Sequence[Loss], notes: list[str]
    ) -> Harvest:
        """The newest page of a query; what lies between it and the last mark becomes a gap."""
        reader, place = self._reader, state.places[query]
        oldest = max(reader.now() - self._source.since, reader.now() - WINDOW + x_cursor.EDGE)
        try:
            taken = reader.take(query, place.newest(x_cursor.from_time(oldest)), leave.results)
        except NotUnderstood as fault:
            state = state.at(query, replace(place, asked=True, refused=True))
            if "query" not in fault.parameters or all(one.refused for one in state.places.values()):
                raise
            # One query that X does not understand must not silence the others.
            return self._harvest(state, query, leave, None, lost, [*notes, f"query {query!r} brings nothing: {fault}"])
        except SourceDown as error:
            self._patience.failed(query, error, state.places)
            state = state.at(query, replace(place, asked=True))
            return self._harvest(state, query, leave, None, lost, [*notes, f"query {query!r} cannot be read: {error}"])
        self._patience.worked(query)
        if place.high is None:  # of what was never read, nothing is lost
            taken = replace(taken, lost=())
        place = place.marked(taken.page.ids, taken.served, reader.now())
        if taken.rest is not None:
            place = place.opened(taken.rest)
        return self._harvest(state.at(query, place), query, leave, taken, lost, notes)

    def _harvest(
        self,
        state: State,
        query: str,
        leave: x_budget.Leave,
        taken: Taken | None,
        lost: Sequence[Loss],
        notes: list[str],
    ) -> Harvest:
        """What a call brought; once a day, with X's own count beside the ledger's."""
        more = any(not place.asked for place in state.places.values()) or (leave.state == "free" and bool(state.gaps))
        state = replace(state, going=more)
        day = self._reader.now().astimezone(UTC).date().isoformat()
        if taken is None or state.compared == day:
            return _brought(state, query, taken, lost, notes, more=more)
        state = replace(state, compared=day)
        try:
            usage = self._reader.usage()
        except SourceError as error:
            notes = [*notes, f"X's own count of posts read is not known: {error}"]
        else:
            account, off = x_usage.reconciled(usage, state.account, len(taken.page.charged_posts))
            state = replace(state, account=account)
            notes = [*notes, *([off] if off else []), *self._dear()]
        harvest = _brought(state, query, taken, lost, notes, more=more)
        return replace(harvest, requests=harvest.requests + 1)

    def _dear(self) -> Sequence[str]:
        """A word where the month is going to cost more than its budget."""
        expected, allowed = self._reader.forecast(), self._reader.limits.monthly
        if expected <= allowed:
            return ()
        return (f"this month is going to need {self._money(expected)}; its budget is {self._money(allowed)}",)

    def _money(self, amount: int) -> str:
        return x_budget.money(amount, self._source.budget.currency)


def _brought(
    state: State, query: str, taken: Taken | None, lost: Sequence[Loss], notes: Sequence[str], *, more: bool
) -> Harvest:
    base = Harvest(cursor=x_cursor.write(state), more=more, notes=notes, lost=lost, gaps=len(state.gaps), requests=1)
    if taken is None:
        return base
    complaint = taken.page.complaint()
    return replace(
        base,
        posts=taken.page.posts,
        rejects=taken.page.rejects,
        requests=taken.requests,
        notes=[*notes, *([f"query {query!r}: {complaint}"] if complaint else [])],
        spent=taken.spent,
        lost=[*lost, *taken.lost],
    )


def _name(query: str, gap: Gap) -> tuple[str, int]:
    return query, gap.floor


def _gone(errors: Sequence[Any], wanted: Sequence[str]) -> list[str]:
    """The posts asked for that X says are no more, or no more to be seen."""
    return [
        error["value"]
        for error in errors
        if error.get("parameter") == "ids"
        and str(error.get("type", "")).endswith(_GONE)
        and isinstance(error.get("value"), str)
        and error["value"] in wanted
    ]
