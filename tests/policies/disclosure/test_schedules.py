"""Yearly schedules that an operator adds by file."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import pytest

from policies.disclosure import schedules
from policies.disclosure.errors import DisclosureLoadError
from policies.disclosure.schedules import read_schedule
from policies.disclosure.working_days import installed_calendar, load_calendar

_ROOT = Path(__file__).resolve().parents[3]
_SHARED = Path(os.environ.get("CREDIT_GATEWAY_SHARED_DATA", _ROOT.parent / "shared" / "data"))
# Schedules as they are published, one `<year>.json` each.
PUBLISHED = _SHARED / "holidays-cn"


def write(folder: Path, content: Any) -> Path:
    path = folder / "2027.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def day(date: str, is_off: Any = True) -> dict[str, Any]:
    return {"name": "国庆节", "date": date, "isOffDay": is_off}


def test_file_adds_an_announced_year(tmp_path: Path) -> None:
    days = [day("2027-10-01"), day("2027-10-09", False), day("2026-12-31")]
    calendar = load_calendar([write(tmp_path, {"year": 2027, "papers": [], "days": days})])
    assert 2027 in calendar.announced_years
    assert calendar.is_working_day(dt.date(2027, 10, 9))
    assert not calendar.is_working_day(dt.date(2026, 12, 31))
    assert not calendar.add_working_days(dt.date(2027, 10, 1), 3).provisional


def test_file_in_the_folder_of_years_counts_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"year": 2027, "days": [day("2027-10-01"), day("2027-10-09", False)]})
    monkeypatch.setattr(schedules, "YEARS", tmp_path)
    latest = schedules.installed_schedules()[-1]
    assert (latest.year, latest.days[dt.date(2027, 10, 9)]) == (2027, True)


def test_empty_file_leaves_the_year_unannounced(tmp_path: Path) -> None:
    calendar = load_calendar([write(tmp_path, {"year": 2027, "days": []})])
    assert calendar.announced_years == installed_calendar().announced_years


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ([], "-"),
        ({"days": []}, "year"),
        ({"year": True, "days": []}, "year"),
        ({"year": 2027}, "days"),
        ({"year": 2027, "days": [day("2027-10-32")]}, "days[0]"),
        ({"year": 2027, "days": [day("2027-10-01"), day("2029-10-01")]}, "days[1]"),
        ({"year": 2027, "days": [day("2027-10-01", "no")]}, "days[0]"),
        ({"year": 2027, "days": [day("2027-10-01"), day("2027-10-01", False)]}, "days[1]"),
        ({"year": 2027, "days": [{"date": "2027-10-01"}]}, "days[0]"),
        ({"year": 2027, "days": [day("2027-01-01")]}, "days"),
    ],
)
def test_wrong_file_is_refused_by_key(tmp_path: Path, content: Any, key: str) -> None:
    with pytest.raises(DisclosureLoadError) as caught:
        read_schedule(write(tmp_path, content))
    assert (caught.value.file, caught.value.key) == ("2027.json", key)


def test_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "2027.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(DisclosureLoadError, match="a JSON file"):
        read_schedule(path)


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="shared data set `holidays-cn` is absent")
def test_published_schedules_say_what_the_library_says() -> None:
    paths = sorted(PUBLISHED.glob("*.json"))
    assert paths
    published = [read_schedule(path) for path in paths]
    announced = [schedule for schedule in published if schedule.is_announced]
    assert announced
    calendar, installed = load_calendar(paths), installed_calendar()
    for schedule in announced:
        if schedule.year not in installed.announced_years:
            continue
        first = dt.date(schedule.year, 1, 1)
        for offset in range(365):
            date = first + dt.timedelta(days=offset)
            assert calendar.is_working_day(date) == installed.is_working_day(date), date
