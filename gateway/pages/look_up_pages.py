"""Who looked at me: the lines of the log about who signed in, each with its proof."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.pages.look_ups import OTHERS_ALONE, look_ups_document, proof_file, read_look_ups
from gateway.pages.my_data import require_page
from gateway.pages.site import Site, Visit, not_found, signed_in

PATH = "/my/access-log"


class LookUpPages:
    """The pages on which who signed in sees who looked."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        endpoint = self._site.endpoint
        return [
            Route(PATH, endpoint(self._look_ups)),
            Route(f"{PATH}/{{request_id}}/proof", endpoint(self._proof)),
        ]

    async def _look_ups(self, request: Request, visit: Visit) -> Response:
        who = signed_in(visit)
        document = look_ups_document(who.is_person)
        with_own = request.query_params.get("own") == "1"
        variables: dict[str, Any] = {
            "subject": self._site.open.ask.named(who),
            "after": request.query_params.get("after"),
            "filter": None if with_own else OTHERS_ALONE,
        }
        response = await self._site.open.ask(document, variables, who, visit.request_id)
        require_page(response)
        found = read_look_ups(response, self._site.open.names)
        return self._site.page(visit, "access_log.html", found=found, with_own=with_own)

    async def _proof(self, request: Request, visit: Visit) -> Response:
        who = signed_in(visit)
        document = look_ups_document(who.is_person)
        request_id = request.path_params["request_id"]
        variables = {
            "subject": self._site.open.ask.named(who),
            "after": None,
            "filter": {"requestId": {"eq": request_id}},
        }
        response = await self._site.open.ask(document, variables, who, visit.request_id)
        content = proof_file(response, request_id)
        if content is None:
            raise not_found("there is no such look-up, or no checkpoint covers it yet")
        disposition = f'attachment; filename="proof-{request_id}.json"'
        return self._site.download(content, "application/json", disposition)
