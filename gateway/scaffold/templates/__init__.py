"""Texts of a new package; no code."""
