"""Who administers the gateway: roles, accounts, people who are signed in, and refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from gateway.errors import Refused, Unauthenticated


class Role(Enum):
    """The three roles (三员) that no account combines.

    SYSTEM (系统管理员): what runs, and with which departments. SECURITY (安全管理员): who may do
    what. AUDIT (审计管理员): what was done.
    """

    SYSTEM = "SYSTEM"
    SECURITY = "SECURITY"
    AUDIT = "AUDIT"


class AccountState(Enum):
    """APPOINTED: has no one-time codes yet. ACTIVE: may sign in. DISABLED: for good."""

    APPOINTED = "APPOINTED"
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


@dataclass(frozen=True, slots=True)
class Appointment:
    """A person who is to be an administrator.

    Attributes:
        staff_no: number in the personnel register (工号); a person has one account.
        public_key: Ed25519, 32 bytes.
    """

    name: str
    staff_no: str
    role: Role
    public_key: bytes

    @property
    def object(self) -> str:
        """What two persons agree on where the appointment takes two."""
        return f"{self.role.value} {self.name} {self.staff_no} {self.public_key.hex()}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the store holds it, without its secret."""

    name: str
    staff_no: str
    role: Role
    state: AccountState
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    """An administrator who is signed in."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """
    Attributes:
        failures: after so many in a row an account is locked for `lock_s`.
        idle_s, whole_s: after which a session ends, without an act and in any case.
        sessions: of one person at a time; a further one ends the oldest.
    """

    failures: int = 5
    lock_s: int = 900
    idle_s: int = 900
    whole_s: int = 28_800
    sessions: int = 1


def sign_in_refused() -> Unauthenticated:
    """Return the one refusal of whoever does not prove who he is; it does not say what failed."""
    return Unauthenticated(
        "ADMINISTRATOR_NOT_PROVEN",
        "name, key and one-time code do not belong together, or the code was used before: sign in "
        "with your own key and the next code",
    )


def account_locked() -> Unauthenticated:
    """Return the refusal of an account with too many failed attempts."""
    return Unauthenticated(
        "ADMINISTRATOR_LOCKED",
        "there were too many failed attempts for this account: wait until the lock ends",
    )


def session_required() -> Unauthenticated:
    """Return the refusal of an act without anybody signed in."""
    return Unauthenticated(
        "ADMINISTRATOR_REQUIRED",
        "this act needs an administrator who is signed in: `credit-gateway admin sign-in`",
    )


def session_ended() -> Unauthenticated:
    """Return the refusal of a session that is over."""
    return Unauthenticated(
        "ADMINISTRATOR_SESSION_ENDED", "the session has ended: sign in again with the next code"
    )


def wrong_role(act: str, roles: str) -> Refused:
    """Return the refusal of an act by somebody of another role."""
    return Refused("ADMINISTRATOR_ROLE_WRONG", f"act `{act}` is not of your role: it takes {roles}")
