"""monitor digest preview: exactly what would be sent."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.cli.opening import opened, plain


@click.group()
def digest() -> None:
    """The weekly digest."""


@digest.command()
@click.option("--week", help="Such as 2026-W46; default: the last closed week.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.pass_obj
def preview(path: str, week: str | None, out: Path) -> None:
    """Write a week's digest to a folder as it would be sent: mail, HTML, text, charts. Sends and stores nothing."""
    from monitor.clock import wall_clock
    from monitor.digest import make
    from monitor.digest.period import Week, last_closed

    with opened(path) as (settings, store):
        try:
            chosen = Week.parse(week) if week else last_closed(wall_clock(), settings.zone)
        except ValueError as error:
            raise click.BadParameter(plain(str(error)), param_hint="--week") from None
        try:
            files = make.preview(store, settings, chosen, wall_clock(), out)
        except ValueError as error:  # the week is not over
            raise click.ClickException(plain(str(error))) from None
    for file in files:
        click.echo(file)
