"""Rules about senders, for tests of something else."""

from gateway.identity.authenticate import MUST_BE_BOUND, SenderRules
from policies.model import CallerClass

URL = "http://127.0.0.1:8480"
BEARERS = frozenset(CallerClass) - MUST_BE_BOUND
BEARER = SenderRules(URL, BEARERS)
"""Tokens are good for whoever holds them, but for those of institutions and platforms."""
