"""When an open case is told again."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.patience import CaseFacts, DueTimes, Next, Step, due_times, next_step, office_deadline
from config.alerting import Escalation, OfficeHours
from config.vocabulary import Severity

BERLIN = ZoneInfo("Europe/Berlin")
HOURS = OfficeHours()  # Monday to Friday, 9 to 18
RULES = Escalation(escalate_to=("boss",))  # reminders after 2 h and 4 h, escalation after 8 h, closed after 14 days
HOUR = timedelta(hours=1)


def berlin(*when: int) -> datetime:
    return datetime(*when, tzinfo=BERLIN)  # type: ignore[misc]


MONDAY = berlin(2026, 11, 16, 10)


def asked(now, opened=MONDAY, rules=RULES, severity=Severity.SERIOUS, **facts):
    case = CaseFacts(opened_at=opened, last_post_at=facts.pop("last_post_at", opened), severity=severity, **facts)
    return next_step(case, escalation=rules, hours=HOURS, zone=BERLIN, now=now)


def deadline(start, wait, hours=HOURS, zone=BERLIN):
    return office_deadline(start, wait, hours, zone).astimezone(zone)


def test_waits_are_counted_in_office_time():
    assert deadline(berlin(2026, 11, 16, 17), 2 * HOUR) == berlin(2026, 11, 17, 10)


def test_a_wait_may_end_at_closing_time():
    assert deadline(berlin(2026, 11, 16, 16), 2 * HOUR) == berlin(2026, 11, 16, 18)


def test_a_friday_evening_waits_for_monday():
    assert deadline(berlin(2026, 11, 20, 19), 2 * HOUR) == berlin(2026, 11, 23, 11)


def test_a_night_post_waits_for_the_morning():
    assert deadline(berlin(2026, 11, 17, 3), HOUR) == berlin(2026, 11, 17, 10)


def test_no_wait_is_over_at_once():
    assert deadline(berlin(2026, 11, 15, 3), timedelta()) == berlin(2026, 11, 15, 3)


def test_a_night_shift_loses_an_hour_in_spring_and_gains_one_in_autumn():
    nights = OfficeHours(days=("sun",), opens=time(1), closes=time(5))
    spring = deadline(berlin(2026, 3, 29, 1), 3 * HOUR, nights)
    autumn = deadline(berlin(2026, 10, 25, 1), 5 * HOUR, nights)
    assert (spring, autumn) == (berlin(2026, 3, 29, 5), berlin(2026, 10, 25, 5))


def test_a_shift_inside_the_missing_hour_is_no_shift():
    missing = OfficeHours(days=("sun",), opens=time(2), closes=time(3))
    assert deadline(berlin(2026, 3, 29, 0), HOUR, missing) == berlin(2026, 4, 5, 3)


def test_a_team_without_office_days_works_around_the_clock():
    always = OfficeHours(days=())
    assert deadline(berlin(2026, 11, 21, 3), 2 * HOUR, always) == berlin(2026, 11, 21, 5)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.timedeltas(timedelta(seconds=1), timedelta(hours=60)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"]),
)
def test_a_deadline_is_in_office_hours_and_later_waits_end_later(start, wait, name):
    zone = ZoneInfo(name)
    end = office_deadline(start, wait, HOURS, zone)
    here = end.astimezone(zone)
    assert end >= start + wait
    assert here.weekday() < 5
    assert time(9) < here.time().replace(tzinfo=None) <= time(18)
    assert office_deadline(start, wait + HOUR, HOURS, zone) >= end + HOUR


def test_reminders_and_escalation_fall_due_in_office_time():
    assert due_times(MONDAY, Severity.MILD, RULES, HOURS, BERLIN) == DueTimes(
        (berlin(2026, 11, 16, 12), berlin(2026, 11, 16, 14)), berlin(2026, 11, 16, 18)
    )


def test_a_critical_case_waits_around_the_clock():
    night = berlin(2026, 11, 21, 23)
    assert due_times(night, Severity.CRITICAL, RULES, HOURS, BERLIN) == DueTimes(
        (night + 2 * HOUR, night + 4 * HOUR), night + 8 * HOUR
    )


def test_a_case_below_the_severity_asked_for_is_left_in_peace():
    rules = Escalation(min_severity=Severity.SERIOUS, escalate_to=("boss",))
    assert due_times(MONDAY, Severity.MILD, rules, HOURS, BERLIN) == DueTimes((), None)
    assert asked(MONDAY + timedelta(days=3), rules=rules, severity=Severity.MILD).step is None


def test_without_anybody_to_escalate_to_only_reminders_are_due():
    due = due_times(MONDAY, Severity.MILD, Escalation(remind_times=5), HOURS, BERLIN)
    assert (len(due.reminders), due.escalation) == (5, None)


def test_no_reminder_is_planned_after_the_escalation():
    due = due_times(MONDAY, Severity.MILD, Escalation(remind_times=9, escalate_to=("boss",)), HOURS, BERLIN)
    assert due.reminders == (berlin(2026, 11, 16, 12), berlin(2026, 11, 16, 14), berlin(2026, 11, 16, 16))


@pytest.mark.parametrize(
    ("now", "facts", "next_"),
    [
        (berlin(2026, 11, 16, 11, 59), {}, Next(None, berlin(2026, 11, 16, 12))),
        (berlin(2026, 11, 16, 12), {}, Next(Step.REMIND, berlin(2026, 11, 16, 14), 1)),
        (berlin(2026, 11, 16, 12), {"reminders_sent": 1}, Next(None, berlin(2026, 11, 16, 14))),
        (berlin(2026, 11, 16, 15), {"reminders_sent": 1}, Next(Step.REMIND, berlin(2026, 11, 16, 18), 2)),
        (berlin(2026, 11, 16, 15), {"reminders_sent": 0}, Next(Step.REMIND, berlin(2026, 11, 16, 18), 2)),
        (berlin(2026, 11, 16, 15), {"reminders_sent": 2}, Next(None, berlin(2026, 11, 16, 18))),
        (berlin(2026, 11, 16, 18), {"reminders_sent": 0}, Next(Step.ESCALATE, berlin(2026, 11, 30, 10))),
        (berlin(2026, 11, 19, 12), {"escalated": True}, Next(None, berlin(2026, 11, 30, 10))),
        (berlin(2026, 11, 19, 12), {"answered": True}, Next(None, berlin(2026, 11, 30, 10))),
        (berlin(2026, 11, 30, 10), {}, Next(Step.CLOSE, None)),
        (berlin(2026, 11, 30, 10), {"answered": True}, Next(Step.CLOSE, None)),
        (berlin(2026, 11, 30, 9, 59), {"answered": True}, Next(None, berlin(2026, 11, 30, 10))),
    ],
)
def test_the_next_step_of_a_case_opened_on_monday_at_ten(now, facts, next_):
    assert asked(now, **facts) == next_


def test_a_new_post_puts_the_closing_off():
    assert asked(berlin(2026, 11, 30, 10), last_post_at=MONDAY + timedelta(days=2), escalated=True) == Next(
        None, MONDAY.astimezone(UTC) + timedelta(days=16)
    )


def test_naive_times_and_negative_counts_are_refused():
    naive = MONDAY.replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        CaseFacts(opened_at=naive, last_post_at=MONDAY, severity=Severity.MILD)
    with pytest.raises(ValueError, match="negative"):
        CaseFacts(opened_at=MONDAY, last_post_at=MONDAY, severity=Severity.MILD, reminders_sent=-1)
