"""The pages that `make docs` writes are those of the code as it stands."""

import subprocess
import sys

from policies.disclosure.loader import packaged_clock
from schema.records import MODEL
from scripts import (
    adapter_contract_page,
    catalogue_page,
    commands_page,
    disclosure_page,
    errors_page,
    faults_page,
    lifecycles_page,
)


def test_catalogue_is_up_to_date() -> None:
    text = catalogue_page.PAGE.read_text(encoding="utf-8")
    assert text == catalogue_page.render(MODEL, catalogue_page.MANIFESTS), "run `make docs`"


def test_catalogue_names_every_field() -> None:
    text = catalogue_page.PAGE.read_text(encoding="utf-8")
    missing = [field.coordinate for field in MODEL.fields() if f"`{field.name}`" not in text]
    assert missing == []


def test_commands_are_up_to_date() -> None:
    # in a process of its own, because a command that was run by itself keeps that help's options
    check = [sys.executable, "-m", "scripts.commands_page", "--check"]
    found = subprocess.run(check, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr


def test_every_command_stands_on_the_page() -> None:
    text = commands_page.PAGE.read_text(encoding="utf-8")
    names = [path for path, _ in commands_page.commands()]
    assert len(names) > 10
    assert [name for name in names if f"\n## {name}\n" not in text] == []


def test_contract_of_an_adapter_is_up_to_date() -> None:
    text = adapter_contract_page.PAGE.read_text(encoding="utf-8")
    assert text == adapter_contract_page.render(), "run `make docs`"


def test_disclosure_numbers_are_up_to_date() -> None:
    text = disclosure_page.PAGE.read_text(encoding="utf-8")
    assert text == disclosure_page.render(packaged_clock()), "run `make docs`"


def test_list_of_error_codes_is_up_to_date() -> None:
    text = errors_page.PAGE.read_text(encoding="utf-8")
    assert text == errors_page.render(), "run `make docs`"


def test_life_cycles_are_up_to_date() -> None:
    text = lifecycles_page.PAGE.read_text(encoding="utf-8")
    assert text == lifecycles_page.render(), "run `make docs`"


def test_faults_are_up_to_date() -> None:
    text = faults_page.PAGE.read_text(encoding="utf-8")
    assert text == faults_page.render(), "run `make docs`"
