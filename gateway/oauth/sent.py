"""What came to an endpoint of the authorization server, as it was sent."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.identity.certificates import PresentedCertificate
from gateway.oauth.form import Form
from gateway.request import Peer


@dataclass(frozen=True, slots=True)
class Sent:
    """What came to an endpoint.

    Attributes:
        path: of the endpoint. url: the same, as its clients know it.
        request_id: our own random identifier, also in the header `x-request-id`.
        authorization, dpop: values of the only headers of these names; None without one.
    """

    path: str
    url: str
    request_id: str
    peer: Peer
    form: Form
    authorization: str | None = None
    dpop: str | None = None
    certificate: PresentedCertificate | None = None
