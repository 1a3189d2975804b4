"""Kits that turn a declarative mapping into an adapter."""
