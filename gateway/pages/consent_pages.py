"""The decision about a new consent: who asks, for what, how long; granted or refused.

The answer to a granted request is a receipt, from which a link leads back to the institution: a
form that led there by itself would need another site in the policy of the page.

Source: 个人信息保护法, articles 14 (informed, voluntary, explicit), 15, 17 and 23; RFC 9126
section 4; RFC 9700 section 4.16 (clickjacking).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.entitlements.coordinates import kind_coordinate
from gateway.errors import BadRequest
from gateway.oauth.metadata import AUTHORIZATION_PATH
from gateway.oauth.types import ConsentDecision, PendingRequest
from gateway.pages.site import Form, Site, Visit, one, signed_in
from gateway.pages.types import SignedIn
from schema.records import MODEL

_MOST_PARAMETER = 512


class ConsentPages:
    """The pages on which a firm decides."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        endpoint = self._site.endpoint
        return [
            Route(AUTHORIZATION_PATH, endpoint(self._show)),
            Route(AUTHORIZATION_PATH, endpoint(self._decide), methods=["POST"]),
        ]

    async def _show(self, request: Request, visit: Visit) -> Response:
        client_id, request_uri = _asked(
            request.query_params.getlist("client_id"), request.query_params.getlist("request_uri")
        )
        # opened before anybody signs in, so that the time for signing in is given
        pending = await self._site.open.requests.open(request_uri, client_id)
        who = signed_in(visit)
        return self._site.page(
            visit,
            "decide.html",
            pending=pending,
            asked=pending.request,
            request_uri=request_uri,
            fields=_by_kind(pending),
            is_meant=not who.is_person and pending.subject in (None, who.subject_key),
        )

    async def _decide(self, request: Request, visit: Visit) -> Response:
        who = signed_in(visit)
        form = await self._site.form(request, visit)
        client_id, request_uri = _asked(form.get("client_id", []), form.get("request_uri", []))
        pending = await self._site.open.requests.open(request_uri, client_id)
        match one(form, "decision"):
            case "grant":
                return await self._grant(pending, request_uri, form, visit, who)
            case "refuse":
                url = await self._site.open.requests.refuse(request_uri)
                return self._site.page(visit, "refused.html", pending=pending, url=_safe(url))
            case _:
                raise BadRequest("FORM_MALFORMED", "a decision is to grant or to refuse")

    async def _grant(
        self, pending: PendingRequest, request_uri: str, form: Form, visit: Visit, who: SignedIn
    ) -> Response:
        optional = set(pending.request.optional_fields)
        decision = ConsentDecision(
            who.subject_key,
            who.subject_name,
            who.signer_name,
            who.is_attorney,
            who.proof,
            frozenset(optional - set(form.get("field", []))),
            who.user_ref,
        )
        receipt = await self._site.open.requests.grant(request_uri, decision, visit.request_id)
        return self._site.page(
            visit,
            "receipt.html",
            pending=pending,
            receipt=receipt,
            document=receipt.document.decode(),
            url=_safe(receipt.redirect_url),
        )


def _asked(client_ids: list[str], request_uris: list[str]) -> tuple[str, str]:
    """The client and the pushed request, each given once.

    Raises:
        BadRequest: they are not.
    """
    if len(client_ids) != 1 or len(request_uris) != 1:
        raise BadRequest(
            "AUTHORIZATION_REQUEST_NOT_PUSHED",
            "an institution pushes its request first and then names it here, by `client_id` and "
            "`request_uri`",
        )
    client_id, request_uri = client_ids[0], request_uris[0]
    if max(len(client_id), len(request_uri)) > _MOST_PARAMETER:
        raise BadRequest("AUTHORIZATION_REQUEST_NOT_PUSHED", "a parameter is too long")
    return client_id, request_uri


def _by_kind(pending: PendingRequest) -> list[tuple[str, list[tuple[str, str, str | None, bool]]]]:
    """Per kind: coordinate, official name, national code, whether it may be left out."""
    optional = frozenset(pending.request.optional_fields)
    found: dict[str, list[tuple[str, str, str | None, bool]]] = {}
    for coordinate in pending.request.query.fields:
        kind = MODEL.by_type_name[kind_coordinate(coordinate)]
        declared = kind.by_name[coordinate.partition(".")[2]].declaration
        found.setdefault(kind.declaration.name_zh, []).append(
            (coordinate, declared.name_zh, declared.national_code, coordinate in optional)
        )
    return list(found.items())


def _safe(url: str) -> str:
    """A redirect URI that was registered; never a script."""
    if urlsplit(url).scheme not in ("https", "http"):
        raise BadRequest("AUTHORIZATION_REQUEST_NOT_PUSHED", "the way back is no web address")
    return url
