"""What a brand's words would bring, shown at a terminal: tables that fit 100 columns, and samples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.cli.opening import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from collectors.base import Match
    from collectors.preview import Preview, Sample, Volume
    from config.brands import Brand
    from config.settings import Settings
    from monitor.cli.looking import LookedAt

AROUND = 60  # characters shown on either side of a match
MONTH = 30  # days for which a cost is told
_BLANKS = re.compile(r"\s+")


def show(found: Preview, brand: Brand, looked: LookedAt, settings: Settings, samples: int) -> None:
    """Print everything that is known of one brand."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.print(
        Text(
            f"\n{plain(found.brand)}: {looked.where}, {found.looked_at:,} post{'s' if found.looked_at != 1 else ''}",
            style="bold",
        )
    )
    if looked.stored:
        console.print(Text("Stored are only posts that were about some brand; their links are not kept.", style="dim"))
    console.print(Text(_summary(found)))
    console.print(_aliases(found, brand))
    if found.by_exclusion:
        console.print(_exclusions(found))
    console.print(_volumes(found, settings, whole=not looked.stored))
    _samples(console, "Would count", found.counted, settings, samples)
    _samples(
        console, "Doubtful: only an everyday or very short word speaks for them", found.doubtful, settings, samples
    )
    _samples(console, "Left out for an exclusion word", found.excluded, settings, samples)
    _samples(console, "Left out for want of a context word", found.refused, settings, samples)


def _summary(found: Preview) -> str:
    share = f", {len(found.counted) / found.looked_at:.1%} of them" if found.looked_at else ""
    doubt = f" ({found.doubtful_share:.0%} of those doubtful)" if found.counted else ""
    return (
        f"{len(found.counted):,} would count{share}{doubt}; left out: {len(found.excluded):,} for an exclusion word, "
        f"{len(found.refused):,} for want of a context word"
    )


def _aliases(found: Preview, brand: Brand) -> Table:
    from rich.table import Column, Table
    from rich.text import Text

    table = Table("alias", "kind", *(Column(name, justify="right") for name in ("posts", "share", "by it alone")))
    from collectors.coach_aliases import said

    for alias in brand.aliases:
        posts, alone = found.by_alias[said(alias)]
        share = f"{posts / len(found.counted):.0%}" if found.counted else "-"
        table.add_row(Text(plain(said(alias))), alias.kind.value, f"{posts:,}", share, f"{alone:,}")
    return table


def _exclusions(found: Preview) -> Table:
    from rich.table import Column, Table
    from rich.text import Text

    table = Table("exclusion word", Column("posts left out", justify="right"))
    for word, posts in found.by_exclusion.items():
        if posts:
            table.add_row(Text(plain(word)), f"{posts:,}")
    if idle := [word for word, posts in found.by_exclusion.items() if not posts]:
        table.add_row(Text(f"{len(idle)} others", style="dim"), "0")
    return table


def _volumes(found: Preview, settings: Settings, *, whole: bool) -> Table:
    from rich.table import Column, Table
    from rich.text import Text

    right = [
        Column(name, justify="right") for name in ("looked at", "over", "would count", "a day (95 %)", "cost a month")
    ]
    table = Table("source", *right)
    for volume in found.volumes:
        pace = volume.per_day
        daily = "too short to tell" if pace is None else f"{_few(pace[0])} ({_few(pace[1])}–{_few(pace[2])})"
        cost = _cost(volume, settings, whole=whole)
        cells = (f"{volume.looked_at:,}", _span(volume.span), f"{volume.counted:,}", daily, cost)
        table.add_row(Text(plain(volume.source)), *cells)
    for source in settings.sources:
        if whole is False and source.name not in {volume.source for volume in found.volumes}:
            table.add_row(Text(plain(source.name)), "0", "-", "-", "-", "-")
    return table


def _cost(volume: Volume, settings: Settings, *, whole: bool) -> str:
    """The price of a month; of stored posts a lower bound, since what was read and not kept was paid for too."""
    from config.source_x import XSource

    source = next((one for one in settings.sources if one.name == volume.source), None)
    pace = volume.per_day
    if not isinstance(source, XSource):
        return "free" if source is not None else "-"
    if pace is None:
        return "-"
    read = volume.looked_at * pace[0] / volume.counted if whole and volume.counted else pace[0]
    price = float(source.price_post_read + source.price_user_read)
    return f"{'' if whole else 'from '}{source.budget.currency} {read * price * MONTH:,.2f}"


def _span(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours / 24:.1f} d" if hours >= 48 else f"{hours:.1f} h"  # noqa: PLR2004 - two days and more in days


def _few(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"  # noqa: PLR2004 - two digits are enough


def _samples(console: Console, title: str, samples: Sequence[Sample], settings: Settings, wanted: int) -> None:
    from rich.text import Text

    from collectors.preview import spread

    if not samples or wanted <= 0:
        return
    console.print(Text(f"\n{title}: {len(samples):,}", style="bold"))
    for sample in spread(samples, wanted):
        post, place = sample.looked.post, sample.places[0]
        at = post.published_at.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M")
        where = place.where if place.where == "link" else f"{place.where} {place.start}–{place.end}"
        why = f', for "{plain(sample.why)}"' if sample.why else ""
        head = f"  {plain(sample.looked.source)}, {at}: {plain(place.alias)} in {where}{why}"
        console.print(Text(head, style="dim"), soft_wrap=True)
        console.print(_snippet(place, post.title or "" if place.where == "title" else post.text))


def _snippet(place: Match, text: str) -> Text:
    """The words around a match; it stands between marks, so that it is seen without colours as well."""
    from rich.text import Text

    start, end = (place.start, place.end) if place.where != "link" else (0, 0)
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    parts = [("    …" if start > AROUND else "    ", ""), (_shown(before), "")]
    if end > start:
        parts += [("»", "dim"), (_shown(text[start:end]), "bold reverse"), ("«", "dim")]
    return Text.assemble(*parts, (_shown(after), ""), "…" if end + AROUND < len(text) else "")


def _shown(text: str) -> str:
    """A piece of a hostile text, fit for a terminal, its blanks at the ends kept."""
    from alerts.sanitize import for_terminal

    return _BLANKS.sub(" ", for_terminal(text))
