"""How often in a row something of a source may fail before what stands behind it is read first."""

from __future__ import annotations

from collections.abc import Collection, Hashable

from collectors.base import SourceDown

MAX_FAILURES = 3  # in a row; until then a failure may be one of the whole platform, which ends the round


class Patience:
    """Counts failures in a row of each of several queries or lists, in memory: after a start all are tried anew."""

    def __init__(self) -> None:
        self._failures: dict[Hashable, int] = {}

    def worked(self, name: Hashable) -> None:
        """It has answered."""
        self._failures.pop(name, None)

    def failed(self, name: Hashable, error: SourceDown, of: Collection[Hashable]) -> None:
        """It has failed again; to be passed over in this round, unless an error says otherwise.

        Raises:
            SourceDown: `error`, while it has failed too few times, or where all `of` that it is one have failed so.
        """
        self._failures[name] = self._failures.get(name, 0) + 1
        if not self.is_out(name) or (of and all(self.is_out(one) for one in of)):
            raise error

    def is_out(self, name: Hashable) -> bool:
        """Whether it has failed so often that it holds up no other."""
        return self._failures.get(name, 0) >= MAX_FAILURES

    def rank(self, name: Hashable) -> int:
        """In which order to ask, the lowest first: what fails comes last, and first of that what has failed less.

        So, where all have failed, each is asked in its turn, and one that answers again is found.
        """
        return self._failures[name] if self.is_out(name) else 0
