"""monitor import: posts from a file, now. monitor posts: those that could not be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import opened, plain

if TYPE_CHECKING:
    from config.settings import Settings
    from config.sources import FilesSource

IMPORT = "import"  # the name under which posts from the command line are kept


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--source", help="Read it as this files source of the configuration does (columns, platform, …).")
@click.option("--brand", help="All posts are about this brand; without it, they are matched by alias.")
@click.option("--platform", help="Where the posts stood (x, reddit, …; default: file).")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="WHAT=NAME",
    help="Which column holds what: text, id, created_at, author, followers, url, thread, …",
)
@click.option("--time-zone", help="For times without a zone, such as Europe/Berlin.")
@click.option("--encoding", help="If it is not recognised.")
@click.option("--delimiter", help="If it is not recognised.")
@click.option("--bad-rows", default=20, show_default=True, help="How many bad rows to list.")
@click.pass_obj
def import_file(path: str, /, file: str, bad_rows: int, **options: Any) -> None:
    """Store the posts of a CSV or JSON Lines FILE (plain or gzip). Importing it again adds nothing.

    The daemon judges and routes them; without one running:  monitor run --once
    """
    from collectors import registry
    from collectors.base import SourceError
    from collectors.matching import Matcher
    from monitor.clock import wall_clock
    from monitor.pipeline.importing import import_posts
    from monitor.store.ledger import SourcePurse
    from monitor.wiring import user_agent

    with opened(path) as (settings, store):
        source = source_of(settings, file, options)
        purse = SourcePurse(store.ledger, source.name)
        collector = registry.build(source, clock=wall_clock, user_agent=user_agent(), purse=purse)
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), transient=True) as bar:
            task = bar.add_task("reading")
            try:
                tally, rejects = import_posts(
                    source,
                    collector,
                    Matcher(settings.brands),
                    store,
                    wall_clock,
                    progress=lambda t: bar.update(task, description=f"{t.read} rows read, {t.stored} stored"),
                )
            except SourceError as error:
                raise click.ClickException(plain(str(error))) from None
    for reject in rejects[:bad_rows]:
        click.echo(f"  bad: {plain(reject.place)}: {plain(reject.reason)}", err=True)
    if len(rejects) > bad_rows:
        click.echo(f"  … and {len(rejects) - bad_rows} more bad rows", err=True)
    click.echo(
        f"{tally.read} rows read: {tally.stored} stored, {tally.duplicates} known already, {tally.edited} edited, "
        f"{tally.unmatched} about no brand, {tally.rejected} bad"
    )


def source_of(settings: Settings, file: str, options: dict[str, Any]) -> FilesSource:
    """The source that reads a file as the options of `monitor import` say."""
    from pathlib import Path

    from config.sources import Columns, FilesSource

    if options["source"]:
        named = [s for s in settings.sources if s.name == options["source"]]
        if not named or not isinstance(named[0], FilesSource):
            raise click.BadParameter(f'no files source is named "{options["source"]}"', param_hint="--source")
        return named[0].model_copy(update={"path": str(Path(file).absolute()), "name": IMPORT})
    if options["brand"] and options["brand"] not in {b.name for b in settings.brands}:
        raise click.BadParameter(f'no brand is named "{options["brand"]}"', param_hint="--brand")
    pairs = [column.partition("=") for column in options["columns"]]
    unknown = [what for what, _, name in pairs if what not in Columns.model_fields or not name]
    if unknown:
        raise click.BadParameter(
            f"{', '.join(unknown)}: give WHAT=NAME with WHAT one of {', '.join(Columns.model_fields)}",
            param_hint="--column",
        )
    given = {k: options[k] for k in ("brand", "platform", "time_zone", "encoding", "delimiter") if options[k]}
    from pydantic import ValidationError

    try:
        return FilesSource.model_validate(
            {
                "name": IMPORT,
                "path": str(Path(file).absolute()),
                "columns": {w: n for w, _, n in pairs},
                **given,
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise click.ClickException(plain(f"{place}: {first['msg']}")) from None


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
