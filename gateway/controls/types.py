"""Facts of requests, what controls find in them, and what a control is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

CHINA_STANDARD_TIME = dt.timezone(dt.timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Fact:
    """One request, as far as controls look at it.

    Attributes:
        at: when it arrived.
        subjects: references, hexadecimal.
        consents: numbers of the consents that it relied on.
    """

    entry_no: int
    request_id: str
    at: dt.datetime
    caller_class: str
    organisation: str | None
    client_id: str
    user_ref: str | None
    purpose: str
    matter_no: str | None
    outcome: str
    subjects: tuple[str, ...]
    consents: tuple[str, ...]

    @property
    def local(self) -> dt.datetime:
        """When it arrived, by the clocks of China."""
        return self.at.astimezone(CHINA_STANDARD_TIME)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a control found.

    Attributes:
        about: what makes it one finding: equal in every run that finds it.
        found, limit: the number found, and the one from which it is a finding.
        entries: numbers of the entries that show it, ascending; the first of them, if many.
    """

    about: Mapping[str, str]
    found: int
    limit: int
    entries: Sequence[int]


@dataclass(frozen=True, slots=True)
class ConsentTimes:
    """A consent as controls know it.

    Attributes:
        subject_key, institution: between whom it stands.
        valid_from: when it began.
    """

    consent_no: str
    subject_key: str
    institution: str
    purpose: str
    valid_from: dt.datetime


class Check(Protocol):
    """Looks at facts, the oldest first, and says at the end what it found."""

    def see(self, fact: Fact) -> None: ...

    def findings(self) -> Iterator[Finding]: ...


@dataclass(frozen=True, slots=True)
class Control:
    """A configured control.

    Attributes:
        kind: which check it is; `gateway.controls.checks` has them.
        settings: what the file says of it beside the other members.
    """

    id: str
    kind: str
    settings: Mapping[str, object]
    legal_basis: str
    intent: str


@dataclass(frozen=True, slots=True)
class Controls:
    """All controls of a file.

    Attributes:
        version: SHA-256 of the file's bytes, the first 16 characters.
    """

    version: str
    in_force_from: dt.date
    controls: tuple[Control, ...]
