"""monitor query: whether these are good words to listen for, and what they would bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from monitor.cli.opening import plain, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collectors.coach import Finding
    from config.brands import Brand
    from config.settings import Settings

LOOKED_AT = 1000  # stored posts; some seconds of matching
SHOWN = 5  # samples of each kind


@click.group()
def query() -> None:
    """Look over what is listened for, and try it out before a brand goes live."""


@query.command()
@click.option("--posts", default=LOOKED_AT, show_default=True, help="Stored posts to look for the words in; 0: none.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of a table.")
@click.pass_obj
def lint(path: str, posts: int, as_json: bool) -> None:
    """Say what is wrong with aliases, context and exclusion words, and queries; exit status 1 if there is an error."""
    from collectors.coach import Grade, findings
    from monitor.cli.looking import stored_if_any

    settings = read_settings(path)
    seen = [one.post for one in stored_if_any(settings, posts)]
    found = findings(settings.brands, settings.sources, seen)
    if as_json:
        _print_json(found)
    else:
        _print_findings(found, len(seen))
    if any(one.grade is Grade.ERROR for one in found):
        raise SystemExit(1)


@query.command()
@click.option(
    "--brand", "names", multiple=True, help="This brand only; may be given several times. Default: every one."
)
@click.option(
    "--config", "other", type=click.Path(exists=True, dir_okay=False), help="Take the brands from this settings file."
)
@click.option("--posts", type=click.IntRange(1), help=f"How many stored posts to look at (default {LOOKED_AT}).")
@click.option(
    "--file", type=click.Path(exists=True, dir_okay=False), help="Look at the posts of a CSV or JSON Lines file."
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="WHAT=NAME",
    help="Of the file: which column holds text, created_at, …",
)
@click.option("--fetch", metavar="SOURCE", help="Look at what the next call of this source brings; nothing is stored.")
@click.option("--samples", default=SHOWN, show_default=True, help="Posts shown of each kind.")
@click.pass_obj
def preview(
    path: str,
    names: Sequence[str],
    other: str | None,
    posts: int | None,
    file: str | None,
    columns: Sequence[str],
    fetch: str | None,
    samples: int,
) -> None:
    """Show what the brands' words would bring, by the posts stored last, those of a file, or a fetched page.

    Stored are only posts that were about some brand already: a new brand is best tried with --file or --fetch.
    """
    from collectors.preview import previewed
    from monitor.cli import looking
    from monitor.cli.previewing import show

    if sum(one is not None for one in (posts, file, fetch)) > 1:
        raise click.UsageError("give one of --posts, --file and --fetch")
    settings = read_settings(path)
    brands = _brands(read_settings(other) if other else settings, names)
    if file is not None:
        looked = looking.in_file(settings, file, columns)
    elif fetch is not None:
        looked = looking.fetched(path, fetch)
    else:
        looked = looking.stored(path, posts or LOOKED_AT)
    if not looked.posts:
        raise click.ClickException(f"{looked.where}: no posts to look at")
    for brand in brands:
        show(previewed(looked.posts, brand), brand, looked, settings, samples)


@query.command()
@click.argument("name", required=False)
def packs(name: str | None) -> None:
    """List the example packs for ambiguous names, or print one, to be copied into the settings and changed."""
    from importlib.resources import files

    folder = files("config").joinpath("packs")
    known = sorted(one.name.removesuffix(".toml") for one in folder.iterdir() if one.name.endswith(".toml"))
    if name is None:
        for one in known:
            first = folder.joinpath(f"{one}.toml").read_text("utf-8").splitlines()[0]
            click.echo(first.lstrip("# "))
        click.echo("\nPrint one with:  monitor query packs NAME")
        return
    if name.lower() not in known:
        raise click.ClickException(f'there is no pack "{plain(name)}"; there are: {", ".join(known)}')
    click.echo(folder.joinpath(f"{name.lower()}.toml").read_text("utf-8"), nl=False)


def _brands(settings: Settings, names: Sequence[str]) -> Sequence[Brand]:
    known = {brand.name: brand for brand in settings.brands}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.ClickException(f'no brand is named "{plain(unknown[0])}"; there are: {plain(", ".join(known))}')
    return [known[name] for name in names] or settings.brands


def _print_json(found: Sequence[Finding]) -> None:
    import json
    from dataclasses import asdict

    click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2))


def _print_findings(found: Sequence[Finding], seen: int) -> None:
    from collections import Counter

    from rich.console import Console
    from rich.text import Text

    styles = {"error": "bold red", "warn": "yellow", "hint": "cyan"}
    console = Console(highlight=False, soft_wrap=True)
    for one in found:
        term = f'"{plain(one.term)}" ' if one.term else ""
        head = Text.assemble((f"{one.grade:5}", styles[one.grade]), f"  {plain(one.of)}: {term}{plain(one.why)}")
        console.print(head)
        console.print(Text(f"       {one.place} [{one.code}]: {plain(one.do)}", style="dim"))
    counts = Counter({"error": "error", "warn": "warning", "hint": "hint"}[one.grade] for one in found)
    told = ", ".join(f"{count} {grade}{'s' if count != 1 else ''}" for grade, count in counts.items())
    looked = f"; looked for in {seen} stored posts" if seen else ""
    console.print(Text((told or "Nothing to say.") + looked))
