"""Kinds of organisations in the city, and their codes.

The division inside every code is 410199, which is not assigned, so that no code can be real;
addresses use the city's districts.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from gateway.demo.city.names import brand
from schema.identifiers import USCC_ALPHABET, make_uscc

UNASSIGNED_DIVISION = "410199"


@dataclass(frozen=True, slots=True)
class OrganisationKind:
    """A registration authority with an organisation type, as it occurs in the city.

    Attributes:
        prefix: positions 1 and 2 of the code.
        weight: share of the city's subjects, in thousandths.
        counterpart: member name of the schema's counterpart types.
        type_zh: 企业类型 as registered.
        pattern: name with places for district and brand and line of business.
        authority: registering authority.
        capital: whether it has a registered capital.
    """

    prefix: str
    weight: int
    counterpart: str
    type_zh: str
    pattern: str
    authority: str
    capital: bool = False


MARKET = "郑州市市场监督管理局"
CIVIL = "郑州市民政局"
JUSTICE = "河南省司法厅"
FARMING = "郑州市农业农村工作委员会"

LEGAL, OTHER, INDIVIDUAL = "LEGAL_PERSON", "UNINCORPORATED", "INDIVIDUAL_BUSINESS"

LIMITED = OrganisationKind(
    "91", 540, LEGAL, "有限责任公司(自然人投资或控股)", "郑州{brand}{line}有限公司", MARKET, True
)
SHOP = OrganisationKind("92", 270, INDIVIDUAL, "个体工商户", "{district}{brand}{line}店", MARKET)
VILLAGE = OrganisationKind(
    "N2", 6, LEGAL, "村级集体经济组织", "{district}{brand}村股份经济合作社", FARMING
)

KINDS: tuple[OrganisationKind, ...] = (
    LIMITED,
    SHOP,
    OrganisationKind(
        "91", 35, LEGAL, "股份有限公司(非上市)", "河南{brand}{line}股份有限公司", MARKET, True
    ),
    OrganisationKind(
        "91", 25, OTHER, "有限合伙企业", "郑州{brand}{line}合伙企业（有限合伙）", MARKET, True
    ),
    OrganisationKind(
        "91", 25, OTHER, "有限责任公司分公司", "河南{brand}{line}有限公司{district}分公司", MARKET
    ),
    OrganisationKind("93", 32, LEGAL, "农民专业合作社", "{district}{brand}种植专业合作社", MARKET),
    OrganisationKind("11", 4, LEGAL, "机关", "{district}{brand}事务局", "郑州市委机构编制委员会"),
    OrganisationKind(
        "12", 12, LEGAL, "事业单位", "{district}{brand}服务中心", "郑州市事业单位登记管理局"
    ),
    OrganisationKind("13", 2, LEGAL, "群众团体", "{district}{brand}协会", "郑州市委机构编制委员会"),
    OrganisationKind("31", 5, OTHER, "律师执业机构", "河南{brand}律师事务所", JUSTICE),
    OrganisationKind("32", 1, LEGAL, "公证处", "郑州市{brand}公证处", JUSTICE),
    OrganisationKind("51", 7, LEGAL, "社会团体", "郑州市{brand}行业协会", CIVIL),
    OrganisationKind("52", 12, LEGAL, "民办非企业单位", "{district}{brand}幼儿园", CIVIL),
    OrganisationKind("53", 1, LEGAL, "基金会", "郑州{brand}公益基金会", CIVIL),
    OrganisationKind("71", 1, LEGAL, "宗教活动场所", "{district}{brand}寺", "郑州市民族宗教事务局"),
    OrganisationKind("81", 6, LEGAL, "基层工会", "郑州{brand}工会委员会", "郑州市总工会"),
    OrganisationKind("N1", 4, LEGAL, "组级集体经济组织", "{district}{brand}组经济合作社", FARMING),
    VILLAGE,
    OrganisationKind(
        "N3", 2, LEGAL, "乡镇级集体经济组织", "{district}{brand}镇经济联合社", FARMING
    ),
    OrganisationKind("A1", 1, LEGAL, "军队事业单位", "{brand}服务站", "中央军委政治工作部"),
    OrganisationKind("Y1", 9, OTHER, "其他组织", "{district}{brand}联络处", "其他登记机关"),
)
_WEIGHTS = [kind.weight for kind in KINDS]
PRIVATE_PREFIXES = frozenset({"91", "92", "93"})


@dataclass(frozen=True, slots=True)
class Industry:
    """Class of GB/T 4754 with the words used in names and scopes."""

    code: str
    name_zh: str
    line: str
    scope: str


INDUSTRIES: tuple[Industry, ...] = (
    Industry("F5211", "百货零售", "商贸", "日用百货、办公用品、五金交电的销售"),
    Industry("F5221", "粮油零售", "粮油", "粮油、预包装食品的零售"),
    Industry("H6210", "正餐服务", "餐饮管理", "餐饮服务、餐饮管理"),
    Industry("H6220", "快餐服务", "快餐", "热食类食品制售、外卖递送服务"),
    Industry("I6513", "应用软件开发", "信息技术", "软件开发、信息系统集成、数据处理服务"),
    Industry("E4710", "住宅房屋建筑", "建筑工程", "房屋建筑工程、市政公用工程施工"),
    Industry("E5011", "公共建筑装饰", "装饰工程", "建筑装饰装修工程设计与施工"),
    Industry("C3429", "机械制造", "机械设备", "机械设备、零部件的制造与销售"),
    Industry("C1411", "糕点制造", "食品", "糕点、面包、速冻食品的生产与销售"),
    Industry("C2710", "药品制造", "医药科技", "药品、医疗器械的研发与生产"),
    Industry("G5430", "道路货物运输", "物流", "普通货物道路运输、仓储服务"),
    Industry("L7240", "信用服务", "企业管理咨询", "企业管理咨询、商务信息咨询"),
    Industry("M7310", "自然科学研究", "科技发展", "技术开发、技术转让、技术咨询"),
    Industry("O8111", "汽车修理", "汽车服务", "机动车维修、汽车用品销售"),
    Industry("A0111", "稻谷种植", "农业发展", "农作物种植、农产品初加工与销售"),
    Industry("P8310", "学前教育", "教育咨询", "教育信息咨询、文具用品销售"),
    Industry("K7020", "物业管理", "物业服务", "物业管理、保洁服务、停车场服务"),
    Industry("Q8425", "门诊部", "健康管理", "健康咨询、保健用品销售"),
)

_BASE = len(USCC_ALPHABET)
_SPAN = _BASE**5
_STRIDE = 7_368_787
"""Coprime to 31, so that neighbours in the city have codes far apart."""


def code_of(kind: OrganisationKind, index: int) -> str:
    """Code of subject `index`; unique over all kinds, as the serial alone is."""
    number = (index * _STRIDE + 1_234_567) % _SPAN
    digits = []
    for _ in range(5):
        number, digit = divmod(number, _BASE)
        digits.append(USCC_ALPHABET[digit])
    return case_code(kind.prefix, "MA8" + "".join(reversed(digits)))


def case_code(prefix: str, serial: str) -> str:
    """Code with the given eight characters, under the unassigned division."""
    return make_uscc(prefix[0], prefix[1], UNASSIGNED_DIVISION, serial).code


def draw_kind(rng: Random) -> OrganisationKind:
    """Kind of an ordinary subject."""
    return rng.choices(KINDS, _WEIGHTS)[0]


def organisation_name(
    rng: Random, kind: OrganisationKind, district: str, industry: Industry
) -> str:
    """Invented name."""
    return kind.pattern.format(brand=brand(rng), district=district, line=industry.line)
