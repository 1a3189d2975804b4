"""The files of the query page, and of GraphiQL where it was built; read once at the start."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
}
PAGE_FILES = (
    *("index.html", "page.css", "icon.svg", "examples.json"),
    *("page.js", "words.js", "editor.js", "answer.js", "schema.js"),
)
GRAPHIQL_FILES = ("graphiql.js", "graphiql.css")
_GRAPHIQL_LINK = b'<a href="/graphiql">GraphiQL</a>'
_GRAPHIQL_PAGE = ("graphiql.html", "graphiql-start.js")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
# GraphiQL writes style elements and carries fonts inline; it still loads nothing from elsewhere.
GRAPHIQL_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:;"
    " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    body: bytes
    content_type: str
    etag: str
    policy: str

    def respond(self, request: Request) -> Response:
        """Return the file, or 304 where the browser has it."""
        headers = {
            "etag": self.etag,
            "cache-control": "no-cache",
            "content-security-policy": self.policy,
        }
        if request.headers.get("if-none-match") == self.etag:
            return Response(status_code=304, headers=headers)
        return Response(self.body, headers={**headers, "content-type": self.content_type})


def page_assets(has_graphiql: bool) -> Mapping[str, Asset]:
    """Return the query page's own files by name.

    Args:
        has_graphiql: the page links to GraphiQL; without it the link is left out.
    """
    folder = files("gateway.http") / "page"
    bodies = {name: (folder / name).read_bytes() for name in PAGE_FILES}
    if not has_graphiql:
        bodies["index.html"] = bodies["index.html"].replace(_GRAPHIQL_LINK, b"")
    return {name: _asset(name, body, PAGE_POLICY) for name, body in bodies.items()}


def graphiql_assets(build_folder: Path | None) -> Mapping[str, Asset]:
    """Return GraphiQL's files and our page around them; nothing where it was not built."""
    if build_folder is None:
        return {}
    built = {name: build_folder / name for name in GRAPHIQL_FILES}
    if not all(path.is_file() for path in built.values()):
        return {}
    own = files("gateway.http") / "page"
    bodies = {name: path.read_bytes() for name, path in built.items()}
    bodies |= {name: (own / name).read_bytes() for name in _GRAPHIQL_PAGE}
    return {name: _asset(name, body, GRAPHIQL_POLICY) for name, body in bodies.items()}


def _asset(name: str, body: bytes, policy: str) -> Asset:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Asset(body, _TYPES[Path(name).suffix], etag, policy)
