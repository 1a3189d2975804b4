"""The page of licences tells the truth about the lock, and refuses what may not be used."""

import pytest

from scripts.licences import (
    PAGE,
    LicenceError,
    Package,
    read_packages,
    render,
    require_allowed,
)


def test_page_matches_lock() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(read_packages())


@pytest.mark.parametrize(
    "licence",
    ["GPL-3.0-or-later", "AGPL-3.0-only", "MIT AND GPL-2.0-only", "Proprietary", ""],
)
def test_licence_not_allowed_is_refused(licence: str) -> None:
    with pytest.raises(LicenceError, match="is not allowed"):
        require_allowed(Package("sample", "1.0", licence, is_run_time=True))


@pytest.mark.parametrize(
    "licence",
    ["MIT", "GPL-2.0-only OR MIT", "MPL-2.0 AND (Apache-2.0 OR MIT)", "LGPL-2.1-or-later"],
)
def test_licence_allowed_is_accepted(licence: str) -> None:
    require_allowed(Package("sample", "1.0", licence, is_run_time=True))


def test_weak_copyleft_is_listed_as_unmodified() -> None:
    package = Package("sample", "1.0", "LGPL-2.1-or-later", is_run_time=True)
    assert package.use == "imported, unmodified"


def test_run_time_packages_are_told_from_development() -> None:
    is_run_time = {package.name: package.is_run_time for package in read_packages()}
    assert is_run_time["starlette"]
    assert is_run_time["graphql-core"]
    assert not is_run_time["pytest"]
    assert not is_run_time["mypy"]
