"""What became of the cases of a week, and how long their customers waited. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from monitor.digest.facts import Cases, Count, Response
from monitor.digest.statistics import FEW, waiting_quantile
from monitor.states import CaseState
from monitor.store.week import CaseRow, WeekRows


def _within(instant: datetime | None, rows: WeekRows) -> bool:
    return instant is not None and rows.start <= instant < rows.end


def _unanswered(case: CaseRow, end: datetime) -> bool:
    open_at_end = case.closed_at is None or case.closed_at >= end
    return open_at_end and (case.first_response_at is None or case.first_response_at >= end)


def cases_of(this: WeekRows, last: WeekRows, *, compared: bool, overdue_after: timedelta) -> Cases:
    """What became of the cases in `this` week; overdue ones had waited longer at its end, and still do."""

    def count(when: Callable[[CaseRow], datetime | None]) -> Count:
        before = sum(_within(when(case), last) for case in last.cases)
        return Count(sum(_within(when(case), this) for case in this.cases), before if compared else None)

    unanswered = [case for case in this.cases if _unanswered(case, this.end)]
    # Still waiting now: nobody should be sent after a case that was answered on Monday morning.
    waiting = [case for case in this.cases if case.state in (CaseState.OPEN, CaseState.ACKNOWLEDGED)]
    late = [case for case in waiting if case.waits_since + overdue_after <= this.end]
    return Cases(
        opened=count(lambda case: case.opened_at),
        answered=count(lambda case: case.first_response_at),
        closed=count(lambda case: case.closed_at),
        open_at_end=sum(case.closed_at is None or case.closed_at >= this.end for case in this.cases),
        unanswered_at_end=len(unanswered),
        overdue=tuple(case.id for case in sorted(late, key=lambda case: (case.waits_since, case.id))),
        overdue_after=overdue_after.total_seconds(),
    )


def response_of(this: WeekRows, last: WeekRows) -> Response:
    """How long customers waited for the first answer; under ten cases there is no median."""
    answered, waiting = _waits(this)
    before = _waits(last)
    many = len(answered) + len(waiting) >= FEW
    return Response(
        cases=len(answered) + len(waiting),
        answered=len(answered),
        median=waiting_quantile(answered, waiting, 0.5) if many else None,
        p90=waiting_quantile(answered, waiting, 0.9) if many else None,
        median_before=waiting_quantile(*before, 0.5) if len(before[0]) + len(before[1]) >= FEW else None,
    )


def _waits(rows: WeekRows) -> tuple[list[float], list[float]]:
    """Seconds from first post to first answer, and seconds waited so far, of the cases opened in the week."""
    answered: list[float] = []
    waiting: list[float] = []
    for case in rows.cases:
        if case.state is CaseState.DISMISSED or not _within(case.opened_at, rows):
            continue
        if case.first_response_at is not None and case.first_response_at < rows.end:
            answered.append((case.first_response_at - case.first_post_at).total_seconds())
        else:
            waiting.append((rows.end - case.first_post_at).total_seconds())
    return answered, waiting
