"""YouTube comments by the Data API: a channel's threads and those of chosen videos, newest first.

One call is one request: a page of threads, or a page of replies to a thread that has more of them than it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

from collectors import newest
from collectors.base import (
    AccessDenied,
    Checked,
    Harvest,
    Loss,
    Post,
    Purse,
    Rechecked,
    Reject,
    SourceDown,
    SourceError,
    Spend,
)
from collectors.checking import reached
from collectors.http import Http
from collectors.newest import Gap, Listing, Page
from collectors.patience import Patience
from collectors.youtube_posts import NATIVE_ID, Branch, comment_of, replies_of, threads_of
from collectors.youtube_state import State, read_state
from collectors.youtube_wire import Answer, Wire, no_such_answer
from config.source_youtube import YouTubeSource

PAGE = 100  # threads or replies asked for at once, the most that YouTube gives
MAX_RECHECK = 50  # comments asked for in one request, the most that YouTube takes
MAX_TRIES = 2  # of a thread's replies whose page token is refused; then they wait until the thread grows again


class YouTubeCollector:
    """Reads each list's newest page, then back to where the last round began, then the replies not yet shown."""

    def __init__(
        self,
        source: YouTubeSource,
        *,
        http: Http,
        clock: Callable[[], datetime],
        purse: Purse,
        page: int = PAGE,
    ) -> None:
        self._source = source
        self._clock = clock
        self._wire = Wire(source, http=http, clock=clock, purse=purse)
        self._page = page
        self._patience = Patience()
        self._passed: frozenset[str] = frozenset()
        channel = (f"channel {source.channel_id}",) if source.channel_id else ()
        self._names = (*channel, *(f"video {video}" for video in dict.fromkeys(source.videos)))

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        return self._source.name

    def collect(self, cursor: str | None, /) -> Harvest:
        """One page of threads or replies; `more` until every list has been read back to its last round.

        From 80 % of the day's quota on, only newest pages: gaps and replies wait for the next day.

        Raises:
            BudgetSpent: the day's quota is used up, by our own count or by YouTube's.
            AccessDenied: also where none of the lists can be read any more.
            SourceError: as Wire.ask.
        """
        short = self._wire.is_short()
        state = read_state(cursor, self._names, fresh=Listing(floor=self._clock() - self._source.since))
        state = self._ranked(state)
        if state.branches and state.branches[0].thread not in state.passed and not short:
            name = state.branches[0].thread
        else:
            name = newest.next_of(state.listings, newest_only=short, passed=state.passed) or ""
        if not name:  # the last round was complete
            state = replace(state, listings=newest.new_round(state.listings), passed=frozenset())
            name = next(iter(state.listings))
        is_list = name in state.listings
        try:
            harvest = self._threads(state, name, short=short) if is_list else self._replies(state)
        except SourceDown as error:
            self._patience.failed(name, error, self._names if is_list else ())
            self._passed = state.passed | {name}
            what = name if is_list else f"replies to {name}"
            notes = (f"{what}: cannot be read: {error}; the others go on",)
            answer = Answer(tuple(error.spent), 1)
            return self._harvest(replace(state, passed=self._passed), answer, short=short, notes=notes)
        self._patience.worked(name)
        self._passed = state.passed
        return harvest

    def _ranked(self, state: State) -> State:
        """The same, with what fails behind all else, and what is passed over in this round."""
        listings = dict(sorted(state.listings.items(), key=lambda one: self._patience.rank(one[0])))
        branches = sorted(state.branches, key=lambda branch: self._patience.rank(branch.thread))
        return replace(state, listings=listings, branches=branches, passed=self._passed)

    def backfill(self, cursor: str | None, since: datetime, until: datetime, /) -> Harvest:
        """One page of what was published in [since, until), for a cursor of its own; `more` until all is read.

        YouTube lists from the newest on only, so what is newer than `until` is passed over page by page.

        Raises:
            BudgetSpent: also from 80 % of the day's quota on.
            SourceError: as `collect`.
        """
        if self._wire.is_short():
            raise self._wire.budget_spent("most of the daily quota is used: the rest is for new comments")
        state = read_state(cursor, self._names, fresh=Listing(floor=since, gap=Gap(since)))
        name = newest.next_of(state.listings)
        if state.branches:
            harvest = self._replies(state)
        elif name is None:
            return Harvest(cursor=cursor)
        else:
            harvest = self._threads(state, name, short=False)
        return replace(harvest, posts=[post for post in harvest.posts if since <= post.published_at < until])

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        """What became of the first MAX_RECHECK of the comments, by one request; a deleted one is None.

        Raises:
            BudgetSpent: as `backfill`.
            SourceError: as Wire.ask.
        """
        wanted = [one for one in dict.fromkeys(native_ids) if NATIVE_ID.fullmatch(one)][:MAX_RECHECK]
        if not wanted:
            return Rechecked()
        if self._wire.is_short():
            raise self._wire.budget_spent("most of the daily quota is used: the rest is for new comments")
        params = {"part": "snippet", "textFormat": "plainText", "id": ",".join(wanted)}
        answer = self._wire.ask("comments", params)
        if answer.refused:
            no_such_answer("comments", answer)
        found: dict[str, Post | None] = dict.fromkeys(wanted)
        for item in answer.items():
            native_id = item.get("id") if isinstance(item, dict) else None
            if native_id not in found:
                continue
            try:
                found[native_id] = comment_of(item)
            except (KeyError, TypeError, ValueError, AttributeError):
                del found[native_id]  # in no shape that we know: absent, so unknown
        return Rechecked(found=found, requests=answer.requests, spent=answer.spent)

    def check(self) -> Sequence[Checked]:
        """Whether the key is taken, for one unit of quota, and how much of the quota is used; none left, none spent."""
        used, quota = self._wire.used(), self._source.daily_quota
        told = Checked("quota", ok=used < quota, detail=f"{used} of {quota} units used on this day in California")
        if used >= quota:
            return (told,)
        spent: list[Spend] = []
        reach = reached(lambda: self._reach(spent))
        return (told, replace(reach, spent=tuple(spent)))

    def _reach(self, spent: list[Spend]) -> None:
        name = self._names[0]
        try:
            answer = self._wire.ask("commentThreads", self._params(name, token="", size=1))
        except SourceError as error:
            spent.extend(error.spent)
            raise
        spent.extend(answer.spent)
        if answer.refused:
            raise AccessDenied(f"{name}: YouTube shows no comments ({answer.refused})")

    def _params(self, name: str, *, token: str, size: int) -> dict[str, str]:
        what, _, native_id = name.partition(" ")
        return {
            "part": "snippet,replies",
            {"channel": "allThreadsRelatedToChannelId", "video": "videoId"}[what]: native_id,
            "order": "time",
            "textFormat": "plainText",
            "maxResults": str(size),
            **({"pageToken": token} if token else {}),
        }

    def _threads(self, state: State, name: str, *, short: bool) -> Harvest:
        one = state.listings[name]
        token = one.gap.token if one.gap is not None and not short else ""
        answer = self._wire.ask("commentThreads", self._params(name, token=token, size=self._page))
        if answer.refused:
            return self._refused(state, name, token, answer)
        threads = threads_of(answer.items(), name)
        page = Page(threads.times, answer.next_token(token))
        start = newest.start_of(one, look_back=self._source.look_back)
        state = state.with_listing(name, newest.after(one, page, token=token, start=start, now=self._now()))
        posts = [post for post in threads.posts if post.published_at >= one.floor]
        state = state.with_branches(threads.branches)
        return self._harvest(state, answer, short=short, posts=posts, rejects=threads.rejects)

    def _refused(self, state: State, name: str, token: str, answer: Answer) -> Harvest:
        """A list that cannot be read, or a page token that is not taken."""
        one = state.listings[name]
        if answer.status == HTTPStatus.BAD_REQUEST and token:
            one, loss = newest.token_refused(name, one, now=self._now())
            note = f"{name}: the next page was refused ({answer.refused}); read again from the newest"
            lost = (loss,) if loss is not None else ()
            return self._harvest(state.with_listing(name, one), answer, notes=(note,), lost=lost)
        shut = newest.shut(one, answer.refused, look_back=self._source.look_back)
        state = state.with_listing(name, shut)
        if all(listing.shut for listing in state.listings.values()):
            if answer.status == HTTPStatus.BAD_REQUEST:  # may pass
                no_such_answer(name, answer)
            error = AccessDenied(f"{name}: YouTube shows no comments ({answer.refused}), and nothing else is read")
            error.spent = answer.spent
            raise error
        notes = (f"{name}: YouTube shows no comments ({answer.refused}); the others go on",) if not one.shut else ()
        return self._harvest(state, answer, notes=notes)

    def _replies(self, state: State) -> Harvest:
        """A page of the replies to the first thread that has more of them than it shows."""
        branch = state.branches[0]
        params = {
            "part": "snippet",
            "parentId": branch.thread,
            "textFormat": "plainText",
            "maxResults": str(self._page),
        }
        answer = self._wire.ask("comments", params | ({"pageToken": branch.token} if branch.token else {}))
        if answer.refused:
            return self._branch_refused(state, branch, answer)
        where = f"replies to {branch.thread}"
        posts, rejects = replies_of(answer.items(), thread=branch.thread, place=branch.place, where=where)
        token = answer.next_token(branch.token)
        state = state.next_page(replace(branch, token=token)) if token else state.branch_read()
        floor = min(listing.floor for listing in state.listings.values())
        posts = [post for post in posts if post.published_at >= floor]
        return self._harvest(state, answer, posts=posts, rejects=rejects)

    def _branch_refused(self, state: State, branch: Branch, answer: Answer) -> Harvest:
        if answer.status == HTTPStatus.BAD_REQUEST and branch.token and branch.tries < MAX_TRIES:
            return self._harvest(state.next_page(replace(branch, token="", tries=branch.tries + 1)), answer)
        if answer.status != HTTPStatus.NOT_FOUND:
            note = f"replies to {branch.thread}: refused ({answer.refused}); left out until there are more"
            return self._harvest(state.branch_read(), answer, notes=(note,))
        return self._harvest(state.branch_read(), answer)  # the thread was deleted meanwhile

    def _harvest(
        self,
        state: State,
        answer: Answer,
        *,
        short: bool = False,
        posts: Sequence[Post] = (),
        rejects: Sequence[Reject] = (),
        notes: Sequence[str] = (),
        lost: Sequence[Loss] = (),
    ) -> Harvest:
        waiting = not short and any(branch.thread not in state.passed for branch in state.branches)
        return Harvest(
            posts=posts,
            rejects=rejects,
            cursor=state.cursor(),
            more=waiting or newest.next_of(state.listings, newest_only=short, passed=state.passed) is not None,
            requests=answer.requests,
            notes=notes,
            spent=answer.spent,
            lost=lost,
            gaps=newest.gaps(state.listings) + len(state.branches),
        )

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)
