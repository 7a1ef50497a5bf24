"""What the cursor of a YouTube source holds: how far each list is read, and whose replies are still to be read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from collectors import newest
from collectors.newest import Listing
from collectors.youtube_posts import Branch

_VERSION = 1
MAX_READ = 500  # threads whose number of replies is remembered; of one forgotten, replies are read once more
MAX_BRANCHES = 1_000  # threads that wait; one that finds no place is seen again with its list, while it is new


@dataclass(frozen=True, slots=True)
class State:
    """How far everything is read. Saved with the posts of the page that moved it."""

    listings: Mapping[str, Listing]
    branches: Sequence[Branch] = ()
    read: Mapping[str, int] = field(default_factory=dict)  # thread -> replies that it had when they were last read
    passed: frozenset[str] = frozenset()  # lists and threads passed over in this round, since they fail; not saved

    def with_listing(self, name: str, one: Listing) -> State:
        """The same, with one list elsewhere."""
        return replace(self, listings={**self.listings, name: one})

    def with_branches(self, found: Iterable[Branch]) -> State:
        """The same, with the threads that have other replies than when last read, and do not wait yet."""
        waiting = {branch.thread for branch in self.branches}
        new = [one for one in found if one.thread not in waiting and self.read.get(one.thread) != one.total]
        return replace(self, branches=(*self.branches, *new)[:MAX_BRANCHES])

    def next_page(self, branch: Branch) -> State:
        """The same, with the first thread's replies read up to another page."""
        return replace(self, branches=(branch, *self.branches[1:]))

    def branch_read(self) -> State:
        """The same, with the first thread's replies read to their end."""
        first = self.branches[0]
        others = {thread: total for thread, total in self.read.items() if thread != first.thread}
        kept = dict([*others.items(), (first.thread, first.total)][-MAX_READ:])
        return replace(self, branches=tuple(self.branches[1:]), read=kept)

    def cursor(self) -> str:
        """The state as a cursor."""
        return json.dumps(
            {
                "v": _VERSION,
                "listings": newest.written(self.listings),
                "branches": [asdict(branch) for branch in self.branches],
                "read": dict(self.read),
            }
        )


def read_state(cursor: str | None, names: Iterable[str], *, fresh: Listing) -> State:
    """What the cursor says; of one that another version wrote, nothing: all is read again, from `fresh` on."""
    value = json.loads(cursor) if cursor is not None else {}
    if value.get("v") != _VERSION:
        return State(dict.fromkeys(names, fresh))
    return State(
        newest.read(value["listings"], names, fresh=fresh),
        tuple(Branch(**branch) for branch in value["branches"]),
        value["read"],
    )
