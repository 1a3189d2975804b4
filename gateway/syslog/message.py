"""One entry of the log as one syslog message.

Source: RFC 5424 (section 6: header, structured data, message; facility 13 is log audit).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 8_192
"""Source: RFC 5425 section 4.3.1: receivers should take messages of that length."""

_FACILITY = 13
_WARNING, _NOTICE, _INFORMATIONAL = 4, 5, 6
_GOOD = frozenset({"ANSWERED", "ADMITTED", "COMPLETED", "PROPOSED", "APPROVED", "PROVEN", "ENDED"})
_NIL = "-"
_PRINTABLE = re.compile(r"[^\x21-\x7e]")
_BOM = b"\xef\xbb\xbf"
_LISTS = ("subjects", "released", "shares", "consents", "departments")
_PARAMETERS = ("requestId", "clientId", "actor", "event", "purpose", "organisation", "matterNo")


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Attributes:
        hostname: of this gateway, as receivers know it.
        enterprise: private enterprise number under which the structured data stand.
    """

    hostname: str
    enterprise: int


def is_alarm(entry: bytes) -> bool:
    """Whether somebody should look at the entry."""
    return _severity(json.loads(entry)) == _WARNING


def message_of(entry: bytes, leaf: int, origin: Origin) -> bytes:
    """Return the message of an entry.

    Its structured data hold what receivers sort by, and its text the entry's canonical JSON. Where
    that is too long for receivers, lists stand there as their lengths.

    Args:
        leaf: position of the entry in the log's tree.
    """
    members: Mapping[str, Any] = json.loads(entry)
    head = _head(members, entry, leaf, origin)
    whole = head + _BOM + entry
    if len(whole) <= MOST_BYTES:
        return whole
    short = {
        name: f"{len(value)} left out" if name in _LISTS and value else value
        for name, value in members.items()
    }
    text = json.dumps(short, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return (head + _BOM + text) if len(head) + len(text) + 3 <= MOST_BYTES else head.rstrip(b" ")


def _head(members: Mapping[str, Any], entry: bytes, leaf: int, origin: Origin) -> bytes:
    priority = _FACILITY * 8 + _severity(members)
    kind = _token(str(members.get("kind", "REQUEST")), 32)
    said = {"leaf": str(leaf), "sha256": hashlib.sha256(entry).hexdigest()}
    said["outcome"] = str(members["outcome"])
    said |= {name: str(members[name]) for name in _PARAMETERS if members.get(name) is not None}
    data = " ".join(f'{name}="{_escaped(value)}"' for name, value in said.items())
    header = (
        f"<{priority}>1 {members['at']} {_token(origin.hostname, 255)} credit-gateway - {kind} "
        f"[entry@{origin.enterprise} {data}] "
    )
    return header.encode()


def _severity(members: Mapping[str, Any]) -> int:
    if members.get("kind") == "ALARM" or members.get("event") == "ALARM" or members.get("warnings"):
        return _WARNING
    return _INFORMATIONAL if members["outcome"] in _GOOD else _NOTICE


def _token(text: str, longest: int) -> str:
    """Printable US-ASCII without blanks, cut."""
    return _PRINTABLE.sub("_", text)[:longest] or _NIL


def _escaped(value: str) -> str:
    """Source: RFC 5424 section 6.3.3: quotation mark, backslash and closing bracket."""
    return re.sub(r'(["\\\]])', r"\\\1", value[:200])
