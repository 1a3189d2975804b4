"""Codes and words that many departments use, from `standard.toml`: no law, help for drafting."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from schema.model import FieldModel


@cache
def document() -> Mapping[str, Any]:
    """The file as it stands."""
    text = resources.files("gateway.scaffold").joinpath("standard.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _numbered() -> Mapping[tuple[str, ...], Mapping[str, str]]:
    """Usual native codes by the terms of the list that they belong to."""
    return {
        tuple(entry["terms"]): dict(zip(entry["native"], entry["terms"], strict=True))
        for entry in document()["codes"].values()
    }


def standard_codes(item: FieldModel) -> Mapping[str, str]:
    """Native codes with official terms: the usual numbers, else the terms themselves."""
    return _numbered().get(item.enum_terms) or {term: term for term in item.enum_terms}


def synonyms_of(field: str) -> tuple[str, ...]:
    """Other words and abbreviations for an item."""
    return tuple(document()["synonyms"]["*"].get(field, ()))


def record_id_words() -> tuple[str, ...]:
    """Words under which tables hold their records' ids."""
    return tuple(document()["synonyms"]["record_id"]["names"])


def ignored_words() -> frozenset[str]:
    """Columns that a source has for itself."""
    return frozenset(document()["ignored"]["names"])
