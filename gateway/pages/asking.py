"""Runs GraphQL as a firm, on the path of every other query: decided, recorded, bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from gateway.identity.principal import Principal
from gateway.oauth.consents import PAGES_CLIENT
from gateway.operation.types import OperationRequest
from gateway.pages.types import SignedIn
from gateway.pipeline import Pipeline
from gateway.request import RequestFacts
from policies.model import Caller, CallerClass, Purpose

_PATIENCE_S = 5.0


class FirmQueries:
    """Asks the pipeline on behalf of firms that signed in."""

    def __init__(self, pipeline: Pipeline, wire_time: Callable[[], str]) -> None:
        """
        Args:
            wire_time: the time now, `YYYY-MM-DDTHH:MM:SSZ`.
        """
        self._pipeline = pipeline
        self._wire_time = wire_time

    async def __call__(
        self, document: str, variables: Mapping[str, Any], who: SignedIn, request_id: str
    ) -> Mapping[str, Any]:
        """Return the response.

        Raises:
            ClientError: refused, and the refusal is on record.
        """
        caller = Caller(CallerClass.SUBJECT, who.subject_key, Purpose.SELF_QUERY)
        principal = Principal(caller, PAGES_CLIENT, user_ref=who.user_ref)
        facts = RequestFacts(
            request_id,
            "POST",
            "/my",
            # the budget of new documents is each firm's own
            who.subject_key,
            "page",
            self._wire_time(),
            time.monotonic() + _PATIENCE_S,
        )
        request = OperationRequest(document, None, dict(variables))
        answer = await self._pipeline.answer_for(principal, request, facts)
        found: Mapping[str, Any] = orjson.loads(answer.body)
        return found
