"""The mask of decision texts: clauses that may tell personal data or secrets are left out.

Sources cannot mark such places in their texts, so the gateway looks for words that announce
them. Rather a clause too many than one too few.
"""

from __future__ import annotations

import re

from gateway.answering.free_text import HIDDEN, has_find

_CLAUSE = re.compile(r"[^，。；！？,;!?\n\r]+|[，。；！？,;!?\n\r]+")
_ANNOUNCING = re.compile(
    "^住(?![所宿建房院])|住址|家住|现住|住所地|户籍|居住|家庭"
    "|身份证|证件号|护照|出生|民族|电话|手机|联系方式|微信|QQ|邮箱"
    "|账号|帐号|账户|帐户|银行卡|卡号|开户"
    "|患有|患者|病|诊断|残疾|怀孕|妊娠|健康状况|血型|精神"
    "|商业秘密|技术秘密|配方|工艺参数|客户名单",
    re.IGNORECASE,
)


def mask_document(text: str) -> str:
    """Replace clauses that tell personal data or secrets by `****`.

    Leaks: that something was left out at that place, and every clause that neither holds a
    personal number nor one of the announcing words, names of persons included.
    """
    kept: list[str] = []
    for clause in _CLAUSE.findall(text):
        if not (_ANNOUNCING.search(clause) or has_find(clause)):
            kept.append(clause)
        elif not kept or kept[-1] != HIDDEN:
            kept.append(HIDDEN)
    masked = "".join(kept)
    return HIDDEN if has_find(masked) else masked
