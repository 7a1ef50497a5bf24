"""Mastodon by its own API: hashtag timelines and full-text searches on the instances that the operator names.

There is no search over all of Mastodon: each instance shows what it has heard of. So one post may stand on several,
under a number of its own on each; what names it everywhere is its `uri`, and that is its native id here.

One instance that fails does not hold up the others: it is told in a note, its streams are counted as gaps, and it is
asked again in the next round, where reading goes on from where it stopped. Where none can be read, that is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from collectors.base import AccessDenied, Checked, Harvest, Post, RateLimited, Rechecked, SourceDown, SourceError
from collectors.http import Http
from collectors.mastodon_backfill import backfill
from collectors.mastodon_checks import checks
from collectors.mastodon_cursor import Key, State, read_state
from collectors.mastodon_posts import may_be_taken, post_of, posts_of
from collectors.mastodon_streams import Stream
from collectors.mastodon_wire import Wire
from config.source_mastodon import MastodonSource

ORIGIN_SECONDS = 10.0  # for a question to a stranger's server, which may be gone
ORIGIN_BODY = 1024 * 1024  # bytes of its answer, which is not read
MAX_RECHECK = 20  # posts asked for in one recheck, one request each
_OWN_NUMBER = re.compile(r"/statuses/(\d{1,19})$", re.ASCII)  # how Mastodon names the posts of its own accounts
_NO_MORE = (404, 410)


class MastodonCollector:
    """Reads each instance's hashtags, then its searches; one page a call.

    `origin` is the client for a post's own server, where that is none of the instances: it should be quick to give up.
    """

    def __init__(
        self, source: MastodonSource, *, http: Http, origin: Http | None, clock: Callable[[], datetime]
    ) -> None:
        self._source = source
        self._origin = origin
        self._clock = clock
        self._wires = {
            instance.url: Wire(instance, http=http, clock=clock)
            for instance in source.instances
            if source.hashtags or instance.access_token is not None
        }

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        return self._source.name

    def collect(self, cursor: str | None, /) -> Harvest:
        """One page of one stream; `more` until every stream has been read to its end.

        Raises:
            SourceError: no instance can be read, as Http.get says of the last one asked.
        """
        now = self._clock()
        state = read_state(cursor, self._keys)
        if not state.waiting:  # the last round was complete
            state = state.anew(now)
            if not state.waiting:
                until = min(trouble.until for trouble in state.troubles.values() if trouble.now)
                raise RateLimited("every instance asks for patience", datetime.fromtimestamp(until, now.tzinfo))
        before, notes = self._asked, []
        while state.waiting:
            key = state.waiting[0]
            stream = state.streams[key]
            since = now - self._source.since
            try:
                page = self.page(key, stream.span(since))
                stream = stream.moved(page, since, now)
            except SourceError as error:
                notes += [] if _is_known(state, key.url, error) else [f"{self._wires[key.url].host}: {error}"]
                state = state.failed(key.url, error)
                self._raise_where_all_fail(state, error)
                continue
            if key.url in state.troubles:
                notes.append(f"{self._wires[key.url].host} can be read again")
            stream, told = _told(self._wires[key.url], key, stream)
            state = state.read(key, stream)
            taken = posts_of(page, self._wires[key.url].host, self._place(key), only_indexable=self._only_indexable)
            return Harvest(
                posts=taken.posts,
                rejects=taken.rejects,
                cursor=state.write(),
                more=bool(state.waiting),
                requests=self._asked - before,
                notes=(*notes, *told),
                gaps=state.gaps,
            )
        return Harvest(cursor=state.write(), requests=self._asked - before, notes=notes, gaps=state.gaps)

    def backfill(self, cursor: str | None, since: datetime, until: datetime, /) -> Harvest:
        """One page of one stream, newest first, of what was published in [since, until).

        Raises:
            SourceError: an instance cannot be read; the others wait for it.
        """
        before = self._asked
        page = backfill(self.page, self._keys, cursor, since, until)
        host = self._wires[page.key.url].host if page.key else ""
        place = self._place(page.key) if page.key else ""
        taken = posts_of(page.statuses, host, place, only_indexable=self._only_indexable)
        return Harvest(
            posts=[post for post in taken.posts if since <= post.published_at < until],
            rejects=taken.rejects,
            cursor=page.cursor,
            more=page.more,
            requests=self._asked - before,
        )

    def recheck(self, native_ids: Sequence[str], /) -> Rechecked:
        """What became of the first MAX_RECHECK of the posts, one request each; a withdrawn one is None.

        A post of a named instance's own account is asked of that instance, by the number in its uri; any other of its
        own server, whose 404 or 410 says that it is gone, and which says no more than that. A number on the instance
        where it was seen would tell less: instances miss deletions that were not sent to them.

        Raises:
            SourceError: an instance cannot be read, and nothing was learnt before.
        """
        before, found, requests = self._asked, dict[str, Post | None](), 0
        unreachable: set[str] = set()
        for uri in native_ids[:MAX_RECHECK]:
            host = _host(uri)
            number = _OWN_NUMBER.search(urlsplit(uri).path) if host else None
            wire = next((wire for wire in self._wires.values() if wire.host == host), None)
            try:
                if wire is not None and number is not None:
                    found |= self._as_it_stands(wire, uri, number[1])
                elif host and host not in unreachable:
                    requests += self._origin is not None
                    found |= self._gone_from(uri)
            except SourceError:
                if wire is None or number is None:
                    unreachable.add(host)  # a stranger's server: nothing is known of its posts
                elif found:
                    break
                else:
                    raise
        return Rechecked(found=found, requests=self._asked - before + requests)

    def check(self) -> Sequence[Checked]:
        """What each instance shows to this reader."""
        return [one for wire in self._wires.values() for one in checks(wire, self._source)]

    def page(self, key: Key, span: Mapping[str, int], /) -> Sequence[Any]:
        """A page of a stream.

        Raises:
            SourceError: as Wire.tagged.
        """
        wire = self._wires[key.url]
        return wire.tagged(key.words, **span) if key.kind == "tag" else wire.found(key.words, **span)

    @property
    def _only_indexable(self) -> bool:
        return self._source.only_indexable

    @property
    def _asked(self) -> int:
        return sum(wire.requests for wire in self._wires.values())

    @property
    def _keys(self) -> list[Key]:
        keys = []
        for url, wire in self._wires.items():
            keys += [Key(url, "tag", tag) for tag in self._source.hashtags]
            keys += [Key(url, "search", words) for words in self._source.searches if wire.has_token]
        return keys

    def _place(self, key: Key) -> str:
        return f"{self._wires[key.url].host} {key}"

    def _raise_where_all_fail(self, state: State, error: SourceError) -> None:
        if not all(state.is_out(url) for url in self._wires):
            return
        if isinstance(error, AccessDenied) and not all(trouble.denied for trouble in state.troubles.values()):
            raise SourceDown(str(error))  # another one may come back
        raise error

    def _as_it_stands(self, wire: Wire, uri: str, number: str) -> dict[str, Post | None]:
        status = wire.status(number)
        try:
            if status is None or not may_be_taken(status, only_indexable=self._only_indexable):
                return {uri: None}
            post = post_of(status, wire.host, {})
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            return {}  # in no shape that we know, so unknown
        return {uri: post} if post.native_id == uri else {}

    def _gone_from(self, uri: str) -> dict[str, Post | None]:
        if self._origin is None:
            return {}
        reply = self._origin.get(uri, headers={"Accept": "application/activity+json"}, accept=_NO_MORE)
        return {uri: None} if reply.status in _NO_MORE else {}


def _host(uri: str) -> str:
    try:
        parts = urlsplit(uri)
        return parts.netloc.lower() if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _is_known(state: State, url: str, error: SourceError) -> bool:
    return url in state.troubles and state.troubles[url].why == str(error)


def _told(wire: Wire, key: Key, stream: Stream) -> tuple[Stream, tuple[str, ...]]:
    """A stream that was empty from the beginning is told once: nobody wrote, or the instance hides it."""
    if not (stream.done and stream.is_silent) or stream.told:
        return stream, ()
    hidden = "it has no full-text search" if key.kind == "search" else "it shows hashtags to accounts alone"
    note = f"{wire.host} has nothing for {key}: nobody wrote, or {hidden}; monitor doctor asks"
    return replace(stream, told=True), (note,)
