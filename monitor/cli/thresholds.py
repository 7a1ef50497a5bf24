"""monitor thresholds: what share is found from which probability on, and what that costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import plain

if TYPE_CHECKING:
    from classifiers.offers import Offer
    from classifiers.thresholds import Cost, Counts
    from config.models import Model
    from config.thresholds import Thresholds


@click.command()
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Of your posts, the share that are complaints (and that are negative); default: as among the posts measured.",
)
@click.option("--png", type=click.Path(dir_okay=False, path_type=Path), help="Also draw it.")
@click.option(
    "--model",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of another trained model.",
)
@click.pass_obj
def thresholds(path: str, share: float | None, png: Path | None, folder: Path | None) -> None:
    """Print, for each aim, the threshold that reaches it, what it finds, and the alerts that it costs.

    Measured on posts that were set aside before training. Write the aim into the configuration, such as
    serious_complaints_found = 0.85 under [thresholds.aim], and the threshold follows.
    """
    from classifiers.base import ModelUnusable
    from classifiers.calibration import SHIPPED
    from classifiers.offers import offers
    from classifiers.thresholds import in_force, read_counts

    written, model = _settings(path)
    try:
        counts = read_counts(folder or SHIPPED)
        acting = in_force(written, model, folder or SHIPPED)
    except ModelUnusable as error:
        raise click.ClickException(plain(str(error))) from None
    _table(offers(counts, acting, share=share), written)
    _in_force(counts, acting, written, share)
    if png is not None:
        _draw(png, counts, acting)


def _settings(path: str) -> tuple[Thresholds, Model]:
    """What is configured; the defaults where there is no configuration yet."""
    from config.models import Model
    from config.thresholds import Thresholds
    from monitor.cli.opening import read_settings

    if not Path(path).exists():
        return Thresholds(), Model()
    settings = read_settings(path)
    return settings.thresholds, settings.model


def _table(offered: list[Offer], written: Thresholds) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from config.thresholds import GOVERNED

    table = Table("aim", "at least", "threshold", "found (95 %)", "of posts", "right alerts", "alerts per 1,000")
    last = ""
    for offer in offered:
        if last not in ("", offer.aim):
            table.add_section()
        last = offer.aim
        name, chosen = f"{offer.aim} -> {GOVERNED[offer.aim]}", getattr(written.aim, offer.aim) == offer.value
        cells = _cells(offer.threshold, offer.cost) or (f"not reached: {offer.best.value:.1%} at best", "", "", "", "")
        table.add_row(name, f"{offer.value:.0%}", *cells, style="bold" if chosen else "")
    console = Console(highlight=False)
    console.print(table)
    console.print(
        Text(
            "Each aim by itself, the other thresholds as they stand. Right alerts: of those that the rule raises, the "
            "share that are negative, or complaints. A threshold for one severity acts on the posts that are given it."
        )
    )


def _cells(threshold: float | None, cost: Cost | None) -> tuple[str, ...]:
    if threshold is None or cost is None:
        return ()
    low, high = cost.found.interval
    return (
        f"{threshold:.2f}",
        f"{cost.found.value:.1%} ({low:.1%} to {high:.1%})",
        f"{cost.found.of:,.0f}",
        f"{cost.right.value:.0%}",
        f"{cost.alerts:,.0f}",
    )


def _in_force(counts: Counts, acting: Thresholds, written: Thresholds, share: float | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from classifiers.offers import WHAT, cost_of
    from config.thresholds import GOVERNED

    table = Table(
        "in force", "to be found", "threshold", "found (95 %)", "of posts", "right alerts", "alerts per 1,000"
    )
    for aim, name in GOVERNED.items():
        cells = _cells(getattr(acting, name), cost_of(counts, aim, acting, share))
        origin = (
            "said" if name in written.model_fields_set else "default" if getattr(written.aim, aim) is None else "aim"
        )
        table.add_row(f"{name} ({origin})", WHAT[aim], *cells)
    Console(highlight=False).print(table)


def _draw(png: Path, counts: Counts, acting: Thresholds) -> None:
    from classifiers.evaluation.plots import threshold_curves

    try:
        png.write_bytes(threshold_curves(counts, acting))
    except OSError as error:
        raise click.ClickException(f"{png}: {error.strerror}") from None
    click.echo(f"drawn to {png}", err=True)
