"""From an entry point to the adapter its package makes, wherever that happens to run.

Imports the package: call it in the gateway's process for packages that are trusted there only.
"""

from __future__ import annotations

import re
from importlib import import_module, resources
from importlib.metadata import EntryPoint
from importlib.resources.abc import Traversable
from inspect import getattr_static
from typing import Any

import pluggy

from gateway.contract import AdapterSettings, Manifest, hookspecs

_RULE_FILE = re.compile(r"[a-z0-9_-]{1,60}\.toml")
_ADAPTER_MEMBERS = ("manifest", "open", "aclose", "health", "fetch")


class LoadingFailed(Exception):
    """A package made no adapter; the text is the reason, for operators.

    Attributes:
        manifest: what stands beside the hook, if anything does.
    """

    def __init__(self, reason: str, manifest: Manifest | None = None) -> None:
        super().__init__(reason)
        self.manifest = manifest


class RulesUnreadable(Exception):
    """The rule file that a manifest names cannot be read; the text is the reason."""


def load_adapter(point: EntryPoint, settings: AdapterSettings) -> Any:
    """Import the package, call its hook, and return what has the members of an adapter.

    Raises:
        LoadingFailed: anything went wrong.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    package: object = None
    try:
        package = point.load()
        manager.register(package, name=point.name)
        manager.check_pending()
        adapter = manager.hook.register_adapter(settings=settings)
    except Exception as error:
        reason = f"loading failed: {type(error).__name__}: {error}"
        raise LoadingFailed(reason, _beside_the_hook(package)) from error
    # Looked up without running anything of the package, such as its `manifest`.
    if not all(getattr_static(adapter, name, None) is not None for name in _ADAPTER_MEMBERS):
        raise LoadingFailed("`register_adapter` returned no adapter", _beside_the_hook(package))
    return adapter


def _beside_the_hook(package: object) -> Manifest | None:
    manifest = getattr(package, "MANIFEST", None)
    return manifest if isinstance(manifest, Manifest) else None


def find_rules(manifest: Manifest, module: str) -> Traversable | None:
    """The rule file of an imported package; None if its manifest names none.

    Raises:
        RulesUnreadable: it is not there, or its name is none.
    """
    name = manifest.rules
    if not name:
        return None
    if not isinstance(name, str) or not _RULE_FILE.fullmatch(name):
        raise RulesUnreadable(
            f"the manifest names rules `{name}`, expected a file `NAME.toml` of the package"
        )
    try:
        # A hook in a single module has its files beside the module.
        package = import_module(module).__package__ or ""
        file = resources.files(package).joinpath(name)
        file.read_text("utf-8")
    except (OSError, UnicodeDecodeError, ValueError, TypeError) as error:
        reason = f"rules `{name}` of the package cannot be read: {type(error).__name__}"
        raise RulesUnreadable(reason) from error
    return file
