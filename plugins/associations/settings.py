"""Settings of the adapter: section `[adapters.associations]` of the gateway's settings."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.contract import AdapterSettings
from gateway.sources.files import FilesSource
from gateway.sources.files.settings import files_source
from schema.identifiers import UsccError, parse_uscc

_SECTION = "adapters.associations"


@dataclass(frozen=True, slots=True)
class AssociationsSettings:
    """Where the drops lie, and who may drop.

    Attributes:
        authorised: codes of the associations that are authorised to report; rows of any other
            are refused.
    """

    source: FilesSource
    authorised: tuple[str, ...]


def parse_settings(settings: AdapterSettings) -> AssociationsSettings:
    """Check and convert what the operator wrote.

    Raises:
        ValueError: a key is missing, unknown or out of range.
    """
    values = dict(settings.values)
    listed = [code.strip() for code in values.pop("authorised", "").split(",")]
    try:
        authorised = tuple(parse_uscc(code).code for code in listed if code)
    except UsccError as error:
        raise ValueError(
            f"{_SECTION}.authorised has a text that is no unified social credit code"
        ) from error
    if not authorised:
        raise ValueError(
            f"{_SECTION}.authorised is missing, expected codes of associations with commas between"
        )
    return AssociationsSettings(files_source(_SECTION, values), authorised)
