"""The three departments' adapters over given databases, as the gateway uses them.

They are built as their packages build them, each behind its door for references of persons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.contract import Adapter, AdapterSettings
from gateway.demo.city.settings import NETWORK_KEY
from gateway.persons.door import behind_doors
from gateway.persons.network import NetworkKeys
from plugins.courts.adapter import build_adapter as courts_adapter
from plugins.courts.settings import parse_settings as courts_settings
from plugins.market.adapter import build_adapter as market_adapter
from plugins.market.settings import parse_settings as market_settings
from plugins.tax.adapter import build_adapter as tax_adapter
from plugins.tax.settings import parse_settings as tax_settings
from schema.identifiers.network_reference import NetworkKey


def adapters_at(
    urls: Mapping[str, str], keys: Sequence[NetworkKey] = (NETWORK_KEY,)
) -> Mapping[str, Adapter]:
    """Adapters by slug, not open yet.

    Args:
        keys: in force for references of persons, the newest first.
    """
    settings = {slug: AdapterSettings({"url": url, "pool_size": "4"}) for slug, url in urls.items()}
    adapters = {
        "market": market_adapter(market_settings(settings["market"])),
        "tax": tax_adapter(tax_settings(settings["tax"])),
        "courts": courts_adapter(courts_settings(settings["courts"])),
    }
    return behind_doors(adapters, NetworkKeys(keys))
