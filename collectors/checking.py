"""What `monitor doctor` asks of a source, said the same way by every collector."""

from __future__ import annotations

from collections.abc import Callable

from collectors.base import AccessDenied, Checked, SourceError

REACH = "reach"
CREDENTIALS = "credentials"


def reached(ask: Callable[[], object], what: str = REACH) -> Checked:
    """Ask once; a refusal is told as one of the credentials or the address, all else as a matter of reach."""
    try:
        ask()
    except AccessDenied as error:
        return Checked(CREDENTIALS, ok=False, detail=str(error))
    except SourceError as error:
        return Checked(what, ok=False, detail=str(error))
    return Checked(what, ok=True)
