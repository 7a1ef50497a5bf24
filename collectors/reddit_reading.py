"""One page of a listing, or one conversation, as posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from collectors.base import Gone, Post, Reject
from collectors.reddit_posts import ROBOT, Things, Withdrawal, things_of, withdrawn
from collectors.reddit_state import Lane, Spot, moved, window_of
from collectors.reddit_tree import children_of, read_tree
from collectors.reddit_wire import Wire


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as it stands now."""

    posts: Sequence[Post]  # the submission first, where it stands; then what follows it
    gone: Sequence[Gone]
    rejects: Sequence[Reject]
    ended: Withdrawal | None  # the submission was withdrawn
    replies: int | None  # how many comments Reddit counts
    left_out: int  # comments that were not read


class Reader:
    """Reads through the wire; keeps nothing."""

    def __init__(self, wire: Wire, *, page: int, more: int) -> None:
        self._wire = wire
        self._page = page
        self._more = more

    def page(self, lane: Lane, spot: Spot, now: int) -> tuple[Things, Lane]:
        """The next page of a listing, and the lane behind it.

        Raises:
            SourceError: as Wire.get; UnexpectedReply also for what is no listing.
        """
        params = {"limit": str(self._page), "after": lane.anchors[0] if lane.anchors else ""}
        path = f"r/{spot.what}/{spot.kind}"
        if spot.kind == "search":
            path = "r/all/search/"
            params |= {"q": spot.what, "sort": "new", "t": window_of(lane), "type": "link", "restrict_sr": "False"}
        answer = self._wire.get(path, **{name: value for name, value in params.items() if value})
        things = things_of(children_of(answer), spot.label)
        after = answer["data"].get("after")
        after = after if isinstance(after, str) and after else None
        return things, moved(lane, spot, things, after, page=self._page, now=now)

    def talk(self, name: str) -> Talk:
        """The conversation below the submission of that fullname. Each answer is marked as following it.

        What Reddit's own robot says below is marked as following nothing: it is kept where it names a brand.

        Raises:
            SourceError: as read_tree.
        """
        tree = read_tree(self._wire, name, more=self._more)
        top = things_of([tree.submission], f"conversation {name}")
        below = things_of(tree.comments, f"conversation {name}")
        answers = [replace(post, follows=post.author_handle != ROBOT) for post in below.posts]
        return Talk(
            posts=[*top.posts, *answers],
            gone=[*top.gone, *below.gone],
            rejects=[*top.rejects, *below.rejects],
            ended=withdrawn(tree.submission["data"]) if top.gone else None,
            replies=next((post.engagement.replies for post in top.posts if post.engagement is not None), None),
            left_out=tree.left_out,
        )
