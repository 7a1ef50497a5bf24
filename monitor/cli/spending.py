"""What the sources have used up, as tables."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from collectors.base import MICROS, Outlay
from monitor.cli.opening import plain
from monitor.pipeline.budgets import Budget, budgets, forecast

if TYPE_CHECKING:
    from config.settings import Settings
    from monitor.store.engine import Store

WEEK = timedelta(days=7)


def show(settings: Settings, store: Store, now: datetime, *, month: bool) -> None:
    """One table of what was used up, one of what it sums up to; or that it was nothing."""
    today = now.astimezone(UTC).date()
    first = today.replace(day=1)
    since = first if month else today - WEEK
    spent = {name: store.ledger.spent(name, min(since, first)) for name in store.ledger.sources(min(since, first))}
    limits = {source.name: budgets(source, store, now) for source in settings.sources}
    console = Console()
    rows = {name: [one for one in outlays if one.day >= since] for name, outlays in spent.items()}
    if any(rows.values()):
        console.print(_by_day(rows, limits))
    else:
        console.print(Text(f"Nothing was spent since {since}."))
    of_month = {name: [one for one in outlays if one.day >= first] for name, outlays in spent.items()}
    if any(of_month.values()):
        console.print(_sums(of_month, limits, first, now))
        console.print(Text("Forecast: spent so far, divided by the share of the month (UTC) that is over."))


def _by_day(rows: dict[str, list[Outlay]], limits: dict[str, list[Budget]]) -> Table:
    table = Table("day", "source", "query", "resource", title="Used up")
    table.add_column("units", justify="right")
    table.add_column("money", justify="right")
    entries = [(one, name) for name, outlays in rows.items() for one in outlays]
    for one, name in sorted(entries, key=lambda entry: (entry[0].day, entry[1], entry[0].query, entry[0].resource)):
        money = _money(one.micros, _currency(limits.get(name, [])))
        table.add_row(str(one.day), Text(name), Text(plain(one.query)), one.resource, f"{one.units:,}", money)
    return table


def _sums(rows: dict[str, list[Outlay]], limits: dict[str, list[Budget]], first: date, now: datetime) -> Table:
    table = Table("source", "resource", title=f"Since {first}")
    for column in ("units", "money", "forecast", "limits"):
        table.add_column(column, justify="right")
    for name, outlays in rows.items():
        known = limits.get(name, [])
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for one in outlays:
            sums[one.resource][0] += one.units
            sums[one.resource][1] += one.micros
        for resource, (units, micros) in sorted(sums.items()):
            table.add_row(Text(name), resource, f"{units:,}", _money(micros, _currency(known)), "", "")
        total = sum(one.micros for one in outlays)
        expected = _money(forecast(total, now), _currency(known))
        table.add_row(Text(name), "all", "", _money(total, _currency(known)), expected, "; ".join(map(str, known)))
    return table


def _currency(limits: list[Budget]) -> str:
    return next((one.limit.unit for one in limits if one.limit.resource is None), "")


def _money(micros: int, currency: str) -> str:
    """To the hundredth of a cent: single reads cost less than a cent."""
    return f"{micros / MICROS:.4f} {currency}".rstrip() if micros else "-"
