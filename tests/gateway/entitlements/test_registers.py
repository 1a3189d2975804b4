"""The registers of clients, grants and effects against a real store."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.entitlements.client import Client
from gateway.entitlements.errors import EntitlementRefusedError
from gateway.entitlements.grant import SharingGrant
from gateway.entitlements.grant_register import GrantRegister
from gateway.entitlements.registers import ClientRegister
from gateway.entitlements.states import GrantState
from gateway.store.pool import LightPool
from policies.model import CallerClass, Purpose
from schema.sharing import SharingMode
from tests.support.consents import AT
from tests.support.entries import BANK, ORGAN

GRANT = SharingGrant(
    grant_no="G-1",
    consumer=ORGAN,
    provider=ORGAN,
    catalogue_code="410100-TAX-01",
    purposes=(Purpose.INSPECTION,),
    coordinates=("TaxArrears.balance",),
    legal_basis="law, article 1",
    scenario="inspection",
    scope="firms under inspection",
    mode=SharingMode.SERVICE,
    impact_assessment="PIA-1",
    valid_until=datetime(2026, 12, 31, tzinfo=UTC),
)


async def test_put_client_twice_keeps_the_later_one(store_pool: LightPool) -> None:
    register = ClientRegister(store_pool)
    client = Client("bank-1", CallerClass.INSTITUTION, BANK, "样例银行", 10)
    await register.put(client)
    await register.put(replace(client, quota_per_day=None))
    async with store_pool.connection() as connection:
        (row,) = await connection.fetch("SELECT client_id, name, quota_per_day FROM client")
    assert tuple(row) == ("bank-1", "样例银行", None)


async def test_request_grant_of_an_unknown_field_is_refused(store_pool: LightPool) -> None:
    register = GrantRegister(store_pool)
    for coordinates in ((), ("TaxArrears",), ("TaxArrears.nothing",)):
        with pytest.raises(EntitlementRefusedError):
            await register.request(replace(GRANT, coordinates=coordinates))
    await register.request(GRANT)


async def test_change_state_of_a_grant_follows_the_table(store_pool: LightPool) -> None:
    register = GrantRegister(store_pool)
    await register.request(GRANT)
    with pytest.raises(EntitlementRefusedError, match="must exist and be ACTIVE"):
        await register.change_state("G-1", GrantState.REVOKED, AT)
    with pytest.raises(EntitlementRefusedError, match="without a reason"):
        await register.change_state("G-1", GrantState.REFUSED, AT)
    assert await register.change_state("G-1", GrantState.ACTIVE, AT) == 2
    assert await register.change_state("G-1", GrantState.REVOKED, AT) == 3
    with pytest.raises(EntitlementRefusedError):
        await register.change_state("G-1", GrantState.ACTIVE, AT)
