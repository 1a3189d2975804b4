"""All pages, put together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.pages.consent_pages import ConsentPages
from gateway.pages.look_up_pages import PATH as ACCESS_LOG_PATH
from gateway.pages.look_up_pages import LookUpPages
from gateway.pages.my_data import MyDataPages
from gateway.pages.signing_in import SignInPages
from gateway.pages.site import OpenPages, Site
from gateway.pages.types import SignedIn

PAGE_PATHS = frozenset(
    ("/my", "/my/consents", ACCESS_LOG_PATH, "/sign-in", "/sign-out", "/authorize")
)
STYLE_PATH = "/my/pages.css"


def page_routes(
    base_url: str,
    opened: Callable[[], OpenPages],
    people: Sequence[SignedIn] = (),
) -> list[BaseRoute]:
    """Return the routes.

    Args:
        base_url: address under which people reach them.
        opened: what they stand on; asked at each request.
        people: invented people of the demonstration; none elsewhere.
    """
    site = Site(base_url, opened)
    return [
        Route(STYLE_PATH, _style),
        *SignInPages(site, people).routes(),
        *ConsentPages(site).routes(),
        *MyDataPages(site).routes(),
        *LookUpPages(site).routes(),
    ]


_STYLE = (files("gateway.pages") / "pages.css").read_bytes()
_ETAG = f'"{hashlib.sha256(_STYLE).hexdigest()[:32]}"'


async def _style(request: Request) -> Response:
    headers = {"etag": _ETAG, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == _ETAG:
        return Response(status_code=304, headers=headers)
    return Response(_STYLE, headers=headers, media_type="text/css")
