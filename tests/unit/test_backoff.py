from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.backoff import next_look

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
AGES = (timedelta(hours=1), timedelta(days=1), timedelta(days=3650))


@pytest.mark.parametrize(
    ("published_at", "due"),
    [
        (NOON, NOON + timedelta(hours=1)),
        (NOON - timedelta(hours=1), NOON + timedelta(hours=23)),
        (datetime.min.replace(tzinfo=UTC), None),
        (datetime.max.replace(tzinfo=UTC), None),
    ],
)
def test_whenever_a_post_was_published_its_next_look_is_a_time_or_never(
    published_at: datetime, due: datetime | None
) -> None:
    assert next_look(published_at, AGES, NOON) == due
