"""Offsets as SQL are those that Python knows."""

import datetime as dt
from random import Random
from zoneinfo import ZoneInfo

import pytest

from gateway.sources.local.values import offset_of
from gateway.sources.mysql.zones import offset_sql, pieces


def test_pieces_are_the_offsets_of_all_local_times() -> None:
    zone, random = ZoneInfo("Asia/Shanghai"), Random(1)
    for _ in range(3_000):
        local = dt.datetime(1902, 1, 1) + dt.timedelta(seconds=random.randrange(4_000_000_000))
        (offset,) = [p.offset_s for p in pieces("Asia/Shanghai") if p.since <= local][:1]
        assert offset == offset_of(local, zone).total_seconds(), local


def test_zone_with_one_offset_is_a_number() -> None:
    assert offset_sql("c", "Etc/GMT-8") == "28800"


def test_recent_times_are_decided_by_the_first_comparison() -> None:
    assert offset_sql("c", "Asia/Shanghai").startswith("(CASE WHEN c >= '1991-09-15")


def test_zone_with_summer_time_is_refused() -> None:
    with pytest.raises(ValueError, match="Europe/Berlin"):
        pieces("Europe/Berlin")
