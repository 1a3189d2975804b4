"""By what a token is to be bound: the key of a DPoP proof, or the client's certificate.

Source: RFC 9449 sections 5 and 8; RFC 8705 section 3; FAPI 2.0 Security Profile section 5.3.2.1
(sender-constrained access tokens only).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.identity.certificates import PresentedCertificate
from gateway.identity.dpop import DpopChecker, DpopRules, InvalidProofError, NonceNeededError
from gateway.oauth.errors import OAuthError
from gateway.oauth.once import OnceOnly
from gateway.oauth.types import (
    Binding,
    BindingKind,
    OAuthClient,
    OAuthRules,
)

_METHOD = "POST"


@dataclass(frozen=True, slots=True)
class Possession:
    """What the sender of a request proved to hold.

    Attributes:
        binding: None where nothing was proved.
        proof: to be used up in the transaction of what it is for; None without a DPoP proof.
    """

    binding: Binding | None = None
    proof: OnceOnly | None = None


class ProofOfPossession:
    """Checks proofs at one endpoint after the other.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, rules: OAuthRules, dpop: DpopRules, clock: Callable[[], float]) -> None:
        self._rules = rules
        self._checker = DpopChecker(dpop, clock)

    def nonce(self) -> str | None:
        """The nonce for the client's next proof; None if none is asked for."""
        nonces = self._checker.rules.nonces
        return None if nonces is None else nonces.current()

    def possession(
        self, dpop: str | None, certificate: PresentedCertificate | None, url: str
    ) -> Possession:
        """Return what was proved; a proof goes before a certificate.

        Args:
            dpop: value of the only `DPoP` header.
            url: of the endpoint, as its clients know it.

        Raises:
            OAuthError: `invalid_dpop_proof` or `use_dpop_nonce`.
        """
        if dpop is not None:
            try:
                proof = self._checker.check(dpop, _METHOD, url)
            except NonceNeededError as error:
                raise OAuthError(
                    "use_dpop_nonce",
                    "the proof needs the nonce that this response gives",
                    headers=(("DPoP-Nonce", error.nonce),),
                ) from error
            except InvalidProofError as error:
                raise invalid_proof() from error
            once = OnceOnly(proof.replay_id, proof.good_until)
            return Possession(Binding(BindingKind.DPOP_KEY, proof.jkt), once)
        if certificate is not None:
            return Possession(Binding(BindingKind.CERTIFICATE, certificate.x5t_s256))
        return Possession()

    def require(self, possession: Possession, client: OAuthClient) -> Binding | None:
        """Return what a token of this client is to be bound to.

        Raises:
            OAuthError: `invalid_dpop_proof`: nothing was proved, and its class needs it.
        """
        if possession.binding is None and client.caller_class not in self._rules.unbound_classes:
            raise OAuthError(
                "invalid_dpop_proof", "a DPoP proof or a client certificate is needed here"
            )
        return possession.binding


def invalid_proof() -> OAuthError:
    """The proof proves nothing here, or was used before. One text for every reason."""
    return OAuthError("invalid_dpop_proof", "the DPoP proof is not accepted")
