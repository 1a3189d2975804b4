"""Why a life cycle does not go on, and why a declaration cannot be used."""

from __future__ import annotations

from gateway.errors import GatewayError

ILLEGAL_TRANSITION = "ILLEGAL_TRANSITION"
TRANSITION_NOT_PERMITTED = "TRANSITION_NOT_PERMITTED"
CONDITION_NOT_MET = "CONDITION_NOT_MET"
STATEMENT_MISSING = "STATEMENT_MISSING"
OTHER_PERSON_REQUIRED = "OTHER_PERSON_REQUIRED"
VERSION_CONFLICT = "VERSION_CONFLICT"
CASE_NOT_FOUND = "CASE_NOT_FOUND"
IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
COMMAND_GIVEN_UP = "COMMAND_GIVEN_UP"


class LifecycleRefusedError(GatewayError):
    """An act that did not take place; nothing was changed.

    Attributes:
        code: stable code in capitals.
        field: argument that it is about; None for the act as a whole.
        message: for whoever acts; names no value of a record.
    """

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class LifecycleDeclarationError(GatewayError):
    """A machine or a file of terms that cannot be used; the text is for its author."""
