from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.settings import Digest
from monitor.digest.period import Week, last_closed, send_time, weeks_due

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")


def settings(**given: object) -> Digest:
    return Digest.model_validate({"recipients": ("director@acme.example",)} | given)


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def due(now: datetime, digest: Digest) -> Week:
    """The newest week due for somebody who has listened for years."""
    return weeks_due(now, BERLIN, digest, since=LONG_AGO)[-1]


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def test_a_week_reads_back_what_it_prints():
    assert str(Week.parse("2026-W46")) == "2026-W46"
    assert str(Week.parse(" 0999-W01 ")) == "0999-W01"


@pytest.mark.parametrize(
    "text", ["2026-46", "2026-W00", "2026-W54", "2025-W53", "W46", "", "2026-W4", "２０２６-W4６a"]
)
def test_what_is_no_week_is_refused(text):
    with pytest.raises(ValueError, match="week"):
        Week.parse(text)


def test_a_plain_week_runs_from_monday_midnight_to_monday_midnight():
    week = Week(2026, 46)
    assert (week.start(BERLIN), week.end(BERLIN)) == (at("2026-11-09"), at("2026-11-16"))
    assert (week.days[0], week.days[-1]) == (date(2026, 11, 9), date(2026, 11, 15))


@pytest.mark.parametrize(
    ("week", "zone", "hours"),
    [
        (Week(2026, 13), BERLIN, 167),  # clocks forward on 29 March
        (Week(2026, 43), BERLIN, 169),  # clocks back on 25 October
        (Week(2026, 10), NEW_YORK, 167),
        (Week(2026, 44), NEW_YORK, 169),
        (Week(2026, 46), BERLIN, 168),
    ],
)
def test_a_week_with_a_clock_change_is_an_hour_shorter_or_longer(week, zone, hours):
    assert week.end(zone) - week.start(zone) == timedelta(hours=hours)


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Africa/Cairo"), UTC])
def test_weeks_meet_without_gap_or_overlap_for_ten_years(zone):
    week = Week(2020, 1)
    for _ in range(520):
        following = week.back(-1)
        assert week.end(zone) == following.start(zone)
        assert following.back(1) == week
        assert Week.of(week.start(zone), zone) == week
        assert Week.of(following.start(zone) - timedelta(microseconds=1), zone) == week
        week = following


def test_new_year_lies_in_the_iso_week_of_the_old_year():
    assert Week.of(at("2027-01-01 12:00"), BERLIN) == Week(2026, 53)
    assert Week(2026, 53).back(-1) == Week(2027, 1)
    assert Week.of(at("2024-12-30"), BERLIN) == Week(2025, 1)


def test_the_leap_day_lies_in_its_week():
    assert date(2028, 2, 29) in Week.of(at("2028-02-29 23:59"), BERLIN).days


def test_the_same_instant_lies_in_different_weeks_of_different_zones():
    instant = datetime(2026, 11, 16, 2, tzinfo=UTC)
    assert (Week.of(instant, BERLIN), Week.of(instant, NEW_YORK)) == (Week(2026, 47), Week(2026, 46))


def test_a_naive_instant_has_no_week():
    with pytest.raises(ValueError, match="timezone-aware"):
        Week.of(datetime(2026, 11, 9), BERLIN)  # noqa: DTZ001


def test_the_last_closed_week_changes_at_midnight():
    assert last_closed(at("2026-11-15 23:59:59"), BERLIN) == Week(2026, 45)
    assert last_closed(at("2026-11-16 00:00"), BERLIN) == Week(2026, 46)


def test_a_digest_is_due_from_its_hour_on_and_stays_due_until_the_next():
    digest = settings(day="mon", at=time(8, 30))
    assert due(at("2026-11-16 08:29:59"), digest) == Week(2026, 45)
    assert due(at("2026-11-16 08:30"), digest) == Week(2026, 46)
    assert due(at("2026-11-23 08:29"), digest) == Week(2026, 46)


def test_a_digest_sent_on_sunday_still_tells_of_the_week_before():
    digest = settings(day="sun", at=time(23, 59))
    assert due(at("2026-11-22 23:58"), digest) == Week(2026, 45)
    assert due(at("2026-11-22 23:59"), digest) == Week(2026, 46)
    assert due(at("2026-11-23 00:00"), digest) == Week(2026, 46)


@pytest.mark.parametrize(
    ("week", "expected"),
    [
        (Week(2026, 12), "2026-03-29T01:30+00:00"),  # 02:30 does not exist on this Sunday: the clock then shows 03:30
        (Week(2026, 42), "2026-10-25T00:30+00:00"),  # 02:30 comes twice: the first one
    ],
)
def test_an_hour_that_the_clock_change_skips_or_repeats_is_still_one_instant(week, expected):
    sent = send_time(week, BERLIN, settings(day="sun", at=time(2, 30)))
    assert sent == datetime.fromisoformat(expected)


def test_a_day_long_outage_leaves_the_digest_due():
    digest = settings(day="mon", at=time(8, 30))
    assert due(at("2026-11-18 17:00"), digest) == Week(2026, 46)


def test_nothing_is_due_without_recipients_or_where_it_is_switched_off():
    now = at("2026-11-18")
    assert weeks_due(now, BERLIN, settings(recipients=()), since=LONG_AGO) == ()
    assert weeks_due(now, BERLIN, settings(enabled=False), since=LONG_AGO) == ()


def test_a_week_that_was_over_before_listening_began_is_not_due():
    now, digest = at("2026-11-18 12:00"), settings()
    assert weeks_due(now, BERLIN, digest, since=at("2026-11-16 00:00")) == ()
    assert weeks_due(now, BERLIN, digest, since=at("2026-11-15 23:59")) == (Week(2026, 46),)


def test_missed_weeks_stay_due_for_a_month_the_oldest_first():
    now, digest = at("2026-12-01 12:00"), settings()
    last = (Week(2026, 45), Week(2026, 46), Week(2026, 47), Week(2026, 48))
    assert weeks_due(now, BERLIN, digest, since=LONG_AGO) == last
    assert weeks_due(now, BERLIN, digest, since=at("2026-11-20")) == last[2:]
    early = at("2026-11-30 08:29")  # the newest week's hour has not come: the month goes back from the one before
    assert weeks_due(early, BERLIN, digest, since=LONG_AGO) == (Week(2026, 44), *last[:3])


def test_weeks_due_cross_the_new_year():
    now, digest = at("2027-01-13 12:00"), settings()
    assert weeks_due(now, BERLIN, digest, since=LONG_AGO) == (
        Week(2026, 51),
        Week(2026, 52),
        Week(2026, 53),
        Week(2027, 1),
    )
