"""The oracle's masks and scrubbing, against the page's examples worked out by hand."""

from __future__ import annotations

import pytest

from schema.classification import MaskKind
from tests.oracle.masks import masked
from tests.oracle.scrub import scrubbed


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (MaskKind.NAME, "张三", "张*"),
        (MaskKind.NAME, "张小三", "张**"),
        (MaskKind.NAME, "欧阳小三", "欧阳**"),
        (MaskKind.NAME, "阿里木·买买提", "阿·**"),
        (MaskKind.NAME, "Smith", "S***"),
        (MaskKind.ID, "11010519491231002X", "110105********002X"),
        (MaskKind.ID_STRICT, "11010519491231002X", "1***************X"),
        (MaskKind.ID_STRICT, "12345", "****"),
        (MaskKind.PHONE, "13812345678", "138****5678"),
        (MaskKind.PHONE, "0371-12345678", "0371-****5678"),
        (MaskKind.ADDRESS, "河南省郑州市金水区花园路1号", "河南省郑州市金水区****"),
        (MaskKind.ADDRESS, "金水区花园路", "金水区****"),
        (MaskKind.ADDRESS, "阳光小区3号楼", "****"),
        (MaskKind.ACCOUNT, "6222021234567890128", "****0128"),
        (MaskKind.MAIL, "zhang@example.cn", "z***@example.cn"),
        (MaskKind.AMOUNT_BAND, "0.00", "0"),
        (MaskKind.AMOUNT_BAND, "10000.00", "0-1万"),
        (MaskKind.AMOUNT_BAND, "10000.01", "1-10万"),
        (MaskKind.AMOUNT_BAND, "5000000.01", ">500万"),
        (MaskKind.AMOUNT_BAND, "-1.00", "<0"),
        (MaskKind.DOCUMENT, "罚款，住金水区，电话不详。", "罚款，****，****。"),
        (MaskKind.DATE_YEAR, "1990-05-06", "1990"),
    ],
)
def test_mask_shows_what_the_page_says(kind: MaskKind, value: str, shown: str) -> None:
    assert masked(kind, value) == shown


def test_list_is_masked_member_by_member() -> None:
    assert masked(MaskKind.NAME, ["张三", None]) == ["张*", None]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话13812345678。", "电话****。"),
        ("电话 138 1234-5678。", "电话 ****。"),
        ("致电0371-62345678", "致电****"),
        ("身份证11010519491231002X号", "身份证****号"),
        ("身份证110105194912310021号", "身份证110105194912310021号"),
        ("写信a.b@example.cn", "写信****"),
        ("卡号4111111111111111", "卡号****"),
        ("代码91410100MA45K1KE05", "代码91410100MA45K1KE05"),
        ("１３８１２３４５６７８", "****"),
        ("没有号码", "没有号码"),
    ],
)
def test_scrubbing_hides_personal_numbers_only(text: str, shown: str) -> None:
    assert scrubbed(text) == shown
