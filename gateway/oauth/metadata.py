"""What clients and resource servers can learn without being told.

Source: RFC 8414 section 2; RFC 9728 section 2; RFC 9126 section 5; RFC 9207 section 3; RFC 9396
section 10; RFC 9449 section 5.1; RFC 8705 section 3.3.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from gateway.oauth.details import CREDIT_QUERY
from gateway.oauth.types import GrantType, OAuthRules
from gateway.oauth.verifying_keys import ALGORITHMS

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
PUSHED_PATH = "/oauth/par"
INTROSPECTION_PATH = "/oauth/introspect"
REVOCATION_PATH = "/oauth/revoke"
JWKS_PATH = "/oauth/jwks"
AUTHORIZATION_PATH = "/authorize"
SERVER_METADATA_PATH = "/.well-known/oauth-authorization-server"
_RESOURCE_METADATA = "/.well-known/oauth-protected-resource"
_PROOF_ALGORITHMS = ("ES256", "Ed25519")


def resource_metadata_path(rules: OAuthRules) -> str:
    """Where the gateway tells about itself (RFC 9728 section 3.1)."""
    return _RESOURCE_METADATA + urlsplit(rules.resource).path.rstrip("/")


def resource_metadata_url(rules: OAuthRules) -> str:
    """The address of what the gateway tells about itself, for its challenges."""
    parts = urlsplit(rules.resource)
    return f"{parts.scheme}://{parts.netloc}{resource_metadata_path(rules)}"


def server_metadata(rules: OAuthRules, has_certificates: bool) -> dict[str, Any]:
    """Metadata of the authorization server.

    Args:
        has_certificates: whether client certificates reach it.
    """
    issuer = rules.issuer
    methods = ["private_key_jwt"]
    if has_certificates:
        methods.append("self_signed_tls_client_auth")
    metadata: dict[str, Any] = {
        "issuer": issuer,
        "authorization_endpoint": issuer + AUTHORIZATION_PATH,
        "token_endpoint": issuer + TOKEN_PATH,
        "pushed_authorization_request_endpoint": issuer + PUSHED_PATH,
        "introspection_endpoint": issuer + INTROSPECTION_PATH,
        "revocation_endpoint": issuer + REVOCATION_PATH,
        "jwks_uri": issuer + JWKS_PATH,
        "require_pushed_authorization_requests": True,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [grant.value for grant in GrantType],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "authorization_details_types_supported": [CREDIT_QUERY],
        "dpop_signing_alg_values_supported": list(_PROOF_ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": has_certificates,
        "ui_locales_supported": ["zh-CN", "en"],
    }
    for endpoint in ("token", "introspection", "revocation"):
        metadata[f"{endpoint}_endpoint_auth_methods_supported"] = methods
        metadata[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] = list(ALGORITHMS)
    return metadata


def resource_metadata(rules: OAuthRules, has_certificates: bool) -> dict[str, Any]:
    """Metadata of the gateway as a protected resource."""
    return {
        "resource": rules.resource,
        "resource_name": "credit-gateway",
        "resource_name#zh-CN": "公共信用信息网关",
        "authorization_servers": [rules.issuer],
        "bearer_methods_supported": ["header"],
        "authorization_details_types_supported": [CREDIT_QUERY],
        "dpop_signing_alg_values_supported": list(_PROOF_ALGORITHMS),
        "dpop_bound_access_tokens_required": not rules.unbound_classes and not has_certificates,
        "tls_client_certificate_bound_access_tokens": has_certificates,
    }
