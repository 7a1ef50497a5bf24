"""monitor run, monitor status, monitor db, monitor demo."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import ago, demand_secrets, local, opened, plain, read_settings
from monitor.cli.verdicts import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.settings import Settings
    from monitor.pipeline.overview import SourceLine
    from monitor.store.languages import Languages

STAGES = ("collect", "recheck", "score", "decide", "deliver", "tend", "digest", "purge")


@click.command()
@click.option("--once", is_flag=True, help="Do all that is due now, then exit.")
@click.option("--only", multiple=True, type=click.Choice(STAGES), help="Only this stage; may be given again.")
@click.option("--log", "form", type=click.Choice(["json", "console"]), default="console", show_default=True)
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info")
@click.pass_obj
def run(path: str, once: bool, only: tuple[str, ...], form: str, log_level: str) -> None:
    """Run the daemon: collect, judge, decide, tell, tend cases, send the digest. Stops on SIGTERM or Ctrl-C."""
    from classifiers.base import ModelUnusable
    from config.secret import SecretUnavailable
    from monitor import logs
    from monitor.daemon import Daemon
    from monitor.inbound.server import DoorUnusable
    from monitor.store.engine import AlreadyRunning
    from monitor.wiring import House

    def ready(settings: Settings) -> None:
        demand_secrets(settings, channels=not only or "deliver" in only)

    logs.set_up("json" if form == "json" else "console", level=log_level)
    with opened(path, ready=ready) as (settings, store):
        daemon = Daemon(House(settings, store), frozenset(only or STAGES))
        try:
            if not once:
                daemon.run()
                if daemon.failed:
                    raise SystemExit(1)  # the log says why; a service manager starts it again
                return
            done = daemon.drain()
            left = store.outbox.unfinished()
            coming = [at for at in map(store.outbox.next_due, daemon.house.destinations().all) if at is not None]
        except (AlreadyRunning, DoorUnusable, ModelUnusable, SecretUnavailable) as error:
            raise click.ClickException(plain(str(error))) from None
        when = f", the next one due {local(min(coming), settings)}" if coming else ""
        click.echo(f"Done: {done} unit(s) of work. Messages still to be delivered: {left}{when}.", err=True)
        if daemon.failed:
            raise click.ClickException(f"could not be finished: {plain(', '.join(daemon.failed))}; the log says why")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For another program.")
@click.pass_obj
def status(path: str, as_json: bool) -> None:
    """Show each source, what waits to be judged, and what waits to be delivered."""
    from monitor.clock import wall_clock
    from monitor.pipeline.overview import overview

    with opened(path) as (settings, store):
        seen = overview(store, settings, wall_clock())
    if as_json:
        click.echo(json.dumps(asdict(seen), default=str, indent=2))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table("source", "state", title="Sources")
    for column in ("success", "newest", "read (usual)", "stored", "gaps", "budget"):
        table.add_column(column, justify="right")
    colours = {"healthy": "green", "quiet": "cyan", "new": "cyan", "disabled": "dim"}
    for line in seen.sources:
        facts = line.facts
        table.add_row(
            Text(plain(line.name)),
            Text(line.health, style=colours.get(line.health, "bold red")),
            ago(facts.last_success_at, seen.at),
            ago(facts.last_post_at, seen.at),
            "-" if line.pace.last is None else f"{line.pace.last} ({line.pace.median:.0f})",
            str(facts.total.stored),
            str(facts.gaps or "-"),
            Text(line.budget or "-"),
        )
    console.print(table)
    for line in seen.sources:
        if why := _why(line, settings):
            console.print(Text(plain(f"{line.name} is {line.health}: {why}")))
    posts = ", ".join(f"{count} {state}" for state, count in seen.posts.items() if count)
    console.print(Text(f"Posts: {posts or 'none yet'}"))
    for sentence, is_alarming in _languages(seen.languages, seen.languages_before):
        console.print(Text(sentence, style="bold red" if is_alarming else ""))
    table = Table("destination", "waiting", "sent", "dead", "state", title="Outbox")
    for place in seen.destinations:
        table.add_row(
            Text(plain(place.name)),
            str(place.waiting),
            str(place.sent),
            str(place.dead),
            Text(plain(place.state), style="green" if place.state == "working" else "bold red"),
        )
    console.print(table)
    if seen.oldest_waiting is not None:
        console.print(Text(f"The oldest message that waits was written {ago(seen.oldest_waiting, seen.at)}."))


def _why(line: SourceLine, settings: Settings) -> str:
    ends = line.facts.blocked_until
    is_blocked = line.health == "stopped" and not line.facts.stopped
    return f"{line.why}, until {local(ends, settings)}" if is_blocked else line.why


def _languages(now: Languages, before: Languages) -> Iterator[tuple[str, bool]]:
    """What was and was not judged of the last seven days' posts, line by line, and whether a line should alarm."""
    if not now.posts:
        return
    alone = f", {sum(now.sentiment_only.values())} for their sentiment alone ({listed(now.sentiment_only)})"
    yield f"Last 7 days: {sum(now.judged.values())} judged{alone if now.sentiment_only else ''}.", False
    if now.undetermined:
        yield f"  Too short to tell the language, judged as English: {now.undetermined}", False
    if now.foreign:
        then = f", the 7 days before {before.share:.0%}" if before.posts else ""
        line = f"  Not judged, no model for the language: {now.foreign} ({now.share:.0%}{then}): {listed(now.unserved)}"
        yield line, now.jumped_from(before)
    if now.wordless:
        yield f"  Not judged, no words: {now.wordless}", False


@click.group()
def db() -> None:
    """Look after the database."""


@db.command()
@click.pass_obj
def upgrade(path: str) -> None:
    """Bring the schema up to date."""
    from monitor.store import engine

    settings = read_settings(path)
    try:
        before, after = engine.upgrade(settings.database)
    except (engine.StoreUnusable, engine.SchemaMismatch) as error:
        raise click.ClickException(plain(str(error))) from None
    click.echo(f"Schema: {after}" + ("" if before == after else f" (was {before or 'empty'})"))


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("demo"), show_default=True)
def demo(out: Path) -> None:
    """Play two weeks of invented posts through everything, and show what comes out."""
    from monitor.demo.run import play

    play(out)
