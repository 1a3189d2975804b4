"""Writes `docs/reference/adapter-contract.md`: what an adapter implements, from the code itself.

The types and their texts come from `gateway.contract`, the promises from the conformance kit, the
forms of columns and the kinds of source from `gateway.sources.declared`.
"""

import dataclasses
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from gateway import contract
from gateway.conformance.promises import PROMISES
from gateway.contract import hookspecs
from gateway.sources.declared import SOURCE_KINDS
from gateway.sources.declared.forms import Form

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "adapter-contract.md"

INTRODUCTION = f"""\
# The contract of an adapter

What a department's package implements, and what it promises. This page is made from \
`gateway/contract`, `gateway/conformance` and `gateway/sources/declared` by `make docs`.
How to join, step by step: [onboard-your-department.md](../tutorials/onboard-your-department.md) \
([中文](../tutorials/onboard-your-department.zh-CN.md)). Whoever declares a department in TOML \
implements nothing: the kits keep the contract. \
[plugins/README.md](../../plugins/README.md) says how to write mapping and manifest in Python.

A package has an entry point in the group `{hookspecs.ENTRY_POINT_GROUP}`, named after the \
department's slug, and the settings have a section `[adapters.<slug>]`. A package that is \
installed and has no section is not used.

## What the gateway checks

When it starts, and `credit-gateway check` before that:

- `register_adapter` returns an adapter, and its manifest names the slug of the entry point;
- the department code is a valid unified social credit code that no other adapter has;
- every catalogue entry names its legal basis, and every item is a field of that record kind that \
a source may fill;
- rules that the package brings are about its own records only, and open nothing that the rules \
for all forbid: [reading.md](../../policies/reading.md#a-departments-own-rules);
- a conformance report, where one is named or required, is signed by a known signer, is about \
this manifest and these very files of the package, and says of every promise that it is kept.

An adapter that fails one of these is quarantined: `check` ends with 1 and says why, the others \
serve, and its record kinds are reported as [SOURCE_DOWN](../errors/SOURCE_DOWN.md).

On every answer, whatever the adapter promised: number of groups and records, types and forms of \
values, order, and once more the rules on rows. An answer that does not fit is discarded and \
reported as [SOURCE_MALFORMED](../errors/SOURCE_MALFORMED.md).
"""


def main() -> int:
    """Write the page, or with `--check` compare it; return 0 when all is well."""
    text = render()
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write(f"`{PAGE.name}` does not match the contract: run `make docs`\n")
        return 1
    return 0


def render() -> str:
    """Return the page as Markdown."""
    lines = [INTRODUCTION, *_promises(), *_declared(), "## Types", ""]
    for name in contract.__all__:
        lines += _type(name, getattr(contract, name))
    return "\n".join(lines).rstrip() + "\n"


def _promises() -> Iterator[str]:
    yield "## Promises"
    yield ""
    yield (
        "What `credit-gateway adapter test` judges, in this order. A promise is not judged while "
        "one that it builds on is broken. Promises about JSON, statistics and lists are asked "
        "where the manifest offers them."
    )
    yield ""
    yield "| Promise | 中文 | Meaning |"
    yield "|---|---|---|"
    for promise in PROMISES.values():
        yield f"| `{promise.id}` | {promise.zh} | {promise.en} |"
    yield ""


def _declared() -> Iterator[str]:
    yield "## Kinds of source"
    yield ""
    yield "Keys of `[adapters.<slug>]` for a declared department; the first is required."
    yield ""
    yield "| Source | Key | Meaning |"
    yield "|---|---|---|"
    for kind in SOURCE_KINDS.values():
        for key, meaning in kind.settings.items():
            yield f"| `{kind.name}` {kind.title_zh} | `{key}` | {meaning} |"
    yield ""
    yield "Forms of a column in a mapping sheet, in Chinese or English:"
    yield ", ".join(f"{form.zh} `{form.value[1]}`" for form in Form) + "."
    yield ""


def _type(name: str, value: object) -> Iterator[str]:
    """A type with its text and fields or methods; other names with their value."""
    if not inspect.isclass(value):
        if isinstance(value, str):
            yield f"### {name}"
            yield ""
            yield f"`{value!r}`"
            yield ""
        return
    yield f"### {name}"
    yield ""
    yield from _text(value)
    if dataclasses.is_dataclass(value):
        fields = [f"{field.name}: {_annotation(field.type)}" for field in dataclasses.fields(value)]
        yield from ("```python", *fields, "```", "")
    elif issubclass(value, tuple):
        hints = getattr(value, "__annotations__", {})
        yield "```python"
        yield from (f"{field}: {_annotation(hint)}" for field, hint in hints.items())
        yield from ("```", "")
    elif getattr(value, "_is_protocol", False):
        yield from _methods(value)


def _methods(value: type) -> Iterator[str]:
    for name, member in vars(value).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            assert member.fget is not None
            kind = inspect.signature(member.fget).return_annotation
            yield f"- `{name}`: {_annotation(kind)}"
        elif inspect.isfunction(member):
            word = "async " if inspect.iscoroutinefunction(member) else ""
            text = " ".join((inspect.getdoc(member) or "").split())
            shown = f"- `{word}{name}{inspect.signature(member)}`".replace("'", "")
            yield f"{shown}: {text}" if text else shown
    yield ""


def _text(value: type) -> Iterator[str]:
    text = inspect.getdoc(value) or ""
    if text.startswith(f"{value.__name__}("):  # made by the dataclass
        return
    lead, _, rest = text.partition("Attributes:")
    if lead.strip():
        yield lead.strip()
        yield ""
    if rest.strip():
        for line in inspect.cleandoc(rest).splitlines():
            yield f"- {line}" if line and not line.startswith(" ") else f"  {line.strip()}"
        yield ""


def _annotation(hint: object) -> str:
    return hint if isinstance(hint, str) else getattr(hint, "__forward_arg__", str(hint))


if __name__ == "__main__":
    sys.exit(main())
