"""A start that is refused is told in a sentence; a defect keeps its traceback."""

from __future__ import annotations

import sys

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class PlainRefusals:
    """Passes everything on, and shortens what a failed start has to say.

    Args:
        expected: errors whose text is for the operator.
    """

    def __init__(self, app: ASGIApp, expected: tuple[type[Exception], ...]) -> None:
        self._app = app
        self._expected = expected

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def tell(message: Message) -> None:
            error = sys.exc_info()[1]
            if message["type"] == "lifespan.startup.failed" and isinstance(error, self._expected):
                message = {**message, "message": f"the start is refused: {error}"}
            await send(message)

        await self._app(scope, receive, tell)
