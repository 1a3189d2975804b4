"""The gateway's secret keys, and how many of each may be in force."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.settings.reading import Section, SettingsError, read_secret
from schema.identifiers.network_reference import NETWORK_KEY_BYTES, NetworkKey

MOST_NETWORK_KEYS = 2
_MOST_NONCE_KEYS = 2


@dataclass(frozen=True, slots=True)
class KeySettings:
    """
    Attributes:
        opaque: 64-byte keys of ids and cursors, newest first.
        audit: key of the record hashes in the audit, at least 32 bytes.
        network: keys of the network references, the newest first: one, two while departments
            change from one to the other, or none where no department keeps references.
        nonce: keys of the nonces of proofs, the newest first; empty: no nonce is asked for.
    """

    opaque: tuple[bytes, ...] = field(repr=False)
    audit: bytes = field(repr=False)
    network: tuple[NetworkKey, ...] = field(default=(), repr=False)
    nonce: tuple[bytes, ...] = field(default=(), repr=False)


def read_keys(section: Section) -> KeySettings:
    opaque = tuple(read_secret(section.folder / file) for file in section.texts("opaque_files"))
    if not opaque or any(len(key) != 64 for key in opaque):
        raise SettingsError("setting `keys.opaque_files` names no files of 64 bytes each")
    audit = read_secret(section.folder / section.text("audit_file"))
    if len(audit) < 32:
        raise SettingsError("setting `keys.audit_file` names a file of less than 32 bytes")
    nonce = tuple(read_secret(section.folder / file) for file in section.texts("nonce_files"))
    if len(nonce) > _MOST_NONCE_KEYS or any(len(key) < 32 for key in nonce):
        raise SettingsError(
            f"setting `keys.nonce_files` names more than {_MOST_NONCE_KEYS} files, or one of less "
            "than 32 bytes"
        )
    return KeySettings(opaque, audit, _read_network(section, section.texts("network_files")), nonce)


def _read_network(section: Section, files: tuple[str, ...]) -> tuple[NetworkKey, ...]:
    if len(files) > MOST_NETWORK_KEYS:
        raise SettingsError(
            f"setting `keys.network_files` names {len(files)} files, expected at most "
            f"{MOST_NETWORK_KEYS}: the key in force and the one before it"
        )
    contents = [read_secret(section.folder / file) for file in files]
    if any(len(content) != NETWORK_KEY_BYTES for content in contents):
        raise SettingsError(
            f"setting `keys.network_files` names no files of {NETWORK_KEY_BYTES} bytes each"
        )
    keys = tuple(NetworkKey.from_bytes(content) for content in contents)
    if len({key.identity for key in keys}) > 1 or len(set(keys)) < len(keys):
        raise SettingsError(
            "setting `keys.network_files` names keys of which one does not follow from the other: "
            "the first 32 bytes stay, the others change"
        )
    return keys
