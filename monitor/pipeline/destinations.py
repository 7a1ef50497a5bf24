"""Where messages go: a channel of the settings is one destination, or one for each recipient of a mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alerts.base import Channel


class Destinations:
    """The channels' destinations by name. A destination is what the outbox leases, pauses and parks."""

    def __init__(self, by_channel: Mapping[str, tuple[Channel, ...]], *, per_minute: Mapping[str, int]) -> None:
        self._names = {name: tuple(c.name for c in channels) for name, channels in by_channel.items()}
        self._channels = {c.name: c for channels in by_channel.values() for c in channels}
        self._per_minute = {c.name: per_minute[name] for name, channels in by_channel.items() for c in channels}

    def of(self, channels: Iterable[str]) -> tuple[str, ...]:
        """The destinations of some channels, each once, in order."""
        return tuple(dict.fromkeys(d for channel in channels for d in self._names[channel]))

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
