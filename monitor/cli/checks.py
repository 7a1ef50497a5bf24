"""What `monitor doctor` looks at, one answer each; what fails is an answer, not an exception."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from collectors.base import Checked, Outlay, SourceError, Spend
from monitor import logs
from monitor.cli.opening import channels_in_use

if TYPE_CHECKING:
    from datetime import date

    from collectors.base import Purse
    from config.settings import Settings
    from config.sources import Source
    from monitor.clock import Clock

SECONDS = 15.0  # that one source is given to answer
SKEW = timedelta(minutes=1)  # signed requests and Retry-After count on a clock no further off
LEAST_FREE = 1 << 30  # bytes; a year of a busy brand on SQLite
OURS = ("config", "collectors", "classifiers", "alerts", "monitor")
DISTRIBUTION = "sentiment-monitor"

log = logs.get("doctor")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer, of one place: "database", "source x-acme", "channel care"."""

    place: str
    checked: Checked


class NoPurse:
    """For a look before there is a database: nothing was ever spent."""

    def spent(self, since: date, /) -> Sequence[Outlay]:
        """Nothing."""
        return ()


def machine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Time zone, disk and packages."""
    there = f"{now.astimezone(settings.zone):%H:%M} there"
    yield Finding("time zone", Checked(settings.zone.key, ok=True, detail=there))
    _, is_file, path = settings.database.url.partition("sqlite:///")
    if is_file and path not in ("", ":memory:"):
        yield Finding("disk", _free(Path(path).absolute().parent))
    yield Finding("packages", _packages())


def _free(folder: Path) -> Checked:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Checked("space", ok=False, detail=f"{folder}: {error.strerror}")
    few = free < LEAST_FREE
    detail = f"{free / 2**30:.1f} GiB free in {folder}" + (": make room, at least 1 GiB" if few else "")
    return Checked("space", ok=not few, detail=detail)


def _packages() -> Checked:
    owners = packages_distributions()
    others = sorted(
        f"{name} ({', '.join(strangers)})"
        for name in OURS
        if (strangers := sorted(set(owners.get(name, ())) - {DISTRIBUTION}))
    )
    if not others:
        return Checked("names", ok=True)
    detail = f"installed by others, too: {'; '.join(others)}; install the monitor into an environment of its own"
    return Checked("names", ok=False, detail=detail)


def channels(settings: Settings) -> Iterator[Finding]:
    """Whether the secrets of the database and of every channel in use are there."""
    from config.load import check_secrets

    missing = {problem.path: problem.message for problem in check_secrets(settings)}
    for path, message in missing.items():
        if path.startswith("database."):
            yield Finding("database", Checked("secret", ok=False, detail=message))
    used = channels_in_use(settings)
    for number, channel in enumerate(settings.channels):
        if channel.name not in used:
            continue
        wrong = [message for path, message in missing.items() if path.startswith(f"channels[{number}].")]
        yield Finding(f"channel {channel.name}", Checked("secrets", ok=not wrong, detail="; ".join(wrong)))


def model(settings: Settings) -> Finding:
    """Whether the model loads, which one it is, and how long that took."""
    from classifiers import registry
    from classifiers.base import ModelUnusable

    began = time.monotonic()
    try:
        version = registry.build(settings.model, settings.complaint_types).version
    except ModelUnusable as error:
        return Finding("model", Checked("loads", ok=False, detail=str(error)))
    return Finding("model", Checked("loads", ok=True, detail=f"{version}, {time.monotonic() - began:.1f} s"))


def sources(
    settings: Settings, purse: Callable[[str], Purse], clock: Clock, *, seconds: float = SECONDS
) -> tuple[list[Finding], dict[str, list[Spend]]]:
    """What every source that is switched on says of itself, all asked at once; and what asking has cost."""
    from collectors import registry
    from monitor.wiring import user_agent

    def check(source: Source) -> Sequence[Checked]:
        collector = registry.build(
            source, clock=clock, user_agent=user_agent(), purse=purse(source.name), brands=settings.brands
        )
        return collector.check()

    asked = [source for source in settings.sources if source.enabled]
    answers = at_once([_guarded(check, source) for source in asked], seconds)
    findings, spent = [], {}
    for source, answer in zip(asked, answers, strict=True):
        said = answer if answer is not None else [Checked("reach", ok=False, detail=f"no answer within {seconds:g} s")]
        findings += [Finding(f"source {source.name}", one) for one in said]
        spent[source.name] = [cost for one in said for cost in one.spent]
    return findings, spent


def _guarded(check: Callable[[Source], Sequence[Checked]], source: Source) -> Callable[[], Sequence[Checked]]:
    def ask() -> Sequence[Checked]:
        try:
            return check(source)
        except SourceError as error:
            return [Checked("reach", ok=False, detail=str(error))]
        except Exception as error:  # a bug of one source must not hide what the others say
            log.exception("a check failed", source=source.name)
            return [Checked("check", ok=False, detail=f"unexpected {type(error).__name__}: a bug, please report it")]

    return ask


def at_once(asks: Sequence[Callable[[], T]], seconds: float) -> list[T | None]:
    """Every answer that came in time, None for the others; a thread that hangs does not keep the program alive."""
    answers: list[T | None] = [None] * len(asks)

    def run(number: int) -> None:
        answers[number] = asks[number]()

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(asks))]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(answers)


def clock(settings: Settings, now: Clock, *, seconds: float = SECONDS) -> Finding:
    """The machine's clock beside that of a source's server; not compared where none tells."""
    asked = [source for source in settings.sources if source.enabled and _address(source)]
    ahead = next((one for one in at_once([_ahead(source, now) for source in asked], seconds) if one is not None), None)
    if ahead is None:
        return Finding("clock", Checked("time", ok=True, detail="not compared: no source tells the time"))
    off = abs(ahead)
    if off <= SKEW:
        return Finding("clock", Checked("time", ok=True))
    way = "fast" if ahead > timedelta() else "slow"
    detail = f"{off.total_seconds():.0f} s {way}: switch on the machine's time synchronisation (NTP)"
    return Finding("clock", Checked("time", ok=False, detail=detail))


def _ahead(source: Source, now: Clock) -> Callable[[], timedelta | None]:
    from collectors.http import Http
    from monitor.wiring import user_agent

    private = bool(getattr(source, "allow_private_address", False))
    http = Http(user_agent=user_agent(), clock=now, allow_private=private, total_seconds=SECONDS)

    def ask() -> timedelta | None:
        try:
            said = http.get(_address(source), accept=range(100, 600)).headers.get("date", "")
        except SourceError:
            return None
        return _difference(now(), said)

    return ask


def _difference(now: datetime, said: str) -> timedelta | None:
    try:
        return now - parsedate_to_datetime(said)
    except (TypeError, ValueError):  # no date, or one without a zone
        return None


def _address(source: Source) -> str:
    return str(getattr(source, "base_url", "") or getattr(source, "url", "") or "")
