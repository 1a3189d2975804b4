"""My data: what is held about the firm or person, a firm's consents with withdrawal and notices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.errors import BadRequest, Unavailable
from gateway.pages.records import (
    overview_document,
    read_records,
    records_document,
    silent_departments,
)
from gateway.pages.site import Site, Visit, not_found, one, signed_in
from gateway.pages.types import SignedIn
from schema.sharing import ConsentState

_MOST_REASON = 200
_NOTICES = """
query MyNotices { notifications(first: 20) { at kind consentNo institutionName purpose } }
"""
_CONSENTS = """
query MyConsents { consents(first: 100) {
  consentNo state institutionName purpose isOneOff validFrom validTo isLetter } }
"""
_CONSENT = """
query MyConsent { consents(first: 100) {
  consentNo state institution institutionName institutionLicenceNo institutionContact purpose
  recordKinds fields isOneOff validFrom validTo processing retention restrictions howToWithdraw
  signerName signerRole form signedAt documentSha256 isLetter history { at act state reason } } }
"""
_WITHDRAW = """
mutation Withdraw($no: String!, $reason: String) {
  withdrawConsent(consentNo: $no, reason: $reason) { consentNo state } }
"""
_MAY_END = frozenset({ConsentState.ACTIVE, ConsentState.SIGNED, ConsentState.USED_UP})


class MyDataPages:
    """The pages of a firm, or a person, that signed in."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        endpoint = self._site.endpoint
        return [
            Route("/my", endpoint(self._overview)),
            Route("/my/records/{field}", endpoint(self._records)),
            Route("/my/consents", endpoint(self._consents)),
            Route("/my/consents/{number}", endpoint(self._consent)),
            Route("/my/consents/{number}/withdraw", endpoint(self._withdraw), methods=["POST"]),
        ]

    async def _overview(self, _: Request, visit: Visit) -> Response:
        who = signed_in(visit)
        ask, shelves = self._site.open.ask, self._site.open.shelves_of(who)
        document = overview_document(shelves, who.is_person)
        response = await ask(document, {"subject": ask.named(who)}, who, visit.request_id)
        subject = (response.get("data") or {}).get("subject") or {}
        # notices are about consents, which firms give
        notices: Sequence[Mapping[str, Any]] = ()
        if not who.is_person:
            notices = _data(await ask(_NOTICES, {}, who, visit.request_id), "notifications")
        shown = [
            (shelf, (subject.get(shelf.field) or {}).get("totalCount") if shelf.is_list else None)
            for shelf in shelves
        ]
        return self._site.page(
            visit,
            "overview.html",
            shelves=shown,
            registration=subject.get("registration") or {},
            notices=notices,
            silent=silent_departments(response),
        )

    async def _records(self, request: Request, visit: Visit) -> Response:
        who = signed_in(visit)
        name = request.path_params["field"]
        ask, shelves = self._site.open.ask, self._site.open.shelves_of(who)
        shelf = next((each for each in shelves if each.field == name), None)
        if shelf is None:
            raise not_found("there is no such kind of records")
        variables: dict[str, Any] = {"subject": ask.named(who)}
        if shelf.is_list:
            variables["after"] = request.query_params.get("after")
        document = records_document(shelf, who.is_person)
        response = await ask(document, variables, who, visit.request_id)
        require_page(response)
        found = read_records(shelf, response)
        return self._site.page(visit, "records.html", shelf=shelf, found=found)

    async def _consents(self, _: Request, visit: Visit) -> Response:
        who = _for_firm(visit)
        found = _data(await self._site.open.ask(_CONSENTS, {}, who, visit.request_id), "consents")
        return self._site.page(visit, "consents.html", consents=found)

    async def _consent(self, request: Request, visit: Visit) -> Response:
        consent = await self._own_consent(request, visit)
        may_end = ConsentState[consent["state"]] in _MAY_END
        return self._site.page(visit, "consent.html", consent=consent, may_end=may_end)

    async def _withdraw(self, request: Request, visit: Visit) -> Response:
        who = _for_firm(visit)
        form = await self._site.form(request, visit)
        reason = one(form, "reason").strip()
        if len(reason) > _MOST_REASON:
            raise BadRequest("FORM_MALFORMED", f"a reason has at most {_MOST_REASON} characters")
        number = request.path_params["number"]
        variables = {"no": number, "reason": reason or None}
        response = await self._site.open.ask(_WITHDRAW, variables, who, visit.request_id)
        if not (response.get("data") or {}).get("withdrawConsent"):
            raise refused(response)
        return self._site.redirect(f"/my/consents/{number}")

    async def _own_consent(self, request: Request, visit: Visit) -> Mapping[str, Any]:
        who = _for_firm(visit)
        found = _data(await self._site.open.ask(_CONSENT, {}, who, visit.request_id), "consents")
        number = request.path_params["number"]
        consent = next((each for each in found if each["consentNo"] == number), None)
        if consent is None:
            raise not_found("there is no such consent of yours")
        return consent


def _for_firm(visit: Visit) -> SignedIn:
    """Who signed in, for pages about consents, which firms give."""
    who = signed_in(visit)
    if who.is_person:
        raise not_found("consents are given by firms")
    return who


def _data(response: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = (response.get("data") or {}).get(name)
    if found is None:
        raise refused(response)
    result: Sequence[Mapping[str, Any]] = found
    return result


def require_page(response: Mapping[str, Any]) -> None:
    """Raise unless a response shows a page of a list.

    Raises:
        BadRequest: refused, or the cursor of the page is none of this list.
    """
    codes = {error.get("extensions", {}).get("code", "") for error in response.get("errors", ())}
    if response.get("data") is None or any(code.startswith("CURSOR_") for code in codes):
        raise refused(response)


def refused(response: Mapping[str, Any]) -> BadRequest | Unavailable:
    """Return the first error of a response, for a person."""
    for error in response.get("errors", ()):
        code = error.get("extensions", {}).get("code", "BAD_REQUEST")
        return BadRequest(code, error["message"])
    return Unavailable("SOURCE_DOWN", "the data cannot be shown now: try again later")
