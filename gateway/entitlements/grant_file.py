"""Requests for grants from TOML files."""

from __future__ import annotations

from gateway.entitlements.grant_desk import GrantWish
from gateway.entitlements.toml_items import Items, member
from policies.model import Purpose
from schema.sharing import SharingMode


def read_wish_file(text: str) -> GrantWish:
    """Read a request; members as in `GrantWish`, times with an offset from UTC.

    Raises:
        EntitlementRefusedError: an item is missing, unknown or of the wrong kind.
    """
    items = Items.of_text("request", text)
    wish = GrantWish(
        provider=items.text("provider"),
        catalogue_code=items.text("catalogue_code"),
        purposes=tuple(member("purposes", code, Purpose) for code in items.texts("purposes")),
        coordinates=items.texts("coordinates"),
        legal_basis=items.text("legal_basis"),
        scenario=items.text("scenario"),
        scope=items.text("scope"),
        mode=items.member("mode", SharingMode) if items.has("mode") else SharingMode.SERVICE,
        impact_assessment=items.text("impact_assessment"),
        impact_assessed_on=items.day("impact_assessed_on"),
        valid_until=items.time("valid_until"),
    )
    items.check_all_read()
    return wish
