"""What is not understood exactly is refused, naming file, rule, key, found and expected."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from policies.errors import PolicyLoadError
from policies.loader import load_policies, load_rules
from policies.model import CallerClass, Condition, Effect, Purpose, Role, Use, Window
from schema.predicate import And, Comparison, IsNull, Not, OneOf, Operator, Or, StartsWith
from schema.records import MODEL

TODAY = dt.date(2026, 9, 22)
CODE = "91410199MA9DEM028G"
GOOD = {
    "name": '"arrears"',
    "effect": '"permit"',
    "who": '["public"]',
    "purposes": '["PUBLIC_DISPLAY"]',
    "uses": '["read"]',
    "coordinates": '["TaxArrears"]',
    "basis": '"税收征收管理法 第四十五条"',
    "intent": '"Announced arrears are public."',
}


def rule_text(**changes: str | None) -> str:
    keys = {**GOOD, **changes}
    lines = [f"{key.replace('_', '-')} = {value}" for key, value in keys.items() if value]
    return "\n".join(["[[rule]]", *lines, ""])


def write(directory: Path, text: str, groups: str = "") -> Path:
    (directory / "tax.toml").write_text(text, encoding="utf-8")
    if groups:
        (directory / "groups.toml").write_text(groups, encoding="utf-8")
    return directory


def test_load_rules_reads_every_key(tmp_path: Path) -> None:
    more = {
        "organisations": f'["{CODE}"]',
        "roles": '["reviewer", "archivist"]',
        "when": "{ grant = true, from = 2026-07-01, until = 2026-12-31 }",
    }
    (rule,) = load_rules(MODEL, [write(tmp_path, rule_text(**more))])
    assert rule.id == "tax.arrears"
    assert rule.effect is Effect.PERMIT
    assert rule.who == (CallerClass.PUBLIC,)
    assert rule.purposes == (Purpose.PUBLIC_DISPLAY,)
    assert rule.uses == (Use.READ,)
    assert rule.coordinates == ("TaxArrears",)
    assert rule.organisations == (CODE,)
    assert rule.roles == (Role.REVIEWER, Role.ARCHIVIST)
    assert rule.condition == Condition(
        grant=True, window=Window(dt.date(2026, 7, 1), dt.date(2026, 12, 31))
    )
    assert rule.provider is None
    assert rule.legal_basis == "税收征收管理法 第四十五条"


def test_load_rules_any_value_is_written_as_a_star(tmp_path: Path) -> None:
    (rule,) = load_rules(MODEL, [write(tmp_path, rule_text(who='["*"]', purposes='["*"]'))])
    assert rule.who == ()
    assert rule.purposes == ()


def test_load_rules_puts_groups_in_place_of_their_names(tmp_path: Path) -> None:
    groups = '[purposes]\nlending = ["PRE_LOAN", "POST_LOAN"]\n'
    text = rule_text(purposes='["@lending", "AUDIT"]')
    (rule,) = load_rules(MODEL, [write(tmp_path, text, groups)])
    assert rule.purposes == (Purpose.PRE_LOAN, Purpose.POST_LOAN, Purpose.AUDIT)


@pytest.mark.parametrize(
    ("changes", "key", "found"),
    [
        ({"colour": '"red"'}, "colour", "an unknown key"),
        ({"basis": None}, "basis", "nothing"),
        ({"basis": '" "'}, "basis", "` `"),
        ({"intent": None}, "intent", "nothing"),
        ({"intent": "3"}, "intent", "`3`"),
        ({"name": '"Has Blanks"'}, "name", "`Has Blanks`"),
        ({"name": "7"}, "name", "`7`"),
        ({"effect": '"allow"'}, "effect", "`allow`"),
        ({"who": '["king"]'}, "who", "`king`"),
        ({"who": "[]"}, "who", "an empty list"),
        ({"who": '"public"'}, "who", "`public`"),
        ({"who": None}, "who", "nothing"),
        ({"purposes": '["FUN"]'}, "purposes", "`FUN`"),
        ({"purposes": '["@fun"]'}, "purposes", "group `@fun`"),
        ({"uses": '["write"]'}, "uses", "`write`"),
        ({"uses": '["filter"]'}, "uses", "`filter`"),
        ({"uses": '["count"]', "coordinates": '["TaxArrears.balance"]'}, "uses", "`count`"),
        ({"subjects": '["DOG"]'}, "subjects", "`DOG`"),
        ({"classes": '["OPEN"]'}, "classes", "`OPEN`"),
        ({"coordinates": '["TaxArrear"]'}, "coordinates", "`TaxArrear`"),
        ({"coordinates": '["TaxArrears.nothing"]'}, "coordinates", "`TaxArrears.nothing`"),
        ({"coordinates": '["Nothing.*"]'}, "coordinates", "`Nothing.*`"),
        ({"coordinates": '["*.nothing"]'}, "coordinates", "`*.nothing`"),
        ({"coordinates": None}, "coordinates", "neither classes nor coordinates"),
        ({"classes": '["SECRET"]'}, "coordinates", "a rule that covers nothing"),
        ({"mask": '"NAME"'}, "mask", "`NAME`"),
        ({"effect": '"mask"', "mask": '"NONE"'}, "mask", "`NONE`"),
        ({"effect": '"mask"', "mask": '"BLUR"'}, "mask", "`BLUR`"),
        ({"effect": '"mask"'}, "coordinates", "`TaxArrears`, which declares no mask"),
        (
            {"effect": '"mask"', "coordinates": '["TaxArrears.taxNo"]'},
            "coordinates",
            "`TaxArrears.taxNo`, which declares no mask",
        ),
        (
            {"effect": '"mask"', "coordinates": '["TaxArrears.balance"]', "uses": '["order"]'},
            "uses",
            "other uses than read",
        ),
        ({"organisations": '["X"]'}, "organisations", "`X`"),
        ({"organisations": "[]"}, "organisations", "an empty list"),
        ({"coordinates": "[]", "classes": '["PUBLIC"]'}, "coordinates", "an empty list"),
        ({"subjects": "[]"}, "subjects", "an empty list"),
        ({"classes": "[]"}, "classes", "an empty list"),
        ({"roles": '["boss"]'}, "roles", "`boss`"),
        ({"roles": "[]"}, "roles", "an empty list"),
        ({"name": '"päckchen"'}, "name", "`päckchen`"),
        ({"name": '"two--hyphens"'}, "name", "`two--hyphens`"),
        ({"effect": '["permit"]'}, "effect", "`['permit']`"),
        ({"when": "{}"}, "when", "`{}`"),
        ({"when": '{ from = "2026-07-01" }'}, "when", "`from = 2026-07-01`"),
        (
            {"when": "{ until = 2026-07-01T00:00:00Z }"},
            "when",
            "`until = 2026-07-01 00:00:00+00:00`",
        ),
        (
            {"when": "{ from = 2026-07-02, until = 2026-07-01 }"},
            "when",
            "`from = 2026-07-02` after `until = 2026-07-01`",
        ),
        ({"when": '"always"'}, "when", "`always`"),
        ({"when": "{ moon = true }"}, "when", "`moon = True`"),
        ({"when": "{ consent = false }"}, "when", "`consent = False`"),
        ({"when": '{ row = "@none" }'}, "when", "row `@none`"),
        (
            {
                "coordinates": '["TaxArrears.balance"]',
                "when": '{ row = { field = "taxNo", is = "1" } }',
            },
            "when",
            "a row condition",
        ),
        (
            {
                "coordinates": None,
                "classes": '["PUBLIC"]',
                "when": '{ row = { field = "meta.version", is = 1 } }',
            },
            "when",
            "a row condition",
        ),
    ],
)
def test_load_rules_of_a_wrong_rule_is_refused(
    tmp_path: Path, changes: dict[str, str | None], key: str, found: str
) -> None:
    with pytest.raises(PolicyLoadError) as refused:
        load_rules(MODEL, [write(tmp_path, rule_text(**changes))])
    error = refused.value
    assert (error.file, error.key, error.found) == ("tax.toml", key, found)
    assert error.expected
    assert error.rule in ("arrears", "-", "Has Blanks", "päckchen", "two--hyphens")
    assert "expected" in str(error)


ROWS = [
    ('{ field = "taxKind", is = "VAT" }', Comparison("taxKind", Operator.EQ, "VAT")),
    ('{ field = "balance", above = "100.50" }', Comparison("balance", Operator.GT, "100.50")),
    ('{ field = "meta.version", at-most = 2 }', Comparison("meta.version", Operator.LE, 2)),
    (
        '{ field = "meta.severity", in = ["MINOR", "NONE"] }',
        OneOf("meta.severity", ("MINOR", "NONE")),
    ),
    ('{ field = "taxNo", starts-with = "91" }', StartsWith("taxNo", "91")),
    ('{ field = "taxNo", absent = true }', IsNull("taxNo")),
    ('{ field = "taxNo", absent = false }', Not(IsNull("taxNo"))),
    ('{ not = { field = "taxNo", absent = true } }', Not(IsNull("taxNo"))),
    (
        '{ all = [{ field = "announcedOn", below = "2026-01-01" }] }',
        And((Comparison("announcedOn", Operator.LT, "2026-01-01"),)),
    ),
    (
        '{ any = [{ field = "announcedOn", at-least = "today" }] }',
        Or((Comparison("announcedOn", Operator.GE, "today"),)),
    ),
]


@pytest.mark.parametrize(("text", "predicate"), ROWS)
def test_load_rules_row_condition_becomes_a_predicate(
    tmp_path: Path, text: str, predicate: object
) -> None:
    (rule,) = load_rules(MODEL, [write(tmp_path, rule_text(when=f"{{ row = {text} }}"))])
    assert rule.condition.row == predicate


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "{}",
        "{ all = [] }",
        '{ all = [{ field = "taxNo", absent = true }], any = [] }',
        '{ not = { field = "taxNo", absent = true }, field = "taxNo" }',
        '{ field = "taxNo" }',
        '{ field = "taxNo", like = "9%" }',
        '{ field = "taxNo", is = "1", in = ["2"] }',
        '{ field = "nothing", is = "1" }',
        '{ field = "taxNo", is = 1 }',
        '{ field = "taxNo", is = "today" }',
        '{ field = "taxNo", above = "1" }',
        '{ field = "taxNo", in = [] }',
        '{ field = "taxNo", absent = "yes" }',
        '{ field = "taxNo", includes = "1" }',
        '{ field = "meta.severity", is = "HUGE" }',
        '{ field = "meta.version", is = true }',
        '{ field = "meta.version", is = "1" }',
        '{ field = "balance", above = 100 }',
        '{ field = "balance", above = "lots" }',
        '{ field = "announcedOn", above = "tomorrow" }',
        '{ field = "announcedOn", above = "2026-13-01" }',
        '{ field = "meta.stale", starts-with = "t" }',
        '{ field = "meta.fetchedAt", above = "2026-01-01" }',
    ],
)
def test_load_rules_wrong_row_condition_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PolicyLoadError) as refused:
        load_rules(MODEL, [write(tmp_path, rule_text(when=f"{{ row = {text} }}"))])
    assert refused.value.key == "when"
    assert refused.value.rule == "arrears"


@pytest.mark.parametrize(
    "text", ["rule = 3", "[[rules]]", "[[rule]]\nname = ", "", "rule = [1]", "\x00"]
)
def test_load_rules_of_a_file_without_rules_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PolicyLoadError, match=r"tax\.toml"):
        load_rules(MODEL, [write(tmp_path, text)])


def test_load_rules_repeated_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyLoadError, match="`arrears` twice"):
        load_rules(MODEL, [write(tmp_path, rule_text() + rule_text())])


def test_load_rules_without_any_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyLoadError, match="no rule file"):
        load_rules(MODEL, [tmp_path])


WRONG_GROUPS = [
    ("[colours]\nred = []\n", "colours"),
    ("colours = 3\n", "colours"),
    ("rows = 3\n", "rows"),
    ("[purposes]\nodd = 3\n", "purposes.odd"),
    ("[purposes]\nodd = []\n", "purposes.odd"),
    ("[purposes]\nodd = [1]\n", "purposes.odd"),
    ('[purposes]\nodd = ["FUN"]\n', "purposes.odd"),
    ('[subjects]\nodd = ["DOG"]\n', "subjects.odd"),
    ('[coordinates]\nodd = ["Nothing"]\n', "coordinates.odd"),
    ('[gates]\nking = "published"\n', "gates.king"),
    ('[gates]\nothers = "nothing"\n', "gates.others"),
    ("[gates.TaxArrears]\nothers = 3\n", "gates.others"),
    ('[gates.Nothing]\nothers = "x"\n', "gates.Nothing"),
    ('[gates.TaxArrears]\nking = "x"\n', "gates.king"),
    ('[needs.OPEN]\npublic = "consent"\n', "needs.OPEN"),
    ('[needs.PUBLIC]\nking = "consent"\n', "needs.PUBLIC.king"),
    ('[needs.PUBLIC]\npublic = "money"\n', "needs.PUBLIC.public"),
    ("\x00", "-"),
]


@pytest.mark.parametrize(("groups", "key"), WRONG_GROUPS)
def test_load_rules_wrong_groups_are_refused_though_no_rule_uses_them(
    tmp_path: Path, groups: str, key: str
) -> None:
    with pytest.raises(PolicyLoadError) as refused:
        load_rules(MODEL, [write(tmp_path, rule_text(), groups)])
    assert (refused.value.file, refused.value.key) == ("groups.toml", key)
    assert refused.value.found
    assert refused.value.expected


def test_load_rules_of_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    write(tmp_path, rule_text())
    with pytest.raises(PolicyLoadError, match="no such folder"):
        load_rules(MODEL, [tmp_path, tmp_path / "more"])


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = " + b"[" * 5_000])
def test_load_rules_of_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tax.toml").write_bytes(content)
    with pytest.raises(PolicyLoadError, match=r"tax\.toml"):
        load_rules(MODEL, [tmp_path])


def test_load_rules_of_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tax.toml").mkdir()
    with pytest.raises(PolicyLoadError, match=r"tax\.toml"):
        load_rules(MODEL, [tmp_path])


def test_load_rules_same_name_in_two_folders_is_refused(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("city", "county")]
    for folder in folders:
        folder.mkdir()
        write(folder, rule_text())
    with pytest.raises(PolicyLoadError, match=r"`arrears` twice, in `city` and in `county`"):
        load_rules(MODEL, folders)


@pytest.mark.parametrize(
    ("forbid", "is_refused"),
    [
        ({"who": '["*"]', "purposes": '["*"]', "uses": '["*"]'}, True),
        ({"who": '["*"]', "purposes": '["*"]', "uses": '["*"]', "coordinates": '["*.*"]'}, False),
        ({"who": '["institution"]', "purposes": '["*"]', "uses": '["*"]'}, False),
        ({"who": '["*"]', "purposes": '["AUDIT"]', "uses": '["*"]'}, False),
        ({"who": '["*"]', "purposes": '["*"]', "uses": '["count"]'}, False),
        ({"subjects": '["NATURAL_PERSON"]'}, False),
        ({"when": "{ is-self = true }"}, False),
        ({"when": "{ from = 2026-01-01 }"}, False),
        ({"roles": '["handler"]'}, False),
        ({"organisations": f'["{CODE}"]'}, False),
    ],
)
def test_load_rules_permit_of_nothing_but_forbidden_is_refused(
    tmp_path: Path, forbid: dict[str, str | None], is_refused: bool
) -> None:
    closed = rule_text(name='"closed"', effect='"forbid"', **forbid)
    folder = write(tmp_path, rule_text() + closed)
    if not is_refused:
        assert len(load_rules(MODEL, [folder])) == 2
        return
    with pytest.raises(PolicyLoadError) as refused:
        load_rules(MODEL, [folder])
    assert (refused.value.rule, refused.value.key) == ("arrears", "effect")
    assert refused.value.found == "`permit` of nothing but what `tax.closed` forbids"


def test_load_rules_permit_closed_by_several_rules_together_is_refused(tmp_path: Path) -> None:
    opened = rule_text(who='["public", "auditor"]', uses='["read", "count"]')
    closed = [
        rule_text(name='"a"', effect='"forbid"', who='["public"]', uses='["read", "count"]'),
        rule_text(name='"b"', effect='"forbid"', who='["auditor"]', uses='["read"]'),
        rule_text(name='"c"', effect='"forbid"', who='["auditor"]', uses='["count"]'),
    ]
    assert load_rules(MODEL, [write(tmp_path, opened + closed[0] + closed[1])])
    with pytest.raises(PolicyLoadError, match="of nothing but what"):
        load_rules(MODEL, [write(tmp_path, opened + "".join(closed))])


def test_version_changes_with_every_part_of_a_rule(tmp_path: Path) -> None:
    changes: list[dict[str, str | None]] = [
        {},
        {"name": '"others"'},
        {"effect": '"forbid"'},
        {"who": '["*"]'},
        {"purposes": '["*"]'},
        {"uses": '["read", "count"]'},
        {"coordinates": '["TaxPayment"]'},
        {"subjects": '["ORGANISATION"]'},
        {"organisations": f'["{CODE}"]'},
        {"roles": '["handler"]'},
        {"when": "{ from = 2026-01-01 }"},
        {"when": "{ until = 2026-01-01 }"},
        {"when": "{ consent = true }"},
        {"when": '{ row = { field = "taxNo", is = "1" } }'},
        {"basis": '"another"'},
        {"intent": '"Another."'},
    ]
    versions = {
        load_policies(MODEL, TODAY, [write(tmp_path, rule_text(**change))]).version
        for change in changes
    }
    assert len(versions) == len(changes)


def test_version_does_not_depend_on_the_day(tmp_path: Path) -> None:
    write(tmp_path, rule_text())
    tomorrow = TODAY + dt.timedelta(days=1)
    first, second = (load_policies(MODEL, day, [tmp_path]).version for day in (TODAY, tomorrow))
    assert first == second
