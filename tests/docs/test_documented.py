"""Everything that people outside the code rely on has its place in the documents."""

import ast
import inspect
import re

import pytest

from gateway import settings
from gateway.authorization.plan import MAX_PROFILES
from gateway.authorization.statistics import MAX_GROUPS
from gateway.contract import hookspecs
from gateway.fetching.executor import MAX_LISTED, MAX_SUBJECTS
from gateway.planning.arguments import MAX_FIRST, MAX_ONE_OF, MAX_ORDER_KEYS
from gateway.planning.planner import MAX_GROUP_FIELDS, MAX_SUM_FIELDS
from gateway.planning.variables import MAX_VARIABLE_ERRORS
from policies.model import CallerClass, Outcome, Use
from schema.classification import FieldClass
from schema.records import MODEL
from tests.docs.sources import ROOT, error_codes, fence_reasons

DOCS = ROOT / "docs"

LIMITS_IN_PAGES = {
    "TOO_MANY_SUBJECTS": (MAX_SUBJECTS,),
    "TOO_MANY_RECORDS": (MAX_LISTED,),
    "TOO_MANY_ACCESS_PROFILES": (MAX_PROFILES,),
    "TOO_MANY_GROUPS": (MAX_GROUPS,),
    "VARIABLE_INVALID": (MAX_VARIABLE_ERRORS,),
    "ARGUMENT_OUT_OF_RANGE": (
        MAX_FIRST,
        MAX_ORDER_KEYS,
        MAX_ONE_OF,
        MAX_GROUP_FIELDS,
        MAX_SUM_FIELDS,
    ),
}


def page(name: str) -> str:
    """Return a page of `docs/`."""
    return (DOCS / name).read_text(encoding="utf-8")


def test_error_codes_are_found() -> None:
    assert len(error_codes()) > 50


@pytest.mark.parametrize("code", sorted(error_codes()))
def test_error_code_has_a_page(code: str) -> None:
    text = page(f"errors/{code}.md")
    assert text.startswith(f"# {code}\n")
    assert "## Why\n" in text
    assert "## What to do\n" in text


def test_error_pages_are_of_codes_that_exist() -> None:
    named = {path.stem for path in (DOCS / "errors").glob("*.md")} - {"README"}
    assert named == error_codes()


@pytest.mark.parametrize("code", sorted(LIMITS_IN_PAGES))
def test_limits_stand_on_the_page_of_their_code(code: str) -> None:
    text = page(f"errors/{code}.md")
    missing = [n for n in LIMITS_IN_PAGES[code] if not re.search(rf"(?<!\d){n:,}(?![\d,])", text)]
    assert missing == []


def test_hooks_are_documented() -> None:
    hooks = [
        name
        for name, value in vars(hookspecs).items()
        if inspect.isfunction(value) and hasattr(value, f"{hookspecs.PROJECT}_spec")
    ]
    assert hooks == ["register_adapter"]
    assert f"`{hooks[0]}`" in (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
    assert hookspecs.ENTRY_POINT_GROUP in page("reference/adapter-contract.md")


SETTINGS = ROOT / "gateway" / "settings"
READERS = ("value", "text", "texts", "path", "number", "flag", "optional_number")
SECTIONS = {
    "load_settings": "policies",
    "_read_guards": "adapters.<slug>.limits",
    "_read_sign_in": "sign_in.<name>",
}
"""Sections by the functions that read them, where the names differ."""


def settings_read() -> set[str]:
    """Return the settings that `gateway/settings/` asks for, with their sections."""
    found: set[str] = set()
    sources = [path.read_text(encoding="utf-8") for path in SETTINGS.glob("*.py")]
    for function in (node for source in sources for node in ast.walk(ast.parse(source))):
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in ast.walk(function):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr in READERS
                and call.args
                and isinstance(call.args[0], ast.Constant)
            ):
                section = SECTIONS.get(function.name, function.name.removeprefix("read_"))
                found.add(f"{section}.{call.args[0].value!s}")
    return found


def test_settings_are_documented() -> None:
    read = settings_read()
    assert {"server.port", "store.url", "keys.opaque_files", "policies.folders"} <= read
    text = page("reference/settings.md")
    assert [name for name in sorted(read) if f"| `{name}` |" not in text] == []


SETTINGS_READERS = {
    "market": "plugins/market",
    "tax": "plugins/tax",
    "courts": "plugins/courts",
    "environment": "gateway/sources/rest",
    "housing": "gateway/sources/mysql",
    "creditcentre": "plugins/creditcentre",
}


@pytest.mark.parametrize("slug", SETTINGS_READERS)
def test_settings_of_departments_are_documented(slug: str) -> None:
    source = (ROOT / SETTINGS_READERS[slug] / "settings.py").read_text(encoding="utf-8")
    known = re.search(r"_KNOWN = frozenset\(\s*\{(.*?)\}\s*\)", source, re.DOTALL)
    assert known is not None
    keys = re.findall(r'"(\w+)"', known[1])
    text = page("reference/settings.md")
    assert [key for key in keys if f"`adapters.{slug}.{key}`" not in text] == []


def test_documented_example_of_settings_is_good(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("settings")
    example = re.search(r"```toml\n(.*?)```", page("reference/settings.md"), re.DOTALL)
    assert example is not None
    (folder / "gateway.toml").write_text(example[1], encoding="utf-8")
    (folder / "secrets").mkdir()
    for name in re.findall(r'"secrets/([\w.]+)"', example[1]):
        secret = folder / "secrets" / name
        secret.touch(mode=0o600)
        secret.write_bytes(b"k" * 64)
    read = settings.load_settings(folder / "gateway.toml", environment={})
    assert sorted(read.adapters) == ["courts", "market", "tax"]


def test_audit_outcomes_are_documented() -> None:
    text = page("audit-events.md")
    outcomes = sorted({"ANSWERED"} | fence_reasons())
    assert [name for name in outcomes if f"| `{name}` |" not in text] == []


def test_glossary_has_the_words_of_rules_and_records() -> None:
    text = page("glossary.md")
    words = [member.value for member in (*CallerClass, *Use, *Outcome, *FieldClass)]
    assert [word for word in words if not re.search(rf"\b{word}\b", text)] == []
    kinds = [
        f"| {kind.declaration.name_zh} | `{kind.type_name}` |" for kind in MODEL.kinds.values()
    ]
    assert [kind for kind in kinds if kind not in text] == []


def test_decisions_have_their_parts_and_stand_in_the_index() -> None:
    index = page("adr/README.md")
    records = sorted((DOCS / "adr").glob("0*.md"))
    assert len(records) >= 15
    # who works on a decision takes a number before it is known what else comes
    assert len({path.name[:4] for path in records}) == len(records)
    for path in records:
        text = path.read_text(encoding="utf-8")
        title = text.splitlines()[0]
        assert title.startswith(f"# {int(path.name[:4])}. ")
        assert f"[{title[2:]}]({path.name})" in index
        assert "\n## Rejected\n" in text
        assert "\n## Accepted risk\n" in text
