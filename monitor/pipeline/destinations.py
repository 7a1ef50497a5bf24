"""Where messages go: a channel of the settings is one destination, or one for each recipient of a mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from alerts.base import Channel
from monitor import logs

log = logs.get("destinations")


class Destinations:
    """The channels' destinations by name. A destination is what the outbox leases, pauses and parks.

    `default` names the channels that stand in where a case was told over channels that the settings no longer have.
    """

    def __init__(
        self,
        by_channel: Mapping[str, tuple[Channel, ...]],
        *,
        per_minute: Mapping[str, int],
        default: Sequence[str] = (),
    ) -> None:
        self._names = {name: tuple(c.name for c in channels) for name, channels in by_channel.items()}
        self._channels = {c.name: c for channels in by_channel.values() for c in channels}
        self._per_minute = {c.name: per_minute[name] for name, channels in by_channel.items() for c in channels}
        self._default = tuple(default)

    def of(self, channels: Iterable[str]) -> tuple[str, ...]:
        """The destinations of some channels, each once, in order; () for none.

        A channel that is no more (a case remembers those it was told over) is left out; where none of them is
        left, the default ones stand in: somebody must hear of it.
        """
        asked = list(channels)
        known = [name for name in asked if name in self._names]
        if len(known) < len(asked):
            log.warning("channels are gone", gone=sorted(set(asked) - set(known)))
        chosen = known or (self._default if asked else ())
        return tuple(dict.fromkeys(d for channel in chosen for d in self._names[channel]))

    def channel(self, destination: str) -> Channel:
        """What speaks to a destination."""
        return self._channels[destination]

    def per_minute(self, destination: str) -> int:
        """How many messages a minute the destination takes at most."""
        return self._per_minute[destination]

    @property
    def all(self) -> tuple[str, ...]:
        """Every destination."""
        return tuple(self._channels)
