"""monitor cases: look at cases, take them, answer for them."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import ago, local, opened, plain
from monitor.cli.verdicts import said

if TYPE_CHECKING:
    from monitor.states import CaseEvent
    from monitor.store.values import CaseFacts

STATES = ("open", "acknowledged", "responded", "resolved", "dismissed")


@click.group()
def cases() -> None:
    """Look at cases and move them on."""


@cases.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Default: all that are not closed.")
@click.option("--assignee")
@click.option("--limit", default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def list_(path: str, states: tuple[str, ...], assignee: str | None, limit: int, as_json: bool) -> None:
    """List cases, the worst and oldest first."""
    from monitor.clock import wall_clock
    from monitor.states import JOINABLE, CaseState

    with opened(path) as (_settings, store):
        wanted = frozenset(CaseState(s) for s in states) or JOINABLE
        found = store.cases.listing(wanted, assignee=assignee, limit=limit)
    if as_json:
        click.echo(json.dumps([asdict(case) for case in found], default=str, indent=2))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("case", "severity", "state", "about", "customer", "posts", "waits since", "assignee")
    for case in found:
        table.add_row(
            str(case.id),
            case.severity.name.lower() if case.severity else "-",
            case.state,
            Text(plain(case.main_type or "-")),
            Text(plain(f"{case.handle or case.author or 'unknown'} on {case.platform}")),
            str(case.posts),
            ago(case.waits_since, wall_clock()),
            Text(plain(case.assignee or "-")),
        )
    Console().print(table if found else Text("No such case."))


@cases.command()
@click.argument("case_id", type=int)
@click.pass_obj
def show(path: str, case_id: int) -> None:
    """Show a case: what was said, who was told, what has happened."""
    from alerts.sanitize import for_terminal

    with opened(path) as (settings, store):
        seen = store.cases.show(case_id)
    if seen is None:
        raise click.ClickException(f"there is no case {case_id}")
    case = seen.case
    click.echo(
        f"Case {case.id}: {case.state}, {_about(case)}, "
        f"brand {plain(case.brand)}, {case.platform}, opened {local(case.opened_at, settings)}, "
        f"assignee {plain(case.assignee or '-')}"
    )
    click.echo(f"First answer: {local(case.first_response_at, settings)}")
    for post, role in seen.posts:
        who = plain(post.author_handle or post.author_name or "unknown")
        click.echo(f"\n[{role}] {who}, {local(post.published_at, settings)}  {plain(post.url or '')}")
        click.echo("  " + for_terminal(post.text).replace("\n", "\n  "))
        if post.id in seen.verdicts:
            click.echo(f"  ({said(seen.verdicts[post.id])})")
    click.echo("\nMessages:")
    for d in seen.deliveries:
        click.echo(
            f"  {d.kind} to {plain(d.channel)}: {d.state} {local(d.sent_at, settings)}"
            + (f" ({plain(d.error)})" if d.error else "")
        )
    click.echo("\nHistory:")
    for line in seen.history:
        click.echo(
            f"  {local(line.at, settings)} {line.event}: {line.before} -> {line.after}, by {plain(line.who)}"
            + (f": {plain(line.why)}" if line.why else "")
        )


def _about(case: CaseFacts) -> str:
    severity = f"{case.severity.name.lower()} " if case.severity else ""
    return f"{severity}{plain(case.main_type or 'negative post')}"


def _move(path: str, case_ids: tuple[int, ...], event: CaseEvent, who: str, why: str) -> None:
    from monitor.clock import wall_clock
    from monitor.states import IllegalTransition
    from monitor.store.cases import NoSuchCase

    failed = False
    with opened(path) as (_settings, store):
        for case_id in case_ids:
            try:
                case = store.cases.transition(case_id, event, who=who, why=why, now=wall_clock())
                click.echo(f"case {case_id}: {case.state}")
            except (IllegalTransition, NoSuchCase) as error:
                click.echo(f"case {case_id}: {plain(str(error))}", err=True)
                failed = True
    if failed:
        raise SystemExit(1)


def _verb(name: str, event: str, help_text: str) -> None:
    @cases.command(name, help=help_text)
    @click.argument("case_ids", type=int, nargs=-1, required=True)
    @click.option("--by", "who", default=getpass.getuser, show_default="your user name")
    @click.option("--why", default="", help="A word for those who read the history.")
    @click.pass_obj
    def command(path: str, case_ids: tuple[int, ...], who: str, why: str) -> None:
        from monitor.states import CaseEvent

        _move(path, case_ids, CaseEvent(event), who, why)


_verb("ack", "ack", "Say that somebody has taken these cases: no more reminders.")
_verb("respond", "respond", "Say that the customer has been answered: stops the clock.")
_verb("resolve", "resolve", "Close these cases as settled.")
_verb("dismiss", "dismiss", "Close these cases as no cases after all.")


@cases.command()
@click.argument("case_id", type=int)
@click.argument("assignee")
@click.option("--by", "who", default=getpass.getuser, show_default="your user name")
@click.pass_obj
def assign(path: str, case_id: int, assignee: str, who: str) -> None:
    """Give a case to somebody."""
    from monitor.clock import wall_clock
    from monitor.store.cases import NoSuchCase

    with opened(path) as (_settings, store):
        try:
            store.cases.assign(case_id, assignee, by=who, now=wall_clock())
        except NoSuchCase as error:
            raise click.ClickException(plain(str(error))) from None
    click.echo(f"case {case_id}: {plain(assignee)}")
