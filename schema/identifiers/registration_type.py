"""Labels of the first two characters of a unified social credit code.

They tell who registered the organisation (登记管理部门) and as what (机构类别). The standard was
amended several times and listings of it disagree, so the lists label and never refuse.
"""

#: First character: registration authority. Source: GB 32100-2015, table of authorities, as amended.
_AUTHORITIES = {
    "1": "机构编制",
    "2": "外交",
    "3": "司法行政",
    "4": "文化",
    "5": "民政",
    "6": "旅游",
    "7": "宗教",
    "8": "工会",
    "9": "市场监督管理",
    "A": "中央军委",
    "G": "公安",
    "J": "住房城乡建设",
    "N": "农业农村",
    "Q": "侨联",
    "Y": "其他",
}

_OTHER = "其他"

#: First two characters: organisation type. Source: as above.
_TYPES = {
    "11": "机关",
    "12": "事业单位",
    "13": "群众团体",
    "21": "外国常驻新闻机构",
    "31": "律师执业机构",
    "32": "公证处",
    "33": "基层法律服务所",
    "34": "司法鉴定机构",
    "35": "仲裁委员会",
    "36": "商事调解组织",
    "41": "外国在华文化中心",
    "51": "社会团体",
    "52": "民办非企业单位",
    "53": "基金会",
    "54": "村民委员会",
    "55": "居民委员会",
    "61": "外国旅游部门常驻代表机构",
    "62": "港澳台地区旅游部门常驻内地代表机构",
    "71": "宗教活动场所",
    "72": "宗教院校",
    "81": "基层工会",
    "82": "其他工会组织",
    "91": "企业",
    "92": "个体工商户",
    "93": "农民专业合作社",
    "A1": "军队事业单位",
    "G1": "境外非政府组织代表机构",
    "J1": "业主大会",
    "N1": "组级集体经济组织",
    "N2": "村级集体经济组织",
    "N3": "乡镇级集体经济组织",
    "Q1": "区县级侨联组织",
    "Q2": "乡镇级侨联组织",
    "Q3": "村级侨联组织",
    "Y1": _OTHER,
}


def authority_label(authority: str) -> str | None:
    """Return the Chinese name of a registration authority, or None where it is not listed."""
    return _AUTHORITIES.get(authority)


def type_label(authority: str, organisation_type: str) -> str | None:
    """Return the Chinese name of an organisation type, or None where it is not listed.

    Type `9` means other (其他) under every listed authority.
    """
    label = _TYPES.get(authority + organisation_type)
    if label is None and organisation_type == "9" and authority in _AUTHORITIES:
        return _OTHER
    return label


def is_listed_type(authority: str, organisation_type: str) -> bool:
    """Tell whether the first two characters of a code are on the list."""
    return type_label(authority, organisation_type) is not None
