"""What the local issuer gives, and what the validator makes of it."""

import pytest

from gateway.errors import InternalError, Unauthenticated
from gateway.identity.issuer import LocalIssuer, TokenRequest
from gateway.identity.keys import generate_key
from policies.model import Caller, CallerClass, Purpose
from tests.gateway.identity.conftest import AUDIENCE, ISSUER, ByHeader, SetClock

REQUEST = TokenRequest(
    Caller(CallerClass.ASSOCIATION, "91410199MA9DEM028G", Purpose.PRE_LOAN), "bank-1"
)


@pytest.mark.parametrize("lifetime_s", [0, -1, 301])
def test_mint_lifetime_out_of_range_is_refused(issuer: LocalIssuer, lifetime_s: int) -> None:
    with pytest.raises(InternalError):
        issuer.mint(REQUEST, lifetime_s)


def test_mint_demo_token_is_accepted_only_under_demo_rules(clock: SetClock) -> None:
    key = generate_key()
    demo = LocalIssuer(ISSUER, AUDIENCE, key, clock, lambda: "t", is_demo=True)
    usual = LocalIssuer(ISSUER, AUDIENCE, key, clock, lambda: "t")
    header = f"Bearer {demo.mint(REQUEST, 24 * 3600)}"
    assert ByHeader(demo.token_rules(), clock).take(header).client_id == "bank-1"
    with pytest.raises(Unauthenticated):
        ByHeader(usual.token_rules(), clock).take(header)
