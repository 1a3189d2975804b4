"""Resource indicators: tokens are for this gateway alone.

Source: RFC 8707 section 2 (`invalid_target`).
"""

from __future__ import annotations

from gateway.oauth.errors import OAuthError
from gateway.oauth.form import Form
from gateway.oauth.types import OAuthRules


def require_resource(form: Form, rules: OAuthRules) -> None:
    """Raise if a token for another resource is asked for.

    Raises:
        OAuthError: `invalid_target`.
    """
    if form.optional("resource") not in (None, rules.resource):
        raise OAuthError("invalid_target", "tokens are issued for this gateway only")
