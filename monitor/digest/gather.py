"""Reads a week from the store and freezes its facts: the thin part of the digest."""

from __future__ import annotations

from monitor.digest import choose
from monitor.digest.accuracy import WEEKS_LABELLED
from monitor.digest.build import Occasion, build
from monitor.digest.facts import Facts
from monitor.store.reports import Reports

WEEKS_BACK = 8  # earlier weeks from which "usual" is told


def gather(reports: Reports, occasion: Occasion) -> Facts:
    """The facts of the occasion's week as the store knows them now. Nothing is written.

    Raises:
        ValueError: the week is not over; half a week beside a whole one would mislead.
    """
    week, zone = occasion.week, occasion.zone
    if week.end(zone) > occasion.now:
        raise ValueError(f"{week} is not over before {week.end(zone).astimezone(zone):%Y-%m-%d %H:%M %Z}")
    this = reports.week_rows(week.start(zone), week.end(zone))
    before = week.back(1)
    last = reports.week_rows(before.start(zone), before.end(zone))
    weeks_before = [week.back(n) for n in range(1, WEEKS_BACK + 1)]
    earlier = [reports.week_totals(one.start(zone), one.end(zone)) for one in weeks_before]
    wanted = [choice.row.id for choice in (*choose.examples(this.posts), *choose.praise(this.posts))]
    labelled = reports.labelled(week.back(WEEKS_LABELLED - 1).start(zone), week.end(zone))
    quotables = reports.examples(sorted(set(wanted)))
    return build(occasion, this, last, earlier, quotables, labelled=labelled)
