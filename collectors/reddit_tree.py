"""The comments below a submission: read in one request, and what it leaves out in a few more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.base import UnexpectedReply
from collectors.reddit_posts import COMMENT
from collectors.reddit_wire import NotThere, Wire

TREE = 500  # comments that one request shows at most
MORE = 100  # comments that can be asked for by id at once
_ROOTLESS = "_"  # the id of a stub that says "continue this thread"


@dataclass(slots=True)
class Tree:
    """A submission as it came, the comments below it, and how many were left out."""

    submission: Any
    comments: list[Any] = field(default_factory=list)
    left_out: int = 0


def read_tree(wire: Wire, name: str, *, more: int) -> Tree:
    """The conversation below the submission of that fullname; at most `more` requests for what it leaves out.

    Each comment comes once, newest first as Reddit orders them. A part that Reddit does not show is left out.

    Raises:
        SourceError: as Wire.get; UnexpectedReply also for what is no conversation.
    """
    link = name.partition("_")[2]
    answer = wire.get(f"comments/{link}", limit=str(TREE), sort="new")
    if not isinstance(answer, list) or len(answer) != 2:  # noqa: PLR2004 - the submission and its comments
        raise UnexpectedReply("Reddit answered with something that is not a conversation")
    above = children_of(answer[0])
    if not above:
        raise NotThere("Reddit shows the conversation no more")
    tree = Tree(above[0])
    known: set[str] = set()
    stubs = deque(_taken(tree, known, children_of(answer[1])))
    while stubs and more > 0:
        stub = stubs.popleft()
        ids = [child for child in stub.get("children", ()) if isinstance(child, str) and child.isalnum()]
        if len(ids) > MORE:
            stubs.appendleft({**stub, "children": ids[MORE:], "count": _count(stub) - MORE})
        more -= 1
        try:
            stubs.extend(_taken(tree, known, _hidden(wire, link, stub, ids[:MORE])))
        except NotThere:
            tree.left_out += _count(stub)
    tree.left_out += sum(_count(stub) for stub in stubs)
    return tree


def children_of(listing: Any) -> list[Any]:
    """The things of a listing.

    Raises:
        UnexpectedReply: it is none.
    """
    data = listing.get("data") if isinstance(listing, dict) else None
    children = data.get("children") if isinstance(data, dict) else None
    if not isinstance(children, list):
        raise UnexpectedReply("Reddit answered with something that is not a listing")
    return children


def _hidden(wire: Wire, link: str, stub: Mapping[str, Any], ids: list[str]) -> list[Any]:
    """What stands behind a stub, for one request."""
    if ids:
        answer = wire.post("api/morechildren", link_id=f"t3_{link}", children=",".join(ids), sort="new")
        try:
            things = answer["json"]["data"]["things"]
        except (KeyError, TypeError):
            things = None
        if not isinstance(things, list):
            raise UnexpectedReply("Reddit answered without the comments asked for")
        return things
    parent = str(stub.get("parent_id", "")).partition("_")[2]
    if not parent.isalnum():
        return []
    answer = wire.get(f"comments/{link}/_/{parent}", limit=str(TREE), sort="new")
    if not isinstance(answer, list) or len(answer) != 2:  # noqa: PLR2004
        raise UnexpectedReply("Reddit answered with something that is not a conversation")
    return children_of(answer[1])


def _taken(tree: Tree, known: set[str], children: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """Take the comments into the tree, each once, whatever its depth; gives the stubs among them."""
    waiting = deque(children)
    stubs: list[Mapping[str, Any]] = []
    while waiting:
        child = waiting.popleft()
        data = child.get("data") if isinstance(child, dict) else None
        if not isinstance(data, dict):
            tree.comments.append(child)  # to be rejected by name, not dropped
        elif child.get("kind") == "more":
            stubs.append(data)
        else:
            name = str(data.get("name") or f"{COMMENT}_{data.get('id')}")
            replies = data.get("replies")
            if isinstance(replies, dict):
                waiting.extend(children_of(replies))
            if name not in known:
                known.add(name)
                tree.comments.append(child)
    return iter(stubs)


def _count(stub: Mapping[str, Any]) -> int:
    count = stub.get("count")
    return count if isinstance(count, int) and count > 0 else 1
