"""Encodings: declared, decided on evidence, or refused; undecodable bytes are kept."""

import codecs
import random
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sources.files import encoding as module
from gateway.sources.files.encoding import (
    EncodingDecision,
    decide_encoding,
    has_marks,
    original_bytes,
    sha256_of,
    text_blocks,
)
from gateway.sources.files.errors import UnusableInputError
from tests.plugins.market.registration_import.extracts import extract_of

NAMES = ["统一社会信用代码"]
_CSV = extract_of(3).csv_text()
_JSON = extract_of(3).json_text()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "extract"


@pytest.mark.parametrize("text", [_CSV, _JSON])
@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"\x84\x31\x95\x33", "gb18030"),
    ],
)
def test_decide_byte_order_mark_settles_it(path: Path, text: str, mark: bytes, codec: str) -> None:
    path.write_bytes(mark + text.encode(codec))
    decision = decide_encoding(path, "auto", NAMES)
    assert decision == EncodingDecision(codec, len(mark), "byte order mark")
    assert "".join(text_blocks(path, decision, sha256())) == text


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_decide_column_names_settle_it_in_a_damaged_file_too(path: Path, codec: str) -> None:
    path.write_bytes(_CSV.encode(codec) + b"\xff\xff\n")
    decision = decide_encoding(path, "auto", NAMES)
    assert decision.codec == codec
    assert "first line" in decision.decided_by


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_decide_json_valid_in_one_encoding_is_read_in_it(path: Path, codec: str) -> None:
    path.write_bytes(_JSON.encode(codec))
    decision = decide_encoding(path, "auto", NAMES)
    assert decision.codec == codec
    assert "throughout" in decision.decided_by


def test_decide_ascii_is_no_question(path: Path) -> None:
    path.write_bytes(b'[{"name":"\\u6837"}]')
    assert decide_encoding(path, "auto", NAMES).codec == "utf-8"


def test_decide_bytes_valid_in_both_are_refused(path: Path) -> None:
    # Six bytes: two characters in UTF-8, three others in GB18030.
    path.write_bytes('[{"name":"样例"}]'.encode())
    with pytest.raises(UnusableInputError, match="declare one"):
        decide_encoding(path, "auto", NAMES)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b'[\n{"name":"\xff\xff"}]', r"line 2.*line 2"),
        (_JSON.encode("utf-16-le"), "zero bytes"),
        (codecs.BOM_UTF32_LE + "样".encode("utf-32-le"), "UTF-32"),
    ],
)
def test_decide_without_evidence_is_refused(path: Path, content: bytes, match: str) -> None:
    path.write_bytes(content)
    with pytest.raises(UnusableInputError, match=match):
        decide_encoding(path, "auto", NAMES)


@pytest.mark.parametrize(
    ("declared", "mark", "codec"),
    [
        ("utf-8", b"", "utf-8"),
        ("gb18030", b"", "gb18030"),
        ("utf-16-be", b"", "utf-16-be"),
        ("utf-16", codecs.BOM_UTF16_BE, "utf-16-be"),
        ("utf-8", codecs.BOM_UTF8, "utf-8"),
    ],
)
def test_decide_declaration_is_followed(path: Path, declared: str, mark: bytes, codec: str) -> None:
    path.write_bytes(mark + _JSON.encode(codec))
    decision = decide_encoding(path, declared, NAMES)
    assert decision.codec == codec
    assert decision.decided_by.startswith("declared")
    assert "".join(text_blocks(path, decision, sha256())) == _JSON


@pytest.mark.parametrize(
    ("declared", "mark"), [("gb18030", codecs.BOM_UTF8), ("utf-8", codecs.BOM_UTF16_LE)]
)
def test_decide_contradicted_declaration_is_refused(path: Path, declared: str, mark: bytes) -> None:
    path.write_bytes(mark)
    with pytest.raises(UnusableInputError, match="declared as"):
        decide_encoding(path, declared, NAMES)


def test_decide_utf16_without_mark_needs_its_byte_order(path: Path) -> None:
    path.write_bytes(_JSON.encode("utf-16-le"))
    with pytest.raises(UnusableInputError, match="utf-16-le or utf-16-be"):
        decide_encoding(path, "utf-16", NAMES)


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16-le", "utf-16-be"])
@given(content=st.binary(max_size=200))
def test_undecodable_bytes_are_marked_and_come_back(codec: str, content: bytes) -> None:
    decoder = codecs.getincrementaldecoder(codec)(module._MARK_ERRORS)
    text = decoder.decode(content, final=True)
    assert original_bytes(text, codec) == content
    try:
        content.decode(codec)
    except UnicodeDecodeError:
        assert has_marks(text)


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16-le"])
def test_blocks_cut_anywhere_give_the_same_text(
    path: Path, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = _JSON.encode(codec) + random.Random(5).randbytes(300)
    path.write_bytes(content)
    decision = EncodingDecision(codec, 0, "declared")
    whole = "".join(text_blocks(path, decision, sha256()))
    digest = sha256()
    monkeypatch.setattr(module, "_BLOCK_BYTES", 3)
    assert "".join(text_blocks(path, decision, digest)) == whole
    assert digest.hexdigest() == sha256_of(path) == sha256(content).hexdigest()
