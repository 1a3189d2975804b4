"""Outside demonstrations nothing serves without administrators, and no adapter that none of them
registered is used."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.administrators import register
from gateway.administrators.adapters import register_adapters
from gateway.composition import digests_of, open_gateway, registry_of
from gateway.errors import InternalError
from gateway.settings import AdministratorSettings, Settings, load_settings
from gateway.store.connect import StoreAddress, connector
from tests.e2e.test_policy_reload import Place, place
from tests.support.administrators import three

__all__ = ["place"]


async def _begin(settings: Settings) -> None:
    connection = await connector(StoreAddress(settings.store.url))()
    # the demonstration has appointed its own, and demands none
    await connection.execute("ALTER TABLE administrator DISABLE TRIGGER USER")
    await connection.execute("DELETE FROM administrator")
    await connection.execute("DELETE FROM administration")
    await register.begin(connection, [each.appointment for each in three().values()])
    await connection.close()


async def _register(settings: Settings) -> None:
    connection = await connector(StoreAddress(settings.store.url))()
    await register_adapters(connection, digests_of(registry_of(settings)))
    await connection.close()


async def _usable(settings: Settings) -> tuple[set[str], dict[str, str]]:
    async with open_gateway(settings) as gateway:
        registry = gateway.registry
        return set(registry.adapters), {each.slug: each.reason for each in registry.quarantined}


def test_start_needs_administrators_and_registered_adapters(place: Place) -> None:
    settings = load_settings(place.config, environment={})
    settings = replace(settings, administrators=AdministratorSettings())
    with pytest.raises(InternalError, match="no administrators are appointed"):
        asyncio.run(_usable(settings))
    asyncio.run(_begin(settings))
    usable, quarantined = asyncio.run(_usable(settings))
    assert usable == set()
    assert "has not registered it" in quarantined["tax"]
    asyncio.run(_register(settings))
    usable, _ = asyncio.run(_usable(settings))
    assert {"market", "tax", "courts"} <= usable
