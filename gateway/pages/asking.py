"""Runs GraphQL as who signed in, on the path of every other query: decided, recorded, bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from gateway.identity.principal import Principal
from gateway.oauth.consents import PAGES_CLIENT
from gateway.operation.types import OperationRequest
from gateway.pages.pace import PagePace
from gateway.pages.types import SignedIn
from gateway.persons.references import PersonReferences
from gateway.pipeline import Pipeline
from gateway.request import RequestFacts
from policies.model import Caller, CallerClass, Purpose

_PATIENCE_S = 5.0


class SubjectQueries:
    """Asks the pipeline on behalf of firms and persons that signed in."""

    def __init__(
        self,
        pipeline: Pipeline,
        persons: Callable[[Principal], PersonReferences],
        pace: PagePace,
        wire_time: Callable[[], str],
    ) -> None:
        """
        Args:
            persons: references of one caller.
            wire_time: the time now, `YYYY-MM-DDTHH:MM:SSZ`.
        """
        self._pipeline = pipeline
        self._persons = persons
        self._pace = pace
        self._wire_time = wire_time

    def named(self, who: SignedIn) -> str:
        """Return by what queries name who signed in: a code, or a reference of the person."""
        if not who.is_person:
            return who.subject_key
        return self._persons(_principal(who)).reference(who.subject_key)

    async def __call__(
        self, document: str, variables: Mapping[str, Any], who: SignedIn, request_id: str
    ) -> Mapping[str, Any]:
        """Return the response.

        Raises:
            TooManyRequests: RATE_LIMITED, who signed in asks too fast; nothing is on record.
            ClientError: refused, and the refusal is on record.
        """
        self._pace.take(who.subject_key)
        principal = _principal(who)
        facts = RequestFacts(
            request_id,
            "POST",
            "/my",
            # the budget of new documents is everybody's own
            who.subject_key,
            "page",
            self._wire_time(),
            time.monotonic() + _PATIENCE_S,
        )
        request = OperationRequest(document, None, dict(variables))
        answer = await self._pipeline.answer_for(principal, request, facts)
        found: Mapping[str, Any] = orjson.loads(answer.body)
        return found


def _principal(who: SignedIn) -> Principal:
    caller = Caller(CallerClass.SUBJECT, who.subject_key, Purpose.SELF_QUERY)
    return Principal(caller, PAGES_CLIENT, user_ref=who.user_ref)
