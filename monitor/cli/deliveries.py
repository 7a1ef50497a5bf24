"""monitor deliveries: what could not be delivered, and what to do about it."""

from __future__ import annotations

import getpass

import click

from monitor.cli.opening import local, opened, plain

STATES = ("pending", "leased", "sending", "waiting", "ambiguous", "sent", "dead", "cancelled")


@click.group()
def deliveries() -> None:
    """Look after the outbox."""


@deliveries.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Default: all that are not final.")
@click.option("--limit", default=50, show_default=True)
@click.pass_obj
def list_(path: str, states: tuple[str, ...], limit: int) -> None:
    """List deliveries, the oldest first."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from monitor.states import FINAL, DeliveryState

    with opened(path) as (settings, store):
        wanted = frozenset(DeliveryState(s) for s in states) or frozenset(DeliveryState) - FINAL
        found = store.outbox.listing(wanted, limit=limit)
    table = Table("delivery", "kind", "destination", "case", "state", "attempts", "next try", "last error")
    for d in found:
        table.add_row(
            str(d.id),
            d.kind,
            Text(plain(d.channel)),
            str(d.case_id or "-"),
            d.state,
            str(d.attempt),
            local(d.not_before, settings),
            Text(plain(d.error or "")),
        )
    Console().print(table if found else Text("No such delivery."))


@deliveries.command()
@click.argument("ids", type=int, nargs=-1, required=True)
@click.pass_obj
def retry(path: str, ids: tuple[int, ...]) -> None:
    """Try these deliveries again now, dead ones too."""
    from monitor.clock import wall_clock

    with opened(path) as (_settings, store):
        click.echo(f"{store.outbox.retry(ids, now=wall_clock())} to be tried again")


@deliveries.command()
@click.argument("ids", type=int, nargs=-1, required=True)
@click.option("--by", "who", default=getpass.getuser, show_default="your user name")
@click.option("--why", required=True)
@click.pass_obj
def drop(path: str, ids: tuple[int, ...], who: str, why: str) -> None:
    """Give these deliveries up."""
    from monitor.clock import wall_clock

    with opened(path) as (_settings, store):
        click.echo(f"{store.outbox.drop(ids, who=who, why=why, now=wall_clock())} dropped")


@deliveries.command()
@click.argument("destination")
@click.pass_obj
def unpark(path: str, destination: str) -> None:
    """Use a destination again that was broken and has been mended; what waited for it leaves now."""
    from monitor.clock import wall_clock

    now = wall_clock()
    with opened(path) as (settings, store):
        if store.outbox.unpark(destination, now):
            click.echo(f"{plain(destination)}: in use again")
            return
        known = {d.name: d for d in store.outbox.destinations()}
        names = {*known, *(channel for channel, _ in store.outbox.depth())}
    if destination not in names:
        ever = ", ".join(map(plain, sorted(names))) or "none yet"
        raise click.ClickException(f"no destination is named {plain(destination)}; known: {ever}")
    until = known[destination].paused_until if destination in known else None
    paused = f"; it is paused until {local(until, settings)} and goes on by itself" if until and until > now else ""
    raise click.ClickException(f"{plain(destination)} is not parked, nothing was changed{paused}")
