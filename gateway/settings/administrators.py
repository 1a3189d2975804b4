"""Whether administrators are demanded, and what holds for their sign-ins."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.settings.reading import Section, SettingsError


@dataclass(frozen=True, slots=True)
class AdministratorSettings:
    """
    Attributes:
        demanded: whether acts need an administrator who is signed in; false in a demonstration
            and in a sandbox only.
        failures, lock_minutes: after how many failed sign-ins an account is locked, for how long.
        idle_minutes, session_hours: when a session ends, without an act and in any case.
        sessions: of one person at a time.
    """

    demanded: bool = True
    failures: int = 5
    lock_minutes: int = 15
    idle_minutes: int = 15
    session_hours: int = 8
    sessions: int = 1


def read_administrators(section: Section, *, is_trial: bool) -> AdministratorSettings:
    """Read the section.

    Args:
        is_trial: whether this is a demonstration or a sandbox.
    """
    usual = AdministratorSettings()
    read = AdministratorSettings(
        section.flag("demanded", usual.demanded),
        section.number("failures", usual.failures, 1, 10),
        section.number("lock_minutes", usual.lock_minutes, 1, 1_440),
        section.number("idle_minutes", usual.idle_minutes, 1, 60),
        section.number("session_hours", usual.session_hours, 1, 12),
        section.number("sessions", usual.sessions, 1, 5),
    )
    if not read.demanded and not is_trial:
        raise SettingsError(
            "setting `administrators.demanded` is false, which only a demonstration "
            "(`identity.is_demo`) or a sandbox (`clients.is_sandbox`) may say: appoint three "
            "administrators with `credit-gateway admin begin`"
        )
    return read
