"""Carries a query from request to response; knows no department and no law."""

__version__ = "0.1.0"
