"""What a generated city depends on: nothing else changes a byte of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from gateway.demo.city.calendar import Day, day
from schema.identifiers.network_reference import NETWORK_KEY_BYTES, NetworkKey

NETWORK_KEY_FILE = hashlib.shake_256(b"network key of the generated city").digest(NETWORK_KEY_BYTES)
"""Content of the key file of the city's network references; protects nobody."""

NETWORK_KEY = NetworkKey.from_bytes(NETWORK_KEY_FILE)

CITY_DAY = day(2026, 11, 2)
"""The day on which the city stands still."""


@dataclass(frozen=True, slots=True)
class CitySettings:
    """A city.

    Attributes:
        subjects: number of organisations, the named cases included.
        seed: another seed makes other firms; the named cases keep their codes.
        today: the city's day, relative to which everything is dated.
    """

    subjects: int = 20_000
    seed: int = 1
    today: Day = CITY_DAY

    def __post_init__(self) -> None:
        if not 1_000 <= self.subjects <= 900_000:
            raise ValueError(
                f"city has `{self.subjects}` subjects, expected between 1,000 and 900,000"
            )
