"""monitor backfill: read the past of a source."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from monitor.cli.opening import local, opened, plain

if TYPE_CHECKING:
    from collectors.base import Backfills, Collector
    from config.settings import Settings
    from config.sources import Source
    from monitor.store.engine import Store
    from monitor.store.values import BackfillFacts

LATER = 3  # exit status: not done, but the same command will go on
INTERRUPTED = 130  # as a shell says it of Ctrl-C
MICROS = 1_000_000  # of a unit of money
MAX_BUDGET = 1_000_000  # a slip of the finger, beyond it


class _Moment(click.ParamType[datetime]):
    """A date, or a date with a time; without a zone it is taken in the organisation's."""

    name = "DATE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date such as 2026-10-01 or 2026-10-01T14:00", param, ctx)


@click.command()
@click.argument("source", required=False)
@click.option("--since", type=_Moment(), help="The first day to read.")
@click.option("--until", type=_Moment(), help="Up to, but not including, this day.  [default: now]")
@click.option("--budget", type=float, help="Most that this job may spend, in the currency of the source.")
@click.option("--list", "listed", is_flag=True, help="Show the jobs that there are.")
@click.pass_obj
def backfill(
    path: str, source: str | None, since: datetime | None, until: datetime | None, budget: float | None, listed: bool
) -> None:
    """Read what SOURCE published in the past. Killed or stopped, the same command goes on where it was.

    Works beside the daemon and leaves the source's own place alone. Exit status 3: it cannot go on now.
    """
    from monitor import logs

    logs.set_up("console", level="warning")
    with opened(path) as (settings, store):
        if listed:
            _list(settings, store)
            return
        if source is None or since is None:
            raise click.UsageError("give a SOURCE and --since, or --list")
        chosen, collector = _collector(settings, store, source)
        money = _micros(chosen, budget)
        job = _job(settings, store, chosen.name, since, until, money)
        if job.done:
            click.echo(f"This was read on {local(job.ended_at, settings)}: {_counts(job)}. For more, give --until.")
            return
        _work(settings, store, chosen, collector, job)


def _collector(settings: Settings, store: Store, name: str) -> tuple[Source, Backfills]:
    from collectors import registry
    from collectors.base import Backfills
    from monitor.clock import wall_clock
    from monitor.store.ledger import SourcePurse
    from monitor.wiring import user_agent

    def built(source: Source) -> Collector:
        purse = SourcePurse(store.ledger, source.name)
        return registry.build(source, clock=wall_clock, user_agent=user_agent(), purse=purse, brands=settings.brands)

    known = {source.name: source for source in settings.sources}
    if name in known and isinstance(collector := built(known[name]), Backfills):
        return known[name], collector
    what = f'"{name}" cannot read its past' if name in known else f'no source is named "{plain(name)}"'
    able = [source.name for source in settings.sources if isinstance(built(source), Backfills)]
    raise click.ClickException(f"{what}; these can: {', '.join(able) or 'none'}")


def _micros(source: Source, budget: float | None) -> int | None:
    if budget is None:
        return None
    if not any(limit.resource is None for limit in source.limits()):
        raise click.ClickException(f"{source.name} costs no money: it takes no --budget")
    if not 0 < budget <= MAX_BUDGET:
        raise click.BadParameter(f"must be more than 0, and {MAX_BUDGET:,} at most", param_hint="--budget")
    return int(Decimal(str(budget)) * MICROS)


def _job(
    settings: Settings, store: Store, source: str, since: datetime, until: datetime | None, budget: int | None
) -> BackfillFacts:
    """The job that the words name: one that is there goes on, whatever time it is by now."""
    from monitor.clock import wall_clock

    now = wall_clock()
    begin = _aware(since, settings)
    end = _aware(until, settings) if until is not None else None
    mine = [job for job in store.backfills.all() if job.source == source and job.since == begin]
    if end is None:
        end = max(mine, key=lambda job: (not job.done, job.id)).until if mine else now
    if end > now:
        raise click.BadParameter("lies in the future", param_hint="--until")
    if begin >= end:
        raise click.BadParameter("must lie before --until, and in the past", param_hint="--since")
    return store.backfills.begin(source, begin, end, budget=budget, now=now)


def _aware(moment: datetime, settings: Settings) -> datetime:
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=settings.zone)


def _work(settings: Settings, store: Store, source: Source, collector: Backfills, job: BackfillFacts) -> None:
    from collectors.matching import Matcher
    from monitor.cli.progress import bar
    from monitor.clock import wall_clock
    from monitor.pipeline.backfill import Backfill, Stopped
    from monitor.store.engine import AlreadyRunning

    try:
        with store.hold(f"backfill-{source.name}") as held, bar(job) as shown:
            work = Backfill(source, collector, Matcher(settings.brands), store, wall_clock, wait=shown.wait)
            job = work.run(job, held, shown.advance)
    except AlreadyRunning:
        raise click.ClickException(f"a backfill of {source.name} is at work already") from None
    except KeyboardInterrupt:
        click.echo("Stopped. What was read is stored; the same command goes on.", err=True)
        raise SystemExit(INTERRUPTED) from None
    except Stopped as stop:
        when = f" Run it again after {local(stop.again_at, settings)}." if stop.again_at else ""
        click.echo(f"Not done: {plain(stop.why)}.{when} The same command goes on.", err=True)
        raise SystemExit(1 if stop.denied else LATER) from None
    click.echo(f"Done: {_counts(job)}.")


def _counts(job: BackfillFacts) -> str:
    total = job.total
    cost = f", {job.spent / MICROS:.2f} spent" if job.spent else ""
    return (
        f"{total.read} read, {total.stored} stored, {total.duplicates} known, {total.edited} edited, "
        f"{total.unmatched} about no brand, {total.rejected} bad; {job.requests} requests{cost}"
    )


def _list(settings: Settings, store: Store) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    jobs = store.backfills.all()
    table = Table("source", "since", "until", "state")
    for column in ("read", "stored", "requests", "spent", "budget"):
        table.add_column(column, justify="right")
    for job in jobs:
        table.add_row(
            Text(job.source),
            local(job.since, settings),
            local(job.until, settings),
            f"done {local(job.ended_at, settings)}" if job.done else "to be gone on with",
            str(job.total.read),
            str(job.total.stored),
            str(job.requests),
            f"{job.spent / MICROS:.2f}" if job.spent else "-",
            f"{job.budget / MICROS:.2f}" if job.budget is not None else "-",
        )
    Console().print(table if jobs else Text("No backfill was ever begun."))
