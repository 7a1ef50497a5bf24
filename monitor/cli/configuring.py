"""monitor init, monitor config check, monitor config show."""

from __future__ import annotations

import os
from pathlib import Path

import click

from monitor.cli.opening import BAD_CONFIG, plain, read_settings


@click.command()
@click.option("--company", required=True, help="The company's name, as customers write it.")
@click.pass_obj
def init(path: str, company: str) -> None:
    """Write a commented configuration that runs at once on sources that need no key."""
    from config.template import starter

    try:
        text = starter(company)
    except ValueError as error:
        raise click.ClickException(plain(str(error))) from None
    try:
        # "x" refuses to write over a file that somebody has worked on.
        with open(path, "x", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o640)) as file:
            file.write(text)
    except FileExistsError:
        raise click.ClickException(f"{path} exists already; it is left as it is") from None
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    click.echo(f"Wrote {path}. Look through it, then start:  monitor --config {path} run")


@click.group()
def config() -> None:
    """Check and show the configuration."""


@config.command()
@click.option("--secrets/--no-secrets", default=True, help="Also see whether each secret can be read.")
@click.pass_obj
def check(path: str, secrets: bool) -> None:
    """Name every problem, with its place; exit status 2 if there is one."""
    from classifiers.base import ModelUnusable
    from classifiers.thresholds import in_force
    from config.load import check_secrets

    settings = read_settings(path)
    problems = [str(problem) for problem in check_secrets(settings)] if secrets else []
    try:
        in_force(settings.thresholds, settings.model)
    except ModelUnusable as error:
        problems.append(str(error))
    for problem in problems:
        click.echo(f"  {plain(problem)}", err=True)
    if problems:
        raise SystemExit(BAD_CONFIG)
    click.echo(
        f"{Path(path)}: good. {len(settings.brands)} brand(s), {len(settings.sources)} source(s), "
        f"{len(settings.channels)} channel(s), {len(settings.routes) + 1} route(s)."
    )


@config.command()
@click.pass_obj
def show(path: str) -> None:
    """Print every setting in force, defaults too; secrets only by their place."""
    from config.show import dump

    click.echo(dump(read_settings(path)), nl=False)
