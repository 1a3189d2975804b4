"""What stands in the code column, and the rule for each thing that is no code."""

import pytest

from gateway.sources.files.code_rules import judge_code
from gateway.sources.files.refusals import Refusal, Rule
from schema.identifiers import Uscc, UsccFlag, make_uscc
from tests.plugins.market.registration_import.extracts import code_number


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (None, Rule.MISSING_CODE),
        ("无", Rule.MISSING_CODE),
        ("1.14102E+17", Rule.PRECISION_LOST),
        ("9.1410105e17", Rule.PRECISION_LOST),
        ("9E+17", Rule.PRECISION_LOST),
        ("914101051234567000", Rule.PRECISION_LOST),
        ("914101051234567890.0", Rule.PRECISION_LOST),
        ("410105000012345", Rule.OLD_REGISTRATION_NUMBER),
        ("4101052000123", Rule.OLD_REGISTRATION_NUMBER),
        ("410105NA000012X", Rule.OLD_REGISTRATION_NUMBER),
        ("企合豫郑总字第000012", Rule.OLD_REGISTRATION_NUMBER),
        ("11111111-7", Rule.ORGANISATION_CODE_ONLY),
        ("111111117", Rule.ORGANISATION_CODE_ONLY),
        ("111111118", Rule.ORGANISATION_CODE_ONLY),
        ("91410199MA9DEM028", Rule.BAD_USCC_LENGTH),
        ("（C）410105000123-", Rule.BAD_USCC_LENGTH),
        ("12345", Rule.BAD_USCC_LENGTH),
        ("H-4101050123456-12", Rule.BAD_USCC_ALPHABET),
        ("91410199MA9DEM02O8", Rule.BAD_USCC_ALPHABET),
        ("410105NA000000012X", Rule.BAD_USCC_STRUCTURE),
        ("91410199MA9DEM028H", Rule.BAD_USCC_CHECKSUM),
        ("914101051234567001", Rule.BAD_USCC_CHECKSUM),
    ],
)
def test_judge_anything_but_a_code_names_its_rule(text: str | None, rule: Rule) -> None:
    judged = judge_code(text)
    assert isinstance(judged, Refusal)
    assert judged.rule is rule
    assert text is None or text == "无" or text not in judged.reason


def test_judge_reason_of_organisation_code_tells_its_check() -> None:
    right, wrong = judge_code("111111117"), judge_code("111111118")
    assert isinstance(right, Refusal)
    assert isinstance(wrong, Refusal)
    assert "right" in right.reason
    assert "wrong" in wrong.reason


def test_judge_lower_case_code_is_accepted_and_flagged() -> None:
    code = code_number(1)
    judged = judge_code(code.lower())
    assert judged == Uscc(code, frozenset({UsccFlag.LOWER_CASE}))


def test_judge_valid_code_ending_in_zeros_has_not_lost_precision() -> None:
    # Zeros after fifteen digits, and both check characters right.
    found = [
        code
        for number in range(2000)
        if (code := _code_of_digits(number)) is not None and code.endswith("000")
    ]
    assert found
    assert all(isinstance(judge_code(code), Uscc) for code in found)


def _code_of_digits(number: int) -> str | None:
    code = make_uscc("9", "1", "410105", f"{number:07d}0").code
    return code if code.isdigit() else None
