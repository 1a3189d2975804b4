"""Each line has its proof: none before a checkpoint covers it, and one that outsiders can check."""

from __future__ import annotations

import re
from base64 import b64decode

from gateway.store.connect import StoreAddress, connector
from gateway.translog.merkle import is_included
from gateway.translog.notes import parse_checkpoint, parse_note
from gateway.translog.sequencer import Sequencer
from gateway.translog.suites import SHA256
from policies.model import Purpose
from tests.gateway.accesslog.written import WrittenLog, officer
from tests.support.translog import new_log

_PROOF = re.compile(
    r"c2sp\.org/tlog-proof@v1\nindex (\d+)\n((?:[A-Za-z0-9+/=]{44}\n)*)\n(.*)", re.DOTALL
)


async def test_line_is_proven_as_soon_as_a_checkpoint_covers_it(
    log: WrittenLog, store: StoreAddress
) -> None:
    for _ in range(5):
        await log.look_up(officer(Purpose.TENDER))
    connection = await connector(store)()
    try:
        known = new_log(SHA256)
        sequencer = Sequencer(connection, known.identity, known.signer)
        await sequencer.resume()
        await sequencer.step()
        await log.look_up(officer(Purpose.TENDER))
        lines = await log.lines("requestId entryHash proof")
        entries = await connection.fetch("SELECT request_id, entry FROM audit_entry")
    finally:
        await connection.close()
    hashes = {row["request_id"]: SHA256.leaf_hash(bytes(row["entry"])) for row in entries}
    *covered, young = lines
    assert (young["entryHash"], young["proof"]) == (None, "NOT_YET_COVERED")
    assert len(covered) == 5
    for line in covered:
        found = _PROOF.fullmatch(line["proof"])
        assert found is not None, line["proof"]
        index, path, note = found.groups()
        checkpoint = parse_checkpoint(parse_note(note).text)
        leaf = b64decode(line["entryHash"])
        assert leaf == hashes[line["requestId"]]
        hashes_above = [b64decode(text) for text in path.split()]
        assert is_included(SHA256, leaf, int(index), checkpoint.size, hashes_above, checkpoint.root)
