"""What it costs to know who asks: CPU of one request's credentials, without a network.

`python -m bench.identity` prints microseconds for the ways in which a client may come. The target
is at most 600 µs for a proof of possession, a token that is kept, and what is known of the client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from bench.sender import BenchCertificate
from gateway.admission.admit import Admission
from gateway.admission.failures import FailureBudget
from gateway.admission.pace import Buckets
from gateway.admission.sweeps import Sweeps
from gateway.admission.types import AdmissionRules, NoSweepObserver, SweepLimits
from gateway.entitlements.contract import ClientContract, Pace
from gateway.entitlements.types import ClientTerms
from gateway.identity.authenticate import Authenticator, SenderRules
from gateway.identity.dpop import DpopRules
from gateway.identity.issuer import LocalIssuer, TokenRequest
from gateway.identity.keys import generate_key
from gateway.identity.nonce import Nonces
from gateway.identity.prover import Prover
from gateway.request import CallerNote, Credentials
from policies.model import Caller, CallerClass, Purpose

ROUNDS = 2_000
TARGET_US = 600.0
_URL = "https://credit.example"
_BANK = "91410100MA9BENC39D"
_CALLER = Caller(CallerClass.INSTITUTION, _BANK, Purpose.PRE_LOAN)
_MOST = 10_000_000


class IdentityBench:
    """Credentials made beforehand, and what checks them."""

    def __init__(self) -> None:
        ids = iter(range(10**9))
        self._prover = Prover(generate_key(), time.time, lambda: f"id-{next(ids)}")
        self._certificate = BenchCertificate()
        self._issuer = LocalIssuer(
            "https://issuer.example", "gateway", generate_key(), time.time, lambda: f"t-{next(ids)}"
        )
        self._nonces = Nonces([bytes(32)], time.time)
        contract = ClientContract("institution", _BANK, may_ask_anything=True)
        terms = ClientTerms(("client:bench", 1), contract=contract)
        self._reader = Authenticator(
            self._issuer.token_rules(),
            SenderRules(_URL, dpop=DpopRules(nonces=self._nonces)),
            time.time,
            client=lambda _: terms,
        )
        self._admission = Admission(
            AdmissionRules(pace=Pace(_MOST, _MOST)),
            lambda _: terms,
            Buckets(time.monotonic, lambda: None),
            Sweeps(SweepLimits(), time.time, NoSweepObserver()),
            FailureBudget(time.monotonic),
        )

    def ways(self) -> Iterator[tuple[str, Callable[[], Iterator[Credentials]]]]:
        """Name of each way to come, and credentials of that way."""
        key_bound = TokenRequest(_CALLER, "bench", jkt=self._prover.jkt)
        certified = TokenRequest(_CALLER, "bench", x5t_s256=self._certificate.x5t_s256)
        kept, held = self._issuer.mint(key_bound), self._issuer.mint(certified)
        header = self._certificate.headers(held)["client-cert"]

        def proofs() -> Iterator[Credentials]:
            while True:
                yield self._proved(kept)

        def new_tokens() -> Iterator[Credentials]:
            while True:
                yield self._proved(self._issuer.mint(key_bound))

        def certificates() -> Iterator[Credentials]:
            while True:
                yield Credentials(f"Bearer {held}", certificate=header)

        yield "proof, kept token, client", proofs
        yield "proof, new token, client", new_tokens
        yield "certificate, kept token, client", certificates

    def _proved(self, token: str) -> Credentials:
        sent = self._prover.headers("POST", f"{_URL}/graphql", token, self._nonces.current())
        return Credentials(sent["authorization"], sent["dpop"])

    def measure(self, made: Iterator[Credentials], rounds: int) -> float:
        """CPU of one request in microseconds."""
        prepared = [next(made) for _ in range(rounds)]
        began = time.process_time()
        for credentials in prepared:
            principal = self._reader.authenticate(credentials, "POST", "/graphql")
            self._admission.enter(principal, CallerNote())
        return (time.process_time() - began) / rounds * 1e6


def run(rounds: int = ROUNDS) -> dict[str, float]:
    """Microseconds of CPU by way to come."""
    bench = IdentityBench()
    found = {}
    for name, make in bench.ways():
        bench.measure(make(), min(rounds, 50))
        found[name] = bench.measure(make(), rounds)
    return found


if __name__ == "__main__":
    for way, microseconds in run().items():
        print(f"{microseconds:8.1f} µs  {way}")
    print(f"{TARGET_US:8.1f} µs  target for a proof, a kept token and the client")
