"""The inbound webhook among the collectors.

Posts arrive by themselves (`monitor.inbound` takes them), so there is nothing to fetch. The source is asked all the
same: each empty answer says that the process lives that listens, so that a source is quiet, late or healthy by the
same rules as all others.
"""

from __future__ import annotations

from collections.abc import Sequence

from collectors.base import Checked, Harvest, Rechecked
from collectors.checking import CREDENTIALS
from config.secret import SecretUnavailable
from config.source_webhook import WebhookSource


class WebhookCollector:
    """Brings nothing: what was sent is stored already."""

    def __init__(self, source: WebhookSource) -> None:
        self._source = source

    @property
    def source(self) -> str:
        """The source's name in the configuration."""
        return self._source.name

    def collect(self, _cursor: str | None, /) -> Harvest:
        """Always empty."""
        return Harvest()

    def recheck(self, _native_ids: Sequence[str], /) -> Rechecked:
        """Always empty: the sender cannot be asked."""
        return Rechecked()

    def check(self) -> Sequence[Checked]:
        """Whether every secret can be read."""
        checked = []
        for secret in self._source.secret:
            try:
                secret.reveal()
            except SecretUnavailable as error:
                checked.append(Checked(CREDENTIALS, ok=False, detail=str(error)))
        return checked or [Checked(CREDENTIALS, ok=True)]
