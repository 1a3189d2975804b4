"""A department declared in TOML: who it is, where its source is, and a mapping sheet per kind.

Whoever writes these files meets official item names, national codes and their own columns; this
room turns them into a manifest, mappings and an adapter over one of the kits. A package needs

    from gateway.contract import Adapter, AdapterSettings, hookimpl
    from gateway.sources.declared import declared_department

    DEPARTMENT = declared_department(__package__)
    MANIFEST = DEPARTMENT.manifest

    @hookimpl
    def register_adapter(settings: AdapterSettings) -> Adapter:
        return DEPARTMENT.adapter(settings)
"""

from __future__ import annotations

from gateway.sources.declared.department import (
    DeclaredDepartment,
    declared_department,
    read_department,
)
from gateway.sources.declared.errors import DeclarationError
from gateway.sources.declared.kinds import SOURCE_KINDS, SourceKind
from gateway.sources.declared.sheet import KindSheet

__all__ = [
    "SOURCE_KINDS",
    "DeclarationError",
    "DeclaredDepartment",
    "KindSheet",
    "SourceKind",
    "declared_department",
    "read_department",
]
