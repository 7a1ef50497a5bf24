"""What commands share: read the settings, open the store, and say what is wrong in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from config.settings import Settings
    from monitor.store.engine import Store

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BAD_CONFIG = 2  # exit status for a configuration that cannot be used


def read_settings(path: str, *, untrained: bool = False) -> Settings:
    """The settings, or every problem in them on standard error and exit status 2.

    With `untrained`, complaint types pass that no head knows yet: for training, and for what prepares it.
    """
    from config.load import ConfigError, load

    file = Path(path)
    if not file.exists():
        click.echo(f'{path}: not found. Write one with:  monitor init --company "Your company"', err=True)
        raise SystemExit(BAD_CONFIG)
    try:
        return load(file, untrained=untrained)
    except ConfigError as error:
        count = len(error.problems)
        click.echo(f"{path}: {count} problem{'s' if count != 1 else ''}", err=True)
        for problem in error.problems:
            click.echo(f"  {plain(str(problem))}", err=True)
        raise SystemExit(BAD_CONFIG) from None


def demand_secrets(settings: Settings, *, channels: bool) -> None:
    """Every secret that is needed and cannot be read, on standard error, and exit status 2.

    Needed are the database's and, with `channels`, those of the channels that somebody is told over; a channel that
    nothing leads to is not asked for its own.
    """
    from config.load import check_secrets

    told = channels_in_use(settings) if channels else frozenset()
    idle = tuple(f"channels[{n}]." for n, channel in enumerate(settings.channels) if channel.name not in told)
    idle += ("mappings[",)  # needed by `monitor import` alone, which says so itself
    problems = [problem for problem in check_secrets(settings) if not problem.path.startswith(idle)]
    for problem in problems:
        click.echo(f"  {plain(str(problem))}", err=True)
    if problems:
        raise SystemExit(BAD_CONFIG)


def channels_in_use(settings: Settings) -> frozenset[str]:
    """The names of the channels that something leads to."""
    told = {name for route in (*settings.routes, settings.default_route) for name in route.channels}
    told |= {*settings.alerting.operators, *settings.alerting.escalation.escalate_to}
    if settings.digest.enabled and settings.digest.channel is not None:
        told.add(settings.digest.channel)
    return frozenset(told)


@contextmanager
def opened(
    path: str, *, ready: Callable[[Settings], None] | None = None, untrained: bool = False
) -> Iterator[tuple[Settings, Store]]:
    """Settings and store for one command; known refusals end it with one line, not with a traceback.

    `ready` looks at the settings before anything is connected to. A database that stops answering while the command
    works is such a refusal, too. `untrained` as for `read_settings`.
    """
    from monitor.store.engine import SchemaMismatch, StoreUnusable, open_store

    settings = read_settings(path, untrained=untrained)
    if ready is not None:
        ready(settings)
    try:
        store = open_store(settings.database)
    except (StoreUnusable, SchemaMismatch) as error:
        raise click.ClickException(plain(str(error))) from None
    try:
        yield settings, store
    except StoreUnusable as error:
        raise click.ClickException(plain(str(error))) from None
    finally:
        store.close()


def plain(text: str) -> str:
    """Words from outside (posts, platforms, servers, files), fit for one line of a terminal."""
    from alerts.sanitize import for_terminal, one_line

    return one_line(for_terminal(text))


def local(at: datetime | None, settings: Settings) -> str:
    """An instant in the organisation's zone, to the minute; "-" for none."""
    return at.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M") if at else "-"


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago, in one unit: "12 min ago", "3 h ago", "5 d ago"; "never" for none."""
    if at is None:
        return "never"
    age = max(timedelta(), now - at)
    for unit, name in ((_DAY, "d"), (_HOUR, "h")):
        if age >= 2 * unit:
            return f"{age // unit} {name} ago"
    return f"{age // _MINUTE} min ago"
