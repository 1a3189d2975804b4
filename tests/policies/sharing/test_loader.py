"""The folder of sharing: what it says, and that a defect is named."""

import datetime as dt
import re
import shutil
from pathlib import Path

import pytest

from policies.model import Caller, CallerClass, Purpose
from policies.sharing.loader import SHARING, SharingLoadError, load_sharing
from policies.sharing.model import Act, Party

SHIPPED = load_sharing()
BANK = "91410199MA9DEM028G"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("acts.toml", "clocks.toml", "consents.toml"):
        shutil.copy(SHARING / name, tmp_path / name)
    return tmp_path


def test_every_act_has_somebody_who_may_do_it() -> None:
    assert {rule.act for rule in SHIPPED.acts.rules} == set(Act)
    assert all(rule.legal_basis and rule.intent for rule in SHIPPED.acts.rules)


def test_platform_acts_for_the_institution_that_it_names() -> None:
    named = Caller(CallerClass.PLATFORM, "x", Purpose.PRE_LOAN, acting_for=BANK)
    nobody = Caller(CallerClass.PLATFORM, BANK, Purpose.PRE_LOAN)
    parties = {Party.INSTITUTION: BANK}
    rule = SHIPPED.acts.permitting(Act.FILE_LETTER, named, parties)
    assert rule is not None
    assert rule.id == "acts.platform-files"
    assert SHIPPED.acts.permitting(Act.FILE_LETTER, nobody, parties) is None
    assert SHIPPED.acts.parties(Act.FILE_LETTER, nobody) == frozenset()


def test_version_of_the_clock_is_that_of_the_day(folder: Path) -> None:
    text = (folder / "clocks.toml").read_text()
    later = text[text.index("[[version]]") :].replace("2025-08-01", "2027-01-01")
    (folder / "clocks.toml").write_text(text + "\n" + later.replace("value = 10", "value = 7"))
    sharing = load_sharing(folder)
    days = [
        sharing.clock_on(day).conditional_decision.value
        for day in (dt.date(2020, 1, 1), dt.date(2026, 12, 31), dt.date(2027, 1, 1))
    ]
    assert days == [10, 10, 7]


WRONG = {
    "missing file": ("acts.toml", None, "", "acts.toml: key `-`"),
    "no TOML": ("clocks.toml", "[[version]]", "[[version", "clocks.toml: key `-`"),
    "unknown act": ("acts.toml", '"READ_GRANT"', '"SELL_GRANT"', "rule[0].act"),
    "unknown class": ("acts.toml", '"department"', '"neighbour"', "rule[0].who"),
    "public": ("acts.toml", '"department"', '"public"', "a caller that has a token"),
    "unknown party": ("acts.toml", '"consumer"', '"friend"', "rule[0].party"),
    "no basis": ("acts.toml", "basis", "base", "rule[0].basis"),
    "repeated": ("acts.toml", '"provider-reads"', '"consumer-reads"', "no other rule has"),
    "unknown key": ("consents.toml", "[default_days]", "[x]\n[default_days]", "key `x`"),
    "zero days": ("clocks.toml", "value = 1\n", "value = 0\n", "a number from 1"),
    "text for number": ("clocks.toml", "value = 20", 'value = "20"', "a whole number"),
    "confidence": ("clocks.toml", '"verified"', '"sure"', "verified or unverified"),
    "no date": ("clocks.toml", "2025-08-01", '"2025-08-01"', "a date such as"),
    "limits crossed": ("consents.toml", "value = 366", "value = 30", "no more than"),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_defect_is_named(folder: Path, name: str) -> None:
    file, old, new, said = WRONG[name]
    path = folder / file
    if old is None:
        path.unlink()
    else:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
    with pytest.raises(SharingLoadError, match=re.escape(said)) as raised:
        load_sharing(folder)
    assert raised.value.file == file


def test_clock_that_goes_back_is_refused(folder: Path) -> None:
    text = (folder / "clocks.toml").read_text()
    (folder / "clocks.toml").write_text(text + "\n" + text[text.index("[[version]]") :])
    with pytest.raises(SharingLoadError, match="a later day"):
        load_sharing(folder)
