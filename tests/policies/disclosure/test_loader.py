"""Loading the clock's numbers: what is not understood exactly is refused, by file and key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policies.disclosure.errors import DisclosureLoadError
from policies.disclosure.loader import VERSIONS, load_clock, packaged_clock, read_version
from policies.disclosure.types import Confidence
from policies.disclosure.working_days import installed_calendar

LATEST = VERSIONS / "2026-04-01-levels.toml"


def changed(folder: Path, before: str, after: str) -> Path:
    text = LATEST.read_text(encoding="utf-8")
    assert before in text
    path = folder / "2030-01-01-new.toml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("[good]", "[better]", "better"),
        ("in-force-from = 2026-04-01", 'in-force-from = "2026-04-01"', "in-force-from"),
        ("in-force-from = 2026-04-01", "", "in-force-from"),
        ('title = "信用', 'title = 5 # "', "title"),
        ('value = "7 working days"', 'value = "7 days"', "publish.value"),
        ('value = "5 years"', "value = 5", "outer-limit.value"),
        ('value = "DECISION"', 'value = "SERVICE"', "start.value"),
        ('value = "ON_DEMAND_AFTER_EXPIRY"', 'value = "NEVER"', "archive.value"),
        ('value = ["JUDGMENT_DEFAULTER"]', 'value = ["ALL"]', "public-persons.value"),
        ('value = "UNTIL_REMOVAL"', 'value = "NEVER"', "listed.value"),
        ('value = ["TAX_ARREARS"]', 'value = ["ARREARS"]', "unlevelled-kinds.value"),
        ('value = ["TAX_ARREARS"]', 'value = "TAX_ARREARS"', "unlevelled-kinds.value"),
        ('rule = "PUB-6"', 'rule = ""', "start.rule"),
        ('confidence = "READ"', 'confidence = "SURE"', "publish-otherwise.confidence"),
        ('"3 months", rule', '"2 years", rule', "levels.GENERAL.GENERAL.least"),
        ("[levels.GENERAL.SERIOUS]", "[levels.GENERAL.WORSE]", "levels.GENERAL.WORSE"),
        ("[levels.MARKET_REGULATION.publishes-warnings]\nvalue = false", "[x]", "x"),
        ("value = false", "value = 0", "levels.MARKET_REGULATION.publishes-warnings.value"),
        ("[good]", "[good", "-"),
    ],
)
def test_wrong_file_is_refused_by_key(tmp_path: Path, before: str, after: str, key: str) -> None:
    if key == "levels.GENERAL.GENERAL.least":
        before = 'least = { value = "3 months"'
        after = 'least = { value = "2 years"'
    with pytest.raises(DisclosureLoadError) as caught:
        read_version(changed(tmp_path, before, after))
    assert (caught.value.file, caught.value.key) == ("2030-01-01-new.toml", key)
    assert caught.value.expected


def test_every_number_says_where_it_comes_from() -> None:
    for version in packaged_clock().versions:
        assert len(version.references) == 31
        for key, reference in version.references.items():
            assert reference.source, (version.name, key)
            assert isinstance(reference.confidence, Confidence)


def test_versions_are_named_for_their_day() -> None:
    for version in packaged_clock().versions:
        assert version.name.startswith(version.since.isoformat())


def test_two_versions_of_one_day_are_refused(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        shutil.copy(LATEST, tmp_path / name)
    with pytest.raises(DisclosureLoadError, match="a day of its own"):
        load_clock(tmp_path, installed_calendar())


def test_folder_without_versions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DisclosureLoadError, match="at least one"):
        load_clock(tmp_path, installed_calendar())


def test_new_version_takes_over_on_its_day(tmp_path: Path) -> None:
    shutil.copytree(VERSIONS, tmp_path, dirs_exist_ok=True)
    path = changed(tmp_path, 'value = "5 years"', 'value = "4 years"')
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("in-force-from = 2026-04-01", "in-force-from = 2030-01-01"))
    clock = load_clock(tmp_path, installed_calendar())
    assert clock.versions[-1].name == "2030-01-01-new"
    assert str(clock.periods["outer-limit"]).endswith("since 2030-01-01 for all 4 years")
