"""One piece of the stream, as it is put together: how large, how long, and what cancels what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from collectors.base import Gone, Post, Reject
from collectors.bluesky_account import ANSWER_SECONDS
from collectors.bluesky_live import SETTLE, Item, Jump
from collectors.bluesky_search import PAGE
from collectors.bluesky_socket import OPEN_SECONDS

PIECE = 2_000  # events handed out at once: a second of catching up
PIECE_SECONDS = 2.0  # that one call reads at most
SEARCH_PATIENCE = timedelta(minutes=5)  # that the stream goes on alone after the search has failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much at once, and how long to wait."""

    piece: int = PIECE
    piece_seconds: float = PIECE_SECONDS
    settle_seconds: float = SETTLE
    open_seconds: float = OPEN_SECONDS
    answer_seconds: float = ANSWER_SECONDS
    page: int = PAGE
    search_patience: timedelta = SEARCH_PATIENCE


@dataclass(slots=True)
class Piece:
    """What one piece of the stream comes to: a post that is gone again within it was never there."""

    posts: dict[str, Post] = field(default_factory=dict)
    gone: dict[Gone, None] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    jumps: list[Jump] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)

    def accept(self, item: Item) -> bool:
        """Take the item in; False for a post that follows its own deletion, or its author's, which would hit it too."""
        match item:
            case Post():
                if item.native_id in self._ids or item.author_id in self._ids:
                    return False
                self.posts[item.native_id] = item
            case Gone(native_id=str() as native_id):
                self.posts.pop(native_id, None)
                self._ids.add(native_id)
                self.gone[item] = None
            case Gone(author_id=str() as author_id):
                self.posts = {uri: post for uri, post in self.posts.items() if post.author_id != author_id}
                self._ids.add(author_id)
                self.gone[item] = None
            case Reject():
                self.rejects.append(item)
            case Jump():
                self.jumps.append(item)
        return True
