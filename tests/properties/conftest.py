"""Fixtures of other rooms: a database with odd tables."""

from tests.gateway.sources.conftest import odd

__all__ = ["odd"]
