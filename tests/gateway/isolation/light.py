"""A small outside package that fails as the file says that its settings name, or at the start."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gateway.contract import (
    RECORD_ID,
    SUBJECT_KEY,
    AdapterSettings,
    CatalogueEntry,
    FetchContext,
    Health,
    KindQuality,
    Manifest,
    RecordRequest,
    Row,
    RowBatch,
    hookimpl,
)
from gateway.contract.quality import Lag
from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute
from schema.identifiers import make_uscc
from tests.gateway.isolation.faults import FAULTS

_LONG_FRAME = struct.pack("!II", 4_000_000, 0) + b"[" * 1_000
"""The beginning of a frame that an answer may be as long as, and a manifest may not."""
KIND = RecordKind.ADMINISTRATIVE_PENALTY
ROWS = 3
ENTRY = CatalogueEntry(
    kind=KIND,
    catalogue_code="X-1",
    name_zh="行政处罚",
    data_format="内存",
    subject_types=("法人",),
    nature=Nature.DISHONEST,
    sharing_attribute=SharingAttribute.UNCONDITIONAL,
    disclosure_way=DisclosureWay.PUBLIC_DISPLAY,
    coverage="样例",
    update_cycle="实时",
    items=(RECORD_ID, "meta.decidedOn", "documentNo"),
    legal_basis="样例",
    retention="一年",
)
CODE = make_uscc("1", "1", "410199", "MB0R0001").code
MANIFEST = Manifest("light", CODE, "样例部门", "Sample", "1", "a@example.com", (ENTRY,))

QUALITY = KindQuality(
    KIND,
    3,
    {"BAD_USCC": 1},
    1,
    "2026-01-05",
    None,
    {"documentNo": 2},
    ("fineAmount",),
    4,
    (Lag("2026-01-05", "2026-01-09", 3),),
    (Lag("2026-01-05", None, 1),),
    False,
    "an old file",
)


class Light:
    """Three penalties of whoever is asked for."""

    manifest = MANIFEST

    def __init__(self, file: Path | None) -> None:
        self._file = file

    async def open(self) -> None:
        """Nothing to open."""

    async def aclose(self) -> None:
        """Nothing to close."""

    async def health(self) -> Health:
        """It is up."""
        return Health(True, None)

    async def fetch(self, requests: Sequence[RecordRequest], context: FetchContext) -> Any:
        """Right batches, or a fault."""
        made: list[Any] = [_batch(request) for request in requests]
        fault = "" if self._file is None else self._file.read_text("utf-8")
        if self._file is None or not fault:
            return made
        begun_file(self._file).touch()
        return await FAULTS[fault](made, requests)


def begun_file(fault: Path) -> Path:
    """The file that is there once a fault of that file has begun."""
    return fault.with_suffix(".begun")


def _batch(request: RecordRequest) -> RowBatch:
    keys = request.keys or ("",)
    groups = [[_row(request, key, number) for number in range(ROWS)] for key in keys]
    return RowBatch(groups, [ROWS] * len(keys) if request.selection.count else None)


def _row(request: RecordRequest, key: str, number: int) -> Row:
    known = {
        RECORD_ID: f"r{number}",
        "meta.decidedOn": f"2026-01-0{9 - number}",
        "documentNo": f"第{number}号",
        SUBJECT_KEY: key,
    }
    return [known.get(name) for name in request.selection.fields]


@hookimpl
def register_adapter(settings: AdapterSettings) -> Any:
    """Make the adapter, or fail as the settings say."""
    match settings.values.get("fault", ""):
        case "raises":
            raise ValueError("`url` is missing")
        case "ends":
            os._exit(7)
        case "hangs":
            time.sleep(60)
        case "returns nothing":
            return None
        case "floods":
            _flood(b"\xff" * 65_536)
        case "goes on and on":
            _flood(_LONG_FRAME)
            time.sleep(60)
    file = settings.values.get("file")
    return Light(None if file is None else Path(file))


def _flood(data: bytes) -> None:
    """Write into whatever socket there is, as much as it takes at once."""
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            other = socket.socket(fileno=os.dup(int(number)))
            other.send(data, socket.MSG_DONTWAIT)
