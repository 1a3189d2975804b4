"""Invented names, addresses and document numbers, drawn by number.

Everybody here is made of syllables. Resident numbers have birth dates in 2099, so that they cannot
belong to anyone; telephone numbers share one block.
"""

from __future__ import annotations

from random import Random

from schema.identifiers import ZHENGZHOU_DIVISIONS

DISTRICTS = tuple((code, name) for code, name in ZHENGZHOU_DIVISIONS.items() if code != "410100")

_SURNAMES = "樊阮邬祝霍虞柏窦苗凤鲍喻卞伏糜茅庞蓝席麻强骆邝佟"
_COMPOUND = ("欧阳", "上官", "司徒", "诸葛", "令狐", "公孙", "慕容", "尉迟")
_GIVEN_FIRST = "澍棽栩砚筠笙钧琰瑄沅沁泓漪涵昕昀晗晞旻旸彧翊翎翀"
_GIVEN_SECOND = "庭舟野川岚屿禾麦稷苒苓芷荻蔚薇朔望弦音韵谣笺帛"
_MINORITY = ("阿依·努尔曼", "木拉提·赛尔克", "卓玛·次旦央", "巴图·苏和尔", "帕丽·热合娜")
_LATIN = ("Ingrid Solvang", "Marek Olszyna", "Tadeo Quirell", "Yuna Harakawa", "Piet Verhaegh")

_BRAND_FIRST = "樟岚笙蘅霁潼珩峤洄璟翊沄槿骁昶熠笃砚棠箬汀淞峋嵘"
_BRAND_SECOND = "沅禾舸岫笠矶澈垣聿楹钰珞渚栎筱弈屿麓棹枫溪砺衡朗"
_BRAND_THIRD = "达升源泰恒宏茂康悦诚鼎辉凯盛益博"
_LANES = "樟岚笙蘅霁潼珩峤洄璟翊沄槿骁昶熠"

MALE, FEMALE = "MALE", "FEMALE"
RESIDENT_ID = "RESIDENT_ID"
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def person_name(rng: Random) -> str:
    """Name of a person: mostly two or three characters, some compound, dotted or Latin."""
    chance = rng.random()
    if chance < 0.01:
        return rng.choice(_LATIN)
    if chance < 0.03:
        return rng.choice(_MINORITY)
    surname = rng.choice(_COMPOUND) if chance < 0.07 else rng.choice(_SURNAMES)
    given = rng.choice(_GIVEN_FIRST)
    return surname + given if chance < 0.30 else surname + given + rng.choice(_GIVEN_SECOND)


def resident_number(number: int) -> str:
    """Resident identity number of invented person `number`; unique below four million.

    Source: GB 11643, check character by ISO 7064 MOD 11-2.
    """
    rest, sequence = divmod(number, 999)
    rest, place = divmod(rest, len(DISTRICTS))
    month, day = divmod(rest % 336, 28)
    body = f"{DISTRICTS[place][0]}2099{month + 1:02d}{day + 1:02d}{sequence + 1:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def gender_of(id_no: str) -> str:
    """Gender that the sequence of a resident number tells."""
    return MALE if int(id_no[16]) % 2 else FEMALE


def phone(number: int) -> str:
    """Telephone number out of one block, plainly fictitious."""
    return f"13800000{number % 1000:03d}"


def brand(rng: Random) -> str:
    """Two or three characters that make a name distinct."""
    made = rng.choice(_BRAND_FIRST) + rng.choice(_BRAND_SECOND)
    return made + rng.choice(_BRAND_THIRD) if rng.random() < 0.7 else made


def place(rng: Random) -> tuple[str, str]:
    """A district of the city: six-digit division and name."""
    return DISTRICTS[int(rng.random() ** 1.6 * len(DISTRICTS))]


def office_address(rng: Random, district: str) -> str:
    """Address of an office or a shop."""
    return f"{_street(rng, district)}{1 + int(rng.random() * 300)}号{1 + int(rng.random() * 28)}层"


def home_address(rng: Random, district: str) -> str:
    """Address of a flat."""
    return (
        f"{_street(rng, district)}{1 + int(rng.random() * 300)}号院"
        f"{1 + int(rng.random() * 20)}号楼{1 + int(rng.random() * 4)}单元"
        f"{1 + int(rng.random() * 18)}0{1 + int(rng.random() * 4)}室"
    )


def _street(rng: Random, district: str) -> str:
    kind = rng.choice(("路", "街", "大道", "巷"))
    return f"河南省郑州市{district}{rng.choice(_LANES)}{rng.choice(_BRAND_SECOND)}{kind}"
