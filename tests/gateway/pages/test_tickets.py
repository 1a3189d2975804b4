"""Tickets of sign-ins: only a whole, fresh one from the right program for this browser is good."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from gateway.pages.tickets import TicketLogin, TicketRules
from gateway.pages.types import Begun, LoginTitle, SignInRefusedError
from gateway.persons.network import NetworkKeys
from schema.identifiers.network_reference import NETWORK_KEY_BYTES, NetworkKey

NOW = 1_800_000_000
FIRM = "91410199MA9DEM01XG"
KEY = OKPKey.generate_key("Ed25519", private=True)
OTHER = OKPKey.generate_key("Ed25519", private=True)
RULES = TicketRules(
    LoginTitle("licence", "电子营业执照", "Electronic business licence"),
    "https://licence.example/begin?from=credit",
    "bridge",
    "https://gateway.example",
    OKPKey.import_key(KEY.as_dict(private=False)),
)
BEGUN = Begun("s" * 43, "n" * 43, "v" * 43, "https://gateway.example/sign-in/licence/return")
GOOD: dict[str, Any] = {
    "iss": "bridge",
    "aud": "https://gateway.example",
    "iat": NOW,
    "exp": NOW + 60,
    "state": BEGUN.state,
    "sub": "person-1",
    "uscc": FIRM,
    "subject_name": "样例机械有限公司",
    "signer_name": "样例人",
    "role": "LEGAL_REPRESENTATIVE",
}


def ticket(key: OKPKey = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    head = {"alg": "Ed25519", "typ": "sign-in+jwt", **(header or {})}
    return jwt.encode(head, claims, key, algorithms=["Ed25519"])


def login() -> TicketLogin:
    return TicketLogin(RULES, lambda: float(NOW))


async def test_the_browser_is_sent_with_the_way_back_and_the_state() -> None:
    url = await login().begin(BEGUN)
    assert url.startswith("https://licence.example/begin?from=credit&return=https%3A%2F%2Fgateway")
    assert url.endswith(f"&state={BEGUN.state}")


async def test_a_good_ticket_says_who_acts_for_which_firm() -> None:
    who = await login().finish(BEGUN, {"ticket": ticket()})
    assert (who.subject_key, who.signer_name, who.is_attorney) == (FIRM, "样例人", False)
    assert "person-1" not in who.user_ref


async def test_an_attorney_names_its_document() -> None:
    who = await login().finish(BEGUN, {"ticket": ticket(role="ATTORNEY", proof="授委1号")})
    assert (who.is_attorney, who.proof) == (True, "授委1号")


async def test_the_same_person_has_the_same_reference_and_another_one_another() -> None:
    first, again = [await login().finish(BEGUN, {"ticket": ticket()}) for _ in range(2)]
    other = await login().finish(BEGUN, {"ticket": ticket(sub="person-2")})
    assert first.user_ref == again.user_ref != other.user_ref


NETWORK = NetworkKeys([NetworkKey.from_bytes(bytes(range(NETWORK_KEY_BYTES)))])
INSIDE = "P:" + "5e" * 16
OUTSIDE = f"P:{NETWORK.references(INSIDE)[0]}"
PERSON: dict[str, Any] = {"uscc": ..., "subject_name": ..., "role": ..., "person": OUTSIDE}


def login_of_persons() -> TicketLogin:
    return TicketLogin(RULES, lambda: float(NOW), NETWORK.key_of_named)


async def test_a_person_comes_for_itself_by_its_network_reference() -> None:
    who = await login_of_persons().finish(BEGUN, {"ticket": ticket(**PERSON)})
    assert (who.subject_key, who.is_person, who.subject_name) == (INSIDE, True, "样例人")
    assert not who.is_attorney


WRONG_PERSONS: dict[str, dict[str, Any]] = {
    "under another key": {"person": "P:" + "0" * 64},
    "by the key inside": {"person": INSIDE},
    "without its prefix": {"person": OUTSIDE.removeprefix("P:")},
    "in capitals": {"person": OUTSIDE.upper()},
    "by a document number": {"person": "11010519491231002X"},
    "by a list": {"person": [OUTSIDE]},
    "without a name": {"signer_name": ...},
    "without a subject": {"sub": ...},
}


@pytest.mark.parametrize("name", WRONG_PERSONS)
async def test_no_person_is_signed_in_who_is_named(name: str) -> None:
    wrong = ticket(**{**PERSON, **WRONG_PERSONS[name]})
    with pytest.raises(SignInRefusedError):
        await login_of_persons().finish(BEGUN, {"ticket": wrong})


async def test_a_person_and_a_firm_at_once_is_the_firms_representative() -> None:
    who = await login_of_persons().finish(BEGUN, {"ticket": ticket(person=OUTSIDE)})
    assert (who.subject_key, who.is_person) == (FIRM, False)


async def test_without_network_keys_no_person_signs_in() -> None:
    with pytest.raises(SignInRefusedError):
        await login().finish(BEGUN, {"ticket": ticket(**PERSON)})


BAD: dict[str, str] = {
    "none": "",
    "no JWT": "a.b.c",
    "of another key": ticket(OTHER),
    "of another type": ticket(header={"typ": "JWT"}),
    "too long": ticket(subject_name="x" * 9_000),
    "of another issuer": ticket(iss="somebody"),
    "for another gateway": ticket(aud="https://other.example"),
    "for several gateways": ticket(aud=["https://gateway.example"]),
    "of another sign-in": ticket(state="t" * 43),
    "without a state": ticket(state=...),
    "without an end": ticket(exp=...),
    "that ended": ticket(iat=NOW - 100, exp=NOW - 6),
    "from the future": ticket(iat=NOW + 6, exp=NOW + 60),
    "good for too long": ticket(exp=NOW + 121),
    "that ends before it begins": ticket(exp=NOW),
    "with times as text": ticket(exp=str(NOW + 60)),
    "without a firm": ticket(uscc=...),
    "with a wrong code": ticket(uscc="91410199MA9DEM01XX"),
    "without a person": ticket(sub=...),
    "without a name": ticket(signer_name="  "),
    "with a name that is a list": ticket(signer_name=["样例人"]),
    "without a role": ticket(role=...),
    "with another role": ticket(role="OWNER"),
    "of a natural person for itself": ticket(role="SELF"),
    "of an attorney without a document": ticket(role="ATTORNEY"),
}


@pytest.mark.parametrize("name", BAD)
async def test_nobody_is_signed_in_by_a_ticket(name: str) -> None:
    with pytest.raises(SignInRefusedError):
        await login().finish(BEGUN, {"ticket": BAD[name]})


async def test_nobody_is_signed_in_by_an_unsigned_ticket() -> None:
    head, claims, _ = ticket().split(".")
    with pytest.raises(SignInRefusedError):
        await login().finish(BEGUN, {"ticket": f"{head}.{claims}."})
