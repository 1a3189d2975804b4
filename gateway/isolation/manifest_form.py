"""Manifests as JSON values, following the declarations of the contract, and back.

Only plain fields pass: texts, numbers, truth values, members of the schema's code lists, tuples of
these and of dataclasses of such fields. A field of the contract of another type stops the import.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from enum import Enum
from functools import partial
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from gateway.contract import CatalogueEntry, Manifest

MOST_TEXT = 10_000
_Reader = Callable[[Any], Any]


class NoManifest(Exception):
    """What was sent is no manifest; the text says which field has another form."""


def manifest_form(manifest: object) -> object:
    """The manifest as JSON values.

    Raises:
        NoManifest: it is none, or a field holds something else than the contract says.
    """
    if not isinstance(manifest, Manifest):
        raise NoManifest("`manifest` is no Manifest")
    form = _form(manifest)
    read_manifest(form)
    return form


def read_manifest(form: object) -> Manifest:
    """The manifest that a form describes.

    Raises:
        NoManifest: it describes none.
    """
    manifest: Manifest = _read_dataclass(Manifest, form)
    return manifest


def _form(value: Any) -> Any:
    if isinstance(value, Manifest | CatalogueEntry):
        return {each.name: _form(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_form(each) for each in value]
    return value


def _read_dataclass(made: type[Any], form: object) -> Any:
    readers = _READERS[made]
    if type(form) is not dict or form.keys() != readers.keys():
        raise NoManifest(f"`{made.__name__}` has other fields")
    values = {}
    for name, read in readers.items():
        try:
            values[name] = read(form[name])
        except ValueError as error:
            raise NoManifest(f"`{made.__name__}.{name}` has another form") from error
    return made(**values)


def _reader(hint: Any) -> _Reader:
    """How a value of a declared type is read; raises ValueError for any other value."""
    if get_origin(hint) is tuple:
        inner, dots = get_args(hint)
        if dots is Ellipsis:
            return partial(_read_tuple, _reader(inner))
    if get_origin(hint) in (UnionType, Union):
        kinds = [each for each in get_args(hint) if each is not NoneType]
        if len(kinds) == 1:
            return partial(_read_optional, _reader(kinds[0]))
    if hint in (str, int, bool):
        return partial(_read_plain, hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if hint is CatalogueEntry:
        return partial(_read_dataclass, CatalogueEntry)
    raise TypeError(f"fields of type `{hint}` have no form yet")


def _read_plain(kind: type, value: Any) -> Any:
    if type(value) is not kind or (isinstance(value, str) and len(value) > MOST_TEXT):
        raise ValueError
    return value


def _read_optional(read: _Reader, value: Any) -> Any:
    return None if value is None else read(value)


def _read_tuple(read: _Reader, value: Any) -> Any:
    if type(value) is not list:
        raise ValueError
    return tuple(read(each) for each in value)


_READERS: dict[type[Any], dict[str, _Reader]] = {
    made: {
        each.name: _reader(hints[each.name])
        for hints in (get_type_hints(made),)
        for each in fields(made)
    }
    for made in (CatalogueEntry, Manifest)
}
