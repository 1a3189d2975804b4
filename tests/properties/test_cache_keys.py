"""Whatever a decision depends on is in the key under which it, or what follows from it, is kept.

Each table below names every field of an input and another value for it. A field that is added to
an input and not to its table fails the test, so that nobody forgets to ask whether it is in the
key.
"""

from __future__ import annotations

import datetime as dt
import inspect
import random
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from gateway.answering.report import Reporter
from gateway.authorization.authorize import Authorizer, cache_key
from gateway.authorization.plan import AuthorizedPlan
from gateway.conformance import ReferenceAdapter
from gateway.contract import After, RecordRequest, RecordSelection
from gateway.entitlements.data_contract import DataContract
from gateway.entitlements.types import Granted
from gateway.fetching.types import FetchResults, PlaceRecords, Subjects
from gateway.operation.types import OperationRequest
from gateway.planning.types import FetchPlan, RecordPlace, SubjectsRoot
from gateway.sources.mapping import KindMapping
from gateway.sources.postgres.adapter import PostgresAdapter, PostgresSource
from gateway.sources.postgres.statement import KeyGroups, key_groups
from gateway.visibility.parts import SchemaParts
from policies.engine import PolicySet
from policies.model import (
    AccessRequest,
    Caller,
    CallerClass,
    Condition,
    Effect,
    Limit,
    Purpose,
    Role,
    Rule,
    SubjectProfile,
    Use,
    Window,
)
from schema.classification import FieldClass, MaskKind, SubjectKind
from schema.model import CreditModel, FieldModel, KindModel
from schema.predicate import IsNull
from schema.records import MODEL
from tests.gateway.sources.odd_table import PENALTY, PENALTY_COLUMNS
from tests.support.awkward_department import FIRM, manifest_for
from tests.support.small_gateway import SCHEMA, SmallGateway

TODAY = dt.date(2026, 9, 22)
CODE, OTHER = "91410199MA9DEM028G", "114101990050000186"
CALLER = Caller(CallerClass.PLATFORM, CODE, Purpose.PRE_LOAN, "A", Role.HANDLER)
PROFILE = SubjectProfile(SubjectKind.ORGANISATION, False, frozenset({"TaxPayment"}))
RULE = Rule(
    id="tax.one",
    effect=Effect.PERMIT,
    who=(CallerClass.PUBLIC,),
    purposes=(Purpose.PUBLIC_DISPLAY,),
    uses=(Use.READ,),
    classes=(FieldClass.PUBLIC,),
    coordinates=("TaxArrears",),
    subject_kinds=(SubjectKind.ORGANISATION,),
    organisations=(CODE,),
    condition=Condition(),
    mask=None,
    legal_basis="样例",
    intent="A rule.",
)

CALLERS: dict[str, Any] = {
    "caller_class": CallerClass.INSTITUTION,
    "organisation": OTHER,
    "purpose": Purpose.POST_LOAN,
    "acting_for": "B",
    "role": Role.REVIEWER,
}
PROFILES: dict[str, Any] = {
    "subject_kind": SubjectKind.INDIVIDUAL_BUSINESS,
    "is_self": True,
    "consented": frozenset({"TaxPayment", "TaxPayment.paidAmount"}),
    "limit": Limit(frozenset({"TaxPayment"}), frozenset()),
}
CONDITIONS: dict[str, Any] = {
    "consent": True,
    "grant": True,
    "is_self": True,
    "is_source": True,
    "row": IsNull("removedOn"),
    "window": Window(TODAY, None),
}
RULES: dict[str, Any] = {
    "id": "tax.other",
    "effect": Effect.FORBID,
    "who": (CallerClass.ASSOCIATION,),
    "purposes": (Purpose.AUDIT,),
    "uses": (Use.COUNT,),
    "classes": (FieldClass.SECRET,),
    "coordinates": ("TaxPayment",),
    "subject_kinds": (),
    "organisations": (),
    "condition": Condition(consent=True),
    "mask": MaskKind.NAME,
    "legal_basis": "样例二",
    "intent": "Another rule.",
    "roles": (Role.ARCHIVIST,),
    "provider": OTHER,
}
GRANTED = Granted(((CODE, frozenset({"TaxPayment"})),))
SETS: dict[str, Any] = {
    "rules": (RULE, replace(RULE, id="tax.two")),
    "model": None,  # see `test_version_of_rules_covers_classes_and_masks`
    "today": TODAY + dt.timedelta(days=1),
    "own_rules": {OTHER: (replace(RULE, id="own:one", provider=OTHER),)},
}
SET = PolicySet((RULE,), MODEL, TODAY)
PLAIN: dict[str, Any] = {"rules": (RULE,), "model": MODEL, "today": TODAY}


def plan_of(document: str, name: str | None = None, **variables: Any) -> FetchPlan:
    gateway = SmallGateway({})
    request = OperationRequest(document, name, variables)
    return gateway.plans.plan(gateway.operations.load(request, "test"), variables).plan


TWO = (
    "query A { __typename } "
    "query B($first: Int!) { records(kind: TAX_ARREARS, first: $first) { nodes { id } } }"
)
PLAN = plan_of(TWO, "B", first=3)
KEY: dict[str, Any] = {
    "plan": PLAN,
    "caller": CALLER,
    "policies": SET,
    "granted": GRANTED,
    "entitlements_version": 1,
    "unnamed": None,
}
DECISION_CASES = [
    *[("caller", field, replace(CALLER, **{field: value})) for field, value in CALLERS.items()],
    *[
        ("policies", field, PolicySet(**{**PLAIN, field: value}))
        for field, value in SETS.items()
        if value is not None
    ],
    ("plan", "document", plan_of(TWO.replace("id", "__typename"), "B", first=3)),
    ("plan", "operation", plan_of(TWO, "A")),
    ("plan", "variables", plan_of(TWO, "B", first=4)),
    ("granted", "provider", Granted(((OTHER, frozenset({"TaxPayment"})),))),
    ("granted", "coordinates", Granted(((CODE, frozenset({"TaxArrears"})),))),
    ("granted", "none", Granted()),
    ("entitlements_version", "-", 2),
    ("unnamed", "-", Limit(frozenset({"TaxPayment"}), frozenset())),
    ("unnamed", "aggregate", Limit(frozenset(), frozenset({"TaxPayment"}))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("described", "named"),
    [
        (Caller, CALLERS),
        (SubjectProfile, PROFILES),
        (Rule, RULES),
        (Condition, CONDITIONS),
        (Granted, ["by_provider"]),
        (KeyGroups, ["keys", "modes", "numbers", "is_unpaged"]),
        (RecordRequest, ["path", "selection", "keys", "after"]),
        (AccessRequest, ["caller", "coordinate", "use", "subject", "granted", "is_source",
                         "provider"]),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)  # fmt: skip
def test_every_field_of_an_input_has_a_case(described: Any, named: Any) -> None:
    is_data = is_dataclass(described)
    names = [field.name for field in fields(described)] if is_data else described._fields
    assert set(names) == set(named), "is the new field in the key? then give it a case here"


@pytest.mark.parametrize(
    ("function", "named"),
    [(cache_key, KEY), (PolicySet, SETS)],
    ids=["cache_key", "PolicySet"],
)
def test_every_argument_has_a_case(function: Any, named: Mapping[str, Any]) -> None:
    assert set(inspect.signature(function).parameters) == set(named)


def test_authorized_plan_is_made_of_nothing_beside_the_key() -> None:
    """Providers and entitlements belong to the gateway; what they say is in the key."""
    made_of = set(inspect.signature(AuthorizedPlan).parameters)
    assert made_of - {"providers", "entitlements"} == {
        "plan",
        "caller",
        "policies",
        "granted",
        "unnamed",
    }


@pytest.mark.parametrize(
    ("part", "field", "changed"), DECISION_CASES, ids=[f"{p}.{f}" for p, f, _ in DECISION_CASES]
)
def test_decision_has_another_key_for_another_input(part: str, field: str, changed: Any) -> None:
    key = cache_key(**KEY)
    other = cache_key(**{**KEY, part: changed})
    assert key == cache_key(**KEY)
    assert key != other, field


@pytest.mark.parametrize("part", ["caller", "policies", "granted", "unnamed"])
def test_plan_is_authorized_anew_when_an_input_changes(part: str) -> None:
    gateway = SmallGateway({})
    changes = [changed for of, _, changed in DECISION_CASES if of == part]
    first = authorize(gateway.authorizer, gateway, KEY)
    assert authorize(gateway.authorizer, gateway, KEY) is first
    for changed in changes:
        assert authorize(gateway.authorizer, gateway, {**KEY, part: changed}) is not first
    gateway.entitlements.grants = GRANTED
    gateway.entitlements.version += 1
    assert authorize(gateway.authorizer, gateway, KEY) is not first


def authorize(
    authorizer: Authorizer, gateway: SmallGateway, inputs: Mapping[str, Any]
) -> AuthorizedPlan:
    gateway.entitlements.grants = inputs["granted"]
    unnamed = inputs["unnamed"]
    contract = None if unnamed is None else DataContract(limit=unnamed)
    return authorizer.authorize(inputs["plan"], inputs["caller"], inputs["policies"], contract)


@pytest.mark.parametrize("field", [*RULES, *(f"condition.{name}" for name in CONDITIONS)])
def test_version_of_rules_covers_every_part_of_a_rule(field: str) -> None:
    part = field.removeprefix("condition.")
    changed = replace(RULE, **{part: RULES[part]}) if part in RULES else replace(
        RULE, condition=replace(RULE.condition, **{part: CONDITIONS[part]})
    )  # fmt: skip
    assert PolicySet((changed,), MODEL, TODAY).version != SET.version


def test_version_of_rules_covers_classes_and_masks() -> None:
    kind = MODEL.by_type_name["TaxArrears"]
    field = kind.by_name["balance"]
    of_kind = replace(kind.declaration, field_class=FieldClass.SECRET)
    of_person = replace(kind.declaration, person_class=FieldClass.PUBLIC)
    versions = [SET.version]
    for changed in (of_kind, of_person):
        versions.append(version_with(replace(kind, declaration=changed)))
    for change in (
        {"field_class": FieldClass.SECRET},
        {"mask": MaskKind.DOCUMENT},
        {"person_class": FieldClass.DEPARTMENT},
        {"person_mask": MaskKind.ACCOUNT},
    ):
        declared: Any = replace(field.declaration, **change)
        versions.append(version_with(with_field(kind, replace(field, declaration=declared))))
    versions.append(version_with(with_field(kind, None)))
    assert len(set(versions)) == len(versions)


def with_field(kind: KindModel, changed: FieldModel | None) -> KindModel:
    """The kind with its field `balance` changed or gone."""
    kept = [changed if field.name == "balance" else field for field in kind.fields]
    return replace(kind, fields=tuple(field for field in kept if field is not None))


def version_with(kind: KindModel) -> str:
    model = CreditModel({**MODEL.kinds, kind.kind: kind})
    return PolicySet((RULE,), model, TODAY).version


def authorized(policies: PolicySet = SET) -> AuthorizedPlan:
    gateway = SmallGateway({"reference": ReferenceAdapter(manifest_for(), [])})
    gateway.entitlements.grants = GRANTED
    return gateway.authorizer.authorize(PLAN, CALLER, policies)


@pytest.mark.parametrize("field", PROFILES)
def test_tables_and_reports_are_kept_by_every_part_of_a_profile(field: str) -> None:
    changed = replace(PROFILE, **{field: PROFILES[field]})
    plan = authorized()
    assert plan.table(PROFILE, CODE) is plan.table(replace(PROFILE), CODE)
    assert plan.table(PROFILE, CODE) is not plan.table(changed, CODE)
    assert report_key(PROFILE) != report_key(changed)


def test_reports_are_kept_by_what_was_refused() -> None:
    assert report_key(PROFILE) != report_key(PROFILE, refused=True)


SUBJECT_PLAN = plan_of(f'{{ subject(uscc: "{FIRM}") {{ penalties {{ nodes {{ facts }} }} }} }}')


def report_key(profile: SubjectProfile, refused: bool = False) -> tuple[object, ...]:
    gateway = SmallGateway({"reference": ReferenceAdapter(manifest_for(), [])})
    plan = gateway.authorizer.authorize(SUBJECT_PLAN, CALLER, SET)
    root = plan.plan.roots["subject"]
    assert isinstance(root, SubjectsRoot)
    place = root.place.organisation["penalties"]
    assert isinstance(place, RecordPlace)
    standing = Subjects((FIRM,), (FIRM,), {profile: (FIRM,)})
    found = PlaceRecords(refused=refused)
    results = FetchResults("now", subjects={root.place: standing}, places={place: found})
    return Reporter(plan, results).key()


def test_tables_are_kept_by_provider_where_it_matters() -> None:
    """Own department, own rules and own grants make another table; nothing else does."""
    own_rules = {OTHER: (replace(RULE, id="own:one", provider=OTHER),)}
    plan = authorized(PolicySet((RULE,), MODEL, TODAY, own_rules))
    indifferent = plan.table(PROFILE, "X")
    assert plan.table(PROFILE, "Y") is indifferent
    assert plan.table(PROFILE, OTHER) is not indifferent  # rules of its own
    assert plan.table(PROFILE, CODE) is not indifferent  # the caller's own, and it granted


def test_caches_inside_the_rules_change_no_decision() -> None:
    """A set that has decided for others decides as one that has not."""
    rules = []
    for number, (name, value) in enumerate({**CALLERS, **PROFILES}.items()):
        made = replace(
            RULE, id=f"tax.r{number}", who=(), purposes=(), uses=(), classes=(),
            subject_kinds=(), organisations=(), coordinates=("TaxPayment", "TaxPayment.*"),
        )  # fmt: skip
        rules.append(
            {
                "caller_class": replace(made, who=(value,)),
                "organisation": replace(made, organisations=(value,)),
                "purpose": replace(made, purposes=(value,)),
                "acting_for": replace(made, organisations=(value,)),
                "role": replace(made, roles=(value,)),
                "subject_kind": replace(made, subject_kinds=(value,)),
                "is_self": replace(made, condition=Condition(is_self=True)),
                "consented": replace(made, condition=Condition(consent=True)),
                # stands beside the rules
                "limit": made,
            }[name]
        )
    chance = random.Random(3)
    for only in (tuple(rules), *[(rule,) for rule in rules]):
        used = PolicySet(only, MODEL, TODAY)
        for _ in range(120):
            request = random_request(chance)
            assert used.decide(request) == PolicySet(only, MODEL, TODAY).decide(request)


def random_request(chance: random.Random) -> AccessRequest:
    def some(base: Any, others: Mapping[str, Any]) -> Any:
        return replace(base, **{key: new for key, new in others.items() if chance.random() < 0.4})

    return AccessRequest(
        some(CALLER, CALLERS),
        chance.choice(["TaxPayment", "TaxPayment.paidAmount"]),
        chance.choice(list(Use)),
        some(PROFILE, PROFILES),
        frozenset(),
        False,
    )


async def test_parts_of_the_schema_are_kept_by_class_version_and_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SchemaParts, "make", lambda *_: object())
    parts = SchemaParts(SCHEMA)
    first = await parts.part(SET, CallerClass.PUBLIC)
    assert await parts.part(PolicySet((RULE,), MODEL, TODAY), CallerClass.PUBLIC) is first
    wider = PolicySet((replace(RULE, coordinates=("TaxPayment",)),), MODEL, TODAY)
    assert await parts.part(SET, CallerClass.AUDITOR) is not first
    assert await parts.part(SET.on(TODAY + dt.timedelta(days=1)), CallerClass.PUBLIC) is not first
    assert await parts.part(wider, CallerClass.PUBLIC) is not first


SELECTION = RecordSelection(PENALTY, ("facts",), first=5)
SOURCE = PostgresSource("postgresql://nobody@127.0.0.1:1/nothing", 1)
MAPPING = KindMapping(PENALTY, "odd.own", "id", "code", PENALTY_COLUMNS, "person")
OTHER_FIRM = "91410199MA9DEM028G"
SHARED_CASES: dict[str, list[RecordRequest]] = {
    "selection": [RecordRequest("a", replace(SELECTION), (FIRM,))],
    "keys of persons": [RecordRequest("a", SELECTION, ("P:1",))],
    "keys of two groups": [
        RecordRequest("a", SELECTION, (FIRM,)),
        RecordRequest("b", SELECTION, (OTHER_FIRM,)),
    ],
    "no keys": [RecordRequest("a", SELECTION, None)],
}


@pytest.mark.parametrize("requests", SHARED_CASES.values(), ids=SHARED_CASES)
def test_statements_are_shared_by_one_selection_and_kind_of_keys_only(
    requests: list[RecordRequest],
) -> None:
    """A selection is of one plan and caller; not even an equal one shares its statement."""
    adapter = PostgresAdapter(manifest_for(), [MAPPING], SOURCE)
    first = prepared(adapter, RecordRequest("a", SELECTION, (FIRM,)))
    assert prepared(adapter, RecordRequest("b", SELECTION, (OTHER_FIRM,))) is first
    assert prepared(adapter, *requests) is not first


def test_selections_are_told_apart_by_identity_whatever_fields_they_get() -> None:
    assert replace(SELECTION) != SELECTION
    assert len({SELECTION, replace(SELECTION)}) == 2


def test_pages_behind_a_cursor_share_nothing() -> None:
    adapter = PostgresAdapter(manifest_for(), [MAPPING], SOURCE)
    behind = RecordRequest("a", SELECTION, (FIRM,), After((), OTHER, "1"))
    assert not key_groups([behind]).is_unpaged
    assert prepared(adapter, behind) is not prepared(adapter, behind)


def prepared(adapter: PostgresAdapter, *requests: RecordRequest) -> object:
    return adapter._statement(requests, key_groups(requests))
