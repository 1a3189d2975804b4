"""Each numbered rule has tests of its number, or a reason; no test bears an unknown number."""

from scripts import rules_page

_RULES = {rule["id"]: rule for rule in rules_page.rules()}
_MECHANISMS = {rule.split("-")[0] for rule in _RULES}


def test_rule_has_tests_or_a_reason_and_not_both() -> None:
    tests = rules_page.tests_by_rule()
    wrong = [name for name, rule in _RULES.items() if (name in tests) == ("why_not" in rule)]
    assert wrong == []


def test_tests_bear_numbers_of_rules_that_exist() -> None:
    borne = {name for name in rules_page.tests_by_rule() if name.split("-")[0] in _MECHANISMS}
    assert borne - set(_RULES) == set()


def test_page_of_rules_is_up_to_date() -> None:
    assert rules_page.PAGE.read_text(encoding="utf-8") == rules_page.render(), "run `make docs`"
