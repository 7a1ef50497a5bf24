"""monitor rescore: today's judge over posts that are stored already."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import opened, plain

if TYPE_CHECKING:
    from config.settings import Settings
    from monitor.pipeline.rescore import Changes, Rescore


@click.command()
@click.option("--since", required=True, help="A date such as 2026-11-01, or how long ago, such as 7d.")
@click.option("--dry-run", is_flag=True, help="Judge and count, but store nothing.")
@click.pass_obj
def rescore(path: str, since: str, dry_run: bool) -> None:
    """Judge stored posts again with the model and the complaint types of the configuration.

    Only posts published since then whose newest verdict is of another version. Nobody is alerted: decisions, cases
    and digests that were made stay as they are, and the digests to come count the new verdicts. May be stopped and
    run again at any time, also beside the daemon; restart that one first, or it goes on judging as before.
    """
    from classifiers.base import ModelUnusable
    from monitor.clock import wall_clock
    from monitor.pipeline.rescore import Rescore
    from monitor.store.engine import AlreadyRunning
    from monitor.wiring import House

    with opened(path) as (settings, store):
        start = _since(since, settings, wall_clock())
        try:
            with store.hold("rescore"):
                work = Rescore(
                    store,
                    House(settings, store).classifier(),
                    wall_clock,
                    since=start,
                    batch=settings.model.batch_posts,
                    dry_run=dry_run,
                )
                changes = _run(work)
        except (AlreadyRunning, ModelUnusable) as error:
            raise click.ClickException(plain(str(error))) from None
    _say(changes, dry_run=dry_run)


def _since(words: str, settings: Settings, now: datetime) -> datetime:
    from config.durations import parse_duration

    try:
        return datetime.combine(date.fromisoformat(words), time(), settings.zone)
    except ValueError:
        pass
    try:
        return now - parse_duration(words)
    except ValueError:
        raise click.BadParameter(
            "a date such as 2026-11-01, or how long ago, such as 7d", param_hint="--since"
        ) from None


def _run(work: Rescore) -> Changes:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("rescoring"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rescoring", total=work.left())
        return work.run(lambda count: bar.advance(task, count))


def _say(changes: Changes, *, dry_run: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from monitor.pipeline.rescore import LABELS

    would = "would get" if dry_run else "have"
    click.echo(f"{changes.posts:,} posts {would} a verdict of this version.")
    if changes.posts:
        table = Table("label", "changed", "share")
        for name in LABELS:
            table.add_row(name, f"{changes.labels[name]:,}", f"{changes.labels[name] / changes.posts:.1%}")
        Console().print(table)
    if changes.unjudgeable:
        click.echo(f"{changes.unjudgeable:,} could not be judged and keep their verdict; the log says why.")
    if changes.moved_on:
        click.echo(f"{changes.moved_on:,} have been edited or withdrawn meanwhile; the daemon judges them.")
