"""monitor import: posts from a file, now."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.opening import opened, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collectors.base import Reject
    from config.settings import Settings
    from config.sources import FilesSource

IMPORT = "import"  # the name under which posts from the command line are kept
_OPTIONS = ("brand", "platform", "time_zone", "encoding", "delimiter", "rating_max")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--source", help="Read it as this files source of the configuration does (columns, platform, …).")
@click.option("--mapping", help="Read it as these [[mappings]] of the configuration say; other options go before them.")
@click.option("--brand", help="All posts are about this brand; without it, they are matched by alias.")
@click.option("--platform", help="Where the posts stood (x, reddit, …; default: file).")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="WHAT=NAME",
    help="Which column holds what: text, id, created_at, author, rating, csat, nps, url, thread, …",
)
@click.option("--time-zone", help="For times without a zone, such as Europe/Berlin.")
@click.option("--encoding", help="If it is not recognised.")
@click.option("--delimiter", help="If it is not recognised.")
@click.option("--rating-max", type=int, help="The best rating possible.")
@click.option("--bad-rows", default=20, show_default=True, help="How many bad rows to list.")
@click.option("--bad-rows-file", type=click.Path(dir_okay=False), help="Write all of them to this CSV file.")
@click.option("--save-mapping", metavar="NAME", help="Print these options as [[mappings]] to put into the settings.")
@click.pass_obj
def import_file(
    path: str, /, file: str, bad_rows: int, bad_rows_file: str | None, save_mapping: str | None, **options: Any
) -> None:
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
        mapping = as_mapping(save_mapping, source) if save_mapping is not None else ""
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
    if bad_rows_file is not None:
        write_bad_rows(Path(bad_rows_file), rejects)
    click.echo(
        f"{tally.read} rows read: {tally.stored} stored, {tally.duplicates} known already, {tally.edited} edited, "
        f"{tally.unmatched} about no brand, {tally.rejected} bad",
        err=save_mapping is not None,
    )
    if mapping:
        click.echo(mapping, nl=False)


def source_of(settings: Settings, file: str, options: dict[str, Any]) -> FilesSource:
    """The source that reads a file as the options of `monitor import` say; those that are absent are not given."""
    from pydantic import ValidationError

    from config.sources import FilesSource

    place = {"path": str(Path(file).absolute()), "name": IMPORT}
    if options["source"]:
        if options.get("mapping"):
            raise click.BadParameter("give either --source or --mapping", param_hint="--mapping")
        named = next((s for s in settings.sources if s.name == options["source"]), None)
        if not isinstance(named, FilesSource):
            raise click.BadParameter(f'no files source is named "{options["source"]}"', param_hint="--source")
        return named.model_copy(update=place)
    if options["brand"] and options["brand"] not in {b.name for b in settings.brands}:
        raise click.BadParameter(f'no brand is named "{options["brand"]}"', param_hint="--brand")
    given = _of_mapping(settings, options.get("mapping"))
    columns = given.pop("columns", {}) | _columns(options["columns"])
    given |= {name: options[name] for name in _OPTIONS if options.get(name) is not None}
    try:
        return FilesSource.model_validate({**given, **place, "columns": columns})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise click.ClickException(plain(f"{where}: {first['msg']}" if where else first["msg"])) from None


def _of_mapping(settings: Settings, name: str | None) -> dict[str, Any]:
    """What the named mapping says; nothing without a name."""
    if name is None:
        return {}
    found = next((mapping for mapping in settings.mappings if mapping.name == name), None)
    if found is None:
        known = ", ".join(mapping.name for mapping in settings.mappings) or "none"
        raise click.BadParameter(f'no mapping is named "{name}"; there are: {known}', param_hint="--mapping")
    return found.model_dump(exclude_none=True, exclude={"name"})


def _columns(given: Sequence[str]) -> dict[str, str]:
    from config.layout import Columns

    pairs = [column.partition("=") for column in given]
    unknown = [what for what, _, name in pairs if what not in Columns.model_fields or not name]
    if unknown:
        raise click.BadParameter(
            f"{', '.join(unknown)}: give WHAT=NAME with WHAT one of {', '.join(Columns.model_fields)}",
            param_hint="--column",
        )
    return {what: name for what, _, name in pairs}


def as_mapping(name: str, source: FilesSource) -> str:
    """The layout of a source as TOML that can be put into the settings."""
    from pydantic import ValidationError

    from config.layout import ImportMapping
    from config.toml_text import toml_text

    fields = set(ImportMapping.model_fields) - {"name"}
    said = source.model_dump(include=fields)
    try:
        mapping = ImportMapping.model_validate({**said, "name": name})
    except ValidationError as error:
        raise click.BadParameter(plain(error.errors()[0]["msg"]), param_hint="--save-mapping") from None
    told = mapping.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return toml_text({"mappings": [told]})


def write_bad_rows(path: Path, rejects: Sequence[Reject]) -> None:
    """All bad rows with their line and what is wrong, fit for a spreadsheet; the heading alone where there are none."""
    from alerts.sanitize import csv_cell, one_line

    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(("file", "line", "reason"))
            for reject in rejects:
                file, _, line = reject.place.rpartition(" line ")
                cells = (file, line) if file else (line, "")
                writer.writerow([csv_cell(one_line(cell)) for cell in (*cells, reject.reason)])
    except OSError as error:
        raise click.ClickException(f"{plain(str(path))}: {error.strerror or type(error).__name__}") from None
