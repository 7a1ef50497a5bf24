"""monitor sources: what became of each call, what is bad or lost, what was spent, and starting a source again."""

from __future__ import annotations

from datetime import timedelta

import click

from monitor.cli.opening import local, opened, plain


@click.group()
def sources() -> None:
    """Look after the sources. Their state is in: monitor status."""


@sources.command()
@click.argument("name")
@click.option("--days", default=1.0, show_default=True, help="How far back.")
@click.pass_obj
def log(path: str, name: str, days: float) -> None:
    """List the calls of a source, the oldest first."""
    from monitor.clock import wall_clock

    with opened(path) as (settings, store):
        now = wall_clock()
        calls = [p for p in store.sources.polls(now - timedelta(days=days), now) if p.source == name]
        for call in calls:
            what = f"{call.read} read, {call.stored} stored" if call.ok else f"failed: {plain(call.detail)}"
            click.echo(f"{local(call.at, settings)}  {what}")
    if not calls:
        click.echo("No call in this time.")


@sources.command()
@click.argument("name")
@click.option("--limit", default=50, show_default=True)
@click.pass_obj
def bad(path: str, name: str, limit: int) -> None:
    """List the items of a source that were no posts, with the reason, the newest first."""
    with opened(path) as (settings, store):
        found = store.sources.rejects(name, limit)
        for one in found:
            click.echo(f"{local(one.at, settings)}  {plain(one.place)}: {plain(one.reason)}")
    if not found:
        click.echo("None.")


@sources.command()
@click.argument("name")
@click.pass_obj
def wake(path: str, name: str) -> None:
    """Call a source again that was stopped, once its trouble is mended."""
    with opened(path) as (settings, store):
        if name not in {source.name for source in settings.sources}:
            raise click.ClickException(f'no source is named "{plain(name)}"')
        store.sources.wake(name)
    click.echo(f"{plain(name)}: will be called at the next tick")


@sources.command()
@click.option("--days", default=30.0, show_default=True, help="How far back.")
@click.pass_obj
def losses(path: str, days: float) -> None:
    """List the stretches of time of which posts are lost for good, the oldest first."""
    from monitor.clock import wall_clock

    with opened(path) as (settings, store):
        found = store.ledger.losses(wall_clock() - timedelta(days=days))
        for one in found:
            where = f"{one.source}, {one.query}" if one.query else one.source
            stretch = f"{local(one.since, settings)} to {local(one.until, settings)}"
            click.echo(f"{local(one.at, settings)}  {plain(where)}: {stretch}, {plain(one.why)}")
    if not found:
        click.echo("None.")


@sources.command()
@click.option("--month", is_flag=True, help="This month by day; else the last seven days.")
@click.pass_obj
def spend(path: str, month: bool) -> None:
    """Show what the sources have used up, by source, day, query and resource, and what the month comes to."""
    from monitor.cli.spending import show
    from monitor.clock import wall_clock

    with opened(path) as (settings, store):
        show(settings, store, wall_clock(), month=month)
