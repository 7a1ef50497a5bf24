"""monitor doctor: whether everything that the monitor needs is there, and what to do where it is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import plain, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from collectors.base import Spend
    from config.settings import Settings
    from monitor.cli.checks import Finding
    from monitor.store.engine import Store


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For another program.")
@click.pass_obj
def doctor(path: str, as_json: bool) -> None:
    """Check every source, the database, the channels' secrets, the machine and the model.

    Nothing is collected, sent or changed. Exit status 1 where something fails.
    """
    from monitor import logs

    logs.set_up("console", level="error")
    settings = read_settings(path)
    store, answer = _database(settings)
    try:
        findings, spent = _findings(settings, store)
    finally:
        if store is not None:
            store.close()
    findings = [answer, *findings]
    if as_json:
        _print_json(findings, spent)
    else:
        _print(findings, spent)
    if not all(finding.checked.ok for finding in findings):
        raise SystemExit(1)


def _database(settings: Settings) -> tuple[Store | None, Finding]:
    from collectors.base import Checked
    from monitor.cli.checks import Finding
    from monitor.store.engine import SchemaMismatch, StoreUnusable, is_to_be_made, open_as_it_is

    if is_to_be_made(settings.database):
        return None, Finding("database", Checked("reach", ok=True, detail="not there yet: the first start makes it"))
    try:
        return open_as_it_is(settings.database), Finding("database", Checked("reach and schema", ok=True))
    except (SchemaMismatch, StoreUnusable) as error:
        return None, Finding("database", Checked("reach and schema", ok=False, detail=str(error)))


def _findings(settings: Settings, store: Store | None) -> tuple[list[Finding], Mapping[str, Sequence[Spend]]]:
    from monitor.cli import checks
    from monitor.clock import wall_clock
    from monitor.store.ledger import SourcePurse

    def purse(source: str) -> SourcePurse | checks.NoPurse:
        return SourcePurse(store.ledger, source) if store is not None else checks.NoPurse()

    of_sources, spent = checks.sources(settings, purse, wall_clock)
    if store is not None:
        for name, costs in spent.items():
            store.ledger.note(name, costs)
    findings = [
        *checks.machine(settings, wall_clock()),
        checks.clock(settings, wall_clock),
        *checks.channels(settings),
        *of_sources,
        checks.model(settings),
    ]
    return findings, spent


def _print(findings: Sequence[Finding], spent: Mapping[str, Sequence[Spend]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("", "looked at", "", "detail")
    for finding in findings:
        one = finding.checked
        state = Text("ok", style="green") if one.ok else Text("fail", style="bold red")
        table.add_row(Text(plain(finding.place)), Text(plain(one.what)), state, Text(plain(one.detail)))
    console = Console()
    console.print(table)
    console.print(Text(f"Spent: {'; '.join(_costs(spent)) or 'nothing'}."))
    failed = sum(not finding.checked.ok for finding in findings)
    console.print(Text(f"{failed} of {len(findings)} failed." if failed else "All is well."))


def _print_json(findings: Sequence[Finding], spent: Mapping[str, Sequence[Spend]]) -> None:
    said = {
        "ok": all(finding.checked.ok for finding in findings),
        "spent": list(_costs(spent)),
        "findings": [
            {
                "place": finding.place,
                "what": finding.checked.what,
                "ok": finding.checked.ok,
                "detail": finding.checked.detail,
            }
            for finding in findings
        ],
    }
    click.echo(json.dumps(said, indent=2))


def _costs(spent: Mapping[str, Sequence[Spend]]) -> Iterator[str]:
    """What looking has cost, in words."""
    for name, costs in spent.items():
        for one in costs:
            yield f"{name}: {one.units + len(one.ids)} {one.resource}"
