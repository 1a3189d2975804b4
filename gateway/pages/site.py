"""What every page does: who visits, what a form must bring, headers, templates.

Forms carry a token that follows from the visitor's cookie: another site can neither read the one
nor compute the other. Cookies are kept from scripts and from requests that other sites start.

Source: RFC 6265bis (`__Host-`, `SameSite`); W3C Content Security Policy Level 3; OWASP
Cross-Site Request Forgery Prevention (signed double submit).
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jinja2
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from gateway.errors import BadRequest, ClientError, Refused
from gateway.oauth.authorization import AuthorizationRequests
from gateway.pages.records import Shelf
from gateway.pages.sessions import Sessions, digest_of, new_secret
from gateway.pages.shown import FILTERS
from gateway.pages.types import AskAsSubject, Login, NamesOrganisations, SignedIn

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
}
_MOST_FORM_BYTES = 32_768
_MOST_FORM_FIELDS = 300
_TRUSTED_SITES = frozenset({None, "same-origin", "none"})

_SAID = {
    400: "所提交的内容无法办理，请核对后重试。",
    403: "不允许此项操作。",
    404: "没有此页面或内容，或者已经失效。",
    429: "操作过于频繁，请稍后再试。",
    503: "暂时无法办理，请稍后再试。",
}

Form = Mapping[str, list[str]]
View = Callable[[Request, "Visit"], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class OpenPages:
    """What the pages stand on once the gateway is open.

    Attributes:
        logins: other systems at which people sign in.
        shelves, person_shelves: kinds of records that are shown to firms and to persons.
        names: of organisations that looked.
    """

    sessions: Sessions
    ask: AskAsSubject
    requests: AuthorizationRequests
    logins: tuple[Login, ...]
    shelves: tuple[Shelf, ...]
    person_shelves: tuple[Shelf, ...]
    names: NamesOrganisations

    def shelves_of(self, who: SignedIn) -> tuple[Shelf, ...]:
        """Kinds of records that can be held about who signed in."""
        return self.person_shelves if who.is_person else self.shelves


@dataclass(frozen=True, slots=True)
class Visit:
    """Who sends a request.

    Attributes:
        visitor: secret of the visitor's cookie; new where there was none.
        is_new: the cookie has to be set.
        session: secret of the session's cookie, if any.
        who: who is signed in.
    """

    request_id: str
    visitor: str
    is_new: bool
    session: str | None
    who: SignedIn | None

    @property
    def visitor_digest(self) -> bytes:
        digest = digest_of(self.visitor)
        assert digest is not None
        return digest

    @property
    def form_token(self) -> str:
        """What a form has to bring."""
        secret = self.session if self.who is not None and self.session else self.visitor
        made = hmac.digest(secret.encode(), b"credit-gateway form", hashlib.sha256)
        return urlsafe_b64encode(made).rstrip(b"=").decode()


class SignInNeededError(Exception):
    """The page is for people who signed in."""


class Site:
    """Turns views into endpoints."""

    def __init__(self, base_url: str, opened: Callable[[], OpenPages]) -> None:
        """
        Args:
            base_url: address under which people reach the pages; an https URL without a path, or
                http on a loopback address.
            opened: what is open; asked at each request.
        """
        self.base_url = base_url
        self._opened = opened
        self._is_secure = base_url.startswith("https://")
        prefix = "__Host-" if self._is_secure else ""
        self._visitor_cookie, self._session_cookie = f"{prefix}visitor", f"{prefix}session"
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("gateway.pages"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(FILTERS)

    @property
    def open(self) -> OpenPages:
        """What is open."""
        return self._opened()

    def endpoint(self, view: View) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint; client errors become pages."""

        async def respond(request: Request) -> Response:
            visit = await self._visit(request)
            try:
                response = await view(request, visit)
            except SignInNeededError:
                response = self.redirect(f"/sign-in?{_next(request)}")
            except ClientError as error:
                response = self._refusal(visit, error)
            except ClientDisconnect:
                response = Response(status_code=400)
            if visit.is_new:
                self._set(response, self._visitor_cookie, visit.visitor)
            return response

        return respond

    def page(self, visit: Visit, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page."""
        body = self._templates.get_template(template).render(
            who=visit.who, form_token=visit.form_token, **values
        )
        return Response(body, status, _HEADERS, "text/html")

    def download(self, content: bytes, media_type: str, disposition: str) -> Response:
        """Return a file that the browser keeps."""
        headers = {**_HEADERS, "content-disposition": disposition}
        return Response(content, 200, headers, media_type)

    def _refusal(self, visit: Visit, error: ClientError) -> Response:
        said = _SAID.get(error.status, _SAID[400])
        return self.page(
            visit,
            "error.html",
            status=error.status,
            said=said,
            code=error.code,
            text=error.message,
        )

    def redirect(self, url: str) -> Response:
        """Send the browser on, with GET."""
        return RedirectResponse(url, 303, {"cache-control": "no-store"})

    async def form(self, request: Request, visit: Visit) -> Form:
        """Read a form that one of our own pages sent.

        Raises:
            BadRequest: it is no form of ours.
            Refused: FORM_NOT_OURS, it was sent from elsewhere, or the session is another.
        """
        # browsers that tell the site hide the origin, since pages send no referrer
        site, origin = (request.headers.get(name) for name in ("sec-fetch-site", "origin"))
        if site not in _TRUSTED_SITES or (site is None and origin not in (None, self.base_url)):
            raise _not_ours()
        form = await _read_form(request)
        if not hmac.compare_digest(one(form, "form_token"), visit.form_token):
            raise _not_ours()
        return form

    async def sign_in(self, who: SignedIn, goes_to: str) -> Response:
        """Begin a session, and go on."""
        response = self.redirect(goes_to)
        self._set(response, self._session_cookie, await self.open.sessions.add(who))
        return response

    async def sign_out(self, visit: Visit) -> Response:
        """End the session."""
        await self.open.sessions.end(visit.session)
        response = self.redirect("/sign-in")
        response.delete_cookie(
            self._session_cookie, secure=self._is_secure, httponly=True, samesite="lax"
        )
        return response

    async def _visit(self, request: Request) -> Visit:
        session = request.cookies.get(self._session_cookie)
        visitor = request.cookies.get(self._visitor_cookie)
        is_new = digest_of(visitor) is None
        who = await self.open.sessions.find(session)
        return Visit(
            request.scope["request_id"],
            new_secret() if visitor is None or is_new else visitor,
            is_new,
            session,
            who,
        )

    def _set(self, response: Response, name: str, secret: str) -> None:
        response.set_cookie(name, secret, secure=self._is_secure, httponly=True, samesite="lax")


def signed_in(visit: Visit) -> SignedIn:
    """Return who is signed in.

    Raises:
        SignInNeededError: nobody.
    """
    if visit.who is None:
        raise SignInNeededError
    return visit.who


def one(form: Form, name: str) -> str:
    """The only value of a name; empty if there is none or several."""
    values = form.get(name, [])
    return values[0] if len(values) == 1 else ""


def local_path(path: str | None) -> str:
    """A path on this site, or that of the overview: never somewhere else."""
    is_local = path is not None and path.startswith("/") and not path.startswith(("//", "/\\"))
    if not is_local or path is None or not path.isascii() or not path.isprintable():
        return "/my"
    return "/my" if "\\" in path or len(path) > 1_000 else path


def _next(request: Request) -> str:
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return urlencode({"next": target if request.method == "GET" else "/my"})


async def _read_form(request: Request) -> Form:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        raise BadRequest("FORM_MALFORMED", "a form is sent as application/x-www-form-urlencoded")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_FORM_BYTES:
            raise BadRequest("FORM_MALFORMED", f"a form has at most {_MOST_FORM_BYTES} bytes")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FORM_FIELDS
        )
    except ValueError as error:
        raise BadRequest("FORM_MALFORMED", "the form cannot be read") from error
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


def not_found(message: str) -> ClientError:
    """The error of a page that is not there."""
    return ClientError("NOT_FOUND", message, status=404)


def _not_ours() -> Refused:
    return Refused(
        "FORM_NOT_OURS",
        "the form does not belong to this session: open the page again and send it from there",
    )
