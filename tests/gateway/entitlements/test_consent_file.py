"""Consents read from files."""

import re
from datetime import timedelta

import pytest

from gateway.entitlements.consent import check_consent
from gateway.entitlements.consent_file import read_consent
from gateway.entitlements.errors import EntitlementRefusedError
from policies.model import Purpose
from schema.codes import RecordKind

GOOD = f"""
subject_key = "92410199MA9DEM0368"
authoriser_name = "样例商行"
purpose = "PRE_LOAN"
record_kinds = ["TAXPAYER_CREDIT"]
coordinates = ["TaxpayerCredit.grade"]
is_one_off = false
valid_from = 2026-01-01T00:00:00+08:00
valid_to = 2027-01-01T00:00:00+08:00

[institution]
uscc = "91410199MA9DEM028G"
name = "样例银行"
licence_no = "B0000S000000000"
contact = "0371-00000000"

[conditions]
processing = "automated query"
retention = "90 days"
restrictions = "no other use"
how_to_withdraw = "in writing"
bans_other_use = true
bans_onward_supply = true

[signature]
signer_name = "样例人"
signer_role = "ATTORNEY"
proof = "power of attorney 7"
form = "WET_INK_SCAN"
signed_at = 2025-12-31T10:00:00+08:00
document_sha256 = "{"ab" * 32}"
"""


def test_read_consent_takes_every_item() -> None:
    consent = read_consent(GOOD, 365)
    check_consent(consent)
    assert (consent.purpose, consent.record_kinds) == (
        Purpose.PRE_LOAN,
        (RecordKind.TAXPAYER_CREDIT,),
    )
    assert consent.valid_from.isoformat() == "2026-01-01T00:00:00+08:00"
    assert consent.signature.proof == "power of attorney 7"
    assert consent.institution.name == "样例银行"


@pytest.mark.parametrize("line", [line for line in GOOD.splitlines() if " = " in line])
def test_read_consent_without_an_item_names_it(line: str) -> None:
    item = line.partition(" = ")[0]
    without = GOOD.replace(line + "\n", "")
    if item == "proof":
        with pytest.raises(EntitlementRefusedError, match="attorney"):
            check_consent(read_consent(without, 365))
    elif item == "valid_to":
        consent = read_consent(without, 30)
        assert consent.valid_to - consent.valid_from == timedelta(days=30)
    else:
        with pytest.raises(EntitlementRefusedError, match=item):
            read_consent(without, 365)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("PRE_LOAN", "CURIOSITY", "`purpose` is `CURIOSITY`"),
        ('["TAXPAYER_CREDIT"]', '["TAX"]', "`record_kinds` is `TAX`"),
        ('["TAXPAYER_CREDIT"]', '"TAXPAYER_CREDIT"', "`record_kinds` is no list"),
        ('["TaxpayerCredit.grade"]', "[7]", "`coordinates` is no list of texts"),
        ("is_one_off = false", "is_one_off = 0", "`is_one_off` is no true or false"),
        ("2026-01-01T00:00:00+08:00", "2026-01-01T00:00:00", "`valid_from` has no offset"),
        ("2026-01-01T00:00:00+08:00", '"2026-01-01"', "`valid_from` is no time"),
        ("ab" * 32, "xy", "`signature.document_sha256` is not hexadecimal"),
        ('"样例人"', '" "', "`signature.signer_name` is empty"),
        ("ATTORNEY", "FRIEND", "`signature.signer_role` is `FRIEND`"),
        ('name = "样例银行"', 'name = "样例银行"\nfax = "1"', "no item `institution.fax`"),
        ("is_one_off = false", "is_one_off = false\nfee = 1", "no item `fee`"),
        ("is_one_off = false", "is_one_off", "no TOML"),
    ],
)
def test_read_consent_wrong_item_is_refused_with_its_name(old: str, new: str, message: str) -> None:
    with pytest.raises(EntitlementRefusedError, match=re.escape(message)):
        read_consent(GOOD.replace(old, new), 365)
