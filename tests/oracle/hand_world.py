"""A world small enough to work out its answers by hand: two departments, two firms, a person."""

from __future__ import annotations

from collections.abc import Callable

from gateway.contract import CatalogueEntry, Manifest
from policies.model import AccessRequest, CallerClass, Decision, Missing, Outcome, Use
from schema.classification import MaskKind, SubjectKind
from schema.codes import DisclosureWay, Nature, RecordKind, SharingAttribute
from schema.predicate import WireValue
from tests.oracle.ids import Sealing
from tests.oracle.records import Department, Record
from tests.oracle.world import Effect, World

FIRM = "91410100MA45K1KE05"
SHOP = "92410199MA8DJ8Y99W"
FIRST, SECOND = "11410199MB0M00000Q", "12410199MB0T00007B"
PENALTY = RecordKind.ADMINISTRATIVE_PENALTY
KEY = bytes(range(64))


def penalty(department: str, key: str, name: str, day: str, fine: str | None) -> Record:
    """A penalty with a document number and prose that holds a telephone number."""
    values: dict[str, WireValue] = {
        "meta.recordId": name,
        "meta.decidedOn": day,
        "meta.objectionMark": False,
        "documentNo": f"No {name}",
        "facts": f"{name}: call 13812345678",
        "fineAmount": fine,
    }
    return Record(PENALTY, department, key, name, values)


def registration(key: str) -> Record:
    """A registration with two shareholders."""
    values: dict[str, WireValue] = {
        "meta.recordId": key,
        "meta.decidedOn": "2020-01-01",
        "uscc": key,
        "name": f"Firm {key[:2]}",
        "shareholders.name": ["张三", "李四"],
        "shareholders.subscribed": ["1.00", None],
    }
    return Record(RecordKind.REGISTRATION, FIRST, key, key, values)


def world(decide: Callable[[AccessRequest], Decision], effects: tuple[Effect, ...] = ()) -> World:
    """The world under given rules."""
    first = Department(
        _manifest("first", FIRST, (RecordKind.REGISTRATION, PENALTY)),
        {
            RecordKind.REGISTRATION: (registration(FIRM), registration(SHOP)),
            PENALTY: (
                penalty(FIRST, FIRM, "a", "2026-01-03", "20000.00"),
                penalty(FIRST, FIRM, "b", "2026-01-01", None),
                penalty(FIRST, SHOP, "s", "2026-01-02", "5.00"),
            ),
        },
    )
    second = Department(
        _manifest("second", SECOND, (PENALTY,)),
        {PENALTY: (penalty(SECOND, FIRM, "c", "2026-01-02", "300.00"),)},
    )
    times = ("2026-02-01", "2026-02-01T08:00:00Z")
    return World((first, second), decide, *times, Sealing(KEY), effects=effects)


def everything_clear(_: AccessRequest) -> Decision:
    """Rules that permit everything."""
    return Decision(Outcome.CLEAR, ("all",))


def denying(*coordinates: str, use: Use = Use.READ) -> Callable[[AccessRequest], Decision]:
    """Rules that deny one use of some coordinates."""

    def decide(request: AccessRequest) -> Decision:
        if request.coordinate in coordinates and request.use is use:
            return Decision(Outcome.DENIED, ("no", "never"), missing=Missing.CONSENT)
        return everything_clear(request)

    return decide


def banding_shops(request: AccessRequest) -> Decision:
    """Rules that mask fines of individual businesses."""
    is_shop = request.subject.subject_kind is SubjectKind.INDIVIDUAL_BUSINESS
    if is_shop and request.coordinate == "AdministrativePenalty.fineAmount":
        return Decision(Outcome.MASKED, ("band",), mask=MaskKind.AMOUNT_BAND)
    return everything_clear(request)


def denying_own_penalties(request: AccessRequest) -> Decision:
    """Rules that let a department read other departments' penalties only."""
    if request.is_source and request.coordinate == "AdministrativePenalty":
        return Decision(Outcome.DENIED, ("own",), missing=Missing.GRANT)
    return everything_clear(request)


ALL_CALLERS = frozenset(CallerClass)


def _manifest(slug: str, code: str, kinds: tuple[RecordKind, ...]) -> Manifest:
    entries = tuple(
        CatalogueEntry(
            kind=kind,
            catalogue_code="C",
            name_zh="-",
            data_format="-",
            subject_types=(),
            nature=Nature.OTHER,
            sharing_attribute=SharingAttribute.CONDITIONAL,
            disclosure_way=DisclosureWay.GOV_SHARING,
            coverage="-",
            update_cycle="-",
            items=(),
            legal_basis="law",
            retention="-",
        )
        for kind in kinds
    )
    return Manifest(slug, code, "部门", "department", "1", "-", entries)
