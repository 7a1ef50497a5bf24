"""monitor posts: those that could not be judged."""

from __future__ import annotations

import click

from monitor.cli.opening import opened


@click.group()
def posts() -> None:
    """Look after the posts. How many there are in each state is in: monitor status."""


@posts.command()
@click.pass_obj
def requeue(path: str) -> None:
    """Judge the posts again whose judging has failed three times, once its trouble is mended."""
    from monitor.clock import wall_clock

    with opened(path) as (_settings, store):
        count = store.posts.requeue(wall_clock())
    click.echo(f"{count} post{'s' if count != 1 else ''} to be judged again")
