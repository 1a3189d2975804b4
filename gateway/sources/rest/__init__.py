"""REST kit: departments that answer over HTTP with JSON."""

from __future__ import annotations

from gateway.sources.rest.adapter import RestAdapter
from gateway.sources.rest.mapping import (
    ByKeys,
    Changed,
    Choice,
    Endpoint,
    Listing,
    OnePage,
    PageNumbers,
    PageTokens,
    Range,
    Resource,
    RestApi,
)
from gateway.sources.rest.settings import rest_source
from gateway.sources.rest.source import ClientCredentials, RestSource

__all__ = [
    "ByKeys",
    "Changed",
    "Choice",
    "ClientCredentials",
    "Endpoint",
    "Listing",
    "OnePage",
    "PageNumbers",
    "PageTokens",
    "Range",
    "Resource",
    "RestAdapter",
    "RestApi",
    "RestSource",
    "rest_source",
]
