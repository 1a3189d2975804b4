"""The witness over HTTP: one route, bounded bodies, one request at a time."""

from __future__ import annotations

import asyncio

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.translog.notes import NoteError
from gateway.translog.witness import Witness, WitnessAnswer

LONGEST_BODY = 100_000

_log = structlog.get_logger(__name__)


def witness_app(witness: Witness) -> ASGIApp:
    """Return the application of one witness.

    Source: C2SP tlog-witness: `POST <submission prefix>/add-checkpoint`; the prefix is empty.
    """
    turn = asyncio.Lock()

    async def add_checkpoint(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return Response("the body is too long\n", 413)
        async with turn:
            try:
                answer = await asyncio.to_thread(witness.add_checkpoint, body)
            except (OSError, NoteError) as error:
                _log.error("witness_failed", error=type(error).__name__)
                answer = WitnessAnswer(500, "what was cosigned before cannot be used\n")
        _log.info("witness_answered", status=answer.status)
        return Response(answer.body, answer.status, media_type=answer.content_type)

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])


async def _body(request: Request) -> bytes | None:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            return None
    return body
