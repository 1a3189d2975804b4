"""Errors of the declared schema; each stops the start."""

from __future__ import annotations


class SchemaDeclarationError(Exception):
    """A declaration of the schema is incomplete or contradicts another."""
