"""monitor sample: posts drawn at random, labelled by people who do not see what the model said."""

from __future__ import annotations

import csv
import getpass
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import opened, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.settings import Settings
    from monitor.store.engine import Store
    from monitor.store.samples import SampledPost

SHEET = ("post", "platform", "published", "text", "url", "sentiment", "complaint", "types", "severity", "flags", "note")
_SEEDS = 2**31  # any seed is as good as another; this many can be typed again


@click.command()
@click.option("--size", type=click.IntRange(1, 100_000), help="Draw so many posts. [default: 50]")
@click.option("--since", default="7d", show_default=True, help="From posts published so long ago at most, such as 7d.")
@click.option("--seed", type=click.IntRange(0), help="For a draw that can be repeated. [default: by chance, and told]")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to fill in. [default: sample.csv]"
)
@click.option("--rest", is_flag=True, help="Draw nothing: write what was drawn before and is not labelled yet.")
@click.option("--label", is_flag=True, help="Label what has been drawn, here, one key for each answer.")
@click.option(
    "--read", "filled", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Store a filled-in file."
)
@click.option("--by", "who", default=getpass.getuser, show_default="your user name")
@click.pass_obj
def sample(
    path: str,
    *,
    size: int | None,
    since: str,
    seed: int | None,
    out: Path | None,
    rest: bool,
    label: bool,
    filled: Path | None,
    who: str,
) -> None:
    """Draw judged posts at random and have people label them: the only way to know how right the judge is.

    Without --rest, --label or --read, posts are drawn and written to a file to be filled in, which does not show
    what the model said. No post is drawn twice. Labels become corrections, those that agree with the model too;
    the digest measures precision and recall on them.
    """
    if rest + label + (filled is not None) > 1:
        raise click.UsageError("give one of --rest, --label and --read")
    if (label or filled) and (size or seed is not None or out):
        raise click.UsageError("--size, --seed and --out are for drawing, not for --label or --read")
    if rest and (size or seed is not None):
        raise click.UsageError("--rest draws nothing: leave out --size and --seed")
    with opened(path, untrained=True) as (settings, store):
        if label:
            from monitor.cli.labelling import label_here

            label_here(settings, store, who)
        elif filled is not None:
            from monitor.cli.filled import read_filled

            read_filled(settings, store, filled, who)
        else:
            target = out or Path("sample.csv")
            if target.exists():
                raise click.ClickException(f"{target} exists already; name another file with --out")
            if not rest:
                _draw(store, size or 50, since, secrets.randbelow(_SEEDS) if seed is None else seed, who)
            _write(target, store.samples.unlabelled(), settings)


def _draw(store: Store, size: int, since: str, seed: int, who: str) -> None:
    from config.durations import parse_duration
    from monitor.clock import wall_clock

    now = wall_clock()
    try:
        start = now - parse_duration(since)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from None
    drawn = store.samples.draw(size, since=start, until=now, seed=seed, who=who, now=now)
    if drawn is None:
        raise click.ClickException(f"no judged post of the last {plain(since)} is left to be drawn")
    click.echo(
        f"Draw {drawn.draw_id}: {drawn.size} of {drawn.frame:,} judged posts of the last {plain(since)}, seed {seed}."
    )


def _write(target: Path, posts: Sequence[SampledPost], settings: Settings) -> None:
    """Write the sheet whole or not at all: the draw is stored, and --rest writes the file again."""
    from alerts.sanitize import csv_cell
    from monitor.cli.opening import local

    if not posts:
        click.echo("Nothing is left to be labelled.")
        return
    written = target.with_name(target.name + ".part")
    try:
        with written.open("w", encoding="utf-8-sig", newline="") as stream:  # the mark makes Excel read it as UTF-8
            writer = csv.writer(stream)
            writer.writerow(SHEET)
            for one in posts:
                about = (csv_cell(one.text), csv_cell(one.url or ""))
                empty = [""] * (len(SHEET) - 5)
                writer.writerow([one.post_id, one.platform.value, local(one.published_at, settings), *about, *empty])
        written.replace(target)
    except OSError as error:
        raise click.ClickException(plain(f"{target}: {error.strerror}")) from None
    finally:
        written.unlink(missing_ok=True)
    click.echo(
        f"{len(posts)} posts to label in {target}. Fill in:\n"
        "  sentiment  negative, neutral, positive\n"
        "  complaint  yes, no\n"
        f"  types      of complaints, the main one first: {', '.join(settings.type_names)}\n"
        "  severity   of complaints: 1 mild, 2 serious, 3 critical\n"
        f"and then:  monitor sample --read {target}\n"
        "or label them here, one key for each answer:  monitor sample --label"
    )
