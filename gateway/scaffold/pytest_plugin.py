"""The conformance kit as a pytest plugin: the fixture `department` of an author's package.

pytest finds it by entry point. It imports nothing of the gateway before the fixture is used.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gateway.conformance import Department

_OPTION = "--conformance-seed"
_MOST_SEEDS = 2**31


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer to draw the cases of an earlier run."""
    parser.addoption(
        _OPTION, type=int, default=secrets.randbelow(_MOST_SEEDS), help="seed of drawn cases"
    )


def pytest_report_header(config: pytest.Config) -> str | None:
    """Print the seed where the run is about a package of an author."""
    is_package = (config.rootpath / "fixtures" / "subjects.txt").is_file()
    return f"conformance seed: {config.getoption(_OPTION)}" if is_package else None


@pytest.fixture(scope="session")
def department(request: pytest.FixtureRequest) -> Iterator[Department]:
    """The package under test over its fixture, in a source under the kit's control."""
    from gateway.conformance import Department
    from gateway.scaffold.package import open_package
    from gateway.scaffold.refresh import fixture_subjects
    from gateway.scaffold.sources import tools_for

    package = open_package(request.config.rootpath)
    seed = request.config.getoption(_OPTION)
    with tools_for(package.declared().source.name).stand(package) as stand:
        keys, unknown = fixture_subjects(package)
        yield Department(
            lambda: stand.watched(package.adapter(stand.settings)),
            keys,
            unknown,
            stand.control,
            seed,
        )
