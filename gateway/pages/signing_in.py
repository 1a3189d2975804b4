"""Signing in and out: which ways there are, and the way there and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.pages.site import Site, Visit, local_path, not_found, one
from gateway.pages.types import Login, SignedIn, SignInRefusedError

_DEMO = "/sign-in/demo"
_MOST_PARAMETER = 8_192


class SignInPages:
    """The pages of signing in.

    Args:
        people: invented people as whom anybody may sign in; the demonstration alone has them.
    """

    def __init__(self, site: Site, people: Sequence[SignedIn]) -> None:
        self._site = site
        self._people: Mapping[str, SignedIn] = {person.user_ref: person for person in people}

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        endpoint = self._site.endpoint
        routes: list[BaseRoute] = [
            Route("/sign-in", endpoint(self._choice)),
            Route("/sign-out", endpoint(self._out), methods=["POST"]),
            Route("/sign-in/{login}", endpoint(self._begin)),
            Route("/sign-in/{login}/return", endpoint(self._finish)),
        ]
        if self._people:
            routes.insert(0, Route(_DEMO, endpoint(self._as_invented), methods=["POST"]))
        return routes

    async def _choice(self, request: Request, visit: Visit) -> Response:
        return self._site.page(
            visit,
            "sign_in.html",
            goes_to=local_path(request.query_params.get("next")),
            logins=[login.title for login in self._site.open.logins],
            people=tuple(self._people.values()),
        )

    async def _as_invented(self, request: Request, visit: Visit) -> Response:
        form = await self._site.form(request, visit)
        person = self._people.get(one(form, "person"))
        if person is None:
            raise SignInRefusedError("nobody of this name is in the demonstration")
        return await self._site.sign_in(person, local_path(one(form, "next")))

    async def _begin(self, request: Request, visit: Visit) -> Response:
        login = self._login(request)
        goes_to = local_path(request.query_params.get("next"))
        begun = await self._site.open.sessions.begin_sign_in(
            login.title.name, visit.visitor_digest, goes_to, self._return_url(login)
        )
        return self._site.redirect(await login.begin(begun))

    async def _finish(self, request: Request, visit: Visit) -> Response:
        login = self._login(request)
        returned = {
            name: value
            for name, value in request.query_params.items()
            if len(value) <= _MOST_PARAMETER
        }
        found = await self._site.open.sessions.finish_sign_in(
            returned.pop("state", None),
            login.title.name,
            visit.visitor_digest,
            self._return_url(login),
        )
        if found is None:
            raise SignInRefusedError(
                "this sign-in was not begun in this browser, or took too long: begin it again"
            )
        begun, goes_to = found
        return await self._site.sign_in(await login.finish(begun, returned), goes_to)

    async def _out(self, request: Request, visit: Visit) -> Response:
        await self._site.form(request, visit)
        return await self._site.sign_out(visit)

    def _login(self, request: Request) -> Login:
        name = request.path_params["login"]
        login = next((each for each in self._site.open.logins if each.title.name == name), None)
        if login is None:
            raise not_found("there is no such sign-in")
        return login

    def _return_url(self, login: Login) -> str:
        return f"{self._site.base_url}/sign-in/{login.title.name}/return"
