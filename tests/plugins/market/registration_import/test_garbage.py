"""Whatever the bytes are, an import refuses the file or accounts for every record."""

import asyncio
import codecs
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.sources.files.encoding import original_bytes
from gateway.sources.files.errors import UnusableInputError
from gateway.sources.files.refusals import Refusal
from plugins.market.registration_import.importer import ImportResult, import_files
from plugins.market.registration_import.registration import judge_row
from plugins.market.registration_import.source_file import inspect_file, records_of
from tests.plugins.market.registration_import.conftest import Market
from tests.plugins.market.registration_import.extracts import extract_of

_CODECS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
_BEGINNINGS = st.sampled_from(
    [
        text.encode(codec)
        for text in (extract_of(2).csv_text(), extract_of(2).json_text()[:-2] + ",")
        for codec in ("utf-8", "utf-8-sig", "gb18030", "utf-16")
    ]
    + [b"", codecs.BOM_UTF16_BE, codecs.BOM_UTF8]
)
_TEXTS = st.text('样",\n\r{}[]:\0 1a\ud800', max_size=60)
_TAILS = st.binary(max_size=120) | st.builds(
    lambda text, codec: text.encode(codec, "replace"), _TEXTS, st.sampled_from(_CODECS)
)
_GARBAGE = st.builds(lambda beginning, tail: beginning + tail, _BEGINNINGS, _TAILS)
# Mostly undeclared: a declaration contradicts most beginnings, and the file is refused.
_DECLARED = st.sampled_from(("auto",) * 8 + ("utf-8", "gb18030", "utf-16", "utf-16-le"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=_GARBAGE, declared=_DECLARED)
def test_any_bytes_are_refused_or_read_to_the_end(
    tmp_path: Path, content: bytes, declared: str
) -> None:
    path = tmp_path / "garbage"
    path.write_bytes(content)
    try:
        source = inspect_file(path, declared)
    except UnusableInputError:
        return
    records = list(records_of(source))
    assert [record.number for record in records] == list(range(1, len(records) + 1))
    for record in records:
        judged = record.content if isinstance(record.content, Refusal) else None
        assert judged or judge_row(record.content)  # type: ignore[arg-type]
        assert original_bytes(record.raw, source.encoding.codec) in content


@pytest.mark.usefixtures("market")
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=30,
)
@given(content=_GARBAGE, declared=_DECLARED, batch_rows=st.integers(1, 4))
def test_any_bytes_add_up_in_the_database(
    market_url: str, tmp_path: Path, content: bytes, declared: str, batch_rows: int
) -> None:
    path = tmp_path / "garbage"
    path.write_bytes(content)
    try:
        source = inspect_file(path, declared)
    except UnusableInputError:
        return

    async def load() -> tuple[ImportResult, int]:
        connection = await asyncpg.connect(market_url)
        try:
            result = await import_files(connection, [source], batch_rows=batch_rows)
            kept = await connection.fetchval(
                "SELECT count(*) FROM registration_import.quarantine WHERE run_id = $1",
                result.files[0].run_id,
            )
            return result, kept
        finally:
            await connection.close()

    result, kept = asyncio.run(load())
    totals = result.totals
    assert result.read == totals.loaded + totals.unchanged + totals.quarantined
    assert kept == totals.quarantined == sum(result.by_rule.values())
    assert result.read == len(list(records_of(source)))


async def test_long_garbage_is_read_in_bounded_pieces(market: Market) -> None:
    content = extract_of(1).csv_text().encode() + b"\xe6" * 2_500_000
    result = await market.load(market.file("a.csv", content))
    assert result.read == 4
    assert result.by_rule == {"BAD_ENCODING": 3}
